//! The verifier that asks the auth service: how often it asks, and what it makes of the answers.

use std::sync::atomic::Ordering;

use futures_util::future::join_all;
use kit::caller::{Presented, VerifyToken as _};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::fake_auth::{FakeAuth, GOOD_TOKEN, SERVICE_KEY, verifier};

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

fn presented(token: &str) -> Presented<'_> {
    Presented { token, client: None }
}
