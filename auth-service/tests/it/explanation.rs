//! `ExplainToken`: why a credential is refused, check by check.

use proto::{
    auth::v1::{ExplainTokenRequest, ExplainTokenResponse, RevokeTokensRequest, token_check::Outcome},
    reason,
};
use serde_json::json;
use testkit::{
    better_auth::BetterAuth,
    issuer::{Answer, Issuer},
};
use tonic::Code;

use crate::{
    forgery::with_claims_of,
    service::{Service, as_operator, as_service, reason, with_bearer},
};

const OF_A_JWT: [&str; 11] =
    ["shape", "header", "issuer", "algorithm", "subject", "audience", "time", "key", "signature", "user", "revocation"];
const OF_A_SESSION: [&str; 6] = ["shape", "issuer", "signature", "session", "user", "revocation"];

/// The names of the checks that came out like this, in order.
fn names(answer: &ExplainTokenResponse, outcome: Outcome) -> Vec<&str> {
    answer.checks.iter().filter(|check| check.outcome() == outcome).map(|check| check.name.as_str()).collect()
}

fn detail<'a>(answer: &'a ExplainTokenResponse, name: &str) -> &'a str {
    &answer.checks.iter().find(|check| check.name == name).unwrap().detail
}

fn distance(answer: &ExplainTokenResponse) -> i64 {
    answer.checks.iter().find(|check| check.name == "time").unwrap().distance.unwrap().seconds
}

#[tokio::test]
async fn a_good_token_passes_every_check_and_makes_nobody() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let token = issuer.token("ada").sign();
    let answer = service.explain(&token).await.unwrap();
    assert!(answer.accepted && answer.reason.is_empty(), "{answer:?}");
    assert_eq!(names(&answer, Outcome::Passed), OF_A_JWT);
    assert!(distance(&answer) > 0);
    for personal in ["\"ada", "ada@", "Name of"] {
        assert!(!format!("{answer:?}").contains(personal), "{answer:?}");
    }
    assert_eq!(service.introspect(&token).await.unwrap().user_id, "", "nobody was created");
}

#[tokio::test]
async fn every_fault_is_told_and_the_first_is_what_counts() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let good = issuer.token("ada");
    let bad = good.clone().claim("aud", "https://other.example").expires_in(-3_600);
    let answer = service.explain(&with_claims_of(&good.sign(), &bad.sign())).await.unwrap();
    assert!(!answer.accepted);
    assert_eq!(answer.reason, reason::TOKEN_AUDIENCE_MISMATCH);
    assert_eq!(names(&answer, Outcome::Failed), ["audience", "time", "signature"]);
    assert_eq!(names(&answer, Outcome::Skipped), ["user", "revocation"]);
    let audience = detail(&answer, "audience");
    assert!(audience.contains("\"https://other.example\"") && audience.contains(issuer.origin()), "{audience}");
    assert!((-3_700..=-3_600).contains(&distance(&answer)), "{answer:?}");
    assert!(answer.summary.contains(audience.get(1..).unwrap()), "{}", answer.summary);
}

#[tokio::test]
async fn an_unknown_issuer_is_shown_beside_the_known_ones() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let token = |iss: &str| issuer.token("ada").claim("iss", iss).sign();
    let stranger = service.explain(&token("https://stranger.example")).await.unwrap();
    assert_eq!(stranger.reason, reason::TOKEN_ISSUER_UNKNOWN);
    assert_eq!(names(&stranger, Outcome::Skipped), ["algorithm", "audience", "key", "signature", "user", "revocation"]);
    let told = detail(&stranger, "issuer");
    assert!(told.contains("\"https://stranger.example\"") && told.contains(issuer.origin()), "{told}");
    let near = service.explain(&token(&format!("{}/", issuer.origin()))).await.unwrap();
    assert!(detail(&near, "issuer").ends_with("they must be equal"), "{near:?}");
}

#[tokio::test]
async fn a_token_of_the_future_shows_how_far_the_clocks_are_apart() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let answer = service.explain(&issuer.token("ada").issued(600).sign()).await.unwrap();
    assert_eq!(answer.reason, reason::TOKEN_NOT_YET_VALID);
    assert!((1..=600).contains(&distance(&answer)), "{answer:?}");
    let told = detail(&answer, "time");
    assert!(told.contains("our clock says") && told.contains("clocks may differ by 1m"), "{told}");
}

#[tokio::test]
async fn keys_that_cannot_be_had_are_told_with_the_cause() {
    let issuer = Issuer::start().await;
    issuer.answer(Answer::Status(503));
    let service = Service::of(&issuer).await;
    let answer = service.explain(&issuer.token("ada").sign()).await.unwrap();
    assert_eq!((answer.accepted, answer.reason.as_str()), (false, reason::ISSUER_UNAVAILABLE));
    assert_eq!(names(&answer, Outcome::Failed), ["key"]);
    assert!(detail(&answer, "key").contains("503"), "{answer:?}");
}

#[tokio::test]
async fn who_was_revoked_erased_or_banned_is_told_apart() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let old = issuer.token("ada").issued(-60).sign();
    let user = service.user(&old).await;
    let everything = RevokeTokensRequest { user_id: user.id.clone(), ..RevokeTokensRequest::default() };
    service.revoke(as_operator(everything)).await.unwrap();
    let revoked = service.explain(&old).await.unwrap();
    assert_eq!(
        (names(&revoked, Outcome::Failed), revoked.reason.as_str()),
        (vec!["revocation"], reason::TOKEN_REVOKED)
    );

    service.erase(&user.id).await.unwrap();
    let erased = service.explain(&old).await.unwrap();
    assert_eq!((names(&erased, Outcome::Failed), erased.reason.as_str()), (vec!["user"], reason::USER_ERASED));

    let banned = service.explain(&issuer.token("bob").claim("banned", true).sign()).await.unwrap();
    assert_eq!((names(&banned, Outcome::Failed), banned.reason.as_str()), (vec!["user"], reason::USER_BANNED));
}

#[tokio::test]
async fn an_opaque_session_is_explained_as_one() {
    let better_auth = BetterAuth::start(json!({})).await;
    let service = Service::at(&better_auth).await;
    let ada = better_auth.sign_up("ada").await;
    for spelling in ada.spellings() {
        let answer = service.explain(spelling).await.unwrap();
        assert!(answer.accepted, "{answer:?}");
        assert_eq!(names(&answer, Outcome::Passed), OF_A_SESSION);
        assert!(!format!("{answer:?}").contains(&ada.raw) && !format!("{answer:?}").contains(&ada.user_id));
    }
    better_auth.sign_out(&ada).await;
    let answer = service.explain(&ada.signed).await.unwrap();
    assert_eq!((names(&answer, Outcome::Failed), answer.reason.as_str()), (vec!["session"], reason::SESSION_NOT_FOUND));
}

#[tokio::test]
async fn where_no_sessions_are_accepted_that_is_told() {
    let service = Service::start(&[]).await;
    let answer = service.explain(&"a".repeat(32)).await.unwrap();
    assert_eq!((names(&answer, Outcome::Failed), answer.reason.as_str()), (vec!["issuer"], reason::TOKEN_MALFORMED));
    let answer = service.explain("rubbish").await.unwrap();
    assert_eq!((names(&answer, Outcome::Failed), answer.reason.as_str()), (vec!["shape"], reason::TOKEN_MALFORMED));
}

#[tokio::test]
async fn only_who_may_know_is_told() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let token = issuer.token("ada").sign();
    let request = || ExplainTokenRequest { token: token.clone() };
    let status = service.auth().explain_token(with_bearer(request(), &token)).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::PermissionDenied, reason::SERVICE_KEY_REQUIRED));
    let status = service.auth().explain_token(as_service(request())).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::PermissionDenied, reason::PERMISSION_REQUIRED));
}
