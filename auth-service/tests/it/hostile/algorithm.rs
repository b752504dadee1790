//! Algorithms that a verifier would take from the token, if it were a fool.

use std::sync::Arc;

use proto::reason::{TOKEN_ALGORITHM_REFUSED, TOKEN_SIGNATURE_INVALID};
use serde_json::json;
use testkit::issuer::{Algorithm, SigningKey};

use super::{Case, Scene, cases};
use crate::forgery::{hmac, unsigned};

const NONE: &str = "RFC 8725 §3.2: `none` is never accepted";
const SYMMETRIC: &str = "RFC 8725 §2.1, §3.1: a public key is no secret";
const KNOWN: &str = "RFC 7515 §4.1.1: `alg` is case-sensitive and must be supported";
const OF_THE_KEY: &str = "RFC 8725 §3.1: a key is for one algorithm";

pub(super) fn tokens(scene: &Scene) -> Vec<Case> {
    let good = &scene.good;
    let named = |alg: &str| good.clone().header("alg", alg).sign();
    let mut found = Vec::new();
    for alg in ["none", "None", "NONE", "nOnE", "none ", "n\u{f8}ne", "", "null"] {
        let header = json!({ "alg": alg, "kid": scene.ed25519.id() }).to_string();
        let tokens = [(format!("`{alg}` without a signature"), unsigned(good, &header))];
        found.extend(cases(NONE, TOKEN_ALGORITHM_REFUSED, tokens));
        found.extend(cases(NONE, TOKEN_ALGORITHM_REFUSED, [(format!("`{alg}` with a good signature"), named(alg))]));
    }
    for (kind, key) in [("Ed25519", &scene.ed25519), ("P-256", &scene.p256), ("RSA", &scene.rsa)] {
        for (form, secret) in forms(key) {
            for alg in ["HS256", "HS384", "HS512"] {
                let token = hmac(good, alg, key.id(), &secret);
                let name = format!("{alg} with {form} of the {kind} key as secret");
                found.extend(cases(SYMMETRIC, TOKEN_ALGORITHM_REFUSED, [(name, token)]));
            }
        }
    }
    let empty = [("HS256 with an empty secret", hmac(good, "HS256", scene.ed25519.id(), b""))];
    found.extend(cases(SYMMETRIC, TOKEN_ALGORITHM_REFUSED, empty));
    let unknown = [
        "XS999",
        "eddsa",
        "EDDSA",
        "ed25519",
        "EdDSA ",
        " EdDSA",
        "EdDSA\u{0}",
        "Ed448",
        "ES256K",
        "es256",
        "ESB256",
        "RS1",
        "RSA-OAEP",
        "dir",
        "A128KW",
        "ECDH-ES",
        "ML-DSA-44",
        "EdDSA,none",
        "PBES2-HS256+A128KW",
    ];
    let unknown = unknown.map(|alg| (format!("the algorithm `{alg}`"), named(alg)));
    found.extend(cases(KNOWN, TOKEN_ALGORITHM_REFUSED, unknown));
    for key in [&scene.ed25519, &scene.p256, &scene.rsa] {
        let own = key.algorithm();
        for other in Algorithm::ALL.into_iter().filter(|other| *other != own) {
            let token = good.clone().signed_with(key).header("alg", other.name()).sign();
            let name = format!("{} over a signature and a key of {}", other.name(), own.name());
            found.extend(cases(OF_THE_KEY, TOKEN_ALGORITHM_REFUSED, [(name, token)]));
        }
    }
    found.extend(cases(
        OF_THE_KEY,
        TOKEN_ALGORITHM_REFUSED,
        [("the newer name of EdDSA over a key on a curve", {
            good.clone().signed_with(&scene.p256).header("alg", "Ed25519").sign()
        })],
    ));
    for other in [Algorithm::Rs384, Algorithm::Rs512, Algorithm::Ps256, Algorithm::Ps384, Algorithm::Ps512] {
        let signer = Arc::new(scene.rsa.reused_with(other));
        let honest = good.clone().signed_with(&signer).header("kid", scene.rsa.id());
        let name = format!("a good {} of a key that is published for RS256", other.name());
        found.extend(cases(OF_THE_KEY, TOKEN_ALGORITHM_REFUSED, [(name, honest.sign())]));
        let name = format!("a good {} that says RS256", other.name());
        found.extend(cases(OF_THE_KEY, TOKEN_SIGNATURE_INVALID, [(name, honest.header("alg", "RS256").sign())]));
    }
    found
}

/// Every way in which a public key is found written.
fn forms(key: &SigningKey) -> [(&'static str, Vec<u8>); 5] {
    [
        ("the bytes", key.public_raw()),
        ("the DER", key.public_der()),
        ("the PEM", key.public_pem().into_bytes()),
        ("the PEM without its last line feed", key.public_pem().trim_end().as_bytes().to_vec()),
        ("the JWK", key.jwk().to_string().into_bytes()),
    ]
}
