//! The rules of RFC 8725 §3, and where each is shown: here, and by the hostile tokens that a service must refuse.
//!
//! | rule | shown by |
//! |---|---|
//! | §3.1 algorithms are verified | here, `hostile/algorithm.rs` |
//! | §3.2 they are appropriate: neither `none` nor symmetric ones | `hostile/algorithm.rs` |
//! | §3.3 every operation must succeed | here, `hostile/signature.rs` |
//! | §3.4 inputs are valid | here, `keys.rs`, `hostile/signature.rs` |
//! | §3.5 keys are strong enough | here, `keys.rs` |
//! | §3.6 nothing is decompressed | here |
//! | §3.7 texts are UTF-8 | here, `hostile/json.rs` |
//! | §3.8 issuer and subject are validated | `hostile/issuer.rs`, `hostile/claims.rs` |
//! | §3.9 the audience is validated | `hostile/audience.rs` |
//! | §3.10 claims are not trusted: no key, no address | `hostile/header.rs`, `hostile/key.rs`, `hostile/outbound.rs` |
//! | §3.11 types are explicit | `hostile/header.rs` |
//! | §3.12 kinds of tokens exclude each other | here, `hostile/header.rs`, `hostile/time.rs` |

use auth_service::Refusal;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};
use testkit::issuer::{Algorithm, SigningKey};

use super::{NOW, good_claims, header_of, judge, key_set, sign};
use crate::forgery::encode;

fn key() -> SigningKey {
    SigningKey::named(Algorithm::EdDsa, "1")
}

/// What becomes of a token with this claim, signed by the right key.
fn with_claim(name: &str, value: Value) -> Result<String, Refusal> {
    let key = key();
    let mut claims = good_claims();
    claims[name] = value;
    judge(&sign(&key, &header_of(&key), &claims), &key_set([key.jwk()]))
}

#[test]
fn section_3_1_a_key_is_used_with_its_own_algorithm_only() {
    let rsa = SigningKey::named(Algorithm::Rs256, "1");
    let keys = key_set([rsa.jwk()]);
    assert!(judge(&sign(&rsa, &header_of(&rsa), &good_claims()), &keys).is_ok());
    for other in [Algorithm::Rs512, Algorithm::Ps256] {
        let signer = rsa.reused_with(other);
        let header = json!({ "alg": other.name(), "kid": "1" });
        assert_eq!(judge(&sign(&signer, &header, &good_claims()), &keys), Err(Refusal::Algorithm));
    }
}

#[test]
fn section_3_3_every_operation_must_succeed() {
    let key = key();
    let token = sign(&key, &header_of(&key), &good_claims());
    let wrong = SigningKey::named(Algorithm::EdDsa, "1");
    assert_eq!(judge(&token, &key_set([wrong.jwk()])), Err(Refusal::Signature));
    assert_eq!(judge(&token, &key_set([wrong.jwk(), key.jwk()])), Ok("ada".to_owned()), "one of two of that name");
    assert_eq!(judge(&token, &key_set([])), Err(Refusal::KeyUnknown));
}

#[test]
fn section_3_4_inputs_are_valid_points_and_numbers() {
    let off_curve = json!({"kty": "EC", "crv": "P-256", "kid": "1", "x": "A".repeat(43), "y": "A".repeat(43)});
    let small_order = json!({"kty": "OKP", "crv": "Ed25519", "kid": "1", "x": "A".repeat(43)});
    for jwk in [off_curve, small_order] {
        assert!(key_set([jwk]).is_empty());
    }
    // R is the neutral element and S is zero: under a key of small order that is good for every message.
    let (mut neutral, mut signature) = ([0; 32], [0; 64]);
    (neutral[0], signature[0]) = (1, 1);
    let library = UnparsedPublicKey::new(&ED25519, neutral);
    assert!(library.verify(b"whatever", &signature).is_ok(), "the library leaves this to us");
    assert!(key_set([json!({"kty": "OKP", "crv": "Ed25519", "kid": "1", "x": encode(neutral)})]).is_empty());
}

#[test]
fn section_3_5_keys_are_strong_enough() {
    let weak = json!({"kty": "RSA", "kid": "1", "n": encode([0xff; 255]), "e": "AQAB"});
    let shared = json!({"kty": "oct", "kid": "1", "alg": "HS256", "k": encode([7; 64])});
    for jwk in [weak, shared] {
        assert!(key_set([jwk]).is_empty());
    }
}

#[test]
fn section_3_6_nothing_is_decompressed() {
    let key = key();
    let mut header = header_of(&key);
    header["zip"] = json!("DEF");
    // `{}` as a stored block of DEFLATE.
    let compressed = [1, 2, 0, 0xfd, 0xff, b'{', b'}'];
    let message = format!("{}.{}", encode(header.to_string()), encode(compressed));
    let token = format!("{message}.{}", encode(key.sign(message.as_bytes())));
    assert!(matches!(judge(&token, &key_set([key.jwk()])), Err(Refusal::Malformed(_))));
}

#[test]
fn section_3_7_texts_are_utf_8() {
    let key = key();
    let latin_1 = [good_claims().to_string().trim_end_matches('}').as_bytes(), b",\"name\":\"Ad\xe9\"}"].concat();
    let message = format!("{}.{}", encode(header_of(&key).to_string()), encode(latin_1));
    let token = format!("{message}.{}", encode(key.sign(message.as_bytes())));
    assert!(matches!(judge(&token, &key_set([key.jwk()])), Err(Refusal::Malformed(_))));
}

#[test]
fn section_3_12_rules_of_other_kinds_of_tokens_exclude_ours() {
    // The cache of sessions of Better Auth is signed by the same key; even without its type it has its own audience.
    assert_eq!(with_claim("aud", json!("better-auth:session-cache")), Err(Refusal::Audience));
    // A number where its life belongs is the first second of 1970 and a bit.
    assert_eq!(with_claim("exp", json!(3_600)), Err(Refusal::Expired));
    assert_eq!(with_claim("exp", json!(NOW - 59)), Ok("ada".to_owned()));
    assert_eq!(with_claim("exp", json!(NOW - 60)), Err(Refusal::Expired));
    assert_eq!(with_claim("nbf", json!(NOW + 60)), Ok("ada".to_owned()));
    assert_eq!(with_claim("nbf", json!(NOW + 61)), Err(Refusal::NotYetValid));
    assert_eq!(with_claim("iat", json!(NOW + 61)), Err(Refusal::NotYetValid));
}
