//! Keys that come, go and grow old.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use proto::reason;
use serde_json::json;
use testkit::issuer::{Algorithm, Answer, Issuer, SigningKey};

use super::{MINUTE, accepts, hasty, refusal, service};
use crate::{clock::Clock, service::Service};

#[tokio::test]
async fn a_rotated_key_works_at_once() {
    let issuer = Issuer::start().await;
    let service = service(&issuer).await;
    let _clock = Clock::stop();
    let before = issuer.token("ada");
    assert!(accepts(&service, &before).await);
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        issuer.rotate(algorithm);
        assert!(accepts(&service, &issuer.token("ada")).await);
    }
    assert!(accepts(&service, &before).await, "the old key is published still");
    assert_eq!(issuer.fetches(), 3);
}

#[tokio::test]
async fn a_flood_of_unknown_keys_costs_the_issuer_one_request_in_a_cool_down() {
    let issuer = Issuer::start().await;
    let service = service(&issuer).await;
    let clock = Clock::stop();
    let good = issuer.token("ada");
    assert!(accepts(&service, &good).await);
    for round in 0..3 {
        let flood = (0..50).map(|number| good.clone().header("kid", format!("{round} {number}")));
        let flood = flood.collect::<Vec<_>>();
        let refused = join_all(flood.iter().map(|token| refusal(&service, token))).await;
        let (denied, others): (Vec<_>, Vec<_>) =
            flood.iter().zip(&refused).partition(|(_, reason)| *reason == reason::TOKEN_KEY_UNKNOWN);
        assert_eq!(denied.len(), 1, "the one that the issuer was asked for");
        assert!(others.iter().all(|(_, reason)| *reason == reason::ISSUER_UNAVAILABLE), "{others:?}");
        assert_eq!(issuer.fetches(), 2 + round);
        assert!(accepts(&service, &good).await);
        clock.advance(Duration::from_secs(29)).await;
        assert_eq!(refusal(&service, denied[0].0).await, reason::TOKEN_KEY_UNKNOWN);
        assert_eq!(refusal(&service, others[0].0).await, reason::ISSUER_UNAVAILABLE);
        assert_eq!(issuer.fetches(), 2 + round);
        clock.advance(Duration::from_secs(1)).await;
    }
    assert_eq!(refusal(&service, &good.clone().header("kid", "the last")).await, reason::TOKEN_KEY_UNKNOWN);
    issuer.rotate(Algorithm::EdDsa);
    let new = issuer.token("ada");
    assert_eq!(refusal(&service, &new).await, reason::ISSUER_UNAVAILABLE, "nobody is logged out by a flood");
    clock.advance(Duration::from_secs(30)).await;
    assert!(accepts(&service, &new).await, "it delays a rotation by one cool-down at most");
}

#[tokio::test]
async fn a_client_with_an_old_token_is_not_in_the_way_of_a_rotation() {
    let issuer = Issuer::start().await;
    let service = service(&issuer).await;
    let clock = Clock::stop();
    let (good, old) = (issuer.token("ada"), issuer.token("ada").header("kid", "of last year"));
    assert!(accepts(&service, &good).await);
    assert_eq!(refusal(&service, &old).await, reason::TOKEN_KEY_UNKNOWN);
    clock.advance(Duration::from_secs(30)).await;
    assert_eq!(refusal(&service, &old).await, reason::TOKEN_KEY_UNKNOWN);
    assert_eq!(issuer.fetches(), 3, "it is asked for again");
    clock.advance(Duration::from_secs(31)).await;
    assert_eq!(refusal(&service, &old).await, reason::TOKEN_KEY_UNKNOWN);
    assert_eq!(issuer.fetches(), 3, "but not as often");
    issuer.rotate(Algorithm::EdDsa);
    assert!(accepts(&service, &issuer.token("ada")).await);
}

#[tokio::test]
async fn many_first_tokens_make_one_request() {
    let issuer = Issuer::start().await;
    let service = service(&issuer).await;
    let tokens = (0..20).map(|number| issuer.token(&format!("user-{number}"))).collect::<Vec<_>>();
    for accepted in join_all(tokens.iter().map(|token| accepts(&service, token))).await {
        assert!(accepted);
    }
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test]
async fn a_caller_who_leaves_does_not_cut_the_fetch_that_others_wait_for() {
    let issuer = Issuer::start().await;
    let service = service(&issuer).await;
    assert!(accepts(&service, &issuer.token("ada")).await);
    issuer.rotate(Algorithm::EdDsa);
    let token = issuer.token("ada");
    tokio::select! {
        _ = accepts(&service, &token) => panic!("the issuer answered at once"),
        () = issuer.fetched(2) => {}
    }
    assert!(accepts(&service, &token).await);
    assert_eq!(issuer.fetches(), 2);
}

/// Sees the keys fetched once in each such span, and taken over before anyone used them.
async fn fetches_every(issuer: &Issuer, service: &Service, clock: &Clock, span: Duration) {
    for fetches in 2..6 {
        issuer.rotate(Algorithm::EdDsa);
        clock.advance(span).await;
        issuer.fetched(fetches).await;
        assert!(accepts(service, &issuer.token("ada")).await);
        assert_eq!(issuer.fetches(), fetches, "the new key was there already");
    }
}

#[tokio::test]
async fn keys_are_fetched_before_they_are_old_though_nobody_asks_for_them() {
    let issuer = Issuer::start().await;
    let service = service(&issuer).await;
    let clock = Clock::stop();
    assert!(accepts(&service, &issuer.token("ada")).await);
    // At 85 % of their age at the latest.
    fetches_every(&issuer, &service, &clock, 8 * MINUTE + MINUTE / 2).await;
}

#[tokio::test]
async fn an_issuer_may_ask_for_its_keys_to_be_fetched_more_often() {
    let issuer = Issuer::start().await;
    issuer.header("cache-control", "public, max-age=60");
    let service = service(&issuer).await;
    let clock = Clock::stop();
    assert!(accepts(&service, &issuer.token("ada")).await);
    fetches_every(&issuer, &service, &clock, Duration::from_secs(51)).await;
}

#[tokio::test]
async fn a_withdrawn_key_stops_working_within_the_age_of_keys() {
    let issuer = Issuer::start().await;
    let service = service(&issuer).await;
    let clock = Clock::stop();
    let (withdrawn, token) = (issuer.key(), issuer.token("ada"));
    assert!(accepts(&service, &token).await);
    issuer.rotate(Algorithm::EdDsa);
    issuer.withdraw(&withdrawn);
    clock.advance(7 * MINUTE).await;
    assert!(accepts(&service, &token).await);
    clock.advance(3 * MINUTE).await;
    // Ten minutes have passed in a moment, as for a process that slept: the first use waits for the new keys.
    assert_eq!(refusal(&service, &token).await, reason::TOKEN_KEY_UNKNOWN);
    assert!(accepts(&service, &issuer.token("ada")).await);
}

#[tokio::test]
async fn a_key_that_comes_back_broken_goes_on_working_and_one_that_is_gone_does_not() {
    let issuer = Issuer::with([Algorithm::EdDsa, Algorithm::Es256]).await;
    let service = hasty(&issuer).await;
    let (gone, token) = (issuer.token("ada").signed_with(&issuer.rotate(Algorithm::EdDsa)), issuer.token("ada"));
    let _clock = Clock::stop();
    assert!(accepts(&service, &gone).await);
    let broken = issuer.rotate(Algorithm::EdDsa);
    let of_broken = issuer.token("ada").signed_with(&broken);
    assert!(accepts(&service, &of_broken).await);

    let new = SigningKey::generate(Algorithm::EdDsa);
    let half = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": broken.id(), "x": "AAAA" }, new.jwk()] });
    issuer.answer(Answer::Text(half.to_string()));
    let new = token.clone().signed_with(&Arc::new(new));
    assert!(accepts(&service, &new).await);
    assert!(accepts(&service, &of_broken).await);
    assert_eq!(refusal(&service, &gone).await, reason::TOKEN_KEY_UNKNOWN);
}
