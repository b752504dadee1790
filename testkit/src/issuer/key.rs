//! Keys that are made at run time: none is ever written down.

use std::fmt;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::{self, KeySize},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256},
};
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use uuid::Uuid;

/// What a key signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519.
    EdDsa,
    /// ECDSA on P-256.
    Es256,
    /// RSA with 2048 bits, PKCS #1 v1.5.
    Rs256,
}

impl Algorithm {
    /// Its `alg`.
    pub fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }
}

enum Pair {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
    Rsa(rsa::KeyPair),
}

/// A private key with its `kid`.
pub struct SigningKey {
    id: String,
    algorithm: Algorithm,
    pair: Pair,
}

impl SigningKey {
    /// A new key with a new id.
    pub fn generate(algorithm: Algorithm) -> Self {
        Self::named(algorithm, &Uuid::new_v4().simple().to_string())
    }

    /// A new key with this `kid`.
    ///
    /// # Panics
    /// When the machine has no randomness.
    pub fn named(algorithm: Algorithm, id: &str) -> Self {
        let pair = match algorithm {
            Algorithm::EdDsa => Ed25519KeyPair::generate().map(Pair::Ed25519),
            Algorithm::Es256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map(Pair::P256),
            Algorithm::Rs256 => rsa::KeyPair::generate(KeySize::Rsa2048).map(Pair::Rsa),
        };
        Self { id: id.to_owned(), algorithm, pair: pair.expect("randomness") }
    }

    /// Its `kid`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its public part, exactly as Better Auth publishes it: no `use`, no `key_ops`.
    pub fn jwk(&self) -> Value {
        let alg = self.algorithm.name();
        let text = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        match &self.pair {
            Pair::Ed25519(pair) => {
                let x = text(pair.public_key().as_ref());
                json!({ "alg": alg, "crv": "Ed25519", "kty": "OKP", "x": x, "kid": self.id })
            }
            Pair::P256(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({ "alg": alg, "crv": "P-256", "kty": "EC", "x": text(x), "y": text(y), "kid": self.id })
            }
            Pair::Rsa(pair) => {
                // SEQUENCE { INTEGER n (2048 bits, one zero in front), INTEGER 65537 } (RFC 8017 §A.1.1).
                let der = pair.public_key().as_ref();
                assert_eq!(der.len(), 270, "the DER of an RSA key of 2048 bits");
                json!({ "alg": alg, "kty": "RSA", "n": text(&der[9..265]), "e": "AQAB", "kid": self.id })
            }
        }
    }

    /// The public part in DER, for those who would use it as the secret of an HMAC.
    ///
    /// # Panics
    /// When the key cannot be encoded.
    pub fn public_der(&self) -> Vec<u8> {
        match &self.pair {
            Pair::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
            Pair::P256(pair) => pair.public_key().as_der().expect("an encoding").as_ref().to_vec(),
            Pair::Rsa(pair) => pair.public_key().as_der().expect("an encoding").as_ref().to_vec(),
        }
    }

    /// The whole key, for signing with something else.
    ///
    /// # Panics
    /// When the key cannot be encoded.
    pub fn private_pem(&self) -> String {
        let der = match &self.pair {
            Pair::Ed25519(pair) => pair.to_pkcs8v1().expect("an encoding").as_ref().to_vec(),
            Pair::P256(pair) => pair.to_pkcs8v1().expect("an encoding").as_ref().to_vec(),
            Pair::Rsa(pair) => AsDer::<Pkcs8V1Der<'_>>::as_der(pair).expect("an encoding").as_ref().to_vec(),
        };
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", BASE64_STANDARD.encode(der))
    }

    /// The signature of a message.
    ///
    /// # Panics
    /// When the machine has no randomness.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::P256(pair) => pair.sign(&random, message).expect("randomness").as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).expect("randomness");
                signature
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.id).field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}
