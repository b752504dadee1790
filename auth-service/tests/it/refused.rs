//! Hostile tokens, each with the reason that it must be refused for.

use proto::{auth::v1::GetMeRequest, reason};
use serde_json::json;
use testkit::issuer::{Algorithm, Issuer, SigningKey, Token};
use tonic::Code;

use crate::{
    forgery::{encode, hmac_with_public_key, parts, unsigned, with_claims_of, with_stray_bits},
    service::{Service, info, with_bearer},
};

type Case = (&'static str, &'static str, String);

fn shapes(good: &Token) -> Vec<Case> {
    let signed = good.sign();
    let [header, claims, signature] = parts(&signed);
    let (header_json, claims_json) = (good.header_json(), good.claims_json());
    let twice = |json: &str, member: &str| format!("{},{member}}}", json.trim_end_matches('}'));
    let cases = [
        ("empty", String::new()),
        ("an opaque session", "Yq3xk1v0R9ZlTtYVn8uC4wDsEoGhJbPa".to_owned()),
        ("a signed session", "Yq3xk1v0R9ZlTtYV.c2lnbmF0dXJl".to_owned()),
        ("two parts", format!("{header}.{claims}")),
        ("four parts", format!("{signed}.{signature}")),
        ("five parts, as an encrypted token", format!("{header}..{claims}.{signature}.{signature}")),
        ("padding", format!("{signed}==")),
        ("stray bits", with_stray_bits(&signed)),
        ("the other base64", format!("{header}.{claims}.+/{}", &signature[2..])),
        ("white space", format!("{header}.{claims}.{signature}\n")),
        ("huge", good.clone().claim("name", "x".repeat(9_000)).sign()),
        ("a header that is no JSON", good.sign_raw("alg", &claims_json)),
        ("a header that is an array", good.sign_raw("[]", &claims_json)),
        ("claims that are no JSON", good.sign_raw(&header_json, "sub=ada")),
        ("claims with something behind", good.sign_raw(&header_json, &format!("{claims_json}{{}}"))),
        ("an algorithm twice", good.sign_raw(&twice(&header_json, r#""alg":"EdDSA""#), &claims_json)),
        ("a subject twice", good.sign_raw(&header_json, &twice(&claims_json, r#""sub":"root""#))),
        ("a subject twice, once escaped", good.sign_raw(&header_json, &twice(&claims_json, r#""s\u0075b":"root""#))),
        ("no algorithm", good.clone().without_header("alg").sign()),
        ("an algorithm that is a number", good.clone().header("alg", 1).sign()),
        ("a type that is a number", good.clone().header("typ", 1).sign()),
        ("a key id that is a number", good.clone().header("kid", 1).sign()),
    ];
    cases.map(|(name, token)| (name, reason::TOKEN_MALFORMED, token)).into()
}

fn headers(good: &Token, key: &SigningKey) -> Vec<Case> {
    let header = |name: &str, value: serde_json::Value| good.clone().header(name, value).sign();
    let kinds = [
        ("a session cache", header("typ", json!("better-auth.session-cache+jwt"))),
        ("a log-out token", header("typ", json!("logout+jwt"))),
        ("a type of its own", header("typ", json!("JOSE"))),
        ("an empty type", header("typ", json!(""))),
        ("a critical extension", header("crit", json!(["exp"]))),
        ("an unencoded payload", header("b64", json!(false))),
        ("an embedded key", header("jwk", key.jwk())),
        ("a remote key set", header("jku", json!("https://evil.example/jwks"))),
        ("a remote certificate", header("x5u", json!("https://evil.example/cert"))),
        ("an embedded certificate", header("x5c", json!(["MIIB"]))),
    ];
    let algorithms = [
        ("none", unsigned(good, r#"{"alg":"none"}"#)),
        ("none in disguise", unsigned(good, r#"{"alg":"nOnE"}"#)),
        ("none with a signature", header("alg", json!("none"))),
        ("a public key as a secret", hmac_with_public_key(good, key.id(), &key.public_der())),
        ("an algorithm that nobody knows", header("alg", json!("XS999"))),
        ("an algorithm that is not supported", header("alg", json!("ES256K"))),
        ("an algorithm of another key", header("alg", json!("RS256"))),
        ("an algorithm of another curve", header("alg", json!("ES256"))),
        ("an algorithm in lower case", header("alg", json!("eddsa"))),
    ];
    let kinds = kinds.map(|(name, token)| (name, reason::TOKEN_TYPE_REFUSED, token));
    let algorithms = algorithms.map(|(name, token)| (name, reason::TOKEN_ALGORITHM_REFUSED, token));
    kinds.into_iter().chain(algorithms).collect()
}

fn claims(good: &Token, origin: &str) -> Vec<Case> {
    let claim = |name: &str, value: serde_json::Value| good.clone().claim(name, value).sign();
    let without = |name: &str| good.clone().without(name).sign();
    let invalid = [
        ("no issuer", without("iss")),
        ("an issuer that is a list", claim("iss", json!([origin]))),
        ("no subject", without("sub")),
        ("an empty subject", claim("sub", json!(""))),
        ("a subject that is a number", claim("sub", json!(7))),
        ("a subject that no database can keep", claim("sub", json!("a\u{0}b"))),
        ("a subject that is too long", claim("sub", json!("é".repeat(256)))),
        ("no audience", without("aud")),
        ("an audience that is a number", claim("aud", json!(7))),
        ("an audience of several types", claim("aud", json!([origin, 7]))),
        ("no end", without("exp")),
        ("an end that is null", claim("exp", json!(null))),
        ("an end that is text", claim("exp", json!("4102444800"))),
        ("an end before all time", claim("exp", json!(-1))),
        ("an end beyond all time", claim("exp", json!(1e300))),
        ("a beginning that is text", claim("nbf", json!("0"))),
        ("a date that is text", claim("iat", json!("0"))),
    ];
    let audiences = [
        ("another audience", claim("aud", json!("https://other.example"))),
        ("an empty list of audiences", claim("aud", json!([]))),
        ("an audience that begins alike", claim("aud", json!(format!("{origin}.evil.example")))),
        ("the cache of sessions as audience", claim("aud", json!("better-auth:session-cache"))),
    ];
    let issuers = [
        ("another issuer", claim("iss", json!("https://evil.example"))),
        ("an issuer with a slash", claim("iss", json!(format!("{origin}/")))),
        ("an empty issuer", claim("iss", json!(""))),
    ];
    let expired = [
        ("over for an hour", good.clone().expires_in(-3_600).sign()),
        ("over for longer than the leeway", good.clone().expires_in(-61).sign()),
        ("a span where a date belongs", claim("exp", json!(3_600))),
    ];
    let mut cases = Vec::new();
    let mut add = |reason, group: &[(&'static str, String)]| {
        cases.extend(group.iter().map(|(name, token)| (*name, reason, token.clone())));
    };
    add(reason::TOKEN_CLAIM_INVALID, &invalid);
    add(reason::TOKEN_AUDIENCE_MISMATCH, &audiences);
    add(reason::TOKEN_ISSUER_UNKNOWN, &issuers);
    add(reason::TOKEN_EXPIRED, &expired);
    add(reason::TOKEN_NOT_YET_VALID, &[("not yet begun", claim("nbf", json!(4_102_444_800_i64)))]);
    cases
}

fn signatures(good: &Token, foreign: &SigningKey) -> Vec<Case> {
    let signed = good.sign();
    let [header, claims, _] = parts(&signed);
    let other = good.clone().claim("sub", "root").sign();
    let message = format!("{header}.{claims}");
    let by_stranger = format!("{message}.{}", encode(foreign.sign(message.as_bytes())));
    let cases = [
        ("no signature", format!("{message}.")),
        ("a signature of zeros", format!("{message}.{}", encode([0; 64]))),
        ("other claims under an old signature", with_claims_of(&signed, &other)),
        ("the signature of a stranger under our key's id", by_stranger),
    ];
    cases.map(|(name, token)| (name, reason::TOKEN_SIGNATURE_INVALID, token)).into()
}

#[tokio::test]
async fn every_bad_token_is_refused_for_its_own_reason() {
    let issuer = Issuer::with([Algorithm::EdDsa, Algorithm::EdDsa]).await;
    let service = Service::of(&issuer).await;
    let (good, key, stranger) = (issuer.token("ada"), issuer.key(), SigningKey::generate(Algorithm::EdDsa));
    assert!(service.verify(&good.sign()).await.is_ok());

    let unknown = [
        ("a key that nobody knows", good.clone().header("kid", "nobody").sign()),
        ("an empty key id", good.clone().header("kid", "").sign()),
        ("no key id where two keys fit", good.clone().without_header("kid").sign()),
    ];
    let unknown = unknown.map(|(name, token)| (name, reason::TOKEN_KEY_UNKNOWN, token));
    let groups =
        [shapes(&good), headers(&good, &key), claims(&good, issuer.origin()), signatures(&good, &stranger)].concat();
    for (name, expected, token) in groups.into_iter().chain(unknown) {
        let status = service.verify(&token).await.expect_err(name);
        let info = info(&status);
        assert_eq!((status.code(), info.reason.as_str()), (Code::Unauthenticated, expected), "{name}: {status:?}");
        assert_eq!(info.metadata.get("field").map(String::as_str), Some("token"), "{name}");
        assert!(token.len() < 8 || !status.message().contains(&token), "{name}: the token is repeated");
    }
}

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
