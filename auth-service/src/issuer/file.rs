//! `AUTH_ISSUERS_FILE`: issuers in TOML.

use std::{fs, path::Path};

use serde::Deserialize;

use super::{DEFAULT_LEEWAY, IssuerConfig, KeySource};
use crate::jws::Algorithm;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    issuer: Vec<Entry>,
}

/// Everything optional, so that what is missing can be named with its entry.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Option<String>,
    issuer: Option<String>,
    audience: Option<Vec<String>>,
    jwks_url: Option<String>,
    jwks_file: Option<String>,
    algorithms: Option<Vec<String>>,
    leeway: Option<String>,
    session_url: Option<String>,
}

/// The issuers of a file. Problems name the entry and the field.
pub(super) fn read(path: &Path, problems: &mut Vec<String>) -> Vec<IssuerConfig> {
    let parsed = fs::read_to_string(path)
        .map_err(|error| error.to_string())
        .and_then(|text| toml::from_str::<File>(&text).map_err(|error| error.to_string().trim_end().to_owned()));
    match parsed {
        // A file that was emptied, or is being written, would lock everyone out.
        Ok(file) if file.issuer.is_empty() => {
            problems.push(format!("AUTH_ISSUERS_FILE {}: it names no issuer", path.display()));
            Vec::new()
        }
        Ok(file) => {
            let folder = path.parent().unwrap_or(Path::new(""));
            let entries = file.issuer.into_iter().enumerate();
            entries.filter_map(|(index, entry)| entry.resolve(index + 1, folder, problems)).collect()
        }
        Err(problem) => {
            problems.push(format!("AUTH_ISSUERS_FILE {}: {problem}", path.display()));
            Vec::new()
        }
    }
}

impl Entry {
    fn resolve(self, position: usize, folder: &Path, problems: &mut Vec<String>) -> Option<IssuerConfig> {
        let label = self.name.as_ref().map_or_else(|| format!("issuer {position}"), |name| format!("issuer `{name}`"));
        let before = problems.len();
        let mut problem = |text: &str| problems.push(format!("{label}: {text}"));

        for (field, missing) in
            [("name", self.name.is_none()), ("issuer", self.issuer.is_none()), ("audience", self.audience.is_none())]
        {
            if missing {
                problem(&format!("{field} is missing"));
            }
        }
        let keys = match (self.jwks_url, self.jwks_file) {
            (Some(url), None) => {
                url.parse().map(KeySource::Url).map_err(|error| problem(&format!("jwks_url is no URL: {error}"))).ok()
            }
            (None, Some(file)) => Some(KeySource::File(folder.join(file))),
            (Some(_), Some(_)) => {
                problem("jwks_url and jwks_file exclude each other");
                None
            }
            (None, None) => {
                problem("jwks_url or jwks_file is missing");
                None
            }
        };
        let algorithms = self.algorithms.map_or_else(
            || Algorithm::ALL.to_vec(),
            |names| names.iter().filter_map(|name| algorithm(name).map_err(|text| problem(&text)).ok()).collect(),
        );
        let leeway = self.leeway.map_or(Some(DEFAULT_LEEWAY), |text| {
            humantime::parse_duration(&text)
                .map_err(|error| problem(&format!("leeway `{text}` is no duration: {error}")))
                .ok()
        });
        let session_url = self
            .session_url
            .and_then(|url| url.parse().map_err(|error| problem(&format!("session_url is no URL: {error}"))).ok());
        if problems.len() > before {
            return None;
        }
        let (name, issuer, audience) = (self.name?, self.issuer?, self.audience?);
        Some(IssuerConfig { name, issuer, audience, keys: keys?, algorithms, leeway: leeway?, session_url })
    }
}

fn algorithm(name: &str) -> Result<Algorithm, String> {
    Algorithm::from_name(name).ok_or_else(|| {
        if name.eq_ignore_ascii_case("none") || name.starts_with("HS") {
            "algorithms: only signatures with a public key can be accepted, not `none` or HS*".to_owned()
        } else {
            let known = Algorithm::ALL.map(Algorithm::name).join(", ");
            format!("algorithms: `{name}` is unknown; supported are {known} (Ed25519 is another name of EdDSA)")
        }
    })
}
