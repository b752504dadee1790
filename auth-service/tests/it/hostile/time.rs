//! Tokens that are over, have not begun, or do not say when.

use std::time::{SystemTime, UNIX_EPOCH};

use proto::reason::{TOKEN_CLAIM_INVALID, TOKEN_EXPIRED, TOKEN_NOT_YET_VALID};
use serde_json::{Value, json};

use super::{Case, Scene, cases};
use crate::forgery::with_raw_claim;

const END: &str = "RFC 7519 §4.1.4: not on or after `exp`";
const BEGIN: &str = "RFC 7519 §4.1.5: not before `nbf`";
const ISSUED: &str = "ours: a token of the future would escape what is revoked";
const FORM: &str = "RFC 7519 §2: NumericDate; ours: from 1970 to 9999, and `exp` must be there";

pub(super) fn tokens(scene: &Scene) -> Vec<Case> {
    let good = &scene.good;
    let claim = |name: &str, value: Value| good.clone().claim(name, value).sign();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let over = [
        ("over for an hour", good.clone().expires_in(-3_600).sign()),
        ("over for longer than the leeway", good.clone().expires_in(-61).sign()),
        ("over for a fraction longer than the leeway", with_raw_claim(good, "exp", &format!("{}.5", now - 62))),
        ("a span where a date belongs", claim("exp", json!(3_600))),
        ("over at the beginning of time", claim("exp", json!(0))),
        ("over at the beginning of time, from below", with_raw_claim(good, "exp", "-0")),
        ("over a moment after the beginning", with_raw_claim(good, "exp", "1e-320")),
        ("over for years, in another form", with_raw_claim(good, "exp", "1.5E9")),
    ];
    let early = [
        ("not yet begun", claim("nbf", json!(4_102_444_800_i64))),
        ("begins after the leeway", claim("nbf", json!(now + 600))),
        ("begins at the end of time", claim("nbf", json!(253_402_300_799_i64))),
        ("begins when it is over", claim("nbf", json!(now + 3_600))),
    ];
    let future = [
        ("issued in an hour", claim("iat", json!(now + 3_600))),
        ("issued at the end of time", claim("iat", json!(253_402_300_799_i64))),
    ];
    let mut forms = vec![("no end".to_owned(), good.clone().without("exp").sign())];
    let wrong = [
        ("text", r#""4102444800""#),
        ("an empty text", r#""""#),
        ("a moment in words", r#""2099-01-01T00:00:00Z""#),
        ("not a number, in words", r#""NaN""#),
        ("infinite, in words", r#""Infinity""#),
        ("true", "true"),
        ("a list", "[4102444800]"),
        ("an object", r#"{"$numberLong":"4102444800"}"#),
        ("before all time", "-1"),
        ("a moment before all time", "-1e-9"),
        ("beyond all time", "253402300800"),
        ("in milliseconds", "4102444800000"),
        ("far beyond all time", "1e300"),
        ("more than a number can be", "1e400"),
        ("less than a number can be", "-1e400"),
        ("wider than 64 bits", "18446744073709551617"),
        ("of four hundred digits", &"9".repeat(400)),
    ];
    for name in ["exp", "nbf", "iat"] {
        forms.extend(wrong.map(|(form, text)| (format!("`{name}` is {form}"), with_raw_claim(good, name, text))));
    }
    forms.push(("`exp` is null".to_owned(), claim("exp", json!(null))));
    [
        cases(END, TOKEN_EXPIRED, over),
        cases(BEGIN, TOKEN_NOT_YET_VALID, early),
        cases(ISSUED, TOKEN_NOT_YET_VALID, future),
        cases(FORM, TOKEN_CLAIM_INVALID, forms),
    ]
    .concat()
}
