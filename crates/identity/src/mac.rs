//! Keyed hashes: what secrets are stored as, and what upload ids are signed with.

use std::fmt;

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use subtle::ConstantTimeEq;

/// The output of a keyed hash.
#[derive(Clone, Copy)]
pub struct Tag(pub [u8; 32]);

impl PartialEq for Tag {
    /// In constant time.
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Tag {}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tag([redacted])")
    }
}

/// A key for keyed hashes (HMAC-SHA-256), for one purpose.
#[derive(Clone)]
pub struct MacKey(Key);

impl MacKey {
    /// A key from its bytes.
    pub fn new(bytes: &[u8; 32]) -> Self {
        Self(Key::new(HMAC_SHA256, bytes))
    }

    /// The key of one purpose, from a master key.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> Self {
        Self::new(&self.tag(&[purpose.as_bytes()]).0)
    }

    /// The keyed hash of some parts, each framed by its length so that none runs into the next.
    pub fn tag(&self, parts: &[&[u8]]) -> Tag {
        let mut message = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
        for part in parts {
            message.extend_from_slice(&(part.len() as u64).to_be_bytes());
            message.extend_from_slice(part);
        }
        let mut bytes = [0; 32];
        let output = sign(&self.0, &message);
        bytes.iter_mut().zip(output.as_ref()).for_each(|(to, from)| *to = *from);
        Tag(bytes)
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        let key = MacKey::new(&[7; 32]);
        assert_eq!(key.tag(&[b"ab", b"c"]), key.tag(&[b"ab", b"c"]));
        assert_ne!(key.tag(&[b"ab", b"c"]), key.tag(&[b"a", b"bc"]));
        assert_ne!(key.tag(&[b"abc"]), key.tag(&[b"abc", b""]));
        assert_ne!(key.derive("a").tag(&[b"x"]), key.derive("b").tag(&[b"x"]));
    }
}
