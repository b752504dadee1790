//! Tokens in Better Auth's shape, and every departure from it that a test may want.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use super::SigningKey;

/// Better Auth's default: a quarter of an hour.
const LIFE: i64 = 15 * 60;
const MOMENT: &str = "2026-11-21T09:00:00.000Z";

/// A token that is not signed yet.
#[derive(Debug, Clone)]
#[must_use]
pub struct Token {
    key: Arc<SigningKey>,
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl Token {
    pub(super) fn new(origin: &str, subject: &str, key: Arc<SigningKey>) -> Self {
        let now = now();
        let claims = json!({
            "iat": now,
            "name": format!("Name of {subject}"),
            "email": format!("{subject}@example.com"),
            "emailVerified": true,
            "image": null,
            "createdAt": MOMENT,
            "updatedAt": MOMENT,
            "id": subject,
            "sub": subject,
            "exp": now + LIFE,
            "iss": origin,
            "aud": origin,
        });
        let Value::Object(claims) = claims else { unreachable!("an object") };
        let mut token = Self { header: Map::new(), claims, key };
        token.name_key();
        token
    }

    /// Sets or replaces a claim.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Leaves a claim out.
    pub fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// Ends this many seconds from now; negative is in the past.
    pub fn expires_in(self, seconds: i64) -> Self {
        self.claim("exp", now() + seconds)
    }

    /// Issued this many seconds from now; negative is in the past.
    pub fn issued(self, seconds: i64) -> Self {
        self.claim("iat", now() + seconds)
    }

    /// Sets or replaces a member of the header.
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    /// Leaves a member of the header out.
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// Signs with this key, and says so in the header.
    pub fn signed_with(mut self, key: &Arc<SigningKey>) -> Self {
        self.key = Arc::clone(key);
        self.name_key();
        self
    }

    /// The token.
    #[must_use]
    pub fn sign(&self) -> String {
        self.sign_raw(&self.header_json(), &self.claims_json())
    }

    /// A token of these texts, whatever they are.
    #[must_use]
    pub fn sign_raw(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = encode(self.key.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// The header as text.
    #[must_use]
    pub fn header_json(&self) -> String {
        Value::Object(self.header.clone()).to_string()
    }

    /// The claims as text.
    #[must_use]
    pub fn claims_json(&self) -> String {
        Value::Object(self.claims.clone()).to_string()
    }

    fn name_key(&mut self) {
        self.header.insert("alg".to_owned(), self.key.algorithm().name().into());
        self.header.insert("kid".to_owned(), self.key.id().into());
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(since.as_secs()).expect("a clock of this millennium")
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
