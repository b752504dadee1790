//! `AuthService`: for other services only.

use std::{net::IpAddr, sync::Arc, time::SystemTime};

use kit::{
    caller::{Caller, Presented},
    config::Permission,
    error::Violations,
};
use proto::{
    auth::v1::{
        ExplainTokenRequest, ExplainTokenResponse, IntrospectTokenRequest, IntrospectTokenResponse, VerifyTokenRequest,
        VerifyTokenResponse, auth_service_server::AuthService,
    },
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
        Caller::of(&request)?.service(Permission::Verify)?;
        let VerifyTokenRequest { token, client_address } = request.get_ref();
        let client = (!client_address.is_empty()).then(|| client_address.parse());
        let mut violations = Violations::new();
        let client = client.and_then(|parsed| violations.check::<IpAddr, _>("client_address", parsed));
        violations.finish()?;
        let presented = Presented { token, client, request_id: None };
        let identified = self.0.identify(presented, SystemTime::now()).await;
        let (user, verified) = identified.map_err(|error| error.with(METADATA_FIELD, "token"))?;
        Ok(Response::new(VerifyTokenResponse {
            user: Some(convert::user(user)),
            expires_at: Some(verified.expires_at.into()),
            issuer_name: verified.issuer.name.as_ref().to_owned(),
        }))
    }

    async fn introspect_token(
        &self,
        request: Request<IntrospectTokenRequest>,
    ) -> Result<Response<IntrospectTokenResponse>, Status> {
        Caller::of(&request)?.service(Permission::Verify)?;
        let good = self.0.introspect(&request.get_ref().token, SystemTime::now()).await?;
        Ok(Response::new(good.map(convert::introspection).unwrap_or_default()))
    }

    async fn explain_token(
        &self,
        request: Request<ExplainTokenRequest>,
    ) -> Result<Response<ExplainTokenResponse>, Status> {
        Caller::of(&request)?.service(Permission::Explain)?;
        let explanation = self.0.explain(&request.get_ref().token, SystemTime::now()).await?;
        Ok(Response::new(convert::explanation(explanation)))
    }
}
