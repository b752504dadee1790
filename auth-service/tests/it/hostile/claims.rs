//! Subjects and sessions that nobody can be.

use proto::reason::TOKEN_CLAIM_INVALID;
use serde_json::{Value, json};

use super::{Case, Scene, cases};
use crate::forgery::with_raw_claim;

const SUBJECT: &str = "RFC 7519 §4.1.2: `sub` is a string; ours: of 1 to 255 plain characters";
const SESSION: &str = "ours: a session that cannot be named could never be ended";

pub(super) fn tokens(scene: &Scene) -> Vec<Case> {
    let good = &scene.good;
    let claim = |name: &str, value: Value| good.clone().claim(name, value).sign();
    let subjects = [
        ("no subject", good.clone().without("sub").sign()),
        ("a subject that is null", claim("sub", json!(null))),
        ("an empty subject", claim("sub", json!(""))),
        ("a subject that is a number", claim("sub", json!(7))),
        ("a subject that is true", claim("sub", json!(true))),
        ("a subject that is a list", claim("sub", json!(["ada"]))),
        ("a subject that is an object", claim("sub", json!({ "$gt": "" }))),
        ("a subject that no database can keep", claim("sub", json!("a\u{0}b"))),
        ("a subject with a line feed", claim("sub", json!("ada\nroot"))),
        ("a subject with a control character of the upper half", claim("sub", json!("ada\u{9b}"))),
        ("a subject that is too long", claim("sub", json!("é".repeat(256)))),
        ("a subject that is half a character", with_raw_claim(good, "sub", r#""\udc00""#)),
    ];
    let sessions = [
        ("a session that is a number", claim("sid", json!(7))),
        ("a session that is a list", claim("sid", json!(["s"]))),
        ("an empty session", claim("sid", json!(""))),
        ("a session that no database can keep", claim("sid", json!("s\u{0}"))),
        ("a session that is too long", claim("sid", json!("s".repeat(256)))),
    ];
    [cases(SUBJECT, TOKEN_CLAIM_INVALID, subjects), cases(SESSION, TOKEN_CLAIM_INVALID, sessions)].concat()
}
