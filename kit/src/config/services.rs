//! The services that may call this one: their keys, and what each may do.

use std::{collections::BTreeSet, fmt, str::FromStr};

use secrecy::{ExposeSecret, SecretString};

use super::{ConfigError, Permissions, ServicePermissions};

/// The services that may call this one.
#[derive(Debug, Clone, Default, clap::Args)]
#[group(skip)]
pub struct AcceptedServices {
    /// Services that may call, each with its secret: `name:key,…`, each key at least 16 characters
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

    /// What each may do: `name:permission+permission,…` of verify, act, users, explain and admin. A service that is not
    /// named may verify, act and read users; one that is named may do exactly this
    #[arg(
        id = "service-permissions",
        long,
        env = "SERVICE_PERMISSIONS",
        default_value = "",
        hide_default_value = true,
        value_name = "NAME:PERMISSION+…,…"
    )]
    pub service_permissions: ServicePermissions,
}

/// A service that may call.
pub struct AcceptedService<'a> {
    /// Its configured name.
    pub name: &'a str,
    /// Its secret.
    pub key: &'a str,
    /// What it may do.
    pub permissions: Permissions,
}

impl AcceptedServices {
    /// Every service, with all that is said about it.
    ///
    /// # Errors
    /// When `SERVICE_PERMISSIONS` names a service that has no key: a slip of the pen there would leave the service that
    /// was meant with more than it should have.
    pub fn services(&self) -> Result<Vec<AcceptedService<'_>>, ConfigError> {
        let keys = &self.service_keys;
        let keyless = self.service_permissions.names().filter(|name| keys.iter().all(|(known, _)| known != *name));
        let problems =
            keyless.map(|name| format!("SERVICE_PERMISSIONS names `{name}`, which has no key in SERVICE_KEYS"));
        let services = keys.iter().map(|(name, key)| AcceptedService {
            name,
            key,
            permissions: self.service_permissions.of(name),
        });
        ConfigError::unless_empty(problems.collect(), services.collect())
    }
}

impl From<ServiceKeys> for AcceptedServices {
    /// Each with the usual permissions.
    fn from(service_keys: ServiceKeys) -> Self {
        Self { service_keys, ..Self::default() }
    }
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

    /// The same with one more.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, key: SecretString) -> Self {
        self.0.push((name.into(), key));
        self
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
    /// Nobody could tell these two apart.
    #[error("`{0}` and `{1}` have the same key")]
    Shared(String, String),
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
            let same = |(_, other): &&(String, SecretString)| other.expose_secret() == key;
            if let Some((other, _)) = keys.iter().find(same) {
                return Err(ServiceKeysError::Shared(other.clone(), name.to_owned()));
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
            ("a:0123456789abcdef,a:fedcba9876543210", "`a` stands there twice"),
            ("a:0123456789abcdef,b:0123456789abcdef", "`a` and `b` have the same key"),
        ] {
            assert_eq!(text.parse::<ServiceKeys>().unwrap_err().to_string(), problem);
        }
    }

    #[test]
    fn debug_shows_names_only() {
        let keys: ServiceKeys = "gateway:0123456789abcdef".parse().unwrap();
        assert_eq!(format!("{keys:?}"), r#"["gateway"]"#);
    }

    #[test]
    fn permissions_without_a_key_are_a_mistake() {
        let accepted = |permissions: &str| AcceptedServices {
            service_keys: ServiceKeys::single("gateway", "0123456789abcdef".into()),
            service_permissions: permissions.parse().unwrap(),
        };
        let narrow = accepted("gateway:verify");
        let services = narrow.services().unwrap();
        assert_eq!((services[0].name, services[0].permissions.to_string().as_str()), ("gateway", "verify"));
        assert_eq!(
            accepted("gatway:verify,ops:admin").services().map(drop).unwrap_err().to_string(),
            "SERVICE_PERMISSIONS names `gatway`, which has no key in SERVICE_KEYS; \
             SERVICE_PERMISSIONS names `ops`, which has no key in SERVICE_KEYS"
        );
    }
}
