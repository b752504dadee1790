//! The spellings of an opaque session token, and what tells them from a JSON Web Token.

use aws_lc_rs::hmac;
use base64::{Engine as _, prelude::BASE64_STANDARD};

use crate::refusal::Refusal;

/// What Better Auth's generator makes, whatever is configured.
const RAW_LENGTH: usize = 32;
/// HMAC-SHA-256.
const SIGNATURE_LENGTH: usize = 32;
/// What `encodeURIComponent` makes of the characters that it does not leave alone.
const ENCODED: [(&str, char); 3] = [("%2B", '+'), ("%2F", '/'), ("%3D", '=')];
const NEITHER: Refusal = Refusal::Malformed(
    "it is neither a JSON Web Token nor a session token; ask an OpenID provider for a token for this API's audience",
);

/// A credential, told by its form alone.
pub(crate) enum Credential<'a> {
    /// Three parts, or more than anything of ours has.
    Jwt(&'a str),
    Session(SessionToken),
}

impl<'a> Credential<'a> {
    pub(crate) fn of(presented: &'a str) -> Result<Self, Refusal> {
        if presented.bytes().filter(|byte| *byte == b'.').count() >= 2 {
            return Ok(Self::Jwt(presented));
        }
        SessionToken::parse(presented).map(Self::Session)
    }
}

/// A session token in its canonical spelling: decoded.
///
/// It does not print itself: whoever reads it in a log can use it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct SessionToken {
    raw: String,
    signature: Option<[u8; SIGNATURE_LENGTH]>,
}

impl SessionToken {
    /// Reads `raw`, `raw.signature`, or the latter percent-encoded, as it stands in the cookie.
    fn parse(text: &str) -> Result<Self, Refusal> {
        let Some((raw, signature)) = text.split_once('.') else {
            return Ok(Self { raw: raw(text)?, signature: None });
        };
        let signature = if signature.contains('%') { decode(signature)? } else { signature.to_owned() };
        let signature = BASE64_STANDARD.decode(signature).map_err(|_| NEITHER)?;
        Ok(Self { raw: self::raw(raw)?, signature: Some(signature.try_into().map_err(|_| NEITHER)?) })
    }

    /// What the table keeps.
    pub(super) fn raw(&self) -> &str {
        &self.raw
    }

    /// The signed spelling, as a bearer.
    pub(super) fn signed(&self) -> Option<String> {
        self.signature.map(|signature| format!("{}.{}", self.raw, BASE64_STANDARD.encode(signature)))
    }

    /// The signed spelling, as the value of a cookie.
    pub(super) fn cookie_value(&self) -> Option<String> {
        let signed = self.signed()?;
        Some(ENCODED.iter().fold(signed, |text, (encoded, character)| text.replace(*character, encoded)))
    }

    /// Checks the signature, if there is one.
    pub(super) fn check(&self, secret: &hmac::Key) -> Result<(), Refusal> {
        let Some(signature) = &self.signature else { return Ok(()) };
        hmac::verify(secret, self.raw.as_bytes(), signature).map_err(|_| Refusal::Signature)
    }
}

fn raw(text: &str) -> Result<String, Refusal> {
    let fits = text.len() == RAW_LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if fits { Ok(text.to_owned()) } else { Err(NEITHER) }
}

/// Decodes once, and only the one form that `encodeURIComponent` makes: another spelling would be another token to
/// every cache.
fn decode(text: &str) -> Result<String, Refusal> {
    if text.contains(ENCODED.map(|(_, character)| character)) {
        return Err(NEITHER);
    }
    // A percent sign that is left is none of the alphabet.
    Ok(ENCODED.iter().fold(text.to_owned(), |text, (encoded, character)| text.replace(encoded, &character.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAW: &str = "NPOLpCGvJqzWTCPdWRhLNLKBmzPfGJuI";
    const SECRET: &[u8] = b"a-secret-of-better-auth-with-enough-entropy";

    fn parse(text: &str) -> Option<SessionToken> {
        match Credential::of(text) {
            Ok(Credential::Session(token)) => Some(token),
            _ => None,
        }
    }

    fn signature(last: u8) -> String {
        // With `+`, `/` and `=`.
        BASE64_STANDARD.encode([[0xfb; 31].as_slice(), &[last]].concat())
    }

    #[test]
    fn the_three_spellings_are_told_apart_by_form() {
        let signed = format!("{RAW}.{}", signature(0xff));
        assert!(signed.contains('+') && signed.contains('/') && signed.ends_with('='), "{signed}");
        let encoded = signed.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        assert_eq!(parse(RAW).unwrap().signed(), None);
        let token = parse(&signed).unwrap();
        assert!(token == parse(&encoded).unwrap(), "one token, one key");
        assert!(token != parse(RAW).unwrap());
        assert_eq!((token.raw(), token.signed(), token.cookie_value()), (RAW, Some(signed), Some(encoded)));
        assert!(matches!(Credential::of("a.b.c"), Ok(Credential::Jwt("a.b.c"))));
    }

    #[test]
    fn everything_else_is_malformed() {
        let signature = signature(0xff);
        let signed = format!("{RAW}.{signature}");
        let encoded = signed.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        for bad in [
            String::new(),
            RAW[1..].to_owned(),
            format!("{RAW}x"),
            RAW.replace('N', "-"),
            RAW.replace('N', "é"),
            format!(" {RAW}"),
            format!("{RAW}."),
            format!(".{signature}"),
            signed.trim_end_matches('=').to_owned(),
            format!("{signed}="),
            signed.replace("/8=", "/9="),
            encoded.replace("%2B", "%2b"),
            encoded.replace("%3D", "="),
            encoded.replace('%', "%25"),
            format!("%4E{}", &encoded[1..]),
            signed.replace('.', "%2E"),
            signed.replace('+', " "),
            signed.replace('/', "_").replace('+', "-"),
            format!("{RAW}.{}", "A".repeat(4_000)),
        ] {
            assert!(parse(&bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_signature_counts_where_the_secret_is_known() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
        let right = BASE64_STANDARD.encode(hmac::sign(&key, RAW.as_bytes()));
        assert_eq!(parse(&format!("{RAW}.{right}")).unwrap().check(&key), Ok(()));
        let wrong = parse(&format!("{RAW}.{}", signature(0))).unwrap();
        assert_eq!(wrong.check(&key), Err(Refusal::Signature));
        assert_eq!(parse(RAW).unwrap().check(&key), Ok(()), "the bearer plugin asks for none");
    }
}
