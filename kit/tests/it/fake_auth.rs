//! An auth service that knows one token, counts questions and can be told to refuse or to fail.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use kit::{
    caller::{Authenticator, CacheLimits, Caller, Identity, Presented, RemoteVerifier, VerifyToken},
    client,
    config::ServiceKeys,
    error::{Error, RefusalKind},
    server::{Listeners, Services},
};
use proto::{
    auth::v1::{
        ExplainTokenRequest, ExplainTokenResponse, IntrospectTokenRequest, IntrospectTokenResponse, User,
        VerifyTokenRequest, VerifyTokenResponse,
        auth_service_server::{AuthService, AuthServiceServer},
    },
    reason,
};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tonic::{Request, Response, Status};

pub(crate) const SERVICE_KEY: &str = "a-key-of-the-gateway";
pub(crate) const USER_ID: &str = "0199f3a0-0000-7000-8000-000000000001";
pub(crate) const GOOD_TOKEN: &str = "good";

/// The service.
#[derive(Clone, Default)]
pub(crate) struct FakeAuth {
    pub(crate) questions: Arc<AtomicUsize>,
}

#[tonic::async_trait]
impl AuthService for FakeAuth {
    async fn verify_token(
        &self,
        request: Request<VerifyTokenRequest>,
    ) -> Result<Response<VerifyTokenResponse>, Status> {
        Caller::of(&request)?.service()?;
        self.questions.fetch_add(1, Ordering::SeqCst);
        match request.get_ref().token.as_str() {
            GOOD_TOKEN => Ok(Response::new(VerifyTokenResponse {
                user: Some(User { id: USER_ID.to_owned(), ..User::default() }),
                expires_at: Some((SystemTime::now() + Duration::from_mins(5)).into()),
                issuer_name: "test".to_owned(),
            })),
            "ending" => Ok(Response::new(VerifyTokenResponse {
                user: Some(User { id: USER_ID.to_owned(), ..User::default() }),
                expires_at: Some(SystemTime::now().into()),
                issuer_name: "test".to_owned(),
            })),
            "broken" => Err(Status::internal("a detail that must stay inside")),
            _ => {
                let message = "the token has expired";
                let error = Error::refused(RefusalKind::Unauthenticated, reason::TOKEN_EXPIRED, message);
                Err(error.with(reason::METADATA_FIELD, "token").into())
            }
        }
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

/// Nobody's token is good here: the auth service itself is called by services only.
struct NoUsers;

#[tonic::async_trait]
impl VerifyToken for NoUsers {
    async fn verify(&self, _: Presented<'_>) -> Result<Identity, Status> {
        Err(Error::refused(RefusalKind::Unauthenticated, reason::TOKEN_MALFORMED, "no token").into())
    }
}

/// A running server; it stops when dropped.
pub(crate) struct Running {
    pub(crate) url: url::Url,
    pub(crate) admin: url::Url,
    pub(crate) stop: CancellationToken,
    pub(crate) ended: AbortOnDropHandle<anyhow::Result<()>>,
}

pub(crate) async fn start(services: Services, authenticator: Authenticator) -> Running {
    let grpc = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let admin = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = |listener: &TcpListener| format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let (address, admin_address) = (url(&grpc), url(&admin));
    let stop = CancellationToken::new();
    let guarded = services.guarded_by(authenticator);
    let served = guarded.serve(Listeners { grpc, admin }, kit::admin::Readiness::default(), stop.clone());
    #[expect(clippy::disallowed_methods, reason = "owned by the handle")]
    let ended = AbortOnDropHandle::new(tokio::spawn(served));
    Running { url: address, admin: admin_address, stop, ended }
}

impl FakeAuth {
    /// Serves it behind the one service key.
    pub(crate) async fn start(&self) -> Running {
        let authenticator = Authenticator::new(Arc::new(NoUsers), &service_keys());
        start(Services::new("auth").with(AuthServiceServer::new(self.clone())), authenticator).await
    }
}

pub(crate) fn service_keys() -> ServiceKeys {
    ServiceKeys::single("gateway", SERVICE_KEY.into())
}

pub(crate) fn verifier(running: &Running, key: &str) -> RemoteVerifier {
    let transport = client::connect(&running.url, &key.into()).unwrap();
    RemoteVerifier::new(transport, &CacheLimits { ttl: Duration::from_mins(1), size: 100 })
}
