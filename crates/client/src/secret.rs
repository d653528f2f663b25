//! Secrets of a client: wiped when dropped, and never printed.

use std::fmt;

use zeroize::Zeroizing;

/// A secret in memory.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a text as a secret.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself, for where it must be sent.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// A text with every occurrence of some secrets taken out, for whatever another program printed.
pub fn redact(text: &str, secrets: &[&Secret]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| secret.expose().len() >= 4) {
        text = text.replace(secret.expose(), "[redacted]");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print_itself() {
        let secret = Secret::new("hunter2".to_owned());
        assert_eq!(format!("{secret:?}"), "[redacted]");
        assert_eq!(redact("it was hunter2, hunter2", &[&secret]), "it was [redacted], [redacted]");
    }

    #[test]
    fn a_secret_too_short_to_be_one_leaves_the_text_alone() {
        assert_eq!(redact("a b", &[&Secret::new("a".to_owned())]), "a b");
    }
}
