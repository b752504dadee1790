//! What was found and what is expected, in words. What a token brings is quoted, short, and without anything that a
//! terminal could obey.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use crate::{
    issuer::Issuer,
    jws::{Algorithm, Claims, Header, Times},
};

const LONGEST_QUOTE: usize = 120;

pub(super) fn header(header: Option<&Header>) -> String {
    let Some(header) = header else { return String::new() };
    let key = header.key_id.as_deref().map_or_else(|| "no `kid`".to_owned(), |id| format!("`kid` is {}", quote(id)));
    format!("`alg` is {}, {key}", quote(&header.algorithm_name))
}

pub(super) fn issuer(claims: &Claims<'_>, found: Option<&Issuer>, configured: &[String]) -> String {
    let Ok(given) = claims.issuer() else { return String::new() };
    if let Some(issuer) = found {
        return format!("`iss` is {}, configured as `{}`", quote(&given), issuer.name);
    }
    let loose = |identifier: &str| identifier.trim_end_matches('/').to_ascii_lowercase();
    match configured.iter().find(|identifier| loose(identifier) == loose(&given)) {
        Some(near) => format!("`iss` is {}, and {} is configured; they must be equal", quote(&given), quote(near)),
        None => format!("`iss` is {}; configured are {}", quote(&given), list(configured)),
    }
}

pub(super) fn algorithm(header: Option<&Header>, issuer: Option<&Issuer>) -> String {
    let (Some(header), Some(issuer)) = (header, issuer) else { return String::new() };
    let accepted = issuer.algorithms.iter().map(|algorithm| algorithm.name()).collect::<Vec<_>>().join(", ");
    format!("`alg` is {}; accepted are {accepted}", quote(&header.algorithm_name))
}

pub(super) fn audience(claims: &Claims<'_>, issuer: Option<&Issuer>) -> String {
    let Some(issuer) = issuer else { return String::new() };
    format!("`aud` is {}; accepted are {}", list(&claims.details().audience), list(&issuer.audience))
}

pub(super) fn time(times: Option<&Times>, leeway: Duration, now: SystemTime) -> String {
    let clock = format!("our clock says {}", moment(now));
    let Some(times) = times else { return clock };
    let named = [("iat", times.issued_at), ("nbf", times.not_before), ("exp", Some(times.expires_at))];
    let said = named.into_iter().filter_map(|(name, said)| {
        said.map(|said| format!("; `{name}` is {}, {}", moment(said), relative(distance(said, now))))
    });
    format!("{clock}{}; clocks may differ by {}", said.collect::<String>(), humantime::format_duration(leeway))
}

pub(super) fn key(header: Option<&Header>, issuer: Option<&Issuer>, algorithm: Option<Algorithm>) -> String {
    let (Some(header), Some(issuer)) = (header, issuer) else { return String::new() };
    let algorithm = algorithm.map_or("an unknown algorithm", Algorithm::name);
    let named = header.key_id.as_deref().map_or_else(
        || format!("the token names none, so exactly one must be for {algorithm}"),
        |id| format!("`kid` is {} for {algorithm}", quote(id)),
    );
    format!("{named}; the keys of the issuer: {}", issuer.keys.state())
}

/// From now to that moment, negative into the past.
pub(super) fn distance(moment: SystemTime, now: SystemTime) -> TimeDelta {
    DateTime::<Utc>::from(moment) - DateTime::<Utc>::from(now)
}

fn moment(moment: SystemTime) -> String {
    DateTime::<Utc>::from(moment).to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn relative(distance: TimeDelta) -> String {
    let span = humantime::format_duration(Duration::from_secs(distance.num_seconds().unsigned_abs()));
    if distance < TimeDelta::zero() { format!("{span} ago") } else { format!("in {span}") }
}

fn list(texts: &[String]) -> String {
    match texts {
        [] => "nothing".to_owned(),
        texts => texts.iter().take(10).map(|text| quote(text)).collect::<Vec<_>>().join(", "),
    }
}

fn quote(text: &str) -> String {
    let mut shown = text.chars().take(LONGEST_QUOTE).flat_map(char::escape_debug).collect::<String>();
    if text.chars().nth(LONGEST_QUOTE).is_some() {
        shown.push('…');
    }
    format!("\"{shown}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_is_short_and_commands_no_terminal() {
        assert_eq!(quote("\u{1b}[2J\n\"\u{202e}"), r#""\u{1b}[2J\n\"\u{202e}""#);
        assert_eq!(quote(&"é".repeat(LONGEST_QUOTE)), format!("\"{}\"", "é".repeat(LONGEST_QUOTE)));
        assert_eq!(quote(&"é".repeat(LONGEST_QUOTE + 1)), format!("\"{}…\"", "é".repeat(LONGEST_QUOTE)));
    }

    #[test]
    fn a_moment_lies_ahead_or_behind() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(1);
        let relative = |moment| relative(distance(moment, now));
        assert_eq!(relative(now + Duration::from_millis(90_500)), "in 1m 30s");
        assert_eq!(relative(SystemTime::UNIX_EPOCH), "1h ago");
    }
}
