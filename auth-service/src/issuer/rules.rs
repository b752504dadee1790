//! What must hold for every issuer, wherever it came from, and between them.

use std::{collections::BTreeSet, time::Duration};

use url::Url;

use super::{IssuerConfig, KeySource, is_safe_url};

/// As long as the column that keeps it.
const LONGEST_ISSUER: usize = 512;
const LONGEST_LEEWAY: Duration = Duration::from_mins(10);

pub(super) fn check(issuers: &[IssuerConfig], problems: &mut Vec<String>) {
    let (mut names, mut identifiers, mut session_issuer) = (BTreeSet::new(), BTreeSet::new(), None);
    for config in issuers {
        let mut problem = |text: String| problems.push(format!("issuer `{}`: {text}", config.name));
        if config.name.is_empty() || config.name.chars().any(char::is_control) {
            problem("name must be a plain, non-empty label".to_owned());
        }
        if !names.insert(&config.name) {
            problem("name is used twice".to_owned());
        }
        if config.issuer.is_empty() || config.issuer.chars().count() > LONGEST_ISSUER {
            problem(format!("issuer must have 1 to {LONGEST_ISSUER} characters"));
        }
        if !identifiers.insert(&config.issuer) {
            problem(format!("issuer {} is configured twice", config.issuer));
        }
        if config.audience.is_empty() || config.audience.iter().any(String::is_empty) {
            problem("audience must name at least one, and none of them empty".to_owned());
        }
        if config.algorithms.is_empty() {
            problem("algorithms must name at least one".to_owned());
        }
        if config.leeway > LONGEST_LEEWAY {
            problem(format!("leeway must be at most {}", humantime::format_duration(LONGEST_LEEWAY)));
        }
        match &config.keys {
            KeySource::Url(url) => check_url("jwks_url", url, &mut problem),
            KeySource::Discovery if !config.issuer.parse().is_ok_and(|url: Url| is_safe_url(&url)) => {
                let text = "issuer must be an https URL for discovery; plain http is accepted on this machine only";
                problem(text.to_owned());
            }
            KeySource::Discovery | KeySource::File(_) => {}
        }
        if let Some(url) = &config.session_url {
            check_url("session_url", url, &mut problem);
            match session_issuer {
                None => session_issuer = Some(&config.name),
                Some(other) => problem(format!(
                    "session_url: an opaque session names no issuer, so only one may have it, and `{other}` has"
                )),
            }
        }
    }
}

fn check_url(field: &str, url: &Url, mut problem: impl FnMut(String)) {
    if !url.username().is_empty() || url.password().is_some() {
        problem(format!("{field} must not hold a user or a password"));
    } else if !is_safe_url(url) {
        problem(format!("{field} {url} must be https; plain http is accepted on this machine only"));
    }
}
