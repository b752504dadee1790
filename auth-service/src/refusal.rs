//! Why a token is refused. The one table from refusals to stable reasons.

use kit::error::{Error, RefusalKind};
use proto::reason;

/// Why a token is refused. It never repeats the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It has no shape that we know.
    #[error("the token is malformed: {0}")]
    Malformed(&'static str),
    /// Its header says that it is no access token, or asks for what we do not do.
    #[error("the token is of a kind that is not accepted: {0}")]
    Type(&'static str),
    /// Its algorithm is not accepted, or not for its key.
    #[error("the token's algorithm is not accepted for its issuer or does not fit its key")]
    Algorithm,
    /// Nobody here is configured as its `iss`.
    #[error("the token's issuer is not known here")]
    IssuerUnknown,
    /// Its issuer has no key of its `kid`.
    #[error("the token's key is not known for its issuer")]
    KeyUnknown,
    /// Its signature is wrong.
    #[error("the token's signature is wrong")]
    Signature,
    /// This claim is missing or wrong.
    #[error("the token's claim `{0}` is missing or invalid")]
    Claim(&'static str),
    /// It was made for someone else.
    #[error("the token was made for another audience")]
    Audience,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time has not begun.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// No live session has it.
    #[error("no live session has this token")]
    SessionNotFound,
    /// It was revoked.
    #[error("the token was revoked")]
    Revoked,
    /// Its issuer has banned the user.
    #[error("the user is banned")]
    Banned,
    /// The user was erased.
    #[error("the user was erased")]
    Erased,
    /// Its issuer no longer has the user.
    #[error("the issuer has deleted the user")]
    UserGone,
}

impl Refusal {
    /// The stable reason.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Malformed(_) => reason::TOKEN_MALFORMED,
            Self::Type(_) => reason::TOKEN_TYPE_REFUSED,
            Self::Algorithm => reason::TOKEN_ALGORITHM_REFUSED,
            Self::IssuerUnknown => reason::TOKEN_ISSUER_UNKNOWN,
            Self::KeyUnknown => reason::TOKEN_KEY_UNKNOWN,
            Self::Signature => reason::TOKEN_SIGNATURE_INVALID,
            Self::Claim(_) => reason::TOKEN_CLAIM_INVALID,
            Self::Audience => reason::TOKEN_AUDIENCE_MISMATCH,
            Self::Expired => reason::TOKEN_EXPIRED,
            Self::NotYetValid => reason::TOKEN_NOT_YET_VALID,
            Self::SessionNotFound => reason::SESSION_NOT_FOUND,
            Self::Revoked => reason::TOKEN_REVOKED,
            Self::Banned => reason::USER_BANNED,
            Self::Erased | Self::UserGone => reason::USER_ERASED,
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::refused(RefusalKind::Unauthenticated, refusal.reason(), refusal.to_string())
    }
}
