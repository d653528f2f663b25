//! Digests (OCI image specification, "Digests") and the hashing that makes them.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{Context, SHA256, SHA512};

/// A digest algorithm that content can be addressed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// SHA-256, what nearly everybody uses.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    /// Its name in a digest, as in `sha256:…`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// The length of its output in bytes.
    pub const fn size(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

impl FromStr for Algorithm {
    type Err = DigestError;

    fn from_str(name: &str) -> Result<Self, DigestError> {
        match name {
            "sha256" => Ok(Self::Sha256),
            "sha512" => Ok(Self::Sha512),
            _ => Err(DigestError::Algorithm),
        }
    }
}

/// Why a text is not a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// No `algorithm:hex`.
    #[error("a digest is `algorithm:hex`, as in `sha256:` and 64 hexadecimal digits")]
    Form,
    /// An algorithm that is not supported.
    #[error("the digest algorithm is not supported: use sha256 or sha512")]
    Algorithm,
    /// Wrong length, or not lower-case hexadecimal.
    #[error("the encoded part of a digest is lower-case hexadecimal of the algorithm's length")]
    Encoded,
}

/// The digest of some content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    algorithm: Algorithm,
    bytes: [u8; 64],
}

impl Digest {
    /// The SHA-256 digest of `content`.
    pub fn sha256(content: &[u8]) -> Self {
        Self::of(Algorithm::Sha256, content)
    }

    /// The digest of `content`.
    pub fn of(algorithm: Algorithm, content: &[u8]) -> Self {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(content);
        hasher.finish()
    }

    /// Whether it is the digest of `content`.
    pub fn is_of(&self, content: &[u8]) -> bool {
        *self == Self::of(self.algorithm, content)
    }

    /// Which algorithm made it.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The output of the algorithm.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.algorithm.size()).unwrap_or(&self.bytes)
    }

    /// A digest from its algorithm and raw output, as a store keeps it.
    pub fn from_bytes(algorithm: Algorithm, raw: &[u8]) -> Result<Self, DigestError> {
        let mut bytes = [0; 64];
        if raw.len() != algorithm.size() {
            return Err(DigestError::Encoded);
        }
        bytes.iter_mut().zip(raw).for_each(|(to, from)| *to = *from);
        Ok(Self { algorithm, bytes })
    }

    /// The hexadecimal part alone.
    pub fn hex(&self) -> String {
        self.encode(&mut [0; MOST_HEX]).to_owned()
    }

    /// Writes the hexadecimal part into `buffer`: it stands in every answer, often twice.
    fn encode<'b>(&self, buffer: &'b mut [u8; MOST_HEX]) -> &'b str {
        for (pair, byte) in buffer.chunks_exact_mut(2).zip(self.bytes()) {
            if let [high, low] = pair {
                (*high, *low) = (hex_digit(byte >> 4), hex_digit(byte & 15));
            }
        }
        let length = self.algorithm.size() * 2;
        buffer.get(..length).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
    }
}

/// The hexadecimal digits of the longest digest.
const MOST_HEX: usize = 128;

const fn hex_digit(nibble: u8) -> u8 {
    match nibble {
        0..10 => b'0' + nibble,
        _ => b'a' - 10 + nibble,
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let (algorithm, hex) = text.split_once(':').ok_or(DigestError::Form)?;
        let algorithm: Algorithm = algorithm.parse()?;
        let hex = hex.as_bytes();
        if hex.len() != algorithm.size() * 2 {
            return Err(DigestError::Encoded);
        }
        let mut bytes = [0; 64];
        for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
            for digit in pair {
                let value = match digit {
                    b'0'..=b'9' => digit - b'0',
                    b'a'..=b'f' => digit - b'a' + 10,
                    _ => return Err(DigestError::Encoded),
                };
                *byte = (*byte << 4) | value;
            }
        }
        Ok(Self { algorithm, bytes })
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.algorithm.name())?;
        f.write_str(":")?;
        f.write_str(self.encode(&mut [0; MOST_HEX]))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Hashes content as it streams by.
#[derive(Clone)]
pub struct Hasher {
    algorithm: Algorithm,
    context: Context,
}

impl Hasher {
    /// A hasher that has seen nothing.
    pub fn new(algorithm: Algorithm) -> Self {
        let context = Context::new(match algorithm {
            Algorithm::Sha256 => &SHA256,
            Algorithm::Sha512 => &SHA512,
        });
        Self { algorithm, context }
    }

    /// Which algorithm it runs.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Takes in the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
    }

    /// The digest of all that was taken in.
    pub fn finish(self) -> Digest {
        let mut bytes = [0; 64];
        let output = self.context.finish();
        bytes.iter_mut().zip(output.as_ref()).for_each(|(to, from)| *to = *from);
        Digest { algorithm: self.algorithm, bytes }
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn the_digest_of_nothing_is_the_known_one() {
        assert_eq!(Digest::sha256(b"").to_string(), EMPTY);
        assert!(Digest::of(Algorithm::Sha512, b"").to_string().starts_with("sha512:cf83e1357eef"));
    }

    #[test]
    fn what_is_not_a_digest_is_refused_with_its_reason() {
        let upper = EMPTY.to_uppercase().replace("SHA256", "sha256");
        for (text, why) in [
            ("sha256", DigestError::Form),
            ("", DigestError::Form),
            ("md5:d41d8cd98f00b204e9800998ecf8427e", DigestError::Algorithm),
            ("sha256:baddigeststring", DigestError::Encoded),
            (upper.as_str(), DigestError::Encoded),
            (EMPTY.trim_end_matches("55"), DigestError::Encoded),
            ("sha512:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca4", DigestError::Encoded),
        ] {
            assert_eq!(text.parse::<Digest>(), Err(why), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_digest_reads_back_as_itself(content: Vec<u8>, long: bool) {
            let algorithm = if long { Algorithm::Sha512 } else { Algorithm::Sha256 };
            let digest = Digest::of(algorithm, &content);
            prop_assert_eq!(digest.to_string().parse::<Digest>(), Ok(digest));
            prop_assert_eq!(Digest::from_bytes(algorithm, digest.bytes()), Ok(digest));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text: String) {
            if let Ok(digest) = text.parse::<Digest>() {
                prop_assert_eq!(digest.to_string(), text);
            }
        }
    }
}
