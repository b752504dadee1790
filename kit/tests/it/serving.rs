//! A server as others see it: open where it must be, closed elsewhere, and gone when it should go.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex},
};

use kit::{
    admin::{self, Detail, Readiness},
    caller::{Authenticator, Identity, Presented, VerifyToken},
    server::Services,
};
use proto::auth::v1::{
    GetMeRequest, VerifyTokenRequest, auth_service_client::AuthServiceClient, auth_service_server::AuthServiceServer,
    user_service_client::UserServiceClient,
};
use testkit::OnlyVerifies;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Status, transport::Endpoint};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};
use url::Url;

use crate::fake_auth::{FakeAuth, service_keys, start};

async fn get(admin: &Url, path: &str) -> String {
    let address = admin.socket_addrs(|| None).unwrap()[0];
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn health_and_reflection_answer_without_a_credential_and_nothing_else_does() {
    let running = FakeAuth::default().start().await;
    let channel = Endpoint::from_shared(running.url.to_string()).unwrap().connect_lazy();

    for service in ["", "colloquy.auth.v1.AuthService"] {
        let request = HealthCheckRequest { service: service.to_owned() };
        let health = HealthClient::new(channel.clone()).check(request).await.unwrap();
        assert_eq!(health.into_inner().status, 1, "{service}");
    }

    let list = ServerReflectionRequest {
        message_request: Some(MessageRequest::ListServices(String::new())),
        ..ServerReflectionRequest::default()
    };
    let asked = tokio_stream::once(list);
    let answers = ServerReflectionClient::new(channel.clone()).server_reflection_info(asked).await.unwrap();
    let answer = answers.into_inner().message().await.unwrap().unwrap();
    let Some(MessageResponse::ListServicesResponse(services)) = answer.message_response else {
        panic!("{answer:?}");
    };
    let mut names = services.service.into_iter().map(|service| service.name).collect::<Vec<_>>();
    names.sort();
    assert_eq!(names, ["colloquy.auth.v1.AuthService", "grpc.health.v1.Health"]);

    let refused = UserServiceClient::new(channel).get_me(GetMeRequest {}).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
}

/// Remembers where the last credential came from, and refuses it.
#[derive(Clone, Default)]
struct Witness(Arc<Mutex<Option<IpAddr>>>);

#[tonic::async_trait]
impl VerifyToken for Witness {
    async fn verify(&self, presented: Presented<'_>) -> Result<Identity, Status> {
        *self.0.lock().unwrap() = presented.client;
        Err(Status::unauthenticated("refused"))
    }
}

#[tokio::test]
async fn a_users_credential_comes_with_the_address_of_its_connection() {
    let witness = Witness::default();
    let authenticator = Authenticator::new(Arc::new(witness.clone()), &service_keys().into()).unwrap();
    let services = Services::new("auth").with(AuthServiceServer::new(OnlyVerifies(FakeAuth::default())));
    let running = start(services, authenticator).await;
    let channel = Endpoint::from_shared(running.url.to_string()).unwrap().connect_lazy();
    let mut request = Request::new(VerifyTokenRequest::default());
    request.metadata_mut().insert("authorization", "Bearer of-a-user".parse().unwrap());
    AuthServiceClient::new(channel).verify_token(request).await.unwrap_err();
    assert_eq!(*witness.0.lock().unwrap(), Some(IpAddr::from([127, 0, 0, 1])));
}

#[tokio::test]
async fn the_admin_listener_tells_life_readiness_and_metrics() {
    let running = FakeAuth::default().start().await;
    for path in ["/livez", "/readyz", "/metrics"] {
        assert!(get(&running.admin, path).await.starts_with("HTTP/1.1 200"), "{path}");
    }
    assert!(get(&running.admin, "/elsewhere").await.starts_with("HTTP/1.1 404"));
}

/// A service of which nothing good can be said.
struct Gloom;

impl Detail for Gloom {
    fn lines(&self) -> Vec<String> {
        vec!["everything is down".to_owned()]
    }

    fn measure(&self) {}
}

#[tokio::test]
async fn what_a_service_tells_of_itself_does_not_change_whether_it_is_ready() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let (readiness, stop) = (Readiness::default().with_detail(Arc::new(Gloom)), CancellationToken::new());
    let served = admin::serve(listener, readiness.clone(), stop.clone());
    let asked = async {
        let answer = get(&url, "/readyz").await;
        assert!(answer.starts_with("HTTP/1.1 503") && answer.ends_with("not ready\neverything is down\n"), "{answer}");
        readiness.ready();
        let answer = get(&url, "/readyz").await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\nready\neverything is down\n"), "{answer}");
        stop.cancel();
    };
    tokio::join!(served, asked).0.unwrap();
}

#[tokio::test]
async fn a_request_that_never_ends_does_not_hold_a_stopped_server() {
    let running = FakeAuth::default().start().await;
    let address = running.admin.socket_addrs(|| None).unwrap()[0];
    let mut unfinished = tokio::net::TcpStream::connect(address).await.unwrap();
    unfinished.write_all(b"GET /livez HTTP/1.1\r\nhost: admin\r\n").await.unwrap();
    assert!(get(&running.admin, "/livez").await.starts_with("HTTP/1.1 200"));
    running.stop.cancel();
    running.ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stopped_server_ends_without_an_error() {
    let running = FakeAuth::default().start().await;
    assert!(get(&running.admin, "/readyz").await.starts_with("HTTP/1.1 200"));
    running.stop.cancel();
    running.ended.await.unwrap().unwrap();
}
