//! An auth service that knows one token, counts questions and can be told to refuse or to fail.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use kit::{
    caller::{Authenticator, CacheLimits, Caller, RemoteVerifier},
    client,
    config::{Permission, ServiceKeys},
    error::{Error, RefusalKind},
    server::{Listeners, Services},
};
use proto::{
    auth::v1::{User, VerifyTokenRequest, VerifyTokenResponse, auth_service_server::AuthServiceServer},
    reason,
};
use testkit::{NoUsers, OnlyVerifies, Verifies};
use tokio::{
    net::TcpListener,
    sync::{Notify, Semaphore},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tonic::{Request, Response, Status};

pub(crate) const SERVICE_KEY: &str = "a-key-of-the-gateway";
pub(crate) const USER_ID: &str = "0199f3a0-0000-7000-8000-000000000001";
pub(crate) const GOOD_TOKEN: &str = "good";

/// The service.
#[derive(Clone)]
pub(crate) struct FakeAuth {
    pub(crate) questions: Arc<AtomicUsize>,
    /// Who presented the last token.
    pub(crate) client: Arc<Mutex<String>>,
    /// What holds questions about `slow` and `crowded` back.
    pub(crate) gate: Arc<Semaphore>,
    pub(crate) waiting: Arc<Notify>,
    pub(crate) revoked: Arc<AtomicBool>,
}

impl Default for FakeAuth {
    fn default() -> Self {
        let gate = Arc::new(Semaphore::new(0));
        let (questions, client, waiting, revoked) = Default::default();
        Self { questions, client, gate, waiting, revoked }
    }
}

/// An address that failed too often.
pub(crate) const CROWDED: &str = "192.0.2.66";

fn accepted() -> Response<VerifyTokenResponse> {
    Response::new(VerifyTokenResponse {
        user: Some(User { id: USER_ID.to_owned(), ..User::default() }),
        expires_at: Some((SystemTime::now() + Duration::from_mins(5)).into()),
        issuer_name: "test".to_owned(),
    })
}

fn refused(reason: &'static str) -> Status {
    let error = Error::refused(RefusalKind::Unauthenticated, reason, "the token is refused");
    error.with(reason::METADATA_FIELD, "token").into()
}

fn away() -> Status {
    let retry_after = Duration::from_secs(1);
    Error::Unavailable { reason: reason::ISSUER_UNAVAILABLE, message: "away", retry_after, source: None }.into()
}

fn exhausted() -> Status {
    let error = Error::exhausted(reason::TOO_MANY_FAILURES, "wait", Duration::from_secs(7));
    error.with(reason::METADATA_FIELD, "token").into()
}

#[tonic::async_trait]
impl Verifies for FakeAuth {
    async fn verify_token(
        &self,
        request: Request<VerifyTokenRequest>,
    ) -> Result<Response<VerifyTokenResponse>, Status> {
        Caller::of(&request)?.service(Permission::Verify)?;
        self.questions.fetch_add(1, Ordering::SeqCst);
        let VerifyTokenRequest { token, client_address } = request.into_inner();
        self.client.lock().unwrap().clone_from(&client_address);
        if matches!(token.as_str(), "slow" | "crowded") {
            self.waiting.notify_one();
            self.gate.acquire().await.unwrap().forget();
        }
        match token.as_str() {
            "crowded" if client_address == CROWDED => Err(exhausted()),
            "revocable" if self.revoked.load(Ordering::SeqCst) => Err(refused(reason::TOKEN_REVOKED)),
            GOOD_TOKEN | "slow" | "crowded" | "revocable" => Ok(accepted()),
            "ending" => {
                let expires_at = Some(SystemTime::now().into());
                Ok(accepted().map(|answer| VerifyTokenResponse { expires_at, ..answer }))
            }
            "broken" => Err(Status::internal("a detail that must stay inside")),
            "early" => Err(refused(reason::TOKEN_NOT_YET_VALID)),
            "rotated" => Err(refused(reason::TOKEN_KEY_UNKNOWN)),
            "away" => Err(away()),
            "flooding" => Err(exhausted()),
            _ => Err(refused(reason::TOKEN_EXPIRED)),
        }
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
    let served = guarded.serve(Listeners { grpc, admin, door: None }, kit::admin::Readiness::default(), stop.clone());
    #[expect(clippy::disallowed_methods, reason = "owned by the handle")]
    let ended = AbortOnDropHandle::new(tokio::spawn(served));
    Running { url: address, admin: admin_address, stop, ended }
}

impl FakeAuth {
    /// Serves it behind the one service key.
    pub(crate) async fn start(&self) -> Running {
        let authenticator = Authenticator::new(Arc::new(NoUsers), &service_keys().into()).unwrap();
        start(Services::new("auth").with(AuthServiceServer::new(OnlyVerifies(self.clone()))), authenticator).await
    }
}

pub(crate) fn service_keys() -> ServiceKeys {
    ServiceKeys::single("gateway", SERVICE_KEY.into())
}

pub(crate) fn verifier(running: &Running, key: &str) -> RemoteVerifier {
    verifier_with(running, key, &CacheLimits { ttl: Duration::from_mins(1), size: 100 })
}

pub(crate) fn verifier_with(running: &Running, key: &str, limits: &CacheLimits) -> RemoteVerifier {
    RemoteVerifier::new(client::connect(&running.url, &key.into()).unwrap(), limits)
}
