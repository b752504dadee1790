//! `IntrospectToken`: what a good credential says, and nothing about any other (RFC 7662).

use proto::{
    auth::v1::{GetMeRequest, IntrospectTokenRequest, IntrospectTokenResponse},
    reason,
};
use secrecy::ExposeSecret as _;
use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use testkit::issuer::{Answer, Issuer};
use tonic::Code;

use crate::service::{Service, as_service, reason, with_bearer};

async fn users(service: &Service) -> i64 {
    let mut owner = PgConnection::connect(service.database.owner_url.expose_secret()).await.unwrap();
    sqlx::query_scalar("SELECT count(*) FROM auth.user").fetch_one(&mut owner).await.unwrap()
}

#[tokio::test]
async fn a_good_token_is_active_with_all_it_says() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let token = issuer
        .token("ada")
        .claim("iat", 1_750_000_000)
        .claim("nbf", 1_750_000_001)
        .claim("exp", 4_102_444_800_i64)
        .claim("aud", json!(["elsewhere", issuer.origin()]))
        .claim("jti", "one")
        .claim("sid", "phone")
        .claim("scope", "read write")
        .claim("azp", "web")
        .sign();
    let expected = IntrospectTokenResponse {
        active: true,
        iss: issuer.origin().to_owned(),
        sub: "ada".to_owned(),
        aud: vec!["elsewhere".to_owned(), issuer.origin().to_owned()],
        exp: Some(4_102_444_800),
        iat: Some(1_750_000_000),
        nbf: Some(1_750_000_001),
        jti: "one".to_owned(),
        scope: "read write".to_owned(),
        client_id: "web".to_owned(),
        username: "ada@example.com".to_owned(),
        token_type: "Bearer".to_owned(),
        user_id: String::new(),
        session_id: "phone".to_owned(),
    };
    assert_eq!(service.introspect(&token).await.unwrap(), expected);
    assert_eq!(users(&service).await, 0, "a question makes nobody");

    let user_id = service.user(&token).await.id;
    assert_eq!(service.introspect(&token).await.unwrap(), IntrospectTokenResponse { user_id, ..expected });
}

#[tokio::test]
async fn whatever_is_refused_is_only_inactive() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let good = issuer.token("ada");
    for (name, token) in [
        ("nothing", String::new()),
        ("rubbish", "rubbish".to_owned()),
        ("expired", good.clone().expires_in(-3_600).sign()),
        ("of a stranger", good.clone().claim("iss", "https://evil.example").sign()),
        ("for someone else", good.clone().claim("aud", "https://other.example").sign()),
        ("of an unknown key", good.clone().header("kid", "nobody").sign()),
        ("of a banned user", good.clone().claim("banned", true).sign()),
        ("not signed", good.sign().rsplit_once('.').unwrap().0.to_owned() + "."),
    ] {
        let answer = service.introspect(&token).await.expect(name);
        assert_eq!(answer, IntrospectTokenResponse::default(), "{name}");
    }
    assert_eq!(users(&service).await, 0);
}

#[tokio::test]
async fn what_cannot_be_known_is_no_answer() {
    let issuer = Issuer::start().await;
    issuer.answer(Answer::Status(500));
    let service = Service::of(&issuer).await;
    let status = service.introspect(&issuer.token("ada").sign()).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unavailable, reason::ISSUER_UNAVAILABLE));
}

#[tokio::test]
async fn a_user_may_not_ask_about_credentials() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let token = issuer.token("ada").sign();
    let request = with_bearer(IntrospectTokenRequest { token: token.clone() }, &token);
    let status = service.auth().introspect_token(request).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::PermissionDenied, reason::SERVICE_KEY_REQUIRED));
    let as_me = service.get_me(with_bearer(GetMeRequest {}, &token)).await;
    assert!(as_me.is_ok());
    let of_service = service.auth().introspect_token(as_service(IntrospectTokenRequest { token })).await.unwrap();
    assert!(of_service.into_inner().active);
}
