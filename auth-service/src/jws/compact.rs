//! The outer shape of a token: JWS compact serialisation (RFC 7515 §7.1), in its one canonical form.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use super::{Claims, Header};
use crate::refusal::Refusal;

/// Far above any real token, far below what costs anything.
const LARGEST: usize = 8 * 1024;

/// The decoded parts, and the text that was signed.
pub struct Compact<'a> {
    header: Vec<u8>,
    payload: Vec<u8>,
    pub(super) signature: Vec<u8>,
    pub(super) signed: &'a str,
}

impl<'a> Compact<'a> {
    /// The check of the shape.
    pub fn parse(token: &'a str) -> Result<Self, Refusal> {
        if token.len() > LARGEST {
            return Err(Refusal::Malformed("it is larger than 8 KiB"));
        }
        let three_parts = Refusal::Malformed("it does not have three parts");
        let (signed, signature) = token.rsplit_once('.').ok_or(three_parts)?;
        let (header, payload) = signed.split_once('.').filter(|(_, rest)| !rest.contains('.')).ok_or(three_parts)?;
        Ok(Self { header: decode(header)?, payload: decode(payload)?, signature: decode(signature)?, signed })
    }

    /// The header: which key, which algorithm.
    pub fn header(&self) -> Result<Header, Refusal> {
        Header::parse(&self.header)
    }

    /// What the token says. None of it is true before the signature was checked.
    pub fn claims(&self) -> Result<Claims<'_>, Refusal> {
        Claims::parse(&self.payload)
    }
}

/// Two spellings of one token would be two tokens to every cache: the decoder refuses padding and stray bits.
fn decode(part: &str) -> Result<Vec<u8>, Refusal> {
    BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::Malformed("a part is not canonical base64url"))
}
