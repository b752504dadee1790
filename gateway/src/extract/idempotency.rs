//! The key by which a request that is sent again is known.

use http::HeaderMap;
use proto::{limit, reason};

use crate::problem::{Problem, Refused};

const NAME: &str = "Idempotency-Key";

/// The client's own key, where it has one.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Refused> {
    let mut values = headers.get_all(NAME).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if !(1..=limit::IDEMPOTENCY_KEY).contains(&text.len()) || values.next().is_some() {
        let message = "must be one key of 1 to 200 printable ASCII characters";
        return Err(Problem::invalid_field(NAME, reason::FIELD_INVALID, message));
    }
    Ok(Some(text.to_owned()))
}
