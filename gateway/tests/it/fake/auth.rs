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
    auth::v1::{
        BatchGetUsersRequest, BatchGetUsersResponse, DeleteUserRequest, DeleteUserResponse, GetMeRequest,
        GetMeResponse, GetUserRequest, GetUserResponse, RevokeTokensRequest, RevokeTokensResponse, User,
        VerifyTokenRequest, VerifyTokenResponse, user_service_server::UserService,
    },
    reason,
};
use testkit::Verifies;
use tonic::{Request, Response, Status};

use super::history::{ALICE, BOB, FakeHistory, NOW, away};

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

/// Users who can be deleted, and tell the history's story when they are.
pub(crate) struct FakeUsers(pub(crate) FakeHistory);

#[tonic::async_trait]
impl UserService for FakeUsers {
    async fn get_me(&self, _: Request<GetMeRequest>) -> Result<Response<GetMeResponse>, Status> {
        Err(Status::unimplemented("nobody asks the fake"))
    }

    async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<GetUserResponse>, Status> {
        Err(Status::unimplemented("nobody asks the fake"))
    }

    async fn batch_get_users(
        &self,
        _: Request<BatchGetUsersRequest>,
    ) -> Result<Response<BatchGetUsersResponse>, Status> {
        Err(Status::unimplemented("nobody asks the fake"))
    }

    async fn revoke_tokens(&self, _: Request<RevokeTokensRequest>) -> Result<Response<RevokeTokensResponse>, Status> {
        Err(Status::unimplemented("nobody asks the fake"))
    }

    async fn delete_user(&self, request: Request<DeleteUserRequest>) -> Result<Response<DeleteUserResponse>, Status> {
        let user = Caller::of(&request)?.user_id()?.to_string();
        assert_eq!(user, request.get_ref().user_id);
        self.0.tell("DeleteUser");
        if self.0.0.users_away.load(Ordering::SeqCst) {
            return Err(away());
        }
        Ok(Response::new(DeleteUserResponse { erased_at: Some(NOW) }))
    }
}
