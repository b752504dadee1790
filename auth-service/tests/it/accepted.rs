//! Good tokens, in every form that an issuer may give them.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::json;
use testkit::issuer::{Algorithm, Issuer, SigningKey};

use crate::{
    forgery::{P256_ORDER, encode, parts},
    service::Service,
};

/// A key for each algorithm, with RSA keys made once, published by this issuer.
fn one_of_each(issuer: &Issuer) -> Vec<Arc<SigningKey>> {
    let rsa = SigningKey::generate(Algorithm::Rs256);
    let keys = Algorithm::ALL.map(|algorithm| match algorithm {
        Algorithm::EdDsa | Algorithm::Es256 | Algorithm::Es384 | Algorithm::Es512 => SigningKey::generate(algorithm),
        _ => rsa.reused_with(algorithm),
    });
    keys.map(|key| issuer.publish(key)).into()
}

#[tokio::test]
async fn every_algorithm_is_accepted() {
    let issuer = Issuer::with([]).await;
    let keys = one_of_each(&issuer);
    let service = Service::of(&issuer).await;
    for key in keys {
        let answer = service.verify(&issuer.token("ada").signed_with(&key).sign()).await.unwrap();
        assert_eq!(answer.issuer_name, "better-auth", "{key:?}");
        assert_eq!(answer.user.unwrap().subject, "ada", "{key:?}");
    }
}

#[tokio::test]
async fn a_key_without_an_algorithm_serves_all_that_fit_its_type_and_no_other() {
    let issuer = Issuer::with([]).await;
    let rsa = SigningKey::generate(Algorithm::Rs256);
    let p384 = Arc::new(SigningKey::generate(Algorithm::Es384));
    for key in [&rsa, &*p384] {
        let mut jwk = key.jwk();
        jwk.as_object_mut().unwrap().remove("alg");
        issuer.publish_raw(jwk);
    }
    issuer.publish(SigningKey::generate(Algorithm::EdDsa));
    let service = Service::of(&issuer).await;
    for algorithm in &Algorithm::ALL[4..] {
        let key = Arc::new(rsa.reused_with(*algorithm));
        let token = issuer.token("ada").signed_with(&key).header("kid", rsa.id()).sign();
        assert!(service.verify(&token).await.is_ok(), "{algorithm:?}");
    }
    assert!(service.verify(&issuer.token("ada").signed_with(&p384).sign()).await.is_ok());
    let misnamed = issuer.token("ada").signed_with(&p384).header("alg", "ES256").sign();
    let status = service.verify(&misnamed).await.unwrap_err();
    assert_eq!(crate::service::reason(&status), proto::reason::TOKEN_ALGORITHM_REFUSED);
}

#[tokio::test]
async fn the_other_half_of_the_values_of_s_is_as_good() {
    // RFC 7515 knows no low-S rule, and libraries sign with either. No promise here rests on one spelling of a
    // signature: whoever holds the token could sign in again as well.
    let issuer = Issuer::with([Algorithm::Es256]).await;
    let service = Service::of(&issuer).await;
    let token = issuer.token("ada").sign();
    let [header, claims, signature] = parts(&token);
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    let (r, s) = signature.split_at(32);
    let twin = [r, &difference(&P256_ORDER, s)].concat();
    for signature in [&signature, &twin] {
        let token = format!("{header}.{claims}.{}", encode(signature));
        assert!(service.verify(&token).await.is_ok());
    }
}

/// a - b, in big-endian order.
fn difference(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut borrow = false;
    let mut digits = Vec::new();
    for (a, b) in a.iter().zip(b).rev() {
        let (digit, first) = a.overflowing_sub(*b);
        let (digit, second) = digit.overflowing_sub(u8::from(borrow));
        borrow = first || second;
        digits.push(digit);
    }
    digits.reverse();
    digits
}

#[tokio::test]
async fn what_another_implementation_signs_is_accepted() {
    let issuer = Issuer::with([]).await;
    let keys = one_of_each(&issuer);
    let service = Service::of(&issuer).await;
    for key in keys {
        let (pem, name) = (key.private_pem(), key.algorithm().name());
        // It knows no ES512.
        let Ok(algorithm) = name.parse::<jsonwebtoken::Algorithm>() else { continue };
        let private = match key.algorithm() {
            Algorithm::EdDsa => EncodingKey::from_ed_pem(pem.as_bytes()),
            Algorithm::Es256 | Algorithm::Es384 => EncodingKey::from_ec_pem(pem.as_bytes()),
            _ => EncodingKey::from_rsa_pem(pem.as_bytes()),
        };
        let header = Header { kid: Some(key.id().to_owned()), ..Header::new(algorithm) };
        let claims: serde_json::Value = serde_json::from_str(&issuer.token("ada").claims_json()).unwrap();
        let token = jsonwebtoken::encode(&header, &claims, &private.unwrap()).unwrap();
        assert_eq!(service.verify(&token).await.unwrap().user.unwrap().subject, "ada", "{name}");
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
        ("of a clock that is a little ahead", claim("iat", json!(now() + 30))),
        ("a thumbprint of a certificate", good.clone().header("x5t", "dGh1bWI").header("x5t#S256", "dGh1bWI").sign()),
        ("a member of the header that nobody knows", header("ext", "x")),
        ("a session", claim("sid", json!("s".repeat(255)))),
        ("no session", claim("sid", json!(null))),
        ("not banned", claim("banned", json!(false))),
        ("banned by nobody we know", claim("banned", json!("yes"))),
        ("banned once", good.clone().claim("banned", true).claim("banExpires", "2020-01-01T00:00:00.000Z").sign()),
        ("as deep as it may be", claim("x", (0..15).fold(json!([]), |inner, _| json!([inner])))),
        ("the same name at two depths", claim("x", json!({ "sub": "root", "x": { "sub": "root" } }))),
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
async fn bad_keys_do_not_spoil_the_good_ones() {
    let issuer = Issuer::with([Algorithm::Rs256]).await;
    let weak = json!({"kty": "RSA", "alg": "RS256", "kid": "weak", "n": "v".repeat(171), "e": "AQAB"});
    let off_curve = json!({"kty": "EC", "crv": "P-256", "kid": "off", "x": "A".repeat(43), "y": "A".repeat(43)});
    let exposed = Arc::new(SigningKey::generate(Algorithm::EdDsa));
    let mut private = exposed.jwk();
    private["d"] = json!("A".repeat(43));
    let mut for_encryption = SigningKey::generate(Algorithm::Rs256).jwk();
    for_encryption["use"] = json!("enc");
    for jwk in [weak, off_curve, private, for_encryption, json!({"kty": "oct", "k": "AA"}), json!("rubbish")] {
        issuer.publish_raw(jwk);
    }
    let with_nulls = Arc::new(SigningKey::generate(Algorithm::EdDsa));
    let mut jwk = with_nulls.jwk();
    for member in ["y", "n", "e", "d", "use", "key_ops"] {
        jwk[member] = json!(null);
    }
    issuer.publish_raw(jwk);
    let service = Service::start(&["--better-auth-url", &issuer.base_url(), "--jwks-cool-down=0s"]).await;
    for good in [issuer.token("ada"), issuer.token("ada").signed_with(&with_nulls)] {
        assert!(service.verify(&good.sign()).await.is_ok());
    }
    let nameless = issuer.token("ada").without_header("kid").sign();
    assert!(service.verify(&nameless).await.is_ok(), "only one usable RSA key was published");
    for bad in [issuer.token("ada").header("kid", "weak"), issuer.token("ada").signed_with(&exposed)] {
        let status = service.verify(&bad.sign()).await.unwrap_err();
        assert_eq!(crate::service::reason(&status), proto::reason::TOKEN_KEY_UNKNOWN);
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}
