//! What must hold for every token, whoever made it up.

use std::sync::LazyLock;

use auth_service::jws::{Compact, KeySet};
use base64::{
    Engine as _,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use proptest::{prelude::*, sample::Index};
use serde_json::{Value, json};
use testkit::issuer::{Algorithm, SigningKey};

use super::{AUDIENCE, NOW, good_claims, header_of, judge, key_set, sign};
use crate::forgery::encode;

static KEYS: LazyLock<[SigningKey; 2]> =
    LazyLock::new(|| [Algorithm::EdDsa, Algorithm::Es384].map(SigningKey::generate));
static KEY_SET: LazyLock<KeySet> = LazyLock::new(|| key_set(KEYS.iter().map(SigningKey::jwk)));
static GOOD: LazyLock<[String; 2]> =
    LazyLock::new(|| [0, 1].map(|at| sign(&KEYS[at], &header_of(&KEYS[at]), &good_claims())));

/// Reads every spelling that there is.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Values that a claim may have, but seldom should.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (NOW - 120..NOW + 120).prop_map(Value::from),
        Just(json!(AUDIENCE)),
        ".{0,300}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let list = prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from);
        let object = prop::collection::hash_map("[a-z]{0,4}", inner, 0..4);
        prop_oneof![list, object.prop_map(|members| json!(members))]
    })
}

fn is_text(value: &Value) -> bool {
    value.as_str().is_some_and(|text| (1..=255).contains(&text.chars().count()))
}

proptest! {
    #[test]
    fn no_text_makes_anything_panic(text in prop_oneof![".{0,200}", r"[\w=+/-]{0,60}(\.[\w=+/-]{0,60}){0,5}"]) {
        prop_assert!(judge(&text, &KEY_SET).is_err());
    }

    #[test]
    fn no_header_and_no_claims_make_anything_panic(header in "\\PC{0,80}", claims in "\\PC{0,200}") {
        let token = format!("{}.{}.{}", encode(header), encode(claims), encode([0; 64]));
        prop_assert!(judge(&token, &KEY_SET).is_err());
    }

    #[test]
    fn no_document_makes_anything_panic(keys in value(), text in ".{0,200}") {
        let _ = KeySet::parse(text.as_bytes(), "test");
        if let Ok(read) = KeySet::parse(json!({ "keys": keys }).to_string().as_bytes(), "test") {
            prop_assert!(read.is_empty());
        }
    }

    #[test]
    fn what_has_a_shape_has_no_other_spelling(parts in prop::array::uniform3("[A-Za-z0-9_=-]{0,12}")) {
        let token = parts.join(".");
        if Compact::parse(&token).is_ok() {
            for part in parts {
                prop_assert_eq!(encode(LENIENT.decode(&part).unwrap()), part);
            }
        }
    }

    #[test]
    fn every_token_that_is_made_has_a_shape(parts in prop::array::uniform3(prop::collection::vec(any::<u8>(), 0..80))) {
        prop_assert!(Compact::parse(&parts.map(encode).join(".")).is_ok());
    }

    #[test]
    fn a_good_token_with_another_letter_is_refused(which in 0_usize..2, at in any::<Index>(), letter in any::<char>()) {
        let mut letters = GOOD[which].chars().collect::<Vec<_>>();
        let at = at.index(letters.len());
        letters[at] = letter;
        let changed = letters.into_iter().collect::<String>();
        prop_assert_eq!(judge(&changed, &KEY_SET).is_ok(), changed == GOOD[which]);
    }

    #[test]
    fn a_good_token_with_a_letter_more_or_less_is_refused(which in 0_usize..2, at in any::<Index>(), letter in any::<char>()) {
        let good = &GOOD[which];
        let at = at.index(good.len());
        let more = format!("{}{letter}{}", &good[..at], &good[at..]);
        let less = format!("{}{}", &good[..at], &good[at + 1..]);
        for changed in [more, less] {
            prop_assert!(judge(&changed, &KEY_SET).is_err());
        }
    }

    #[test]
    fn parts_of_two_good_tokens_make_no_third(picks in prop::array::uniform3(0_usize..2)) {
        let parts = [0, 1, 2].map(|at| GOOD[picks[at]].split('.').nth(at).unwrap());
        let mixed = parts.join(".");
        // The claims of both are the same.
        prop_assert_eq!(judge(&mixed, &KEY_SET).is_ok(), picks[0] == picks[2]);
    }

    #[test]
    fn what_is_accepted_says_all_that_is_needed(name in "sub|aud|exp|nbf|iat|sid|iss|banned|banExpires|name", value in value()) {
        let mut claims = good_claims();
        claims[&name] = value.clone();
        let seconds = |name: &str| claims[name].as_f64();
        let now = f64::from(u32::try_from(NOW).unwrap());
        if judge(&sign(&KEYS[0], &header_of(&KEYS[0]), &claims), &KEY_SET).is_ok() {
            prop_assert!(is_text(&claims["sub"]) && claims["iss"].is_string());
            prop_assert!(claims["aud"] == AUDIENCE || claims["aud"].as_array().unwrap().contains(&json!(AUDIENCE)));
            prop_assert!(seconds("exp").unwrap() > now - 60.0);
            prop_assert!(["nbf", "iat"].iter().all(|name| seconds(name).is_none_or(|begin| begin <= now + 60.0)));
            prop_assert!(claims["sid"].is_null() || is_text(&claims["sid"]));
            prop_assert!(claims["banned"] != true);
        }
    }
}
