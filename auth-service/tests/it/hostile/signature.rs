//! Signatures that are no signature, another's, or the same once more.

use std::sync::Arc;

use proto::reason::TOKEN_SIGNATURE_INVALID;
use testkit::issuer::{Algorithm, SigningKey};

use super::{Case, Scene, cases};
use crate::forgery::{P256_ORDER, encode, parts, with_claims_of};

const SIGNED: &str = "RFC 7515 §5.2: the signature is over header and claims";
const ED25519: &str =
    "RFC 8032 §5.1.7: S below the order, points in canonical form; RFC 8725 §3.4: none of small order";
const ECDSA: &str = "RFC 7518 §3.4: r and s in full length, each from 1 to below the order";
const RSA: &str = "RFC 8017 §8.2.2: as long as the modulus, and exactly so encoded";

/// The order of the base point of Ed25519, in little-endian order.
const ED25519_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The signed text of a token by this key, and its signature.
fn split(scene: &Scene, key: &Arc<SigningKey>) -> (String, Vec<u8>) {
    let token = scene.good.clone().signed_with(key).sign();
    let [header, claims, _] = parts(&token);
    let message = format!("{header}.{claims}");
    let signature = key.sign(message.as_bytes());
    (message, signature)
}

pub(super) fn tokens(scene: &Scene) -> Vec<Case> {
    [general(scene), ed25519(scene), ecdsa(scene), rsa(scene)].concat()
}

fn general(scene: &Scene) -> Vec<Case> {
    let signed = scene.good.sign();
    let [header, claims, signature] = parts(&signed);
    let message = format!("{header}.{claims}");
    let by = |key: &SigningKey, text: &str| format!("{message}.{}", encode(key.sign(text.as_bytes())));
    let root = scene.good.clone().claim("sub", "root").sign();
    let other_header = scene.good.clone().header("x", 1).sign();
    let tokens = [
        ("no signature", format!("{message}.")),
        ("other claims under an old signature", with_claims_of(&signed, &root)),
        ("another header over an old signature", format!("{}.{claims}.{signature}", parts(&other_header)[0])),
        ("the signature of a stranger under our key's id", by(&scene.stranger, &message)),
        ("the other issuer's signature under our key's id", by(&scene.other.key(), &message)),
        ("the signature of another key of ours", by(&scene.p256, &message)),
        ("a signature of the claims alone", by(&scene.ed25519, claims)),
        ("a signature of the header alone", by(&scene.ed25519, header)),
        ("a signature of what is encoded", by(&scene.ed25519, &scene.good.claims_json())),
        ("a signature without the dot", by(&scene.ed25519, &format!("{header}{claims}"))),
        ("a signature of nothing", by(&scene.ed25519, "")),
    ];
    cases(SIGNED, TOKEN_SIGNATURE_INVALID, tokens)
}

fn ed25519(scene: &Scene) -> Vec<Case> {
    let (message, good) = split(scene, &scene.ed25519);
    let (r, s) = good.split_at(32);
    let identity = {
        let mut point = [0; 32];
        point[0] = 1;
        point
    };
    let mut beyond_field = [0xff; 32];
    beyond_field[31] = 0x7f;
    let flipped = |at: usize, bit: u8| {
        let mut bytes = good.clone();
        bytes[at] ^= bit;
        bytes
    };
    let signatures = [
        ("a signature of zeros", vec![0; 64]),
        ("a signature of ones", vec![0xff; 64]),
        ("a signature that is cut", good[..63].to_vec()),
        ("half a signature", r.to_vec()),
        ("a signature and a byte", [&*good, &[0]].concat()),
        ("a signature twice", [&*good, &*good].concat()),
        ("a bit of R turned", flipped(0, 1)),
        ("the sign of R turned", flipped(31, 0x80)),
        ("a bit of S turned", flipped(32, 1)),
        ("the highest bit of S set", flipped(63, 0x80)),
        ("R and S exchanged", [s, r].concat()),
        ("S and the order", [r, &sum(s)].concat()),
        ("S is the order", [r, &ED25519_ORDER].concat()),
        ("S is zero", [r, &[0; 32]].concat()),
        ("R of small order, S is zero", [&identity[..], &[0; 32]].concat()),
        ("R of small order", [&identity[..], s].concat()),
        ("R beyond the field", [&beyond_field[..], s].concat()),
    ];
    let tokens =
        signatures.map(|(name, signature)| (format!("Ed25519: {name}"), format!("{message}.{}", encode(signature))));
    cases(ED25519, TOKEN_SIGNATURE_INVALID, tokens)
}

/// S + L: the same number to a verifier that does not look.
fn sum(s: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    let digits = s.iter().zip(ED25519_ORDER).map(|(a, b)| {
        carry += u16::from(*a) + u16::from(b);
        let [low, high] = carry.to_le_bytes();
        carry = u16::from(high);
        low
    });
    digits.collect()
}

fn ecdsa(scene: &Scene) -> Vec<Case> {
    let (message, good) = split(scene, &scene.p256);
    let (r, s) = good.split_at(32);
    let (zero, mut one) = ([0_u8; 32], [0_u8; 32]);
    one[31] = 1;
    let signatures = [
        ("zeros", vec![0; 64]),
        ("r is zero", [&zero, s].concat()),
        ("s is zero", [r, &zero].concat()),
        ("r and s are one", [one, one].concat()),
        ("r and s are the order", [P256_ORDER, P256_ORDER].concat()),
        ("r is the order", [&P256_ORDER, s].concat()),
        ("ones", vec![0xff; 64]),
        ("r and s exchanged", [s, r].concat()),
        ("r alone", r.to_vec()),
        ("cut", good[..63].to_vec()),
        ("a byte behind", [&*good, &[0]].concat()),
        ("a zero before each number", [&[0], r, &[0], s].concat()),
        ("in the form of certificates", der(r, s)),
        ("as long as on P-384", [&[0; 16], r, &[0; 16], s].concat()),
        ("nothing", Vec::new()),
    ];
    let tokens =
        signatures.map(|(name, signature)| (format!("ECDSA: {name}"), format!("{message}.{}", encode(signature))));
    cases(ECDSA, TOKEN_SIGNATURE_INVALID, tokens)
}

/// SEQUENCE { INTEGER r, INTEGER s }, with a zero before what would be negative.
fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
    let integer = |number: &[u8]| {
        let sign = if number[0] & 0x80 == 0 { &[][..] } else { &[0] };
        [&[2, u8::try_from(number.len() + sign.len()).unwrap()], sign, number].concat()
    };
    let body = [integer(r), integer(s)].concat();
    [&[0x30, u8::try_from(body.len()).unwrap()], &*body].concat()
}

fn rsa(scene: &Scene) -> Vec<Case> {
    let (message, good) = split(scene, &scene.rsa);
    let other = SigningKey::generate(Algorithm::Rs256).sign(message.as_bytes());
    let mut one = vec![0; 256];
    one[255] = 1;
    let signatures = [
        ("zeros", vec![0; 256]),
        ("the number one", one),
        ("ones", vec![0xff; 256]),
        ("cut", good[..255].to_vec()),
        ("without its first byte", good[1..].to_vec()),
        ("a byte behind", [&*good, &[0]].concat()),
        ("a zero in front", [&[0], &*good].concat()),
        ("of another key", other),
        ("of an Ed25519 key", scene.ed25519.sign(message.as_bytes())),
        ("nothing", Vec::new()),
    ];
    let tokens =
        signatures.map(|(name, signature)| (format!("RSA: {name}"), format!("{message}.{}", encode(signature))));
    cases(RSA, TOKEN_SIGNATURE_INVALID, tokens)
}
