//! The id that joins everything which one request caused: `x-request-id` on every hop.

use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

use crate::telemetry::propagation;

/// The header that carries it.
pub static HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The id of one request, with the trace to which its sender counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId {
    id: HeaderValue,
    trace: Vec<(HeaderName, HeaderValue)>,
}

impl RequestId {
    /// The id that came with a request when it is fit to be repeated, else a new one.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let fit = |value: &&HeaderValue| {
            let bytes = value.as_bytes();
            (1..=128).contains(&bytes.len())
                && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte))
        };
        let id = headers.get(&HEADER).filter(fit).map_or_else(new, HeaderValue::clone);
        Self { id, trace: propagation::passing(headers) }
    }

    /// A new id.
    pub fn generate() -> Self {
        Self { id: new(), trace: Vec::new() }
    }

    /// Marks an outgoing request as part of this one.
    pub fn mark(&self, headers: &mut HeaderMap) {
        headers.insert(HEADER.clone(), self.id.clone());
        headers.extend(self.trace.iter().cloned());
    }

    /// As a header value.
    pub fn header_value(&self) -> &HeaderValue {
        &self.id
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        self.id.to_str().expect("checked on the way in")
    }
}

fn new() -> HeaderValue {
    let mut text = Uuid::encode_buffer();
    let text = Uuid::now_v7().hyphenated().encode_lower(&mut text);
    HeaderValue::from_str(text).expect("a UUID is a header value")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_could_forge_a_log_line_is_replaced() {
        let given = |text: &str| {
            let headers = HeaderMap::from_iter([(HEADER.clone(), HeaderValue::from_str(text).unwrap())]);
            RequestId::from_headers(&headers).as_str() == text
        };
        assert!(given("req-1.2:3_4"));
        assert!(!given("req 1"));
        assert!(!given("\"}\tlevel=error"));
        assert!(!given(&"x".repeat(129)));
    }
}
