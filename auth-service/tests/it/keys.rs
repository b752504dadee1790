//! Keys that rotate, and issuers that are down or out of their minds.

use std::time::Duration;

use futures_util::future::join_all;
use proto::reason;
use serde_json::json;
use testkit::issuer::{Algorithm, Answer, Issuer, SigningKey, Token};
use tonic::Code;

use crate::{
    clock::Clock,
    service::{Service, reason},
};

const MINUTE: Duration = Duration::from_mins(1);
/// Longer than any request to an issuer may take.
const DEADLINE: Duration = Duration::from_secs(6);
const DAY: Duration = Duration::from_hours(24);

/// A service with the usual bounds: keys of ten minutes, a cool-down of 30 s, stale keys for a day.
async fn service(issuer: &Issuer) -> Service {
    Service::of(issuer).await
}

/// A service that asks for each unknown key at once.
async fn hasty(issuer: &Issuer) -> Service {
    Service::start(&["--better-auth-url", &issuer.base_url(), "--jwks-cool-down", "0s"]).await
}

/// Why this token is refused.
async fn refusal(service: &Service, token: &Token) -> String {
    reason(&service.verify(&token.sign()).await.unwrap_err())
}

async fn accepts(service: &Service, token: &Token) -> bool {
    service.verify(&token.sign()).await.is_ok()
}

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
        for refused in join_all(flood.iter().map(|token| refusal(&service, token))).await {
            assert_eq!(refused, reason::TOKEN_KEY_UNKNOWN);
        }
        assert_eq!(issuer.fetches(), 2 + round);
        assert!(accepts(&service, &good).await);
        clock.advance(Duration::from_secs(29)).await;
        assert_eq!(refusal(&service, &flood[1]).await, reason::TOKEN_KEY_UNKNOWN);
        assert_eq!(issuer.fetches(), 2 + round);
        clock.advance(Duration::from_secs(1)).await;
    }
    issuer.rotate(Algorithm::EdDsa);
    assert!(accepts(&service, &issuer.token("ada")).await, "a flood delays a rotation by one cool-down at most");
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
    let new = token.clone().signed_with(&std::sync::Arc::new(new));
    assert!(accepts(&service, &new).await);
    assert!(accepts(&service, &of_broken).await);
    assert_eq!(refusal(&service, &gone).await, reason::TOKEN_KEY_UNKNOWN);
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

#[tokio::test]
async fn issuers_with_the_same_kid_or_the_same_key_never_mix() {
    let (first, second) = (Issuer::with([]).await, Issuer::with([]).await);
    let (own, other) = (SigningKey::named(Algorithm::EdDsa, "1"), SigningKey::named(Algorithm::EdDsa, "1"));
    let (own, other) = (first.publish(own), second.publish(other));
    let shared = first.publish(SigningKey::named(Algorithm::EdDsa, "2"));
    second.publish(shared.clone());
    let flags = ["--better-auth-url", &first.base_url(), "--neon-auth-url", &second.base_url()];
    let service = Service::start(&[&flags[..], &["--jwks-cool-down", "0s"]].concat()).await;

    let of_first = service.user(&first.token("ada").signed_with(&own).sign()).await;
    let of_second = service.user(&second.token("ada").signed_with(&other).sign()).await;
    assert_ne!(of_first.id, of_second.id);
    assert_eq!(refusal(&service, &first.token("ada").signed_with(&other)).await, reason::TOKEN_SIGNATURE_INVALID);
    assert_eq!(service.user(&first.token("ada").signed_with(&shared).sign()).await.id, of_first.id);
    assert_eq!(service.user(&second.token("ada").signed_with(&shared).sign()).await.id, of_second.id);
    let astray = first.token("ada").signed_with(&shared).claim("aud", second.origin());
    assert_eq!(refusal(&service, &astray).await, reason::TOKEN_AUDIENCE_MISMATCH);

    first.answer(Answer::Status(500));
    assert_eq!(refusal(&service, &first.token("ada").header("kid", "3")).await, reason::ISSUER_UNAVAILABLE);
    assert_eq!(refusal(&service, &second.token("ada").header("kid", "3")).await, reason::TOKEN_KEY_UNKNOWN);
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
