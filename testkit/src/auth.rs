//! What fakes of the auth service have in common.

use kit::{
    caller::{Identity, Presented, VerifyToken},
    error::{Error, RefusalKind},
};
use proto::{
    auth::v1::{
        ExplainTokenRequest, ExplainTokenResponse, IntrospectTokenRequest, IntrospectTokenResponse, VerifyTokenRequest,
        VerifyTokenResponse, auth_service_server::AuthService,
    },
    reason,
};
use tonic::{Request, Response, Status};

/// The verifier behind services that only other services call: nobody's token is good.
#[derive(Debug, Clone, Copy)]
pub struct NoUsers;

#[tonic::async_trait]
impl VerifyToken for NoUsers {
    async fn verify(&self, _: Presented<'_>) -> Result<Identity, Status> {
        Err(Error::refused(RefusalKind::Unauthenticated, reason::TOKEN_MALFORMED, "this is no token").into())
    }
}

/// An auth service that is asked whether tokens are good, and nothing else.
#[derive(Debug, Clone, Default)]
pub struct OnlyVerifies<T>(pub T);

/// How such a fake answers.
#[tonic::async_trait]
pub trait Verifies: Send + Sync + 'static {
    /// The one method that is asked.
    async fn verify_token(&self, request: Request<VerifyTokenRequest>)
    -> Result<Response<VerifyTokenResponse>, Status>;
}

#[tonic::async_trait]
impl<T: Verifies> AuthService for OnlyVerifies<T> {
    async fn verify_token(
        &self,
        request: Request<VerifyTokenRequest>,
    ) -> Result<Response<VerifyTokenResponse>, Status> {
        self.0.verify_token(request).await
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
