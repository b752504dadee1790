//! The verifier that asks the auth service: how often it asks, and what it makes of the answers.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use kit::{
    caller::{CacheLimits, Presented, VerifyToken as _},
    telemetry,
};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::fake_auth::{CROWDED, FakeAuth, GOOD_TOKEN, SERVICE_KEY, verifier, verifier_with};

#[tokio::test]
async fn a_hundred_questions_about_one_token_become_one() {
    let auth = FakeAuth::default();
    let running = auth.start().await;
    let verifier = verifier(&running, SERVICE_KEY);
    let answers = join_all((0..100).map(|_| verifier.verify(presented(GOOD_TOKEN)))).await;
    assert!(answers.iter().all(Result::is_ok));
    verifier.verify(presented(GOOD_TOKEN)).await.unwrap();
    assert_eq!(auth.questions.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_token_is_never_remembered_past_its_end() {
    let auth = FakeAuth::default();
    let running = auth.start().await;
    let verifier = verifier(&running, SERVICE_KEY);
    verifier.verify(presented("ending")).await.unwrap();
    verifier.verify(presented("ending")).await.unwrap();
    assert_eq!(auth.questions.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_refused_token_passes_on_with_its_reason() {
    let running = FakeAuth::default().start().await;
    let status = verifier(&running, SERVICE_KEY).verify(presented("old")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    assert_eq!(status.get_details_error_info().unwrap().reason, "TOKEN_EXPIRED");
}

#[tokio::test]
async fn a_refused_service_is_not_the_users_fault() {
    let running = FakeAuth::default().start().await;
    for (key, token) in [("a-key-nobody-knows", GOOD_TOKEN), (SERVICE_KEY, "broken")] {
        let status = verifier(&running, key).verify(presented(token)).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::Internal, "internal error"));
    }
}

#[tokio::test]
async fn an_auth_service_that_is_away_is_unavailable() {
    let running = FakeAuth::default().start().await;
    let verifier = verifier(&running, SERVICE_KEY);
    running.stop.cancel();
    running.ended.await.unwrap().unwrap();
    let status = verifier.verify(presented(GOOD_TOKEN)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(status.get_details_error_info().unwrap().reason, "SERVICE_UNAVAILABLE");
    assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
}

#[tokio::test]
async fn the_address_of_the_client_goes_along_and_does_not_split_the_memory() {
    let auth = FakeAuth::default();
    let running = auth.start().await;
    let verifier = verifier(&running, SERVICE_KEY);
    for client in ["2001:db8::1", "192.0.2.1"] {
        verifier.verify(presented_by(client, GOOD_TOKEN)).await.unwrap();
    }
    assert_eq!(auth.questions.load(Ordering::SeqCst), 1);
    assert_eq!(*auth.client.lock().unwrap(), "2001:db8::1");
}

#[tokio::test]
async fn a_flood_of_one_bad_token_is_answered_from_memory() {
    let auth = FakeAuth::default();
    let running = auth.start().await;
    let verifier = verifier(&running, SERVICE_KEY);
    for _ in 0..500 {
        let status = verifier.verify(presented("old")).await.unwrap_err();
        assert_eq!(status.get_details_error_info().unwrap().reason, "TOKEN_EXPIRED");
    }
    assert!(auth.questions.load(Ordering::SeqCst) < 500);
}

#[tokio::test]
async fn what_may_be_good_in_a_moment_is_asked_about_again() {
    let auth = FakeAuth::default();
    let running = auth.start().await;
    let verifier = verifier(&running, SERVICE_KEY);
    for token in ["early", "rotated", "away", "flooding", "broken"] {
        let before = auth.questions.load(Ordering::SeqCst);
        for _ in 0..3 {
            verifier.verify(presented(token)).await.unwrap_err();
        }
        assert_eq!(auth.questions.load(Ordering::SeqCst) - before, 3, "{token}");
    }
}

#[tokio::test]
async fn without_time_or_room_nothing_is_remembered() {
    for limits in [CacheLimits { ttl: Duration::ZERO, size: 100 }, CacheLimits { ttl: Duration::from_mins(1), size: 0 }]
    {
        let auth = FakeAuth::default();
        let running = auth.start().await;
        let verifier = verifier_with(&running, SERVICE_KEY, &limits);
        for _ in 0..3 {
            verifier.verify(presented(GOOD_TOKEN)).await.unwrap();
        }
        assert_eq!(auth.questions.load(Ordering::SeqCst), 3, "{limits:?}");
    }
}

#[tokio::test]
async fn a_revocation_takes_effect_when_the_memory_ends_and_not_before() {
    let auth = FakeAuth::default();
    let running = auth.start().await;
    let long = verifier(&running, SERVICE_KEY);
    let limits = CacheLimits { ttl: Duration::from_millis(20), size: 100 };
    let short = verifier_with(&running, SERVICE_KEY, &limits);
    for verifier in [&long, &short] {
        verifier.verify(presented("revocable")).await.unwrap();
    }
    auth.revoked.store(true, Ordering::SeqCst);
    let give_up = Instant::now() + Duration::from_mins(1);
    let refusal = loop {
        match short.verify(presented("revocable")).await {
            Err(status) => break status,
            Ok(_) => assert!(Instant::now() < give_up, "the memory never ends"),
        }
    };
    assert_eq!(refusal.get_details_error_info().unwrap().reason, "TOKEN_REVOKED");
    long.verify(presented("revocable")).await.unwrap();
}

#[tokio::test]
async fn a_client_that_leaves_does_not_fail_those_who_wait_with_it() {
    let auth = FakeAuth::default();
    let running = auth.start().await;
    let verifier = verifier(&running, SERVICE_KEY);
    let mut leaving = Box::pin(verifier.verify(presented("slow")));
    let mut waiting = Box::pin(verifier.verify(presented("slow")));
    tokio::select! {
        biased;
        answer = &mut leaving => panic!("{answer:?}"),
        answer = &mut waiting => panic!("{answer:?}"),
        () = auth.waiting.notified() => {}
    }
    drop(leaving);
    auth.gate.add_permits(2);
    waiting.await.unwrap();
}

#[tokio::test]
async fn an_address_that_failed_too_often_says_nothing_about_another() {
    let auth = FakeAuth::default();
    let running = auth.start().await;
    let verifier = verifier(&running, SERVICE_KEY);
    let mut first = Box::pin(verifier.verify(presented_by(CROWDED, "crowded")));
    let mut second = Box::pin(verifier.verify(presented_by("192.0.2.1", "crowded")));
    tokio::select! {
        biased;
        answer = &mut first => panic!("{answer:?}"),
        answer = &mut second => panic!("{answer:?}"),
        () = auth.waiting.notified() => {}
    }
    auth.gate.add_permits(2);
    let (first, second) = tokio::join!(first, second);
    let refusal = first.unwrap_err();
    assert_eq!(refusal.code(), Code::ResourceExhausted);
    assert_eq!(refusal.get_details_error_info().unwrap().reason, "TOO_MANY_FAILURES");
    assert_eq!(refusal.get_details_retry_info().unwrap().retry_delay, Some(Duration::from_secs(7)));
    second.unwrap();
    verifier.verify(presented_by(CROWDED, "crowded")).await.unwrap();
    assert_eq!(auth.questions.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn metrics_tell_what_is_remembered_and_what_is_promised() {
    let config = telemetry::Config { log_format: telemetry::LogFormat::Text, filter: None, otlp_endpoint: None };
    telemetry::init(&config, "test", "off").unwrap();
    let running = FakeAuth::default().start().await;
    let verifier = verifier(&running, SERVICE_KEY);
    for token in [GOOD_TOKEN, GOOD_TOKEN, "old", "old"] {
        let _ = verifier.verify(presented(token)).await;
    }
    let metrics = telemetry::metrics::render();
    for line in [
        r#"token_cache_requests_total{outcome="hit"} "#,
        r#"token_cache_requests_total{outcome="miss"} "#,
        r#"token_cache_requests_total{outcome="refused"} "#,
        "token_cache_size ",
        "token_revocation_bound_seconds ",
    ] {
        assert!(metrics.lines().any(|found| found.starts_with(line)), "{line} is not in {metrics}");
    }
}

fn presented_by<'a>(client: &str, token: &'a str) -> Presented<'a> {
    Presented { token, client: Some(client.parse().unwrap()), request_id: None }
}

fn presented(token: &str) -> Presented<'_> {
    Presented { token, client: None, request_id: None }
}
