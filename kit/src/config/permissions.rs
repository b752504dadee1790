//! What a service may do with its key.

use std::{collections::BTreeMap, fmt, str::FromStr};

use super::ConfigError;

/// One thing that not every service may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Ask about credentials of users.
    Verify,
    /// Act for users: `x-act-as`.
    Act,
    /// Read any user.
    Users,
    /// Learn why a credential is refused.
    Explain,
    /// End the credentials of any user, and erase any.
    Admin,
}

impl Permission {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Verify, Self::Act, Self::Users, Self::Explain, Self::Admin];

    /// Its name in `SERVICE_PERMISSIONS`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Act => "act",
            Self::Users => "users",
            Self::Explain => "explain",
            Self::Admin => "admin",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.name() == name)
    }
}

/// What one service may do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Permissions(u8);

impl Permissions {
    /// All there are.
    pub fn all() -> Self {
        Permission::ALL.into_iter().collect()
    }

    /// Whether this is among them.
    pub fn allow(self, permission: Permission) -> bool {
        self.0 & bit(permission) != 0
    }

    /// The same and this one.
    #[must_use]
    pub fn and(self, permission: Permission) -> Self {
        Self(self.0 | bit(permission))
    }
}

fn bit(permission: Permission) -> u8 {
    1 << permission as u8
}

impl Default for Permissions {
    /// What a service needs that serves users: of a service that `SERVICE_PERMISSIONS` does not name.
    fn default() -> Self {
        [Permission::Verify, Permission::Act, Permission::Users].into_iter().collect()
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        permissions.into_iter().fold(Self(0), Self::and)
    }
}

/// As they stand in `SERVICE_PERMISSIONS`.
impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Permission::ALL.into_iter().filter(|permission| self.allow(*permission)).map(Permission::name);
        f.write_str(&names.collect::<Vec<_>>().join("+"))
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Services by name with exactly what each may do, as in `SERVICE_PERMISSIONS`.
#[derive(Debug, Clone, Default)]
pub struct ServicePermissions(BTreeMap<String, Permissions>);

impl ServicePermissions {
    /// What this service may do.
    pub fn of(&self, name: &str) -> Permissions {
        self.0.get(name).copied().unwrap_or_default()
    }

    /// The same with this service, which may do this and no more.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, permissions: Permissions) -> Self {
        self.0.insert(name.into(), permissions);
        self
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl FromStr for ServicePermissions {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (mut services, mut problems) = (BTreeMap::new(), Vec::new());
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let (name, list) = entry.split_once(':').unwrap_or((entry, ""));
            let (name, names) = (name.trim(), list.split('+').map(str::trim));
            if name.is_empty() || list.is_empty() {
                problems.push(format!("`{entry}` is not of the form name:permission+permission"));
                continue;
            }
            let mut permissions = Permissions(0);
            for permission in names {
                match Permission::from_name(permission) {
                    Some(known) => permissions = permissions.and(known),
                    None => problems.push(format!(
                        "`{permission}` of `{name}` is no permission; there are {}",
                        Permission::ALL.map(Permission::name).join(", ")
                    )),
                }
            }
            if services.insert(name.to_owned(), permissions).is_some() {
                problems.push(format!("`{name}` stands there twice"));
            }
        }
        ConfigError::unless_empty(problems, Self(services))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_service_may_do_what_is_listed_and_any_other_what_is_usual() {
        let given: ServicePermissions = "ops:explain+admin, history:verify".parse().unwrap();
        assert_eq!(given.of("ops").to_string(), "explain+admin");
        assert_eq!(given.of("history").to_string(), "verify");
        assert_eq!(given.of("gateway").to_string(), "verify+act+users");
        for permission in Permission::ALL {
            assert_eq!(given.of("history").allow(permission), permission == Permission::Verify);
        }
    }

    #[test]
    fn every_problem_is_named_at_once() {
        for (text, problem) in [
            ("ops", "`ops` is not of the form name:permission+permission"),
            ("ops:", "`ops:` is not of the form name:permission+permission"),
            (":verify", "`:verify` is not of the form name:permission+permission"),
            (
                "ops:Verify,ops:act",
                "`Verify` of `ops` is no permission; there are verify, act, users, explain, admin; `ops` stands there twice",
            ),
            ("ops:act+", "`` of `ops` is no permission; there are verify, act, users, explain, admin"),
        ] {
            assert_eq!(text.parse::<ServicePermissions>().unwrap_err().to_string(), problem);
        }
    }
}
