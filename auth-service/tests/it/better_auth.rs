//! JSON Web Tokens of a real Better Auth server, on its good and its bad days.

use proto::reason;
use serde_json::json;
use testkit::better_auth::{self, BetterAuth};

use crate::service::{Service, reason};

#[tokio::test]
async fn who_signs_up_and_signs_in_is_one_user() {
    let better_auth = BetterAuth::start(json!({})).await;
    let service = Service::at(&better_auth).await;
    let first = better_auth.sign_up("ada").await;
    let answer = service.verify(&better_auth.jwt(&first).await).await.unwrap();
    assert_eq!(answer.issuer_name, "better-auth");
    let user = answer.user.unwrap();
    assert_eq!((user.issuer.as_str(), user.subject.as_str()), (better_auth.origin().as_str(), first.user_id.as_str()));
    assert_eq!((user.email.as_deref(), user.name.as_deref()), (Some("ada@example.com"), Some("Name of ada")));

    let again = better_auth.sign_in("ada").await;
    let refreshed = better_auth.jwt(&again).await;
    assert_eq!(service.user(&refreshed).await.id, user.id);
    assert_ne!(service.user(&better_auth.jwt(&better_auth.sign_up("bob").await).await).await.id, user.id);
}

#[tokio::test]
async fn a_rotated_key_works_at_once_and_costs_one_fetch() {
    let better_auth = BetterAuth::start(json!({"jwks": {"rotationInterval": 3600}})).await;
    let service = Service::at(&better_auth).await;
    let ada = better_auth.sign_up("ada").await;
    let before = better_auth.jwt(&ada).await;
    let user = service.user(&before).await;
    assert_eq!(better_auth.requests("/jwks").await, 1);

    better_auth.rotate_keys().await;
    let after = better_auth.jwt(&ada).await;
    assert_ne!(key_id(&before), key_id(&after), "the server did rotate");
    for token in [&after, &before, &after] {
        assert_eq!(service.user(token).await.id, user.id);
    }
    assert_eq!(better_auth.requests("/jwks").await, 2);
}

#[tokio::test]
async fn who_was_known_goes_on_while_the_server_is_dead_or_hangs() {
    let mut better_auth = BetterAuth::start(json!({})).await;
    let service = Service::at(&better_auth).await;
    let ada = better_auth.sign_up("ada").await;
    let token = better_auth.jwt(&ada).await;
    let user = service.user(&token).await;

    better_auth.pause();
    assert_eq!(service.user(&token).await.id, user.id);
    better_auth.resume();
    let later = better_auth.jwt(&ada).await;
    better_auth.kill();
    assert_eq!(service.user(&later).await.id, user.id, "a token that was never seen, of a key that was");

    let fresh = Service::at(&better_auth).await;
    let status = fresh.verify(&token).await.unwrap_err();
    assert_eq!(reason(&status), reason::ISSUER_UNAVAILABLE);

    better_auth.restart().await;
    let newcomer = better_auth.jwt(&better_auth.sign_up("bob").await).await;
    assert_eq!(service.user(&newcomer).await.email.as_deref(), Some("bob@example.com"));
}

#[tokio::test]
async fn a_cached_session_is_no_access_token() {
    let better_auth = BetterAuth::start(json!({"cookieCache": true})).await;
    let service = Service::at(&better_auth).await;
    let ada = better_auth.sign_up("ada").await;
    let cached = ada.cookies.iter().find(|(name, _)| name.ends_with(".session_data")).unwrap();
    assert!(service.verify(&better_auth.jwt(&ada).await).await.is_ok(), "both are signed by the same key");
    let status = service.verify(&cached.1).await.unwrap_err();
    assert_eq!(reason(&status), reason::TOKEN_TYPE_REFUSED);
}

#[tokio::test]
async fn a_server_that_believes_the_host_header_cannot_speak_for_another() {
    let better_auth = BetterAuth::start(json!({"unnamed": true})).await;
    let service = Service::at(&better_auth).await;
    let ada = better_auth.sign_up("ada").await;
    let status = service.verify(&better_auth.jwt_for_host(&ada, "app.example.com").await).await.unwrap_err();
    assert_eq!(reason(&status), reason::TOKEN_ISSUER_UNKNOWN);
    assert!(service.verify(&better_auth.jwt(&ada).await).await.is_ok(), "asked under its own name");
}

#[tokio::test]
async fn a_branch_that_copied_keys_and_users_cannot_speak_for_the_main_one() {
    let mut main = BetterAuth::start(better_auth::neon()).await;
    let ada = main.sign_up("ada").await;
    let of_main = main.jwt(&ada).await;
    main.kill();
    let branch = BetterAuth::over(main.database.copy().await, better_auth::neon()).await;
    main.restart().await;
    let of_branch = branch.jwt(&ada).await;
    assert_eq!(key_id(&of_main), key_id(&of_branch), "branches share their keys");

    let flag = |server: &BetterAuth| ["--neon-auth-url".to_owned(), server.base_url()];
    let production = flag(&main);
    let production = Service::start(&production.each_ref().map(String::as_str)).await;
    let preview = flag(&branch);
    let preview = Service::start(&preview.each_ref().map(String::as_str)).await;
    let user = production.verify(&of_main).await.unwrap().user.unwrap();
    assert!(uuid::Uuid::parse_str(&user.subject).is_ok(), "{}", user.subject);
    assert_eq!(preview.user(&of_branch).await.subject, user.subject);
    for (service, foreign) in [(&production, &of_branch), (&preview, &of_main)] {
        let status = service.verify(foreign).await.unwrap_err();
        assert_eq!(reason(&status), reason::TOKEN_ISSUER_UNKNOWN);
    }
}

fn key_id(token: &str) -> String {
    jsonwebtoken::decode_header(token).unwrap().kid.unwrap()
}
