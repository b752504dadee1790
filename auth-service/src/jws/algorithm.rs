//! Signature algorithms. A new one is a line in each table here.

use aws_lc_rs::signature::{self, EcdsaVerificationAlgorithm, RsaParameters};

/// An accepted way to sign (RFC 7518 §3.1, RFC 8037, RFC 9864).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Ed25519: `EdDSA`, or by its newer name `Ed25519`.
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
}

/// The key that an algorithm needs, and what checks its signatures.
pub(super) enum Needs {
    Ed25519,
    Curve { name: &'static str, coordinate_length: usize, verification: &'static EcdsaVerificationAlgorithm },
    Rsa(&'static RsaParameters),
}

impl Algorithm {
    /// Every one that is supported.
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

    /// The algorithm behind an `alg`, which is compared exactly. RFC 9864 renames `EdDSA`: one algorithm, two names.
    pub fn from_name(name: &str) -> Option<Self> {
        if name == "Ed25519" {
            return Some(Self::EdDsa);
        }
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

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

    pub(super) fn needs(self) -> Needs {
        let curve = |name, coordinate_length, verification| Needs::Curve { name, coordinate_length, verification };
        match self {
            Self::EdDsa => Needs::Ed25519,
            Self::Es256 => curve("P-256", 32, &signature::ECDSA_P256_SHA256_FIXED),
            Self::Es384 => curve("P-384", 48, &signature::ECDSA_P384_SHA384_FIXED),
            Self::Es512 => curve("P-521", 66, &signature::ECDSA_P521_SHA512_FIXED),
            Self::Rs256 => Needs::Rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
            Self::Rs384 => Needs::Rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
            Self::Rs512 => Needs::Rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
            Self::Ps256 => Needs::Rsa(&signature::RSA_PSS_2048_8192_SHA256),
            Self::Ps384 => Needs::Rsa(&signature::RSA_PSS_2048_8192_SHA384),
            Self::Ps512 => Needs::Rsa(&signature::RSA_PSS_2048_8192_SHA512),
        }
    }
}
