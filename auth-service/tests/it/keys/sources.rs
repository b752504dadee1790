//! Where keys are found, and whose they are.

use proto::reason;
use serde_json::json;
use testkit::issuer::{Algorithm, Answer, Issuer, SigningKey};

use super::refusal;
use crate::service::{Service, reason};

#[tokio::test]
async fn issuers_with_the_same_kid_or_the_same_key_never_mix() {
    let (first, second) = (Issuer::with([]).await, Issuer::with([]).await);
    let (own, other) = (SigningKey::named(Algorithm::EdDsa, "1"), SigningKey::named(Algorithm::EdDsa, "1"));
    let (own, other) = (first.publish(own), second.publish(other));
    let shared = first.publish(SigningKey::named(Algorithm::EdDsa, "2"));
    second.publish(shared.clone());
    let flags = ["--better-auth-url", &first.base_url(), "--neon-auth-url", &second.base_url()];
    let service = Service::start(&[&flags[..], &["--jwks-cool-down", "0s"]].concat()).await;

    let of_first = service.verify(&first.token("ada").signed_with(&own).sign()).await.unwrap();
    let of_second = service.verify(&second.token("ada").signed_with(&other).sign()).await.unwrap();
    assert_eq!((&*of_first.issuer_name, &*of_second.issuer_name), ("better-auth", "neon-auth"));
    let (of_first, of_second) = (of_first.user.unwrap(), of_second.user.unwrap());
    assert_ne!(of_first.id, of_second.id, "the same subject of two issuers is two people");
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
