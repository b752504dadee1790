//! Reading what an issuer answers.

use std::time::{Duration, SystemTime};

use anyhow::ensure;
use chrono::DateTime;
use reqwest::{
    Response,
    header::{HeaderMap, HeaderName, RETRY_AFTER},
};

const X_RETRY_AFTER: HeaderName = HeaderName::from_static("x-retry-after");

/// The body, unless it is longer than this.
pub(crate) async fn read_at_most(response: &mut Response, longest: usize) -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        ensure!(body.len() + chunk.len() <= longest, "{} answered more than {longest} bytes", response.url());
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// How long the issuer wants to be left alone (RFC 9110 §10.2.3), if that is said: in seconds, or until a date. Better
/// Auth says it in a header of its own.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = text(headers, &RETRY_AFTER).or_else(|| text(headers, &X_RETRY_AFTER))?;
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = SystemTime::from(DateTime::parse_from_rfc2822(text).ok()?);
    Some(date.duration_since(now).unwrap_or_default())
}

/// A header, if it is text.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &HeaderName, value: &str) -> HeaderMap {
        [(name.clone(), value.parse().unwrap())].into_iter().collect()
    }

    #[test]
    fn a_pause_is_told_in_seconds_or_by_a_date() {
        let now = SystemTime::from(DateTime::parse_from_rfc3339("1994-11-06T08:49:07Z").unwrap());
        for (value, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(30)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            let told = retry_after(&headers(&RETRY_AFTER, value), now);
            assert_eq!(told, seconds.map(Duration::from_secs), "{value:?}");
        }
        assert_eq!(retry_after(&headers(&X_RETRY_AFTER, "10"), now), Some(Duration::from_secs(10)));
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
