//! Digests of several texts, by which what comes again is known. They are stored: what they are made of never changes.

use aws_lc_rs::digest::{Context, Digest, SHA256};

/// SHA-256 over these texts. Lengths keep neighbours apart, and an empty text from none.
pub(crate) fn digest<T: AsRef<[u8]>>(texts: impl IntoIterator<Item = Option<T>>) -> Digest {
    let mut digest = Context::new(&SHA256);
    for text in texts {
        let text = text.as_ref().map(T::as_ref);
        let length = text.map_or(u64::MAX, |text| text.len() as u64);
        digest.update(&length.to_be_bytes());
        digest.update(text.unwrap_or_default());
    }
    digest.finish()
}

#[cfg(test)]
mod tests {
    use kit::hex::hex;

    use super::*;

    #[test]
    fn what_was_stored_is_known_again_and_neighbours_stay_apart() {
        let digest = |texts: &[Option<&str>]| hex(digest(texts.iter().copied()).as_ref());
        assert_eq!(
            digest(&[Some("ab"), None, Some("")]),
            "9cd9e4e5c0223cfb0d5e01bdacc62121a46c81ef27cba6622825b29e6df3e749"
        );
        let apart = [digest(&[Some("ab"), Some("c")]), digest(&[Some("a"), Some("bc")]), digest(&[Some("abc")])];
        assert!(apart[0] != apart[1] && apart[1] != apart[2] && apart[0] != apart[2]);
        assert_ne!(digest(&[None]), digest(&[Some("")]));
    }
}
