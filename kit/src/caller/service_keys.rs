//! Recognises service keys in constant time.

use std::sync::Arc;

use aws_lc_rs::{constant_time, digest};

use crate::config::{AcceptedServices, ConfigError, Permissions};

/// Digests of the accepted keys. Comparing digests hides the lengths; comparing all of them hides the place.
pub(super) struct Keyring(Vec<(digest::Digest, Known)>);

/// A service that showed its key.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) name: Arc<str>,
    pub(super) permissions: Permissions,
}

impl Keyring {
    pub(super) fn new(accepted: &AcceptedServices) -> Result<Self, ConfigError> {
        let services = accepted.services()?.into_iter().map(|service| {
            (sha256(service.key), Known { name: Arc::from(service.name), permissions: service.permissions })
        });
        Ok(Self(services.collect()))
    }

    /// The service that this key belongs to.
    pub(super) fn recognise(&self, presented: &str) -> Option<Known> {
        let presented = sha256(presented);
        let mut found = None;
        for (digest, known) in &self.0 {
            if constant_time::verify_slices_are_equal(digest.as_ref(), presented.as_ref()).is_ok() {
                found = Some(known);
            }
        }
        found.cloned()
    }
}

pub(super) fn sha256(text: &str) -> digest::Digest {
    digest::digest(&digest::SHA256, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ServiceKeys;

    #[test]
    fn only_the_whole_key_is_recognised() {
        let keys: ServiceKeys = "gateway:0123456789abcdef".parse().unwrap();
        let keyring = Keyring::new(&keys.into()).unwrap();
        let recognise = |key| keyring.recognise(key).map(|known| known.name);
        assert_eq!(recognise("0123456789abcdef").as_deref(), Some("gateway"));
        for wrong in ["", "0123456789abcde", "0123456789abcdef ", "gateway:0123456789abcdef"] {
            assert_eq!(recognise(wrong), None);
        }
    }
}
