//! Who may issue tokens. `iss` picks the entry, and the entry decides about everything else.

use std::{path::PathBuf, time::Duration};

use kit::http::is_loopback;
use url::Url;

use crate::{
    config::{ConfigError, Options},
    jws::Algorithm,
};

mod file;
mod preset;
mod registry;
mod rules;

pub(crate) use self::registry::{Issuer, Registry};

/// How far the clock of an issuer may be off, unless its entry says otherwise.
pub(crate) const DEFAULT_LEEWAY: Duration = Duration::from_mins(1);

/// One issuer, as it is configured.
#[derive(Debug, Clone)]
pub struct IssuerConfig {
    /// A stable label for logs and metrics.
    pub name: String,
    /// The exact `iss`.
    pub issuer: String,
    /// The accepted `aud`: any of these.
    pub audience: Vec<String>,
    /// Where its keys are.
    pub keys: KeySource,
    /// The accepted algorithms.
    pub algorithms: Vec<Algorithm>,
    /// How far its clock may be off.
    pub leeway: Duration,
    /// Where its opaque sessions are resolved, if they are accepted: `get-session` of a Better Auth server.
    pub session_url: Option<Url>,
}

/// Where the public keys of an issuer are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A JSON Web Key Set behind a URL: `https`, or on this machine.
    Url(Url),
    /// A JSON Web Key Set in a file, read at the start and at each reload.
    File(PathBuf),
    /// Behind the `jwks_uri` of the issuer's OpenID discovery document.
    Discovery,
}

impl IssuerConfig {
    /// An issuer with every algorithm and the usual leeway.
    pub fn new(name: impl Into<String>, issuer: impl Into<String>, audience: Vec<String>, keys: KeySource) -> Self {
        Self {
            name: name.into(),
            issuer: issuer.into(),
            audience,
            keys,
            algorithms: Algorithm::ALL.to_vec(),
            leeway: DEFAULT_LEEWAY,
            session_url: None,
        }
    }
}

/// The issuers of presets, file and program, checked together.
fn collect(options: &Options) -> Result<Vec<IssuerConfig>, ConfigError> {
    let mut problems = Vec::new();
    let mut presets = preset::issuers(options, &mut problems);
    let mut explicit = options.issuers_file.as_ref().map_or_else(Vec::new, |path| file::read(path, &mut problems));
    explicit.extend(options.extra_issuers.iter().cloned());
    leave_sessions_to_one(&mut presets, &explicit);
    let issuers = [presets, explicit].concat();
    rules::check(&issuers, &mut problems);
    if options.sessions.database_url.is_some() && issuers.iter().all(|config| config.session_url.is_none()) {
        let problem = "AUTH_SESSION_DATABASE_URL is of no use: set session_url for the issuer whose tables it holds";
        problems.push(problem.to_owned());
    }
    ConfigError::unless_empty(problems, issuers)
}

/// An opaque session names no issuer, and asking several servers about it would show it to strangers. What the file
/// says wins over what presets would do by themselves, and of two presets neither does.
fn leave_sessions_to_one(presets: &mut [IssuerConfig], explicit: &[IssuerConfig]) {
    let resolving = |issuers: &[IssuerConfig]| issuers.iter().filter(|config| config.session_url.is_some()).count();
    let decided = resolving(explicit) > 0;
    if !decided && resolving(presets) < 2 {
        return;
    }
    if !decided {
        tracing::warn!("opaque sessions are not accepted: set session_url for one issuer in AUTH_ISSUERS_FILE");
    }
    for config in presets {
        config.session_url = None;
    }
}

/// Whether nobody can change on the way what is fetched from here: encrypted, or never leaving this machine.
pub(crate) fn is_safe_url(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(url),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    /// As a program would read them.
    pub(super) fn options<'a>(flags: impl IntoIterator<Item = &'a str>) -> Options {
        #[derive(Parser)]
        struct Flags {
            #[command(flatten)]
            options: Options,
        }
        Flags::parse_from(["test"].into_iter().chain(flags)).options
    }

    const BETTER_AUTH: [&str; 2] = ["--better-auth-url", "https://app.example.com/api/auth"];
    const NEON_AUTH: [&str; 2] = ["--neon-auth-url", "https://ep-x.neonauth.example/neondb/auth"];

    /// Where opaque sessions are resolved with these presets and, if asked for, an entry of its own.
    fn session_urls(presets: &[[&str; 2]], explicit: bool) -> Vec<String> {
        let mut options = options(presets.iter().copied().flatten());
        if explicit {
            let keys = KeySource::Url("https://id.example/jwks".parse().unwrap());
            let own = IssuerConfig::new("own", "https://id.example", vec!["x".to_owned()], keys);
            let session_url = Some("https://id.example/sessions".parse().unwrap());
            options.extra_issuers.push(IssuerConfig { session_url, ..own });
        }
        let issuers = collect(&options).unwrap();
        issuers.into_iter().filter_map(|config| config.session_url).map(String::from).collect()
    }

    #[test]
    fn an_opaque_session_is_shown_to_one_server_at_most() {
        let none = Vec::<String>::new();
        assert_eq!(session_urls(&[], false), none);
        assert_eq!(session_urls(&[BETTER_AUTH], false), ["https://app.example.com/api/auth/get-session"]);
        assert_eq!(session_urls(&[NEON_AUTH], false), ["https://ep-x.neonauth.example/neondb/auth/get-session"]);
        assert_eq!(session_urls(&[BETTER_AUTH, NEON_AUTH], false), none);
        assert_eq!(session_urls(&[BETTER_AUTH, NEON_AUTH], true), ["https://id.example/sessions"]);
        assert_eq!(session_urls(&[BETTER_AUTH], true), ["https://id.example/sessions"]);
    }
}
