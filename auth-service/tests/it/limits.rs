//! Failed attempts are limited by address, and nobody who is in is locked out.

use proto::{
    auth::v1::{VerifyTokenRequest, VerifyTokenResponse},
    reason,
};
use testkit::issuer::{Answer, Issuer};
use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

use crate::service::{Service, as_service, info, reason};

const CROWDED: &str = "192.0.2.1";

async fn verify(service: &Service, token: &str, client: &str) -> Result<VerifyTokenResponse, Status> {
    let question = VerifyTokenRequest { token: token.to_owned(), client_address: client.to_owned() };
    service.auth().verify_token(as_service(question)).await.map(Response::into_inner)
}

async fn limited(issuer: &Issuer) -> Service {
    Service::start(&["--better-auth-url", &issuer.base_url(), "--auth-failures-per-minute", "3"]).await
}

async fn fail_often(service: &Service) {
    for _ in 0..3 {
        let status = verify(service, "rubbish", CROWDED).await.unwrap_err();
        assert_eq!(reason(&status), reason::TOKEN_MALFORMED);
    }
}

#[tokio::test]
async fn an_address_that_is_none_is_a_mistake_of_the_caller() {
    let service = Service::start(&[]).await;
    let question = VerifyTokenRequest { token: "any".to_owned(), client_address: "192.0.2.1:80".to_owned() };
    let status = service.auth().verify_token(as_service(question)).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(status.get_details_bad_request().unwrap().field_violations[0].field, "client_address");
}

#[tokio::test]
async fn an_address_that_failed_too_often_waits_and_those_who_are_in_go_on() {
    let issuer = Issuer::start().await;
    let service = limited(&issuer).await;
    let (ada, bob) = (issuer.token("ada").sign(), issuer.token("bob").sign());
    verify(&service, &ada, CROWDED).await.unwrap();
    fail_often(&service).await;

    let status = verify(&service, &bob, CROWDED).await.unwrap_err();
    let info = info(&status);
    assert_eq!((status.code(), info.reason.as_str()), (Code::ResourceExhausted, reason::TOO_MANY_FAILURES));
    assert_eq!(info.metadata["field"], "token");
    assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());

    verify(&service, &ada, CROWDED).await.unwrap();
    verify(&service, &bob, "192.0.2.2").await.unwrap();
    verify(&service, &bob, CROWDED).await.expect("it was accepted meanwhile");
    verify(&service, &issuer.token("carol").sign(), "").await.expect("nobody knows from where");
}

#[tokio::test]
async fn nothing_is_looked_up_for_an_address_that_failed_too_often() {
    let issuer = Issuer::start().await;
    issuer.answer(Answer::Status(500));
    let service = limited(&issuer).await;
    fail_often(&service).await;
    let token = issuer.token("ada").sign();
    let status = verify(&service, &token, CROWDED).await.unwrap_err();
    assert_eq!(reason(&status), reason::TOO_MANY_FAILURES, "without a key there is no check of a signature");
    let status = verify(&service, &token, "192.0.2.2").await.unwrap_err();
    assert_eq!(reason(&status), reason::ISSUER_UNAVAILABLE);
}

#[tokio::test]
async fn honest_failures_and_our_own_count_for_nobody() {
    let issuer = Issuer::start().await;
    let service = limited(&issuer).await;
    let expired = issuer.token("ada").expires_in(-3_600).sign();
    for _ in 0..10 {
        assert_eq!(reason(&verify(&service, &expired, CROWDED).await.unwrap_err()), reason::TOKEN_EXPIRED);
    }
    verify(&service, &issuer.token("ada").sign(), CROWDED).await.unwrap();

    let broken = Issuer::start().await;
    broken.answer(Answer::Status(500));
    let service = limited(&broken).await;
    let token = broken.token("ada").sign();
    for _ in 0..10 {
        assert_eq!(reason(&verify(&service, &token, CROWDED).await.unwrap_err()), reason::ISSUER_UNAVAILABLE);
    }
}
