//! Published keys: what is used, what is left out, and what may be carried over.

use auth_service::{
    Refusal,
    jws::{Algorithm, KeySet},
};
use serde_json::{Value, json};
use testkit::issuer::{self, SigningKey};

use super::{good_claims, header_of, judge, key_set, sign};
use crate::forgery::encode;

const ED25519: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

/// A key of 2048 bits, by its looks.
fn rsa(e: &[u8]) -> Value {
    let mut n = [0xff; 256];
    n[255] = 0xfd;
    json!({ "kty": "RSA", "kid": "1", "n": encode(n), "e": encode(e) })
}

fn with(mut jwk: Value, name: &str, value: Value) -> Value {
    jwk[name] = value;
    jwk
}

fn ed25519() -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "kid": "1", "x": ED25519 })
}

fn point(x: &[u8]) -> Value {
    with(ed25519(), "x", json!(encode(x)))
}

/// An encoded point: these bytes in front, this one behind, and these between.
fn bytes(first: u8, between: u8, last: u8) -> [u8; 32] {
    let mut bytes = [between; 32];
    bytes[0] = first;
    bytes[31] = last;
    bytes
}

#[test]
fn what_is_no_strong_public_key_for_signatures_is_left_out() {
    let p521 = SigningKey::generate(issuer::Algorithm::Es512).jwk();
    let p256 = SigningKey::generate(issuer::Algorithm::Es256).jwk();
    for (name, jwk) in [
        ("an exponent of one", rsa(&[1])),
        ("an exponent of one, with zeros", rsa(&[0, 0, 1])),
        ("an exponent of zero", rsa(&[0])),
        ("no exponent", rsa(&[])),
        ("an even exponent", rsa(&[1, 0, 0])),
        ("a long exponent", rsa(&[1, 0, 0, 0, 1])),
        ("an exponent as long as the modulus", rsa(&[0xfd; 256])),
        ("a short modulus", with(rsa(&[3]), "n", json!(encode([0xff; 255])))),
        ("a short modulus, with zeros", with(rsa(&[3]), "n", json!(encode([vec![0; 9], vec![0xff; 250]].concat())))),
        (
            "a modulus that is a bit too short",
            with(rsa(&[3]), "n", json!(encode([vec![0x7f], vec![0xff; 255]].concat()))),
        ),
        ("a long modulus", with(rsa(&[3]), "n", json!(encode([vec![1], vec![0xff; 1024]].concat())))),
        ("an even modulus", with(rsa(&[3]), "n", json!(encode([vec![0xff; 255], vec![0xfe]].concat())))),
        ("the other base64", with(ed25519(), "x", json!(ED25519.replace('_', "/")))),
        ("stray bits", with(ed25519(), "x", json!(ED25519.replace("HURo", "HURp")))),
        ("a point that is too short", point(&[9; 31])),
        ("a point that is too long", point(&[9; 33])),
        ("another curve of its type", with(ed25519(), "crv", json!("X25519"))),
        ("no curve", with(ed25519(), "crv", json!(null))),
        ("another type", with(ed25519(), "kty", json!("EC"))),
        ("a curve of another type", with(p256.clone(), "crv", json!("Ed25519"))),
        ("another curve", with(p256.clone(), "crv", json!("P-384"))),
        ("a curve of coins", with(p256.clone(), "crv", json!("secp256k1"))),
        ("an algorithm of another type", with(ed25519(), "alg", json!("RS256"))),
        ("an algorithm of another curve", with(p256.clone(), "alg", json!("ES384"))),
        ("an algorithm for encryption", with(rsa(&[1, 0, 1]), "alg", json!("RSA-OAEP"))),
        ("an algorithm of no key", with(ed25519(), "alg", json!("none"))),
        ("a coordinate without its zero", with(p521.clone(), "x", json!(encode([9; 65])))),
        ("a coordinate that is too long", with(p521, "x", json!(encode([0; 67])))),
        ("a point that is not on its curve", with(p256.clone(), "y", p256["x"].clone())),
        ("a private key", with(ed25519(), "d", json!("AA"))),
        ("a private key of RSA without its exponent", with(rsa(&[1, 0, 1]), "p", json!("AA"))),
        ("a secret beside a key", with(ed25519(), "k", json!("AA"))),
        ("a secret", json!({ "kty": "oct", "kid": "1", "k": "AAAA" })),
        ("a secret that is not said", json!({ "kty": "oct", "kid": "1" })),
        ("a key for encryption", with(ed25519(), "use", json!("enc"))),
        ("a key for what nobody knows", with(ed25519(), "use", json!("SIG"))),
        ("a key for signing only", with(ed25519(), "key_ops", json!(["sign"]))),
        ("a key for nothing", with(ed25519(), "key_ops", json!([]))),
        ("no type", with(ed25519(), "kty", json!(null))),
        ("no object", json!("rubbish")),
    ] {
        assert!(key_set([jwk]).is_empty(), "{name}");
    }
}

#[test]
fn points_of_small_order_or_in_a_second_spelling_are_no_keys() {
    let (eight, eighth) = (
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    );
    let hex = |text: &str| {
        let digits = (0..32).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap());
        <[u8; 32]>::try_from(digits.collect::<Vec<_>>()).unwrap()
    };
    let mut points = vec![bytes(0, 0, 0), bytes(1, 0, 0), bytes(0xec, 0xff, 0x7f), hex(eight), hex(eighth)];
    // Everything from the order of the field on: 19 values that are smaller ones, written once more.
    points.extend((0xed..=0xff).map(|first| bytes(first, 0xff, 0x7f)));
    for mut point_of in points {
        for sign in [0, 0x80] {
            point_of[31] = point_of[31] & 0x7f | sign;
            assert!(key_set([point(&point_of)]).is_empty(), "{point_of:02x?}");
        }
    }
}

#[test]
fn what_publishers_do_without_harm_is_accepted() {
    let p384 = SigningKey::generate(issuer::Algorithm::Es384).jwk();
    for (name, jwk, algorithm) in [
        ("as it should be", ed25519(), Algorithm::EdDsa),
        ("the newer name", with(ed25519(), "alg", json!("Ed25519")), Algorithm::EdDsa),
        ("the older name", with(ed25519(), "alg", json!("EdDSA")), Algorithm::EdDsa),
        ("padding", with(ed25519(), "x", json!(format!("{ED25519}="))), Algorithm::EdDsa),
        ("for signatures", with(ed25519(), "use", json!("sig")), Algorithm::EdDsa),
        ("for verifying", with(ed25519(), "key_ops", json!(["sign", "verify"])), Algorithm::EdDsa),
        ("with a certificate", with(p384, "x5c", json!(["MIIB"])), Algorithm::Es384),
        ("an exponent of three", rsa(&[3]), Algorithm::Rs256),
        ("zeros before an exponent", rsa(&[0, 1, 0, 1]), Algorithm::Ps512),
    ] {
        let id = jwk["kid"].as_str().unwrap().to_owned();
        assert!(key_set([jwk]).find(Some(&id), algorithm).is_ok(), "{name}");
    }
}

#[test]
fn a_document_that_two_readers_would_read_differently_is_refused() {
    let entry = ed25519().to_string();
    for document in [
        format!(r#"{{"keys":[],"keys":[{entry}]}}"#),
        format!(r#"{{"keys":[],"k\u0065ys":[{entry}]}}"#),
        format!(r#"{{"keys":[{entry}]}} {{}}"#),
        format!("[{entry}]"),
        r#"{"keys":{}}"#.to_owned(),
        r#"{"keys":null}"#.to_owned(),
        "{}".to_owned(),
        format!(r#"{{"keys":{}"#, "[".repeat(200_000)),
    ] {
        assert!(KeySet::parse(document.as_bytes(), "test").is_err(), "{document:.80}");
    }
    let twice = entry.replacen('{', r#"{"x":"AA","#, 1);
    let document = format!(r#"{{"keys":[{twice}],"other":{}{}}}"#, "[".repeat(999), "]".repeat(999));
    assert!(KeySet::parse(document.as_bytes(), "test").unwrap().is_empty());
}

#[test]
fn one_name_for_many_keys_costs_a_few_checks_only() {
    let keys = (0..9).map(|_| SigningKey::named(issuer::Algorithm::EdDsa, "1")).collect::<Vec<_>>();
    let set = key_set(keys.iter().map(SigningKey::jwk));
    let token = |key: &SigningKey| sign(key, &header_of(key), &good_claims());
    assert!(judge(&token(&keys[8]), &set).is_ok() && judge(&token(&keys[5]), &set).is_ok(), "the newest stand last");
    assert_eq!(judge(&token(&keys[4]), &set), Err(Refusal::Signature));
}

#[test]
fn a_damaged_key_is_replaced_by_the_one_that_was_held() {
    let key = SigningKey::named(issuer::Algorithm::EdDsa, "1");
    let token = sign(&key, &header_of(&key), &good_claims());
    for damage in [
        with(key.jwk(), "x", json!("AA")),
        with(key.jwk(), "x", json!("!")),
        with(key.jwk(), "x", json!(7)),
        with(key.jwk(), "kty", json!(null)),
        json!({ "kid": "1" }),
    ] {
        let held = key_set([key.jwk()]);
        let damaged = key_set([damage.clone()]);
        assert_eq!((damaged.is_empty(), damaged.broken()), (true, &["1".to_owned()][..]), "{damage}");
        let repaired = damaged.repaired_by(&held);
        assert_eq!(judge(&token, &repaired), Ok("ada".to_owned()), "{damage}");
        let again = key_set([damage]).repaired_by(&repaired);
        assert_eq!(judge(&token, &again), Ok("ada".to_owned()), "and for as long as it stays so");
    }
}

#[test]
fn a_key_that_was_changed_on_purpose_is_not_carried_over() {
    let key = SigningKey::named(issuer::Algorithm::EdDsa, "1");
    let token = sign(&key, &header_of(&key), &good_claims());
    let other = SigningKey::named(issuer::Algorithm::EdDsa, "1");
    let damaged = with(key.jwk(), "x", json!("AA"));
    for (name, document, expected) in [
        ("gone", vec![], Refusal::KeyUnknown),
        ("exposed", vec![with(key.jwk(), "d", json!("AA"))], Refusal::KeyUnknown),
        ("for encryption", vec![with(key.jwk(), "use", json!("enc"))], Refusal::KeyUnknown),
        ("of small order", vec![with(key.jwk(), "x", json!("A".repeat(43)))], Refusal::KeyUnknown),
        ("of another type", vec![json!({ "kty": "AKP", "kid": "1" })], Refusal::KeyUnknown),
        ("too weak", vec![with(with(rsa(&[3]), "kid", json!("1")), "n", json!("AAAA"))], Refusal::KeyUnknown),
        ("another", vec![other.jwk()], Refusal::Signature),
        ("damaged, and another beside it", vec![damaged.clone(), other.jwk()], Refusal::Signature),
        ("damaged, and exposed beside it", vec![damaged, with(key.jwk(), "d", json!("AA"))], Refusal::KeyUnknown),
    ] {
        let repaired = key_set(document).repaired_by(&key_set([key.jwk()]));
        assert_eq!(judge(&token, &repaired), Err(expected), "{name}");
    }
}
