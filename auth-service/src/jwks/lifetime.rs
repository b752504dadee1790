//! For how long an answer is good, as its headers say.

use std::time::Duration;

use reqwest::header::{AGE, CACHE_CONTROL, HeaderMap};

use crate::http::text;

/// For how long the answer is good (RFC 9111 §4.2, §5.2.2), if that is said.
pub(super) fn of(headers: &HeaderMap) -> Option<Duration> {
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

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderName;

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
            assert_eq!(of(&headers(&lines)), seconds.map(Duration::from_secs), "{value:?} {age:?}");
        }
        let lines = [(&CACHE_CONTROL, "max-age=300"), (&CACHE_CONTROL, "max-age=20")];
        let mut twice = headers(&lines[..1]);
        twice.append(CACHE_CONTROL, lines[1].1.parse().unwrap());
        assert_eq!(of(&twice), Some(Duration::from_secs(20)));
        assert_eq!(of(&HeaderMap::new()), None);
    }
}
