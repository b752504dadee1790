//! Opaque sessions of a real Better Auth server, resolved by asking it.

use futures_util::future::join_all;
use proto::{auth::v1::VerifyTokenRequest, reason};
use serde_json::json;
use testkit::better_auth::{self, BetterAuth};
use tonic_types::StatusExt as _;

use crate::service::{Service, as_service, reason};

#[tokio::test]
async fn every_spelling_of_a_session_names_its_user() {
    for options in [json!({}), json!({"secureCookies": true}), better_auth::neon()] {
        let better_auth = BetterAuth::start(options.clone()).await;
        let flag = if options["basePath"].is_string() { "--neon-auth-url" } else { "--better-auth-url" };
        let service = Service::start(&[flag, &better_auth.base_url()]).await;
        let ada = better_auth.sign_up("ada").await;
        let user = service.user(&better_auth.jwt(&ada).await).await;
        assert_eq!(user.subject, ada.user_id);
        for spelling in ada.spellings() {
            let answer = service.verify(spelling).await.unwrap_or_else(|status| panic!("{spelling}: {status:?}"));
            assert_eq!(answer.user.as_ref(), Some(&user), "{spelling} with {options}");
            assert!(answer.expires_at.is_some());
        }
    }
}

#[tokio::test]
async fn a_sign_out_ends_one_session_and_no_other() {
    let better_auth = BetterAuth::start(json!({})).await;
    let service = Service::at(&better_auth).await;
    let (phone, laptop) = (better_auth.sign_up("ada").await, better_auth.sign_in("ada").await);
    let user = service.user(&phone.raw).await;
    better_auth.sign_out(&phone).await;
    for spelling in phone.spellings() {
        assert_eq!(reason(&service.verify(spelling).await.unwrap_err()), reason::SESSION_NOT_FOUND);
    }
    assert_eq!(service.user(&laptop.signed).await.id, user.id);
}

#[tokio::test]
async fn a_cached_session_does_not_outlive_the_real_one() {
    let better_auth = BetterAuth::start(json!({"cookieCache": true})).await;
    let service = Service::at(&better_auth).await;
    let ada = better_auth.sign_up("ada").await;
    assert!(service.verify(ada.cookie().1).await.is_ok());
    better_auth.sql("DELETE FROM session").await;
    assert!(better_auth.session_by_cookies(&ada.cookies).await.is_object(), "the server itself believes its cookie");
    assert_eq!(reason(&service.verify(ada.cookie().1).await.unwrap_err()), reason::SESSION_NOT_FOUND);
}

#[tokio::test]
async fn who_is_banned_or_deleted_is_refused() {
    let better_auth = BetterAuth::start(json!({})).await;
    let service = Service::at(&better_auth).await;
    let ada = better_auth.sign_up("ada").await;
    assert!(service.verify(&ada.signed).await.is_ok());
    better_auth.sql("UPDATE \"user\" SET banned = true").await;
    assert_eq!(reason(&service.verify(&ada.signed).await.unwrap_err()), reason::USER_BANNED);
    better_auth.sql("UPDATE \"user\" SET \"banExpires\" = now() - interval '1 second'").await;
    assert!(service.verify(&ada.signed).await.is_ok(), "the ban is over");

    better_auth.ban(&ada.user_id).await;
    assert_eq!(reason(&service.verify(&ada.signed).await.unwrap_err()), reason::SESSION_NOT_FOUND);
    let bob = better_auth.sign_up("bob").await;
    assert!(service.verify(&bob.signed).await.is_ok());
    better_auth.delete_user(&bob).await;
    assert_eq!(reason(&service.verify(&bob.signed).await.unwrap_err()), reason::SESSION_NOT_FOUND);
}

#[tokio::test]
async fn what_is_no_session_is_refused_and_asked_for_once() {
    let better_auth = BetterAuth::start(json!({"requireSignature": true})).await;
    let service = Service::at(&better_auth).await;
    let ada = better_auth.sign_up("ada").await;
    assert!(service.verify(&ada.signed).await.is_ok());
    let before = better_auth.requests("/get-session").await;
    let forged = format!("{}.{}", "x".repeat(32), ada.signed.split_once('.').unwrap().1);
    for case in [&ada.raw, &forged] {
        for _ in 0..3 {
            assert_eq!(reason(&service.verify(case).await.unwrap_err()), reason::SESSION_NOT_FOUND);
        }
    }
    assert_eq!(better_auth.requests("/get-session").await - before, 2);
}

#[tokio::test]
async fn many_who_ask_about_one_session_at_once_are_one_question() {
    let better_auth = BetterAuth::start(json!({})).await;
    let service = Service::at(&better_auth).await;
    let ada = better_auth.sign_up("ada").await;
    let answers = join_all((0..20).map(|_| service.verify(&ada.raw))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(better_auth.requests("/get-session").await, 1);
    assert!(service.verify(&ada.raw).await.is_ok());
    assert_eq!(better_auth.requests("/get-session").await, 2, "nothing good is remembered");
}

#[tokio::test]
async fn a_server_that_is_dead_or_hangs_answers_for_no_session_until_it_is_back() {
    let mut better_auth = BetterAuth::start(json!({})).await;
    let service = Service::at(&better_auth).await;
    let ada = better_auth.sign_up("ada").await;
    let jwt = better_auth.jwt(&ada).await;
    let user = service.user(&jwt).await;

    better_auth.pause();
    assert_eq!(reason(&service.verify(&ada.signed).await.unwrap_err()), reason::ISSUER_UNAVAILABLE);
    assert_eq!(service.user(&jwt).await.id, user.id, "a token that we can check ourselves is still good");
    better_auth.resume();
    assert_eq!(service.user(&ada.signed).await.id, user.id);

    better_auth.kill();
    assert_eq!(reason(&service.verify(&ada.signed).await.unwrap_err()), reason::ISSUER_UNAVAILABLE);
    assert_eq!(service.user(&jwt).await.id, user.id);
    better_auth.restart().await;
    assert_eq!(service.user(&ada.signed).await.id, user.id);
}

#[tokio::test]
async fn one_client_that_asks_too_often_does_not_lock_out_another() {
    let better_auth = BetterAuth::start(json!({"rateLimit": true})).await;
    let service = Service::at(&better_auth).await;
    let ada = better_auth.sign_up("ada").await;
    let verify = async |client_address: &str| {
        let request = VerifyTokenRequest { token: ada.signed.clone(), client_address: client_address.to_owned() };
        service.auth().verify_token(as_service(request)).await
    };
    let mut limited = None;
    // The server allows a hundred in ten seconds.
    for _ in 0..120 {
        if let Err(status) = verify("192.0.2.1").await {
            limited = Some(status);
            break;
        }
    }
    let status = limited.expect("the server counts");
    assert_eq!(reason(&status), reason::ISSUER_UNAVAILABLE);
    let pause = status.get_details_retry_info().unwrap().retry_delay.unwrap();
    assert!((1..=10).contains(&pause.as_secs()), "{pause:?}");
    assert!(verify("192.0.2.2").await.is_ok());
}

#[tokio::test]
async fn a_session_of_a_branch_is_unknown_to_the_main_one() {
    let mut main = BetterAuth::start(better_auth::neon()).await;
    let ada = main.sign_up("ada").await;
    main.kill();
    let branch = BetterAuth::over(main.database.copy().await, better_auth::neon()).await;
    main.restart().await;
    let service = Service::start(&["--neon-auth-url", &main.base_url()]).await;
    assert_eq!(service.user(&ada.signed).await.subject, ada.user_id);
    let of_branch = branch.sign_in("ada").await;
    assert_eq!(of_branch.user_id, ada.user_id, "branches share their users");
    for spelling in of_branch.spellings() {
        assert_eq!(reason(&service.verify(spelling).await.unwrap_err()), reason::SESSION_NOT_FOUND);
    }
}
