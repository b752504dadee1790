//! Headers that ask for what we do not do, bring a key along, or belong to another kind of token.

use proto::reason::{TOKEN_MALFORMED, TOKEN_TYPE_REFUSED};
use serde_json::{Value, json};

use super::{Case, Scene, cases};

const TYPE: &str = "RFC 8725 §3.11: tokens of one kind do not pass for another";
const CRITICAL: &str = "RFC 7515 §4.1.11, RFC 7797 §6: no extension is understood";
const KEYS: &str = "RFC 8725 §3.10: keys and addresses of a token are not trusted";
const FORM: &str = "RFC 7515 §4.1: strings";

pub(super) fn tokens(scene: &Scene) -> Vec<Case> {
    let good = &scene.good;
    let header = |name: &str, value: Value| good.clone().header(name, value).sign();
    let kinds = [
        ("better-auth.session-cache+jwt", "a session cache"),
        ("Better-Auth.Session-Cache+JWT", "a session cache in capitals"),
        ("logout+jwt", "a log-out token"),
        ("secevent+jwt", "an event"),
        ("dpop+jwt", "a proof of possession"),
        ("JOSE", "a type of its own"),
        ("JWE", "an encrypted type"),
        ("id_token+jwt", "an identity token"),
        ("", "an empty type"),
        (" JWT", "a space before the type"),
        ("JWT ", "a space behind the type"),
        ("JWT\u{0}", "a NUL behind the type"),
        ("application/", "a type of nothing"),
        ("application/application/jwt", "a type in a type"),
        ("text/jwt", "a type of text"),
        ("at+jwt;x=1", "a type with a parameter"),
        ("\u{2c6}JWT", "a type with an accent"),
        ("jwt,at+jwt", "two types"),
    ];
    let kinds = kinds.map(|(kind, name)| (name, header("typ", json!(kind))));
    let extensions = [
        ("a critical claim", header("crit", json!(["exp"]))),
        ("a critical extension", header("crit", json!(["http://example.com/UNDEFINED"]))),
        ("nothing critical", header("crit", json!([]))),
        ("a critical nothing", header("crit", json!(null))),
        ("something critical that is no list", header("crit", json!("exp"))),
        ("an unencoded payload", header("b64", json!(false))),
        ("an encoded payload, said aloud", header("b64", json!(true))),
        (
            "an unencoded payload that is critical",
            good.clone().header("crit", json!(["b64"])).header("b64", false).sign(),
        ),
    ];
    let by_stranger = |name: &str, value: Value| {
        let token = good.clone().signed_with(&std::sync::Arc::new(scene.stranger.clone()));
        token.header(name, value).sign()
    };
    let certificate = "MIIBIjANBgkqhkiG9w0BAQ";
    let keys = [
        ("an embedded key", by_stranger("jwk", scene.stranger.jwk())),
        ("an embedded key that is ours", header("jwk", scene.ed25519.jwk())),
        ("an embedded nothing", header("jwk", json!(null))),
        ("a remote key set", by_stranger("jku", json!("https://evil.example/jwks"))),
        ("the issuer's own key set", header("jku", json!(scene.issuer.jwks_url()))),
        ("a key set on this machine", header("jku", json!("file:///etc/passwd"))),
        ("a remote certificate", by_stranger("x5u", json!("https://evil.example/cert"))),
        ("an embedded certificate", by_stranger("x5c", json!([certificate]))),
        ("an embedded certificate with a thumbprint", {
            let token = good.clone().header("x5c", json!([certificate]));
            token.header("x5t", "dGh1bWI").header("x5t#S256", "dGh1bWI").sign()
        }),
        ("an embedded key in an escaped name", {
            let header = good.header_json().replacen('{', r#"{"\u006aku":"https://evil.example/jwks","#, 1);
            good.sign_raw(&header, &good.claims_json())
        }),
    ];
    let forms = [
        ("no algorithm", good.clone().without_header("alg").sign()),
        ("an algorithm that is null", header("alg", json!(null))),
        ("an algorithm that is a number", header("alg", json!(1))),
        ("an algorithm that is a list", header("alg", json!(["EdDSA"]))),
        ("an algorithm that is an object", header("alg", json!({ "name": "EdDSA" }))),
        ("a type that is null", header("typ", json!(null))),
        ("a type that is a number", header("typ", json!(1))),
        ("a type that is a list", header("typ", json!(["JWT"]))),
    ];
    [
        cases(TYPE, TOKEN_TYPE_REFUSED, kinds),
        cases(CRITICAL, TOKEN_TYPE_REFUSED, extensions),
        cases(KEYS, TOKEN_TYPE_REFUSED, keys),
        cases(FORM, TOKEN_MALFORMED, forms),
    ]
    .concat()
}
