//! The flags about opaque sessions.

use aws_lc_rs::hmac;
use secrecy::{ExposeSecret as _, SecretString};

/// How the opaque sessions of a Better Auth server are resolved.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct SessionOptions {
    /// Look sessions up in Better Auth's own database instead of asking its server; this also refuses the JWTs of
    /// users who were banned or deleted there
    #[arg(
        id = "auth-session-database-url",
        long,
        env = "AUTH_SESSION_DATABASE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub database_url: Option<SecretString>,

    /// The schema of Better Auth's tables: `neon_auth` on Neon
    #[arg(
        id = "auth-session-schema",
        long,
        env = "AUTH_SESSION_SCHEMA",
        default_value = "public",
        value_parser = schema,
        value_name = "SCHEMA"
    )]
    pub schema: String,

    /// The session cookies as which a signed token is shown to the server, with and without `__Secure-` before them
    #[arg(
        id = "auth-session-cookies",
        long,
        env = "AUTH_SESSION_COOKIES",
        default_value = "better-auth.session_token,neon-auth.session_token",
        value_delimiter = ',',
        value_parser = cookie_name,
        value_name = "NAME,…"
    )]
    pub cookies: Vec<String>,

    /// Better Auth's secret: with it, a signed session token with a wrong signature is refused before anyone is asked
    #[arg(id = "better-auth-secret", long, env = "BETTER_AUTH_SECRET", hide_env_values = true, value_name = "SECRET")]
    pub secret: Option<SecretString>,
}

impl SessionOptions {
    /// What session tokens are signed with.
    pub(crate) fn key(&self) -> Option<hmac::Key> {
        self.secret.as_ref().map(|secret| hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes()))
    }
}

/// A name that can stand in a statement.
fn schema(name: &str) -> Result<String, &'static str> {
    let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let plain = name.bytes().all(|byte| letter(byte) || byte.is_ascii_digit()) && name.len() <= 63;
    if plain && name.bytes().next().is_some_and(letter) {
        Ok(name.to_owned())
    } else {
        Err("it must be a plain name: a letter or underscore, then also digits, 63 at most")
    }
}

fn cookie_name(name: &str) -> Result<String, &'static str> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if !name.is_empty() && name.len() <= 128 && name.bytes().all(fits) {
        Ok(name.to_owned())
    } else {
        Err("it must consist of letters, digits, `-`, `_` and `.`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_become_part_of_a_statement() {
        for name in ["public", "neon_auth", "_a1"] {
            assert!(schema(name).is_ok(), "{name}");
        }
        for name in ["", "1a", "a-b", "a.b", "a\"b", "a b", "é", &"a".repeat(64)] {
            assert!(schema(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_name_cannot_add_another_cookie() {
        assert!(cookie_name("neon-auth.session_token").is_ok());
        for name in ["", "a;b", "a=b", "a b", "a,b", "a\r\nb"] {
            assert!(cookie_name(name).is_err(), "{name:?}");
        }
    }
}
