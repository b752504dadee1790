//! From the headers of a request to its caller.

use std::{net::IpAddr, sync::Arc};

use axum::{extract::Request, extract::State, middleware::Next, response::Response};
use http::{HeaderMap, header::AUTHORIZATION};
use proto::reason;
use tonic::{Status, transport::server::TcpConnectInfo};
use tracing::{Span, field::display};

use super::{
    ACT_AS, Caller, Presented, VerifyToken,
    service_keys::{Keyring, Known},
};
use crate::{
    config::{AcceptedServices, ConfigError, Permission},
    error::{Error, RefusalKind},
    request_id::RequestId,
};

/// Above any credential. What is longer is not worth asking about.
const LONGEST_CREDENTIAL: usize = 16 * 1024;

/// Decides who is calling a gRPC service.
#[derive(Clone)]
pub struct Authenticator {
    verifier: Arc<dyn VerifyToken>,
    keyring: Arc<Keyring>,
}

impl Authenticator {
    /// Accepts these services, and the users behind the tokens that the verifier accepts.
    ///
    /// # Errors
    /// When what the services may do cannot be right.
    pub fn new(verifier: Arc<dyn VerifyToken>, accepted: &AcceptedServices) -> Result<Self, ConfigError> {
        Ok(Self { verifier, keyring: Arc::new(Keyring::new(accepted)?) })
    }

    /// The caller behind these headers, which came from this address and with this request, where that is known.
    ///
    /// # Errors
    /// When there is no credential, or none that is accepted.
    pub async fn authenticate(
        &self,
        headers: &HeaderMap,
        client: Option<IpAddr>,
        request_id: Option<&RequestId>,
    ) -> Result<Caller, Status> {
        let token = bearer_token(headers)?;
        let mut named = headers.get_all(ACT_AS).iter();
        let (act_as, another) = (named.next(), named.next());
        if let Some(Known { name, permissions }) = self.keyring.recognise(token) {
            let invalid = || {
                Error::refused(RefusalKind::Invalid, reason::ACT_AS_INVALID, "`x-act-as` must be the UUID of one user")
            };
            let acting_for = act_as.map(|value| value.to_str().unwrap_or_default().parse()).transpose();
            let acting_for = acting_for.map_err(|_| invalid())?;
            if another.is_some() {
                return Err(invalid().into());
            }
            let caller = Caller::Service { name, permissions, acting_for };
            if act_as.is_some() {
                caller.service(Permission::Act)?;
            }
            return Ok(caller);
        }
        let identity = self.verifier.verify(Presented { token, client, request_id }).await?;
        if act_as.is_some() {
            let message = "only a service may act for others";
            return Err(Error::refused(RefusalKind::Forbidden, reason::ACT_AS_FORBIDDEN, message).into());
        }
        Ok(Caller::User(identity))
    }
}

/// The one bearer token in these headers.
///
/// # Errors
/// When there is no `authorization` header, more than one, one of another scheme, or one that is far too long.
pub fn bearer_token(headers: &HeaderMap) -> Result<&str, Status> {
    let refused = |reason, message| Status::from(Error::refused(RefusalKind::Unauthenticated, reason, message));
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or_else(|| refused(reason::TOKEN_MISSING, "no credential was sent"))?;
    let malformed = || refused(reason::TOKEN_MALFORMED, "`authorization` must be one `Bearer` token");
    if values.next().is_some() {
        return Err(malformed());
    }
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(malformed)?;
    let token = token.trim_matches(' ');
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() || token.len() > LONGEST_CREDENTIAL {
        return Err(malformed());
    }
    Ok(token)
}

/// The middleware in front of every service: finds the caller, or answers for it.
pub(crate) async fn require_caller(
    State(authenticator): State<Authenticator>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = request.extensions().get::<TcpConnectInfo>().and_then(TcpConnectInfo::remote_addr);
    let (client, request_id) = (peer.map(|peer| peer.ip()), request.extensions().get());
    match authenticator.authenticate(request.headers(), client, request_id).await {
        Ok(caller) => {
            if let Ok(user_id) = caller.user_id() {
                Span::current().record("user.id", display(user_id));
            }
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(status) => status.into_http(),
    }
}
