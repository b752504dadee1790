//! Headers and claims that two readers would read differently.

use proto::reason::TOKEN_MALFORMED;

use super::{Case, Scene, cases};
use crate::forgery::{encode, with_member, with_raw_claim};

const OBJECT: &str = "RFC 7515 §4, RFC 7519 §7.2: a JSON object in UTF-8";
const UNIQUE: &str = "RFC 7515 §4, RFC 7519 §4: names are unique";
const SHALLOW: &str = "ours: nested by at most 16";
const NUMBERS: &str = "RFC 8259 §6: numbers";

pub(super) fn tokens(scene: &Scene) -> Vec<Case> {
    let good = &scene.good;
    let (header, claims) = (good.header_json(), good.claims_json());
    let with_header = |text: &str| good.sign_raw(text, &claims);
    let with_claims = |text: &str| good.sign_raw(&header, text);
    let with_bytes = |bytes: &[u8]| {
        let message = format!("{}.{}", encode(&header), encode(bytes));
        format!("{message}.{}", encode(scene.ed25519.sign(message.as_bytes())))
    };
    let nested = |open: &str, inner: &str, close: &str, depth: usize| {
        with_raw_claim(good, "x", &format!("{}{inner}{}", open.repeat(depth), close.repeat(depth)))
    };
    let objects = [
        ("a header that is no JSON", with_header("alg")),
        ("a header that is empty", with_header("")),
        ("a header that is an array", with_header("[]")),
        ("a header that is a string", with_header(r#""EdDSA""#)),
        ("a header that is null", with_header("null")),
        ("a header with something behind", with_header(&format!("{header}{header}"))),
        ("claims that are no JSON", with_claims("sub=ada")),
        ("claims that are empty", with_claims("")),
        ("claims that are an array", with_claims(&format!("[{claims}]"))),
        ("claims with something behind", with_claims(&format!("{claims}{{}}"))),
        ("claims behind a byte order mark", with_claims(&format!("\u{feff}{claims}"))),
        ("claims with a NUL behind", with_claims(&format!("{claims}\u{0}"))),
        ("claims that are cut", with_claims(&claims[..claims.len() - 1])),
        ("claims with a comment", with_claims(&format!("/* */{claims}"))),
        ("claims in single quotes", with_claims(&claims.replace('"', "'"))),
        ("claims with a comma too many", with_claims(&claims.replace('}', ",}"))),
        ("claims that are no UTF-8", with_bytes(b"{\"sub\":\"\xff\xfe\"}")),
        ("claims in UTF-16", with_bytes(&claims.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>())),
        ("a name that is half a character", with_claims(&with_member(&claims, r#""\ud800":1"#))),
        ("a line feed in a string", with_claims(&with_member(&claims, "\"x\":\"\n\""))),
    ];
    let twice = [
        ("an algorithm twice", with_header(&with_member(&header, r#""alg":"EdDSA""#))),
        ("an algorithm twice, once escaped", with_header(&with_member(&header, r#""\u0061lg":"none""#))),
        ("a key id twice", with_header(&with_member(&header, r#""kid":"other""#))),
        ("a subject twice", with_claims(&with_member(&claims, r#""sub":"root""#))),
        ("a subject twice, once escaped", with_claims(&with_member(&claims, r#""s\u0075b":"root""#))),
        ("an end twice", with_claims(&with_member(&claims, r#""exp":4102444800"#))),
        ("an unknown claim twice", with_claims(&with_member(&claims, r#""x":1,"x":1"#))),
        ("a member twice below", with_raw_claim(good, "o", r#"{"role":"member","role":"owner"}"#)),
        ("a member twice below, once escaped", with_raw_claim(good, "o", r#"{"role":1,"r\u006fle":2}"#)),
        ("a member twice in a list", with_raw_claim(good, "o", r#"[1,{"a":{"b":[{"c":1,"c":2}]}}]"#)),
        ("a member twice below in the header", with_header(&with_member(&header, r#""x":{"a":1,"a":2}"#))),
    ];
    let deep = [
        ("arrays deeper than the bound", nested("[", "", "]", 17)),
        ("objects deeper than the bound", nested(r#"{"a":"#, "1", "}", 17)),
        ("two thousand arrays", nested("[", "", "]", 2_000)),
        ("five hundred objects", nested(r#"{"a":"#, "1", "}", 500)),
        ("arrays that never end", with_claims(&format!("{{\"a\":{}", "[".repeat(4_000)))),
        ("a deep header", with_header(&with_member(&header, &format!("\"x\":{}{}", "[".repeat(99), "]".repeat(99))))),
    ];
    let numbers = [
        ("an end that is not a number", with_raw_claim(good, "exp", "NaN")),
        ("an end that is infinite", with_raw_claim(good, "exp", "Infinity")),
        ("an end in hexadecimal", with_raw_claim(good, "exp", "0xF4865700")),
        ("an end with a zero in front", with_raw_claim(good, "exp", "04102444800")),
        ("an end with a plus", with_raw_claim(good, "exp", "+4102444800")),
        ("an end with a bare point", with_raw_claim(good, "exp", "4102444800.")),
        ("an end without digits", with_raw_claim(good, "exp", "1e")),
    ];
    [
        cases(OBJECT, TOKEN_MALFORMED, objects),
        cases(UNIQUE, TOKEN_MALFORMED, twice),
        cases(SHALLOW, TOKEN_MALFORMED, deep),
        cases(NUMBERS, TOKEN_MALFORMED, numbers),
    ]
    .concat()
}
