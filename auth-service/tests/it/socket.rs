//! The service over real sockets, from its start to its end.

use std::net::SocketAddr;

use kit::{reload::Reload, server::Listeners};
use proto::auth::v1::{GetMeRequest, user_service_client::UserServiceClient};
use secrecy::{ExposeSecret as _, SecretString};
use testkit::{TestDatabase, issuer::Issuer};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tonic::{Code, transport::Endpoint};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

use crate::service::{database, parse, reason, with_bearer};

async fn listeners() -> (Listeners, SocketAddr, SocketAddr) {
    let (grpc, admin) =
        (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let (address, admin_address) = (grpc.local_addr().unwrap(), admin.local_addr().unwrap());
    (Listeners { grpc, admin, door: None }, address, admin_address)
}

fn spawn(work: impl Future<Output = anyhow::Result<()>> + Send + 'static) -> JoinHandle<anyhow::Result<()>> {
    #[expect(clippy::disallowed_methods, reason = "the test awaits it")]
    tokio::spawn(work)
}

#[tokio::test]
async fn health_and_reflection_answer_to_anyone_and_nothing_else_does() {
    let issuer = Issuer::start().await;
    let database = database().await;
    let config = parse(&[
        "--better-auth-url",
        &issuer.base_url(),
        "--database-url",
        database.service_url.expose_secret(),
        "--auth-database-url",
        database.service_url.expose_secret(),
        "--database-direct-url",
        database.owner_url.expose_secret(),
    ])
    .unwrap();
    let (listeners, address, _) = listeners().await;
    let stop = CancellationToken::new();
    let serving = spawn(auth_service::serve(config, listeners, Reload::never(), stop.clone()));
    let channel = Endpoint::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap();

    for service in ["", "colloquy.auth.v1.AuthService", "colloquy.auth.v1.UserService"] {
        let question = HealthCheckRequest { service: service.to_owned() };
        let answer = HealthClient::new(channel.clone()).check(question).await.unwrap();
        assert_eq!(answer.into_inner().status, 1, "{service} is serving");
    }

    let question = ServerReflectionRequest {
        message_request: Some(MessageRequest::ListServices(String::new())),
        ..ServerReflectionRequest::default()
    };
    let question = futures_util::stream::iter([question]);
    let answers = ServerReflectionClient::new(channel.clone()).server_reflection_info(question).await.unwrap();
    let answer = answers.into_inner().message().await.unwrap().unwrap();
    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else { panic!("no list") };
    let names = list.service.into_iter().map(|service| service.name).collect::<Vec<_>>();
    assert!(names.contains(&"colloquy.auth.v1.UserService".to_owned()), "{names:?}");

    let mut users = UserServiceClient::new(channel);
    let status = users.get_me(GetMeRequest {}).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unauthenticated, proto::reason::TOKEN_MISSING));
    let me = users.get_me(with_bearer(GetMeRequest {}, &issuer.token("ada").sign())).await.unwrap();
    assert_eq!(me.into_inner().user.unwrap().subject, "ada");

    drop(users);
    stop.cancel();
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_role_that_bypasses_row_level_security_is_refused_unless_told_otherwise() {
    let database = database().await;
    let flags = ["--auth-database-url", database.superuser_url.expose_secret()];
    let (first, ..) = listeners().await;
    let error = auth_service::serve(parse(&flags).unwrap(), first, Reload::never(), CancellationToken::new())
        .await
        .unwrap_err();
    assert!(format!("{error:#}").contains("bypasses row-level security"), "{error:#}");

    let told = parse(&[flags.as_slice(), &["--database-allow-rls-bypass"]].concat()).unwrap();
    let (second, address, _) = listeners().await;
    let stop = CancellationToken::new();
    let serving = spawn(auth_service::serve(told, second, Reload::never(), stop.clone()));
    let channel = Endpoint::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap();
    assert!(HealthClient::new(channel).check(HealthCheckRequest::default()).await.is_ok());
    stop.cancel();
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn nothing_is_made_as_a_role_that_should_not_own_it() {
    let database = TestDatabase::create("empty", |_| async { Ok(()) }).await;
    let serve = async |url: &SecretString| {
        let config = parse(&["--auth-database-url", url.expose_secret()]).unwrap();
        let (listeners, ..) = listeners().await;
        let error =
            auth_service::serve(config, listeners, Reload::never(), CancellationToken::new()).await.unwrap_err();
        format!("{error:#}")
    };
    assert!(serve(&database.superuser_url).await.contains("bypasses row-level security"));
    let said = serve(&database.service_url).await;
    assert!(said.contains("no schema `auth`") && said.contains("DATABASE_DIRECT_URL"), "{said}");
}

#[tokio::test]
async fn migrations_run_again_and_side_by_side() {
    let database = database().await;
    let runs = (0..4).map(|_| auth_service::migrate(&database.owner_url));
    for outcome in futures_util::future::join_all(runs).await {
        outcome.unwrap();
    }
}
