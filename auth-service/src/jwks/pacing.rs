//! When an issuer wants to be asked again, as it says in the headers of its answer.

use std::time::{Duration, SystemTime};

use chrono::DateTime;
use reqwest::header::{AGE, CACHE_CONTROL, HeaderMap, HeaderName, RETRY_AFTER};

const X_RETRY_AFTER: HeaderName = HeaderName::from_static("x-retry-after");

/// For how long the answer is good (RFC 9111 §4.2, §5.2.2), if that is said.
pub(super) fn lifetime(headers: &HeaderMap) -> Option<Duration> {
    let directives = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let directives = directives.flat_map(|value| value.split(',')).map(|name| name.trim().to_ascii_lowercase());
    let lifetimes = directives.filter_map(|directive| match directive.split_once('=') {
        None if directive == "no-store" || directive == "no-cache" => Some(Duration::ZERO),
        Some(("max-age", seconds)) => seconds.trim_matches('"').parse().ok().map(Duration::from_secs),
        _ => None,
    });
    let spent = text(headers, &AGE).and_then(|age| age.parse().ok()).map_or(Duration::ZERO, Duration::from_secs);
    lifetimes.min().map(|lifetime| lifetime.saturating_sub(spent))
}

/// How long the issuer wants to be left alone (RFC 9110 §10.2.3), if that is said: in seconds, or until a date. Better
/// Auth says it in a header of its own.
pub(super) fn pause(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = text(headers, &RETRY_AFTER).or_else(|| text(headers, &X_RETRY_AFTER))?;
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = SystemTime::from(DateTime::parse_from_rfc2822(text).ok()?);
    Some(date.duration_since(now).unwrap_or_default())
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&HeaderName, &str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| ((*name).clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_lifetime_is_the_shortest_that_is_said() {
        for (value, age, seconds) in [
            ("max-age=300", "", Some(300)),
            ("public, Max-Age=300, must-revalidate", "", Some(300)),
            ("max-age=\"60\"", "", Some(60)),
            ("max-age=300, max-age=10", "", Some(10)),
            ("max-age=300, no-cache", "", Some(0)),
            ("no-store", "", Some(0)),
            ("max-age=300", "100", Some(200)),
            ("max-age=300", "400", Some(0)),
            ("max-age=300", "soon", Some(300)),
            ("s-maxage=5, public", "", None),
            ("max-age=-1", "", None),
            ("max-age=99999999999999999999", "", None),
            ("max-age", "", None),
            ("", "", None),
        ] {
            let lines = [(&CACHE_CONTROL, value), (&AGE, age)];
            assert_eq!(lifetime(&headers(&lines)), seconds.map(Duration::from_secs), "{value:?} {age:?}");
        }
        let lines = [(&CACHE_CONTROL, "max-age=300"), (&CACHE_CONTROL, "max-age=20")];
        let mut twice = headers(&lines[..1]);
        twice.append(CACHE_CONTROL, lines[1].1.parse().unwrap());
        assert_eq!(lifetime(&twice), Some(Duration::from_secs(20)));
        assert_eq!(lifetime(&HeaderMap::new()), None);
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
            let told = pause(&headers(&[(&RETRY_AFTER, value)]), now);
            assert_eq!(told, seconds.map(Duration::from_secs), "{value:?}");
        }
        assert_eq!(pause(&headers(&[(&X_RETRY_AFTER, "10")]), now), Some(Duration::from_secs(10)));
        assert_eq!(pause(&HeaderMap::new(), now), None);
    }
}
