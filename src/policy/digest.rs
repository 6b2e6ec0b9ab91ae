//! The digest by which a policy is known.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

/// SHA-256 over names and contents in the order of names, each with its length before it, so that
/// nothing can move from one file to another unnoticed.
pub(super) fn of(files: &BTreeMap<String, String>) -> String {
    let mut hash = Sha256::new();
    for part in files.iter().flat_map(|(name, text)| [name, text]) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_contents_and_their_borders_count() {
        let digest = |files: &[(&str, &str)]| {
            of(&files.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect())
        };
        let one = digest(&[("a", "bc")]);
        assert_eq!(one, digest(&[("a", "bc")]));
        assert_eq!(one.len(), 64);
        for other in
            [digest(&[("ab", "c")]), digest(&[("a", "bd")]), digest(&[("a", "bc"), ("d", "")])]
        {
            assert_ne!(one, other);
        }
    }
}
