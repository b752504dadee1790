//! What other commands need to reach the stack that runs in a data directory: one file, there as long as the stack.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use kit::config::{AcceptedServices, Permission};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use url::Url;

use crate::{data_dir, random};

const FILE: &str = "stack.json";
/// The name of the commands among the services that may call.
const NAME: &str = "command-line";

/// Where the auth service answers, and a key to ask it with.
pub(crate) struct RunningStack {
    pub(crate) auth: Url,
    pub(crate) service_key: SecretString,
}

/// The file of a stack. It goes when the stack ends.
pub(crate) struct Announcement {
    path: PathBuf,
    text: String,
}

impl RunningStack {
    /// A stack whose auth service answers here, with a key of its own.
    pub(crate) fn new(auth: Url) -> Self {
        Self { auth, service_key: random::secret() }
    }

    /// The stack that runs in this directory.
    pub(crate) fn find(data_dir: &Path) -> anyhow::Result<Self> {
        let path = data_dir.join(FILE);
        let text = fs::read_to_string(&path).with_context(|| {
            format!(
                "no stack runs in {}; start one with `cargo run`, or name another with --auth-url and SERVICE_KEY",
                data_dir.display()
            )
        })?;
        Self::read(&text).with_context(|| format!("{} is not what a stack writes", path.display()))
    }

    fn read(text: &str) -> Option<Self> {
        let file: Value = serde_json::from_str(text).ok()?;
        Some(Self { auth: file["auth"].as_str()?.parse().ok()?, service_key: file["service_key"].as_str()?.into() })
    }

    /// The services that may call, and the commands, which may ask why a token is refused and no more.
    pub(crate) fn admitted(&self, services: AcceptedServices) -> AcceptedServices {
        let AcceptedServices { service_keys, service_permissions } = services;
        AcceptedServices {
            service_keys: service_keys.with(NAME, self.service_key.clone()),
            service_permissions: service_permissions.with(NAME, [Permission::Explain].into_iter().collect()),
        }
    }

    /// Writes the file.
    pub(crate) fn announce(&self, data_dir: &Path) -> anyhow::Result<Announcement> {
        let path = data_dir.join(FILE);
        let text = json!({ "auth": self.auth, "service_key": self.service_key.expose_secret() }).to_string();
        data_dir::write_secret(&path, text.as_bytes()).with_context(|| format!("writing {}", path.display()))?;
        Ok(Announcement { path, text })
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        // Two stacks on one external database may share a directory: what the other has written stays.
        if fs::read_to_string(&self.path).is_ok_and(|text| text == self.text) {
            // Whoever removed it meanwhile wanted the same.
            let _ = fs::remove_file(&self.path);
        }
    }
}
