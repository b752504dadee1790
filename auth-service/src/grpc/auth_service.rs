//! `AuthService`: for other services only.

use std::{sync::Arc, time::SystemTime};

use kit::caller::Caller;
use proto::{
    auth::v1::{VerifyTokenRequest, VerifyTokenResponse, auth_service_server::AuthService},
    reason::METADATA_FIELD,
};
use tonic::{Request, Response, Status};

use super::convert;
use crate::identity::Identities;

pub(crate) struct AuthGrpc(pub(crate) Arc<Identities>);

#[tonic::async_trait]
impl AuthService for AuthGrpc {
    async fn verify_token(
        &self,
        request: Request<VerifyTokenRequest>,
    ) -> Result<Response<VerifyTokenResponse>, Status> {
        Caller::of(&request)?.service()?;
        let token = &request.get_ref().token;
        let identified = self.0.identify(token, SystemTime::now()).await;
        let (user, verified) = identified.map_err(|error| error.with(METADATA_FIELD, "token"))?;
        Ok(Response::new(VerifyTokenResponse {
            user: Some(convert::user(user)),
            expires_at: Some(verified.expires_at.into()),
            issuer_name: verified.issuer.name.as_ref().to_owned(),
        }))
    }
}
