//! The cookie that may stand in for a bearer token.

use std::str::FromStr;

/// `SESSION_COOKIE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionCookie {
    /// Only bearer tokens count.
    Off,
    /// The cookie of this name; with `__Secure-` before it, it comes first.
    Named(String),
}

/// A name that no cookie can have.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` cannot be the name of a cookie; write `off` to accept none")]
pub struct CookieNameError(String);

impl FromStr for SessionCookie {
    type Err = CookieNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // RFC 6265 §4.1.1: a token of RFC 9110 §5.6.2.
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        match text {
            "off" => Ok(Self::Off),
            name if !name.is_empty() && name.bytes().all(fits) => Ok(Self::Named(name.to_owned())),
            wrong => Err(CookieNameError(wrong.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_token_and_off_is_none() {
        assert_eq!("off".parse::<SessionCookie>().unwrap(), SessionCookie::Off);
        let name = "better-auth.session_token";
        assert_eq!(name.parse::<SessionCookie>().unwrap(), SessionCookie::Named(name.to_owned()));
        for wrong in ["", "a b", "a=b", "a;b", "é"] {
            assert!(wrong.parse::<SessionCookie>().is_err(), "{wrong}");
        }
    }
}
