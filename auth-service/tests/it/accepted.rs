//! Good tokens, in every form that an issuer may give them.

use jsonwebtoken::{EncodingKey, Header};
use serde_json::json;
use testkit::issuer::{Algorithm, Issuer, SigningKey};

use crate::service::Service;

#[tokio::test]
async fn every_algorithm_is_accepted() {
    let issuer = Issuer::with([Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256]).await;
    let service = Service::of(&issuer).await;
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256] {
        let key = issuer.rotate(algorithm);
        let answer = service.verify(&issuer.token("ada").signed_with(&key).sign()).await.unwrap();
        assert_eq!(answer.issuer_name, "better-auth", "{algorithm:?}");
        assert_eq!(answer.user.unwrap().subject, "ada", "{algorithm:?}");
    }
}

#[tokio::test]
async fn what_another_implementation_signs_is_accepted() {
    let issuer = Issuer::with([]).await;
    let service = Service::of(&issuer).await;
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256] {
        let key = issuer.rotate(algorithm);
        let pem = key.private_pem();
        let (name, private) = match algorithm {
            Algorithm::EdDsa => (jsonwebtoken::Algorithm::EdDSA, EncodingKey::from_ed_pem(pem.as_bytes())),
            Algorithm::Es256 => (jsonwebtoken::Algorithm::ES256, EncodingKey::from_ec_pem(pem.as_bytes())),
            Algorithm::Rs256 => (jsonwebtoken::Algorithm::RS256, EncodingKey::from_rsa_pem(pem.as_bytes())),
        };
        let header = Header { kid: Some(key.id().to_owned()), ..Header::new(name) };
        let claims: serde_json::Value = serde_json::from_str(&issuer.token("ada").claims_json()).unwrap();
        let token = jsonwebtoken::encode(&header, &claims, &private.unwrap()).unwrap();
        assert_eq!(service.verify(&token).await.unwrap().user.unwrap().subject, "ada", "{algorithm:?}");
    }
}

#[tokio::test]
async fn the_answer_says_who_and_until_when() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let token = issuer.token("ada").claim("exp", 4_102_444_800_i64).claim("image", "https://pictures.example/a");
    let answer = service.verify(&token.sign()).await.unwrap();
    assert_eq!((answer.issuer_name.as_str(), answer.expires_at.unwrap().seconds), ("better-auth", 4_102_444_800));
    let user = answer.user.unwrap();
    assert_eq!((user.issuer.as_str(), user.subject.as_str()), (issuer.origin(), "ada"));
    assert_eq!(user.email.as_deref(), Some("ada@example.com"));
    assert_eq!(user.name.as_deref(), Some("Name of ada"));
    assert_eq!(user.image.as_deref(), Some("https://pictures.example/a"));
    assert!(user.created_at.is_some());
    assert_eq!(user.id.parse::<uuid::Uuid>().unwrap().get_version_num(), 7);
}

#[tokio::test]
async fn unusual_but_valid_tokens_are_accepted() {
    let issuer = Issuer::start().await;
    let service = Service::of(&issuer).await;
    let good = issuer.token("ada");
    let header = |name: &str, value: &str| good.clone().header(name, value).sign();
    let claim = |name: &str, value: serde_json::Value| good.clone().claim(name, value).sign();
    let expected = service.user(&good.sign()).await.id;
    for (case, token) in [
        ("a plain type", header("typ", "JWT")),
        ("a plain type in lower case", header("typ", "jwt")),
        ("an access token", header("typ", "at+jwt")),
        ("an access token in full", header("typ", "application/AT+JWT")),
        ("the newer name of EdDSA", header("alg", "Ed25519")),
        ("no key id where one key fits", good.clone().without_header("kid").sign()),
        ("several audiences", claim("aud", json!(["https://other.example", issuer.origin()]))),
        ("a fraction of a second", claim("exp", json!(4_102_444_800.5))),
        ("over for less than the leeway", good.clone().expires_in(-30).sign()),
        ("begun", claim("nbf", json!(0))),
        ("without a date", good.clone().without("iat").sign()),
        ("a claim of a plugin", claim("o", json!({"id": "1", "role": "owner"}))),
        (
            "only what is needed",
            ["iat", "name", "email", "image", "id"].iter().fold(good.clone(), |token, name| token.without(name)).sign(),
        ),
    ] {
        let answer = service.verify(&token).await.unwrap_or_else(|status| panic!("{case}: {status:?}"));
        assert_eq!(answer.user.unwrap().id, expected, "{case}");
    }
}

#[tokio::test]
async fn two_issuers_with_the_same_key_id_do_not_mix() {
    let (app, branch) = (Issuer::with([]).await, Issuer::with([]).await);
    app.publish(SigningKey::named(Algorithm::EdDsa, "1"));
    branch.publish(SigningKey::named(Algorithm::EdDsa, "1"));
    let neon = format!("{}/neondb/auth", branch.origin());
    let service = Service::start(&["--better-auth-url", &app.base_url(), "--neon-auth-url", &neon]).await;

    let (of_app, of_branch) = (app.token("ada"), branch.token("ada"));
    let first = service.verify(&of_app.sign()).await.unwrap();
    let second = service.verify(&of_branch.sign()).await.unwrap();
    assert_eq!((first.issuer_name.as_str(), second.issuer_name.as_str()), ("better-auth", "neon-auth"));
    assert_ne!(first.user.unwrap().id, second.user.unwrap().id, "the same subject of two issuers is two people");

    let crossed = of_app.signed_with(&branch.key()).sign();
    let status = service.verify(&crossed).await.unwrap_err();
    assert_eq!(crate::service::reason(&status), proto::reason::TOKEN_SIGNATURE_INVALID);
}

#[tokio::test]
async fn bad_keys_do_not_spoil_the_good_ones() {
    let issuer = Issuer::with([Algorithm::Rs256]).await;
    let weak = json!({"kty": "RSA", "alg": "RS256", "kid": "weak", "n": "v".repeat(171), "e": "AQAB"});
    let off_curve = json!({"kty": "EC", "crv": "P-256", "kid": "off", "x": "A".repeat(43), "y": "A".repeat(43)});
    let exposed = std::sync::Arc::new(SigningKey::generate(Algorithm::EdDsa));
    let mut private = exposed.jwk();
    private["d"] = json!("A".repeat(43));
    let mut for_encryption = SigningKey::generate(Algorithm::Rs256).jwk();
    for_encryption["use"] = json!("enc");
    for jwk in [weak, off_curve, private, for_encryption, json!({"kty": "oct", "k": "AA"}), json!("rubbish")] {
        issuer.publish_raw(jwk);
    }
    let service = Service::of(&issuer).await;
    assert!(service.verify(&issuer.token("ada").sign()).await.is_ok());
    let nameless = issuer.token("ada").without_header("kid").sign();
    assert!(service.verify(&nameless).await.is_ok(), "only one usable RSA key was published");
    for bad in [issuer.token("ada").header("kid", "weak"), issuer.token("ada").signed_with(&exposed)] {
        let status = service.verify(&bad.sign()).await.unwrap_err();
        assert_eq!(crate::service::reason(&status), proto::reason::TOKEN_KEY_UNKNOWN);
    }
}

#[tokio::test]
async fn a_key_without_an_algorithm_fits_by_its_type() {
    let issuer = Issuer::with([]).await;
    let key = std::sync::Arc::new(SigningKey::generate(Algorithm::Es256));
    let mut jwk = key.jwk();
    jwk.as_object_mut().unwrap().remove("alg");
    issuer.publish_raw(jwk);
    issuer.publish(SigningKey::generate(Algorithm::EdDsa));
    let service = Service::of(&issuer).await;
    assert!(service.verify(&issuer.token("ada").signed_with(&key).sign()).await.is_ok());
}
