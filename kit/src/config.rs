//! Flags that several programs share. Each stands here once, so that the one-machine binary can take them all.

use std::{collections::BTreeSet, fmt, str::FromStr};

use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// Where the tables are.
#[derive(Debug, Clone, Default, clap::Args)]
#[group(skip)]
pub struct Database {
    /// PostgreSQL for the services, as a role that does not bypass row-level security
    #[arg(id = "database-url", long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub url: Option<SecretString>,

    /// PostgreSQL for migrations, as the owner of the tables and past any pooler; without it none run at the start
    #[arg(id = "database-direct-url", long, env = "DATABASE_DIRECT_URL", hide_env_values = true, value_name = "URL")]
    pub direct_url: Option<SecretString>,

    /// Start although the role of DATABASE_URL bypasses row-level security, which keeps users apart
    #[arg(id = "database-allow-rls-bypass", long, env = "DATABASE_ALLOW_RLS_BYPASS")]
    pub allow_bypass: bool,
}

impl Database {
    /// The database as a service: its own, given by the variable `own_name`, else the one that all share.
    ///
    /// # Errors
    /// When none was given.
    pub fn service_url<'a>(
        &'a self,
        own: Option<&'a SecretString>,
        own_name: &str,
    ) -> Result<&'a SecretString, ConfigError> {
        let url = own.or(self.url.as_ref());
        url.ok_or_else(|| ConfigError::new(format!("DATABASE_URL (or {own_name}) is missing")))
    }

    /// The database as the owner of the tables, if that is said; else as the service.
    ///
    /// # Errors
    /// When none was given.
    pub fn owner_url<'a>(
        &'a self,
        own: Option<&'a SecretString>,
        own_name: &str,
    ) -> Result<&'a SecretString, ConfigError> {
        self.direct_url.as_ref().map_or_else(|| self.service_url(own, own_name), Ok)
    }
}

/// Where the auth service answers.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct AuthEndpoint {
    /// The auth service
    #[arg(id = "auth-url", long, env = "AUTH_URL", default_value = "http://127.0.0.1:50051", value_name = "URL")]
    pub auth_url: Url,
}

/// The services that may call this one.
#[derive(Debug, Clone, Default, clap::Args)]
#[group(skip)]
pub struct AcceptedServices {
    /// Services that may act for users: `name:key,…`, each key at least 16 characters
    #[arg(
        id = "service-keys",
        long,
        env = "SERVICE_KEYS",
        hide_env_values = true,
        default_value = "",
        hide_default_value = true,
        value_name = "NAME:KEY,…"
    )]
    pub service_keys: ServiceKeys,
}

/// Named secrets of services, as they stand in `SERVICE_KEYS`.
#[derive(Clone, Default)]
pub struct ServiceKeys(Vec<(String, SecretString)>);

impl ServiceKeys {
    /// The shortest key that is accepted.
    pub const SHORTEST: usize = 16;

    /// One named key.
    pub fn single(name: impl Into<String>, key: SecretString) -> Self {
        Self(vec![(name.into(), key)])
    }

    /// Names and keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, key)| (name.as_str(), key.expose_secret()))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key that `name` shows to other services: its own, else the first.
    pub fn own_key(&self, name: &str) -> Option<SecretString> {
        let own = self.0.iter().find(|(candidate, _)| candidate == name);
        own.or_else(|| self.0.first()).map(|(_, key)| key.clone())
    }
}

/// Why a configuration cannot be right: every problem that was found. It repeats no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(Vec<String>);

impl ConfigError {
    /// One problem.
    pub fn new(problem: impl Into<String>) -> Self {
        Self(vec![problem.into()])
    }

    /// Succeeds with `value` when there are no problems.
    pub fn unless_empty<T>(problems: Vec<String>, value: T) -> Result<T, Self> {
        if problems.is_empty() { Ok(value) } else { Err(Self(problems)) }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

impl std::error::Error for ConfigError {}

/// Why `SERVICE_KEYS` cannot be used. It never repeats a key.
#[derive(Debug, thiserror::Error)]
pub enum ServiceKeysError {
    /// An entry has no colon or no name.
    #[error("entry {0} is not of the form name:key")]
    Form(usize),
    /// A key is too short to be a secret.
    #[error("the key of `{0}` is shorter than {min} characters", min = ServiceKeys::SHORTEST)]
    Short(String),
    /// Two entries have the same name.
    #[error("`{0}` stands there twice")]
    Twice(String),
}

impl FromStr for ServiceKeys {
    type Err = ServiceKeysError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut names = BTreeSet::new();
        let mut keys = Vec::new();
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        for (index, entry) in entries.enumerate() {
            let (name, key) = entry.split_once(':').ok_or(ServiceKeysError::Form(index + 1))?;
            if name.is_empty() {
                return Err(ServiceKeysError::Form(index + 1));
            }
            if key.len() < Self::SHORTEST {
                return Err(ServiceKeysError::Short(name.to_owned()));
            }
            if !names.insert(name.to_owned()) {
                return Err(ServiceKeysError::Twice(name.to_owned()));
            }
            keys.push((name.to_owned(), SecretString::from(key)));
        }
        Ok(Self(keys))
    }
}

impl fmt::Debug for ServiceKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn service_keys_are_named_pairs() {
        let keys: ServiceKeys = "gateway:0123456789abcdef, history:fedcba9876543210".parse().unwrap();
        assert_eq!(keys.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["gateway", "history"]);
        assert_eq!(keys.own_key("history").unwrap().expose_secret(), "fedcba9876543210");
        assert_eq!(keys.own_key("billing").unwrap().expose_secret(), "0123456789abcdef");
    }

    #[test]
    fn a_refused_key_is_not_repeated() {
        for (text, problem) in [
            ("gateway", "entry 1 is not of the form name:key"),
            ("gateway:short-secret", "the key of `gateway` is shorter than 16 characters"),
            ("a:0123456789abcdef,a:0123456789abcdef", "`a` stands there twice"),
        ] {
            assert_eq!(text.parse::<ServiceKeys>().unwrap_err().to_string(), problem);
        }
    }

    #[test]
    fn debug_shows_names_only() {
        let keys: ServiceKeys = "gateway:0123456789abcdef".parse().unwrap();
        assert_eq!(format!("{keys:?}"), r#"["gateway"]"#);
    }
}
