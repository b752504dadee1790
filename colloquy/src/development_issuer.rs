//! An issuer for development: a key in the data directory, and tokens in the shape of Better Auth's.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use aws_lc_rs::{
    digest,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, SecondsFormat, Utc};
use clap::builder::NonEmptyStringValueParser;
use serde_json::json;

use crate::data_dir;

/// `iss` of its tokens.
pub(crate) const ISSUER: &str = "urn:colloquy:development";
/// `aud` of its tokens.
pub(crate) const AUDIENCE: &str = "urn:colloquy";

const KEY: &str = "development-issuer.p8";
const KEY_SET: &str = "development-issuer.jwks.json";

/// Who a development token speaks for.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Profile {
    /// The user: each address is a user of its own
    #[arg(
        long,
        default_value = "dev@colloquy.localhost",
        value_parser = NonEmptyStringValueParser::new(),
        value_name = "ADDRESS"
    )]
    pub(crate) email: String,
    /// The user's name
    #[arg(long, default_value = "Dev", value_name = "NAME")]
    pub(crate) name: String,
}

impl Default for Profile {
    fn default() -> Self {
        Self { email: "dev@colloquy.localhost".to_owned(), name: "Dev".to_owned() }
    }
}

/// The issuer of one data directory. Another directory's tokens are worth nothing here.
pub(crate) struct DevelopmentIssuer {
    key: Ed25519KeyPair,
    key_id: String,
    /// The public keys, for the auth service.
    pub(crate) key_set: PathBuf,
}

impl DevelopmentIssuer {
    /// The issuer of this directory, made unless it is there.
    pub(crate) fn open_or_create(data_dir: &Path) -> anyhow::Result<Self> {
        let path = data_dir.join(KEY);
        if !path.exists() {
            let pkcs8 = Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new())
                .map_err(|_| anyhow::anyhow!("the machine has no randomness"))?;
            data_dir::write_secret(&path, pkcs8.as_ref()).with_context(|| format!("writing {}", path.display()))?;
        }
        let issuer = Self::open(data_dir)?;
        fs::write(&issuer.key_set, issuer.public_keys()).context("writing the development keys")?;
        Ok(issuer)
    }

    /// The issuer of this directory.
    pub(crate) fn open(data_dir: &Path) -> anyhow::Result<Self> {
        let path = data_dir.join(KEY);
        let pkcs8 = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        let key = Ed25519KeyPair::from_pkcs8(&pkcs8).map_err(|_| anyhow::anyhow!("{} holds no key", path.display()))?;
        let digest = digest::digest(&digest::SHA256, key.public_key().as_ref());
        let key_id = URL_SAFE_NO_PAD.encode(&digest.as_ref()[..12]);
        Ok(Self { key, key_id, key_set: data_dir.join(KEY_SET) })
    }

    fn public_keys(&self) -> String {
        let x = URL_SAFE_NO_PAD.encode(self.key.public_key().as_ref());
        let key = json!({ "alg": "EdDSA", "crv": "Ed25519", "kty": "OKP", "x": x, "kid": self.key_id });
        json!({ "keys": [key] }).to_string()
    }

    /// A token for this user, good from now on.
    pub(crate) fn token(&self, user: &Profile, ttl: Duration, now: DateTime<Utc>) -> String {
        let header = json!({ "alg": "EdDSA", "kid": self.key_id });
        let timestamp = now.to_rfc3339_opts(SecondsFormat::Millis, true);
        let ttl = i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX);
        let claims = json!({
            "iat": now.timestamp(),
            "name": user.name,
            "email": user.email,
            "emailVerified": true,
            "image": null,
            "createdAt": timestamp,
            "updatedAt": timestamp,
            "id": user.email,
            "sub": user.email,
            "exp": now.timestamp().saturating_add(ttl),
            "iss": ISSUER,
            "aud": AUDIENCE,
        });
        let encode = |part: serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = URL_SAFE_NO_PAD.encode(self.key.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}
