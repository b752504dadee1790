//! Recognises service keys in constant time.

use std::sync::Arc;

use aws_lc_rs::{constant_time, digest};

use crate::config::ServiceKeys;

/// Digests of the accepted keys. Comparing digests hides the lengths; comparing all of them hides the place.
pub(super) struct Keyring(Vec<(Arc<str>, digest::Digest)>);

impl Keyring {
    pub(super) fn new(keys: &ServiceKeys) -> Self {
        Self(keys.iter().map(|(name, key)| (Arc::from(name), sha256(key))).collect())
    }

    /// The name of the service that this key belongs to.
    pub(super) fn recognise(&self, presented: &str) -> Option<Arc<str>> {
        let presented = sha256(presented);
        let mut found = None;
        for (name, digest) in &self.0 {
            if constant_time::verify_slices_are_equal(digest.as_ref(), presented.as_ref()).is_ok() {
                found = Some(name);
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

    #[test]
    fn only_the_whole_key_is_recognised() {
        let keyring = Keyring::new(&"gateway:0123456789abcdef".parse().unwrap());
        assert_eq!(keyring.recognise("0123456789abcdef").as_deref(), Some("gateway"));
        for wrong in ["", "0123456789abcde", "0123456789abcdef ", "gateway:0123456789abcdef"] {
            assert_eq!(keyring.recognise(wrong), None);
        }
    }
}
