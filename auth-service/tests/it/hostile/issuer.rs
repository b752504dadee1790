//! Issuers that look like a configured one, and keys of one issuer under the name of another.

use proto::reason::{TOKEN_CLAIM_INVALID, TOKEN_ISSUER_UNKNOWN, TOKEN_KEY_UNKNOWN};
use serde_json::{Value, json};

use super::{Case, Scene, cases};
use crate::forgery::with_raw_claim;

const EXACT: &str = "RFC 7519 §4.1.1: `iss` is compared exactly";
const FORM: &str = "RFC 7519 §4.1.1: `iss` is a string; ours: and must be there";
const OWN_KEYS: &str = "RFC 8725 §3.8: a key is its issuer's alone";

pub(super) fn tokens(scene: &Scene) -> Vec<Case> {
    let (good, origin) = (&scene.good, scene.issuer.origin());
    let iss = |value: Value| good.clone().claim("iss", value).sign();
    let host = origin.strip_prefix("http://").unwrap();
    let unknown = [
        ("another issuer", json!("https://evil.example")),
        ("an issuer with a slash", json!(format!("{origin}/"))),
        ("an issuer with two slashes", json!(format!("{origin}//"))),
        ("an issuer with a path", json!(scene.issuer.base_url())),
        ("an issuer with a query", json!(format!("{origin}?x"))),
        ("an issuer with a fragment", json!(format!("{origin}#x"))),
        ("an issuer in capitals", json!(origin.to_uppercase())),
        ("an issuer over TLS", json!(format!("https://{host}"))),
        ("an issuer without a scheme", json!(host)),
        ("an issuer without a port", json!("http://127.0.0.1")),
        ("an issuer by another name", json!(origin.replace("127.0.0.1", "localhost"))),
        ("an issuer behind a user", json!(format!("http://{host}@evil.example"))),
        ("an issuer below another host", json!(format!("{origin}.evil.example"))),
        ("an issuer with a space", json!(format!("{origin} "))),
        ("an issuer with a NUL", json!(format!("{origin}\u{0}"))),
        ("an issuer in letters of full width", json!(origin.replace('h', "\u{ff48}"))),
        ("an issuer with a letter of another script", json!(origin.replace('p', "\u{440}"))),
        ("an issuer with a dot of another script", json!(origin.replace('.', "\u{3002}"))),
        ("an issuer percent-encoded", json!(origin.replace('.', "%2E"))),
        ("an empty issuer", json!("")),
        ("the label of the issuer", json!("better-auth")),
        ("a word for none", json!("null")),
    ];
    let unknown = unknown.map(|(name, value)| (name, iss(value)));
    let forms = [
        ("no issuer", good.clone().without("iss").sign()),
        ("an issuer that is null", iss(json!(null))),
        ("an issuer that is a list", iss(json!([origin]))),
        ("an issuer that is an object", iss(json!({ "url": origin }))),
        ("an issuer that is a number", iss(json!(1))),
        ("an issuer that is half a character", with_raw_claim(good, "iss", r#""\ud800""#)),
    ];
    let theirs = good.clone().claim("iss", scene.other.origin()).claim("aud", scene.other.origin());
    let foreign = [
        ("our key under the other issuer's name", theirs.sign()),
        ("the other issuer's key under our name", good.clone().signed_with(&scene.other.key()).sign()),
    ];
    [
        cases(EXACT, TOKEN_ISSUER_UNKNOWN, unknown),
        cases(FORM, TOKEN_CLAIM_INVALID, forms),
        cases(OWN_KEYS, TOKEN_KEY_UNKNOWN, foreign),
    ]
    .concat()
}
