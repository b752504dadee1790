//! Refusals beyond the single token: who is blamed, what an issuer is held to, and when it is asked.

use proto::{auth::v1::GetMeRequest, reason};
use testkit::issuer::{Algorithm, Issuer};
use tonic::Code;

use crate::service::{Service, info, with_bearer};

#[tokio::test]
async fn a_users_own_bad_token_is_refused_alike_but_blames_no_field() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    for (expected, token) in [
        (reason::TOKEN_EXPIRED, issuer.token("ada").expires_in(-3_600).sign()),
        (reason::TOKEN_MALFORMED, "rubbish".to_owned()),
        (reason::TOKEN_AUDIENCE_MISMATCH, issuer.token("ada").claim("aud", "elsewhere").sign()),
    ] {
        let status = service.get_me(with_bearer(GetMeRequest {}, &token)).await.unwrap_err();
        let info = info(&status);
        assert_eq!((status.code(), info.reason.as_str()), (Code::Unauthenticated, expected));
        assert!(info.metadata.is_empty());
    }
}

#[tokio::test]
async fn an_issuer_may_be_held_to_one_algorithm() {
    let issuer = Issuer::with([Algorithm::Es256, Algorithm::EdDsa]).await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("issuers.toml");
    let (origin, jwks) = (issuer.origin(), issuer.jwks_url());
    let entry =
        format!("name='app'\nissuer='{origin}'\naudience=['{origin}']\njwks_url='{jwks}'\nalgorithms=['ES256']");
    std::fs::write(&file, format!("[[issuer]]\n{entry}")).unwrap();
    let service = Service::start(&["--auth-issuers-file", file.to_str().unwrap()]).await;

    let status = service.verify(&issuer.token("ada").sign()).await.unwrap_err();
    assert_eq!(info(&status).reason, reason::TOKEN_ALGORITHM_REFUSED);
    assert_eq!(issuer.fetches(), 0, "a hopeless token costs the issuer nothing");
}

#[tokio::test]
async fn only_a_token_that_could_be_good_makes_an_issuer_be_asked() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let good = issuer.token("ada");
    for hopeless in [
        good.clone().expires_in(-3_600),
        good.clone().claim("nbf", 4_102_444_800_i64),
        good.clone().claim("aud", "elsewhere"),
        good.clone().claim("sub", ""),
        good.clone().claim("sid", 7),
        good.clone().header("alg", "HS256"),
        good.clone().header("typ", "logout+jwt"),
        good.clone().claim("iss", "https://elsewhere.example"),
    ] {
        let token = hopeless.header("kid", "new").sign();
        assert_eq!(service.verify(&token).await.unwrap_err().code(), Code::Unauthenticated);
    }
    assert_eq!(issuer.fetches(), 0);
    let hopeful = good.header("kid", "new").sign();
    assert_eq!(info(&service.verify(&hopeful).await.unwrap_err()).reason, reason::TOKEN_KEY_UNKNOWN);
    assert!(issuer.fetches() > 0);
}
