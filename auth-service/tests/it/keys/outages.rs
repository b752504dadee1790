//! Issuers that are down or out of their minds.

use std::time::Duration;

use futures_util::future::join_all;
use proto::reason;
use serde_json::json;
use testkit::issuer::{Algorithm, Answer, Issuer};
use tonic::Code;

use super::{MINUTE, accepts, hasty, refusal, service};
use crate::{
    clock::Clock,
    service::{Service, reason},
};

/// Longer than any request to an issuer may take.
const DEADLINE: Duration = Duration::from_secs(6);
const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn an_issuer_that_is_down_locks_nobody_out_who_was_known_for_a_day() {
    let issuer = Issuer::start().await;
    let service = service(&issuer).await;
    let clock = Clock::stop();
    let token = issuer.token("ada");
    assert!(accepts(&service, &token).await);
    issuer.answer(Answer::Status(500));
    for time in [9 * MINUTE, 5 * MINUTE, DAY.saturating_sub(15 * MINUTE)] {
        clock.advance(time).await;
        assert!(accepts(&service, &token).await, "{time:?}");
    }
    clock.advance(MINUTE).await;
    assert_eq!(refusal(&service, &token).await, reason::ISSUER_UNAVAILABLE, "and no longer");
    issuer.answer(Answer::Keys);
    let fetches = issuer.fetches();
    clock.advance(2 * MINUTE).await;
    issuer.fetched(fetches + 1).await;
    assert!(accepts(&service, &token).await);
}

#[tokio::test]
async fn a_service_starts_while_its_issuer_is_down_and_needs_nobody_to_notice_that_it_is_up() {
    let issuer = Issuer::start().await;
    issuer.answer(Answer::Status(500));
    let service = service(&issuer).await;
    let clock = Clock::stop();
    let token = issuer.token("ada");
    let status = service.verify(&token.sign()).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unavailable, reason::ISSUER_UNAVAILABLE));
    assert_eq!(issuer.fetches(), 1, "it failed a moment ago");
    issuer.answer(Answer::Keys);
    clock.advance(Duration::from_secs(1)).await;
    issuer.fetched(2).await;
    assert!(accepts(&service, &token).await);
    assert_eq!(issuer.fetches(), 2);
}

#[tokio::test]
async fn an_issuer_that_nobody_can_reach_is_unavailable() {
    let issuer = Issuer::start().await;
    let (base, token) = (issuer.base_url(), issuer.token("ada"));
    drop(issuer);
    let service = Service::start(&["--better-auth-url", &base]).await;
    assert_eq!(refusal(&service, &token).await, reason::ISSUER_UNAVAILABLE);
}

#[tokio::test]
async fn known_keys_go_on_working_while_the_issuer_answers_nonsense() {
    let issuer = Issuer::start().await;
    let service = hasty(&issuer).await;
    let token = issuer.token("ada");
    assert!(accepts(&service, &token).await);
    let _clock = Clock::stop();
    for answer in [
        Answer::Status(500),
        Answer::Status(404),
        Answer::Status(204),
        Answer::Text("<html>".to_owned()),
        Answer::Text(String::new()),
        Answer::Text(r#"{"keys":{}}"#.to_owned()),
        Answer::Text(r#"{"keys":[]}"#.to_owned()),
        Answer::Text(r#"{"keys":[{"kty":"oct","k":"c2VjcmV0"},{"kty":"OKP","crv":"X25519","x":"AA"},7]}"#.to_owned()),
        Answer::Text(issuer.key_set().to_string()[1..].to_owned()),
        Answer::Text(json!({ "keys": [], "padding": "x".repeat(300_000) }).to_string()),
        Answer::Redirect(issuer.jwks_url()),
    ] {
        let before = issuer.fetches();
        issuer.answer(answer.clone());
        let unknown = refusal(&service, &token.clone().header("kid", "new")).await;
        assert_eq!(unknown, reason::ISSUER_UNAVAILABLE, "{answer:?}: it may be a rotated key");
        assert!(accepts(&service, &token).await, "{answer:?}");
        assert_eq!(issuer.fetches(), before + 1, "{answer:?}");
    }
    issuer.answer(Answer::Keys);
    issuer.rotate(Algorithm::EdDsa);
    assert!(accepts(&service, &issuer.token("ada")).await);
}

#[tokio::test]
async fn a_failing_issuer_is_left_alone_for_a_while() {
    let issuer = Issuer::start().await;
    let service = service(&issuer).await;
    let _clock = Clock::stop();
    let token = issuer.token("ada");
    assert!(accepts(&service, &token).await);
    issuer.answer(Answer::Status(500));
    for number in 0..10 {
        let unknown = token.clone().header("kid", number.to_string());
        assert_eq!(refusal(&service, &unknown).await, reason::ISSUER_UNAVAILABLE);
        assert!(accepts(&service, &token).await);
    }
    assert_eq!(issuer.fetches(), 2);
}

#[tokio::test]
async fn an_issuer_that_asks_for_a_pause_gets_it() {
    for (status, name) in [(429, "retry-after"), (429, "x-retry-after"), (503, "retry-after")] {
        let issuer = Issuer::start().await;
        let service = hasty(&issuer).await;
        let clock = Clock::stop();
        assert!(accepts(&service, &issuer.token("ada")).await);
        issuer.answer(Answer::Status(status));
        issuer.header(name, "90");
        issuer.rotate(Algorithm::EdDsa);
        for _ in 0..3 {
            assert_eq!(refusal(&service, &issuer.token("ada")).await, reason::ISSUER_UNAVAILABLE);
            clock.advance(Duration::from_secs(29)).await;
        }
        assert_eq!(issuer.fetches(), 2, "{status} with {name}");
        issuer.answer(Answer::Keys);
        clock.advance(Duration::from_secs(4)).await;
        issuer.fetched(3).await;
        assert!(accepts(&service, &issuer.token("ada")).await);
    }
}

#[tokio::test]
async fn nobody_waits_for_a_silent_issuer_whose_keys_are_known() {
    for answer in [Answer::Silence, Answer::Stall] {
        let issuer = Issuer::start().await;
        let service = service(&issuer).await;
        let clock = Clock::stop();
        let token = issuer.token("ada");
        assert!(accepts(&service, &token).await);
        issuer.answer(answer);
        let unknown = token.clone().header("kid", "new");
        let others = async {
            issuer.fetched(2).await;
            assert!(accepts(&service, &token).await);
            clock.advance(DEADLINE).await;
        };
        let (refused, ()) = tokio::join!(refusal(&service, &unknown), others);
        assert_eq!(refused, reason::ISSUER_UNAVAILABLE);
    }
}

#[tokio::test]
async fn all_who_waited_for_a_silent_issuer_give_up_with_the_first() {
    let issuer = Issuer::start().await;
    issuer.answer(Answer::Silence);
    let service = service(&issuer).await;
    let clock = Clock::stop();
    let token = issuer.token("ada");
    issuer.fetched(1).await;
    let waiting = join_all((0..10).map(|_| refusal(&service, &token)));
    for refused in tokio::join!(waiting, clock.advance(DEADLINE)).0 {
        assert_eq!(refused, reason::ISSUER_UNAVAILABLE);
    }
    assert_eq!(issuer.fetches(), 1);
}
