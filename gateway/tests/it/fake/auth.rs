//! An auth service that knows two users, by token and by session cookie. It tells the address of the client as image.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use kit::{
    caller::Caller,
    config::Permission,
    error::{Error, RefusalKind},
};
use prost_types::Timestamp;
use proto::{
    auth::v1::{User, VerifyTokenRequest, VerifyTokenResponse},
    reason,
};
use testkit::Verifies;
use tonic::{Request, Response, Status};

use super::history::{ALICE, BOB};

#[derive(Debug, Clone, Default)]
pub(crate) struct FakeAuth {
    questions: Arc<AtomicUsize>,
}

/// What a browser holds: a signed session, percent-encoded.
pub(crate) const SESSION: &str = "alices-session.c2lnbmF0dXJl%3D";

fn refused(reason: &'static str, message: &'static str) -> Status {
    Error::refused(RefusalKind::Unauthenticated, reason, message).with(reason::METADATA_FIELD, "token").into()
}

#[tonic::async_trait]
impl Verifies for FakeAuth {
    async fn verify_token(
        &self,
        request: Request<VerifyTokenRequest>,
    ) -> Result<Response<VerifyTokenResponse>, Status> {
        Caller::of(&request)?.service(Permission::Verify)?;
        let VerifyTokenRequest { token, client_address } = request.into_inner();
        let asked_before = self.questions.fetch_add(1, Ordering::SeqCst) > 0;
        let (id, name) = match token.as_str() {
            "revoked-soon" if asked_before => return Err(refused(reason::TOKEN_REVOKED, "the token was revoked")),
            "alice" | "revoked-soon" | SESSION => (ALICE, "alice"),
            "bob" => (BOB, "bob"),
            "flood" => {
                let error = Error::exhausted(reason::TOO_MANY_FAILURES, "wait", Duration::from_millis(2_500));
                return Err(error.with(reason::METADATA_FIELD, "token").into());
            }
            "expired" => return Err(refused(reason::TOKEN_EXPIRED, "the token expired at noon")),
            _ => return Err(refused(reason::TOKEN_MALFORMED, "this is no token")),
        };
        let user = User {
            id: id.to_owned(),
            issuer: "https://issuer.test".to_owned(),
            subject: name.to_owned(),
            email: Some(format!("{name}@example.com")),
            name: None,
            image: (!client_address.is_empty()).then_some(client_address),
            created_at: Some(Timestamp { seconds: 1_700_000_000, nanos: 0 }),
        };
        let expires_at = Some(Timestamp { seconds: 4_000_000_000, nanos: 0 });
        Ok(Response::new(VerifyTokenResponse { user: Some(user), expires_at, issuer_name: "test".to_owned() }))
    }
}
