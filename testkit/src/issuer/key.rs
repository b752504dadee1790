//! Keys that are made at run time: none is ever written down.

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::{self, KeySize},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
        EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
        RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaSignatureEncoding,
    },
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
    /// ECDSA on P-384.
    Es384,
    /// ECDSA on P-521.
    Es512,
    /// RSA with 2048 bits, PKCS #1 v1.5 and SHA-256.
    Rs256,
    /// The same with SHA-384.
    Rs384,
    /// The same with SHA-512.
    Rs512,
    /// RSA with 2048 bits, PSS and SHA-256.
    Ps256,
    /// The same with SHA-384.
    Ps384,
    /// The same with SHA-512.
    Ps512,
}

/// The key that an algorithm needs, and how it signs.
enum Needs {
    Ed25519,
    Curve { name: &'static str, signing: &'static EcdsaSigningAlgorithm },
    Rsa(&'static RsaSignatureEncoding),
}

impl Algorithm {
    /// Every one that can sign.
    pub const ALL: [Self; 10] = [
        Self::EdDsa,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
    ];

    /// Its `alg`.
    pub fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
        }
    }

    fn needs(self) -> Needs {
        match self {
            Self::EdDsa => Needs::Ed25519,
            Self::Es256 => Needs::Curve { name: "P-256", signing: &ECDSA_P256_SHA256_FIXED_SIGNING },
            Self::Es384 => Needs::Curve { name: "P-384", signing: &ECDSA_P384_SHA384_FIXED_SIGNING },
            Self::Es512 => Needs::Curve { name: "P-521", signing: &ECDSA_P521_SHA512_FIXED_SIGNING },
            Self::Rs256 => Needs::Rsa(&RSA_PKCS1_SHA256),
            Self::Rs384 => Needs::Rsa(&RSA_PKCS1_SHA384),
            Self::Rs512 => Needs::Rsa(&RSA_PKCS1_SHA512),
            Self::Ps256 => Needs::Rsa(&RSA_PSS_SHA256),
            Self::Ps384 => Needs::Rsa(&RSA_PSS_SHA384),
            Self::Ps512 => Needs::Rsa(&RSA_PSS_SHA512),
        }
    }
}

enum Pair {
    Ed25519(Ed25519KeyPair),
    Ecdsa(EcdsaKeyPair),
    Rsa(rsa::KeyPair),
}

/// A private key with its `kid`.
#[derive(Clone)]
pub struct SigningKey {
    id: String,
    algorithm: Algorithm,
    pair: Arc<Pair>,
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
        let pair = match algorithm.needs() {
            Needs::Ed25519 => Ed25519KeyPair::generate().map(Pair::Ed25519),
            Needs::Curve { signing, .. } => EcdsaKeyPair::generate(signing).map(Pair::Ecdsa),
            Needs::Rsa(_) => rsa::KeyPair::generate(KeySize::Rsa2048).map(Pair::Rsa),
        };
        Self { id: id.to_owned(), algorithm, pair: Arc::new(pair.expect("randomness")) }
    }

    /// The same RSA key with another algorithm and a new id. New ones take long to find.
    #[must_use]
    pub fn reused_with(&self, algorithm: Algorithm) -> Self {
        Self { id: Uuid::new_v4().simple().to_string(), algorithm, pair: Arc::clone(&self.pair) }
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
        match (&*self.pair, self.algorithm.needs()) {
            (Pair::Ecdsa(pair), Needs::Curve { name, .. }) => {
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                json!({ "alg": alg, "crv": name, "kty": "EC", "x": text(x), "y": text(y), "kid": self.id })
            }
            (Pair::Rsa(pair), _) => {
                // SEQUENCE { INTEGER n (2048 bits, one zero in front), INTEGER 65537 } (RFC 8017 §A.1.1).
                let der = pair.public_key().as_ref();
                assert_eq!(der.len(), 270, "the DER of an RSA key of 2048 bits");
                json!({ "alg": alg, "kty": "RSA", "n": text(&der[9..265]), "e": "AQAB", "kid": self.id })
            }
            _ => {
                let x = text(&self.public_raw());
                json!({ "alg": alg, "crv": "Ed25519", "kty": "OKP", "x": x, "kid": self.id })
            }
        }
    }

    /// The public part as bare bytes: the point, or the RSA numbers in DER.
    pub fn public_raw(&self) -> Vec<u8> {
        match &*self.pair {
            Pair::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Ecdsa(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Rsa(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    /// The public part in DER (SubjectPublicKeyInfo), for those who would use it as the secret of an HMAC.
    ///
    /// # Panics
    /// When the key cannot be encoded.
    pub fn public_der(&self) -> Vec<u8> {
        let der = match &*self.pair {
            Pair::Ed25519(pair) => pair.public_key().as_der(),
            Pair::Ecdsa(pair) => pair.public_key().as_der(),
            Pair::Rsa(pair) => pair.public_key().as_der(),
        };
        der.expect("an encoding").as_ref().to_vec()
    }

    /// The same in PEM.
    pub fn public_pem(&self) -> String {
        pem("PUBLIC KEY", &self.public_der())
    }

    /// The whole key, for signing with something else.
    ///
    /// # Panics
    /// When the key cannot be encoded.
    pub fn private_pem(&self) -> String {
        let der = match &*self.pair {
            Pair::Ed25519(pair) => pair.to_pkcs8v1().expect("an encoding").as_ref().to_vec(),
            Pair::Ecdsa(pair) => pair.to_pkcs8v1().expect("an encoding").as_ref().to_vec(),
            Pair::Rsa(pair) => AsDer::<Pkcs8V1Der<'_>>::as_der(pair).expect("an encoding").as_ref().to_vec(),
        };
        pem("PRIVATE KEY", &der)
    }

    /// The signature of a message.
    ///
    /// # Panics
    /// When the machine has no randomness, or a key was reused with an algorithm of another type.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match (&*self.pair, self.algorithm.needs()) {
            (Pair::Ed25519(pair), Needs::Ed25519) => pair.sign(message).as_ref().to_vec(),
            (Pair::Ecdsa(pair), Needs::Curve { .. }) => {
                pair.sign(&random, message).expect("randomness").as_ref().to_vec()
            }
            (Pair::Rsa(pair), Needs::Rsa(encoding)) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message, &mut signature).expect("randomness");
                signature
            }
            _ => panic!("{self:?} is of another type"),
        }
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", BASE64_STANDARD.encode(der))
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.id).field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}
