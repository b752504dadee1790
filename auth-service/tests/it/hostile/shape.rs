//! Texts that are no compact serialisation of a signed token.

use proto::reason::TOKEN_MALFORMED;
use serde_json::json;

use super::{Case, Scene, cases};
use crate::forgery::{encode, parts};

const COMPACT: &str = "RFC 7515 §7.1: three parts";
const SMALL: &str = "ours: at most 8 KiB";

pub(super) fn tokens(scene: &Scene) -> Vec<Case> {
    let signed = scene.good.sign();
    let [header, claims, signature] = parts(&signed);
    let flattened = json!({ "protected": header, "payload": claims, "signature": signature });
    let signatures = [json!({ "protected": header, "signature": signature })];
    let general = json!({ "payload": claims, "signatures": signatures });
    let encrypted = encode(r#"{"alg":"dir","enc":"A256GCM"}"#);
    let compact = [
        ("empty", String::new()),
        ("one dot", ".".to_owned()),
        ("two dots", "..".to_owned()),
        ("dots without end", ".".repeat(8_000)),
        ("two parts", format!("{header}.{claims}")),
        ("four parts", format!("{signed}.{signature}")),
        ("a dot behind", format!("{signed}.")),
        ("a dot in front", format!(".{signed}")),
        ("a signed token as one that is encrypted", format!("{header}..{claims}.{signature}.{signature}")),
        ("an encrypted token", format!("{encrypted}..{}.{claims}.{}", encode([1; 12]), encode([2; 16]))),
        ("a flattened JSON serialisation", flattened.to_string()),
        ("a general JSON serialisation", general.to_string()),
        ("a detached payload", format!("{header}..{signature}")),
        ("the word Bearer", format!("Bearer {signed}")),
        ("quotes", format!("\"{signed}\"")),
        ("two tokens", format!("{signed},{signed}")),
        ("a token in a token", scene.good.sign_raw(r#"{"alg":"EdDSA","cty":"JWT"}"#, &signed)),
    ];
    let large = [
        ("a huge claim", scene.good.clone().claim("name", "x".repeat(9_000)).sign()),
        ("a huge header", scene.good.clone().header("x", "x".repeat(9_000)).sign()),
        ("a huge signature", format!("{header}.{claims}.{}", "A".repeat(10_000))),
        ("a megabyte of one letter", "A".repeat(1_000_000)),
    ];
    [cases(COMPACT, TOKEN_MALFORMED, compact), cases(SMALL, TOKEN_MALFORMED, large)].concat()
}
