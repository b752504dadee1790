//! Keys that rotate, and issuers that are down or out of their minds.

use std::time::Duration;

use futures_util::future::join_all;
use proto::reason;
use serde_json::json;
use testkit::issuer::{Algorithm, Answer, Issuer};
use tonic::Code;

use crate::service::{Service, reason};

async fn service(issuer: &Issuer, max_age: &str, cool_down: &str) -> Service {
    let base = issuer.base_url();
    Service::start(&["--better-auth-url", &base, "--jwks-max-age", max_age, "--jwks-cool-down", cool_down]).await
}

#[tokio::test]
async fn a_rotated_key_works_at_once() {
    let issuer = Issuer::start().await;
    let service = service(&issuer, "1h", "1h").await;
    let before = issuer.token("ada").sign();
    assert!(service.verify(&before).await.is_ok());
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        issuer.rotate(algorithm);
        assert!(service.verify(&issuer.token("ada").sign()).await.is_ok());
    }
    assert!(service.verify(&before).await.is_ok(), "the old key is published still");
    assert_eq!(issuer.fetches(), 3);
}

#[tokio::test]
async fn a_flood_of_unknown_keys_costs_the_issuer_one_request() {
    let issuer = Issuer::start().await;
    let service = service(&issuer, "1h", "1h").await;
    let good = issuer.token("ada");
    assert!(service.verify(&good.sign()).await.is_ok());
    let flood = (0..50).map(|number| good.clone().header("kid", number.to_string()).sign()).collect::<Vec<_>>();
    for refused in join_all(flood.iter().map(|token| service.verify(token))).await {
        assert_eq!(reason(&refused.unwrap_err()), reason::TOKEN_KEY_UNKNOWN);
    }
    assert_eq!(issuer.fetches(), 2);
    assert!(service.verify(&good.sign()).await.is_ok());
}

#[tokio::test]
async fn many_first_tokens_make_one_request() {
    let issuer = Issuer::start().await;
    let service = service(&issuer, "1h", "1h").await;
    let tokens = (0..20).map(|number| issuer.token(&format!("user-{number}")).sign()).collect::<Vec<_>>();
    for answer in join_all(tokens.iter().map(|token| service.verify(token))).await {
        answer.unwrap();
    }
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test]
async fn old_keys_are_fetched_again_and_withdrawn_ones_refused() {
    let issuer = Issuer::start().await;
    let service = service(&issuer, "0s", "1h").await;
    let (withdrawn, token) = (issuer.key(), issuer.token("ada").sign());
    assert!(service.verify(&token).await.is_ok());
    issuer.rotate(Algorithm::EdDsa);
    issuer.withdraw(&withdrawn);
    assert!(service.verify(&token).await.is_ok(), "the old keys will do until the new ones are there");
    // Its key is new, so that this one waits for the new keys.
    assert!(service.verify(&issuer.token("ada").sign()).await.is_ok());
    assert_eq!(reason(&service.verify(&token).await.unwrap_err()), reason::TOKEN_KEY_UNKNOWN);
    assert!(service.verify(&issuer.token("ada").sign()).await.is_ok());
}

#[tokio::test]
async fn a_service_starts_while_its_issuer_is_down() {
    let issuer = Issuer::start().await;
    issuer.answer(Answer::Status(500));
    let service = service(&issuer, "1h", "0s").await;
    let token = issuer.token("ada").sign();
    let status = service.verify(&token).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unavailable, reason::ISSUER_UNAVAILABLE));
    issuer.answer(Answer::Keys);
    assert!(service.verify(&token).await.is_ok());
}

#[tokio::test]
async fn an_issuer_that_nobody_can_reach_is_unavailable() {
    let issuer = Issuer::start().await;
    let token = issuer.token("ada").sign();
    let service = service(&issuer, "1h", "1h").await;
    drop(issuer);
    assert_eq!(reason(&service.verify(&token).await.unwrap_err()), reason::ISSUER_UNAVAILABLE);
}

#[tokio::test]
async fn known_keys_go_on_working_while_the_issuer_answers_nonsense() {
    let issuer = Issuer::start().await;
    let service = service(&issuer, "0s", "0s").await;
    let token = issuer.token("ada");
    assert!(service.verify(&token.sign()).await.is_ok());
    for answer in [
        Answer::Status(500),
        Answer::Status(404),
        Answer::Text("<html>".to_owned()),
        Answer::Text(r#"{"keys":{}}"#.to_owned()),
        Answer::Text(json!({ "keys": [] }).to_string()),
        Answer::Text(json!({ "keys": [], "padding": "x".repeat(300_000) }).to_string()),
        Answer::Redirect(issuer.jwks_url()),
    ] {
        let before = issuer.fetches();
        issuer.answer(answer.clone());
        assert!(service.verify(&token.sign()).await.is_ok(), "{answer:?}");
        let unknown = service.verify(&token.clone().header("kid", "new").sign()).await.unwrap_err();
        assert_eq!(reason(&unknown), reason::ISSUER_UNAVAILABLE, "{answer:?}: it may be a rotated key");
        assert_eq!(issuer.fetches(), before + 2, "{answer:?}");
    }
}

#[tokio::test]
async fn a_failing_issuer_is_left_alone_for_a_while() {
    let issuer = Issuer::start().await;
    let service = service(&issuer, "0s", "1h").await;
    let token = issuer.token("ada");
    assert!(service.verify(&token.sign()).await.is_ok());
    issuer.answer(Answer::Status(500));
    for _ in 0..10 {
        assert!(service.verify(&token.sign()).await.is_ok());
    }
    // It waits for the fetch that the others did not wait for.
    let unknown = service.verify(&token.header("kid", "new").sign()).await.unwrap_err();
    assert_eq!(reason(&unknown), reason::ISSUER_UNAVAILABLE);
    assert_eq!(issuer.fetches(), 2);
}

#[tokio::test]
async fn nobody_waits_for_a_silent_issuer_whose_keys_are_known() {
    let issuer = Issuer::start().await;
    let service = service(&issuer, "0s", "1h").await;
    let token = issuer.token("ada");
    assert!(service.verify(&token.sign()).await.is_ok());
    issuer.answer(Answer::Silence);
    assert!(service.verify(&token.sign()).await.is_ok());
    let (known, unknown) = (token.sign(), token.header("kid", "new").sign());
    tokio::select! {
        biased;
        _ = service.verify(&unknown) => panic!("the issuer is being asked still"),
        answer = service.verify(&known) => assert!(answer.is_ok()),
    }
}

#[tokio::test]
async fn all_who_waited_for_a_silent_issuer_give_up_with_the_first() {
    let issuer = Issuer::start().await;
    let service = service(&issuer, "1h", "1h").await;
    issuer.answer(Answer::Silence);
    let token = issuer.token("ada").sign();
    tokio::time::pause();
    let late = async {
        while issuer.fetches() == 0 {
            tokio::task::yield_now().await;
        }
        // Later than the pause after a first failure, if that began with the fetch.
        tokio::time::advance(Duration::from_secs(2)).await;
        join_all((0..10).map(|_| service.verify(&token))).await
    };
    let (first, late) = tokio::join!(service.verify(&token), late);
    for answer in late.into_iter().chain([first]) {
        assert_eq!(reason(&answer.unwrap_err()), reason::ISSUER_UNAVAILABLE);
    }
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test]
async fn an_openid_provider_is_found_by_discovery() {
    let issuer = Issuer::with([Algorithm::Rs256]).await;
    let iss = format!("{}/realms/app/", issuer.origin());
    let document = "/realms/app/.well-known/openid-configuration";
    issuer.serve(document, json!({ "issuer": iss, "jwks_uri": issuer.jwks_url(), "other": 1 }));
    let flags = ["--oidc-issuer", &iss, "--oidc-audience", "colloquy, mobile", "--jwks-cool-down", "0s"];
    let good = issuer.token("ada").claim("iss", iss.as_str());

    let first = Service::start(&flags).await;
    for audience in ["colloquy", "mobile"] {
        let answer = first.verify(&good.clone().claim("aud", audience).sign()).await.unwrap();
        assert_eq!(answer.issuer_name, "oidc");
    }

    for wrong in [
        json!({ "issuer": "https://other.example", "jwks_uri": issuer.jwks_url() }),
        json!({ "issuer": iss, "jwks_uri": "http://keys.example/jwks" }),
        json!({ "issuer": iss }),
    ] {
        issuer.serve(document, wrong);
        let status = Service::start(&flags).await.verify(&good.clone().claim("aud", "mobile").sign()).await;
        assert_eq!(reason(&status.unwrap_err()), reason::ISSUER_UNAVAILABLE);
    }
}

#[tokio::test]
async fn keys_in_a_file_need_no_issuer() {
    let issuer = Issuer::with([Algorithm::EdDsa, Algorithm::Es256]).await;
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("keys.json"), issuer.key_set().to_string()).unwrap();
    let file = directory.path().join("issuers.toml");
    let origin = issuer.origin();
    let entry = format!("name='dev'\nissuer='{origin}'\naudience=['{origin}']\njwks_file='keys.json'\nleeway='0s'");
    std::fs::write(&file, format!("[[issuer]]\n{entry}")).unwrap();
    let service = Service::start(&["--auth-issuers-file", file.to_str().unwrap()]).await;

    assert_eq!(service.verify(&issuer.token("ada").sign()).await.unwrap().issuer_name, "dev");
    let over = issuer.token("ada").expires_in(-1).sign();
    assert_eq!(reason(&service.verify(&over).await.unwrap_err()), reason::TOKEN_EXPIRED, "no leeway was given");
    assert_eq!(issuer.fetches(), 0);
}
