//! Tokens for somebody else.

use proto::reason::{TOKEN_AUDIENCE_MISMATCH, TOKEN_CLAIM_INVALID};
use serde_json::{Value, json};

use super::{Case, Scene, cases};

const EXACT: &str = "RFC 7519 §4.1.3, RFC 8725 §3.9: `aud` names us exactly";
const FORM: &str = "RFC 7519 §4.1.3: `aud` is a string or a list of strings; ours: and must be there";

pub(super) fn tokens(scene: &Scene) -> Vec<Case> {
    let origin = scene.issuer.origin();
    let aud = |value: Value| scene.good.clone().claim("aud", value).sign();
    let others = [
        ("another audience", json!("https://other.example")),
        ("no audience at all", json!([])),
        ("an empty audience", json!("")),
        ("a list of others", json!(["https://other.example", "", "*"])),
        ("every audience", json!("*")),
        ("an audience that begins alike", json!(format!("{origin}.evil.example"))),
        ("an audience that ends alike", json!(format!("https://evil.example/{origin}"))),
        ("half of our audience", json!(&origin[..origin.len() - 1])),
        ("an audience with a slash", json!(format!("{origin}/"))),
        ("an audience in capitals", json!(origin.to_uppercase())),
        ("an audience with a space", json!(format!("{origin} "))),
        ("two audiences in one", json!(format!("{origin} https://other.example"))),
        ("two audiences with a comma", json!(format!("{origin},https://other.example"))),
        ("a list that is written as text", json!(format!("[\"{origin}\"]"))),
        ("the audience of the other issuer", json!(scene.other.origin())),
        ("the cache of sessions as audience", json!("better-auth:session-cache")),
        ("the base URL as audience", json!(scene.issuer.base_url())),
    ];
    let forms = [
        ("an audience that is null", json!(null)),
        ("an audience that is a number", json!(7)),
        ("an audience that is true", json!(true)),
        ("an audience that is an object", json!({ origin: true })),
        ("an audience of several types", json!([origin, 7])),
        ("an audience in a list in a list", json!([[origin]])),
        ("an audience with nothing beside it", json!([origin, null])),
    ];
    let missing = [("no audience", scene.good.clone().without("aud").sign())];
    [
        cases(EXACT, TOKEN_AUDIENCE_MISMATCH, others.map(|(name, value)| (name, aud(value)))),
        cases(FORM, TOKEN_CLAIM_INVALID, forms.map(|(name, value)| (name, aud(value)))),
        cases(FORM, TOKEN_CLAIM_INVALID, missing),
    ]
    .concat()
}
