//! An auth service that knows two tokens.

use kit::{
    caller::{Caller, Identity, Presented, VerifyToken},
    error::{Error, RefusalKind},
};
use prost_types::Timestamp;
use proto::{
    auth::v1::{
        ExplainTokenRequest, ExplainTokenResponse, IntrospectTokenRequest, IntrospectTokenResponse, User,
        VerifyTokenRequest, VerifyTokenResponse, auth_service_server::AuthService,
    },
    reason,
};
use tonic::{Request, Response, Status};

use super::history::{ALICE, BOB};

#[derive(Debug, Clone, Default)]
pub(crate) struct FakeAuth;

fn refused(reason: &'static str, message: &'static str) -> Status {
    Error::refused(RefusalKind::Unauthenticated, reason, message).with(reason::METADATA_FIELD, "token").into()
}

#[tonic::async_trait]
impl AuthService for FakeAuth {
    async fn verify_token(
        &self,
        request: Request<VerifyTokenRequest>,
    ) -> Result<Response<VerifyTokenResponse>, Status> {
        Caller::of(&request)?.service()?;
        let token = request.into_inner().token;
        let id = match token.as_str() {
            "alice" => ALICE,
            "bob" => BOB,
            "expired" => return Err(refused(reason::TOKEN_EXPIRED, "the token expired at noon")),
            _ => return Err(refused(reason::TOKEN_MALFORMED, "this is no token")),
        };
        let user = User {
            id: id.to_owned(),
            issuer: "https://issuer.test".to_owned(),
            subject: token.clone(),
            email: Some(format!("{token}@example.com")),
            name: None,
            image: None,
            created_at: Some(Timestamp { seconds: 1_700_000_000, nanos: 0 }),
        };
        let expires_at = Some(Timestamp { seconds: 4_000_000_000, nanos: 0 });
        Ok(Response::new(VerifyTokenResponse { user: Some(user), expires_at, issuer_name: "test".to_owned() }))
    }

    async fn introspect_token(
        &self,
        _: Request<IntrospectTokenRequest>,
    ) -> Result<Response<IntrospectTokenResponse>, Status> {
        Err(Status::unimplemented("nobody asks the fake"))
    }

    async fn explain_token(&self, _: Request<ExplainTokenRequest>) -> Result<Response<ExplainTokenResponse>, Status> {
        Err(Status::unimplemented("nobody asks the fake"))
    }
}

/// The verifier behind services that only other services call.
#[derive(Debug)]
pub(crate) struct NoUsers;

#[tonic::async_trait]
impl VerifyToken for NoUsers {
    async fn verify(&self, _: Presented<'_>) -> Result<Identity, Status> {
        Err(Error::refused(RefusalKind::Unauthenticated, reason::TOKEN_MALFORMED, "this is no token").into())
    }
}
