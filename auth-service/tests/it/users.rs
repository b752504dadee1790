//! Users at first sight and at every other.

use futures_util::future::join_all;
use secrecy::ExposeSecret as _;
use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use testkit::issuer::Issuer;
use tonic::Code;

use crate::service::{Service, reason};

/// Everything about every row, also whether anyone so much as locked it.
async fn rows(service: &Service) -> Vec<(String, String, String)> {
    let mut owner = PgConnection::connect(service.database.owner_url.expose_secret()).await.unwrap();
    let rows = "SELECT user_id::text, ctid::text || xmin || '/' || xmax, updated_at::text FROM auth.user ORDER BY 1";
    sqlx::query_as(rows).fetch_all(&mut owner).await.unwrap()
}

#[tokio::test]
async fn twenty_first_sights_at_once_make_one_user() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let tokens = (0..20).map(|_| issuer.token("ada").sign()).collect::<Vec<_>>();
    let answers = join_all(tokens.iter().map(|token| service.user(token))).await;
    assert!(answers.iter().all(|user| *user == answers[0]));
    assert_eq!(rows(&service).await.len(), 1);
}

#[tokio::test]
async fn a_known_user_is_read_and_not_written() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let first = service.user(&issuer.token("ada").sign()).await;
    let before = rows(&service).await;
    for token in [issuer.token("ada"), issuer.token("ada").without("email").claim("name", json!(7))] {
        assert_eq!(service.user(&token.sign()).await, first, "an absent claim changes nothing");
    }
    assert_eq!(rows(&service).await, before);
}

#[tokio::test]
async fn a_changed_profile_is_kept_once() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let first = service.user(&issuer.token("ada").issued(-10).sign()).await;
    let before = rows(&service).await;

    let married = issuer.token("ada").claim("name", "Ada King").without("email");
    let second = service.user(&married.sign()).await;
    assert_eq!((second.name.as_deref(), second.email.as_deref()), (Some("Ada King"), first.email.as_deref()));
    assert_eq!((&second.id, &second.created_at), (&first.id, &first.created_at));
    let after = rows(&service).await;
    assert!(after[0].2 > before[0].2, "updated_at moves on");

    assert_eq!(service.user(&married.sign()).await, second);
    assert_eq!(rows(&service).await, after);
}

#[tokio::test]
async fn a_picture_that_was_taken_away_is_gone() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let portrait = issuer.token("ada").issued(-30).claim("image", "https://example.com/ada.png");
    let known = service.user(&portrait.sign()).await;
    assert_eq!(known.image.as_deref(), Some("https://example.com/ada.png"));
    let silent = issuer.token("ada").issued(-20).without("image");
    assert_eq!(service.user(&silent.sign()).await, known, "who does not speak of it does not deny it");
    let removed = service.user(&issuer.token("ada").issued(-10).claim("image", json!(null)).sign()).await;
    assert_eq!((removed.image, removed.email), (None, known.email));
}

#[tokio::test]
async fn of_two_live_tokens_only_the_later_one_has_a_say() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let old = issuer.token("ada").issued(-20).claim("name", "Ada Byron").sign();
    let new = issuer.token("ada").issued(-10).claim("name", "Ada King").sign();
    let same_second = issuer.token("ada").issued(-10).claim("name", "Ada Lovelace").sign();
    let undated = issuer.token("ada").without("iat").claim("name", "Nobody").sign();

    assert_eq!(service.user(&old).await.name.as_deref(), Some("Ada Byron"));
    assert_eq!(service.user(&new).await.name.as_deref(), Some("Ada King"));
    let settled = rows(&service).await;
    for token in [&old, &new, &same_second, &undated, &old, &new] {
        assert_eq!(service.user(token).await.name.as_deref(), Some("Ada King"));
    }
    assert_eq!(rows(&service).await, settled, "tokens that take turns write nothing");
}

#[tokio::test]
async fn a_token_without_a_date_makes_a_profile_and_any_dated_one_changes_it() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let name = async |token: &str| service.user(token).await.name.unwrap();
    assert_eq!(name(&issuer.token("ada").without("iat").claim("name", "First").sign()).await, "First");
    assert_eq!(name(&issuer.token("ada").without("iat").claim("name", "Second").sign()).await, "First");
    assert_eq!(name(&issuer.token("ada").claim("name", "Third").sign()).await, "Third");
}

#[tokio::test]
async fn twenty_changed_profiles_at_once_still_make_one_user() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let first = service.user(&issuer.token("ada").issued(-30).sign()).await;
    let tokens = (0..20)
        .map(|number| issuer.token("ada").issued(number - 20).claim("name", format!("Ada {}", number % 3)).sign());
    let tokens = tokens.collect::<Vec<_>>();
    for user in join_all(tokens.iter().map(|token| service.user(token))).await {
        assert_eq!(user.id, first.id);
    }
    assert_eq!(rows(&service).await.len(), 1);
}

#[tokio::test]
async fn what_an_issuer_says_cannot_break_the_table() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let strange = issuer
        .token(&"é".repeat(255))
        .claim("name", format!("  Robert'); DROP TABLE auth.user; --\u{0}{}", "x".repeat(1_000)))
        .claim("email", "x".repeat(400))
        .claim("image", format!("data:image/png;base64,{}", "A".repeat(2_100)));
    let user = service.user(&strange.sign()).await;
    assert!(user.name.unwrap().starts_with("Robert'); DROP TABLE"));
    assert_eq!((user.email, user.image), (None, None));
}

#[tokio::test]
async fn without_a_database_a_good_token_is_told_to_come_back() {
    let issuer = Issuer::start().await;
    let nowhere = "postgres://colloquy_service@127.0.0.1:1/nowhere";
    let config = crate::service::parse(&["--better-auth-url", &issuer.base_url(), "--auth-database-url", nowhere]);
    let router = auth_service::services(&config.unwrap()).unwrap().into_router();
    let mut users = proto::auth::v1::user_service_client::UserServiceClient::new(router);
    let request = crate::service::with_bearer(proto::auth::v1::GetMeRequest {}, &issuer.token("ada").sign());
    let status = users.get_me(request).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unavailable, proto::reason::DATABASE_UNAVAILABLE));
}
