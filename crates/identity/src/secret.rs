//! Secrets: the type that cannot print itself, the generated form, and which form a text has.
//!
//! A generated secret is `naru`, a letter for its kind, 33 random letters and digits (196 bits)
//! and 6 of checksum: recognised by a scanner, and by us without looking anything up. So much
//! entropy lets a keyed hash store and check it; only what people think up needs Argon2.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use zeroize::Zeroizing;

use crate::Entropy;
use crate::ambient::EntropyExt;
use crate::mac::{MacKey, Tag};

const PREFIX: &str = "naru";
const RANDOM: usize = 33;
const CHECKSUM: usize = 6;
const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A secret in memory: wiped when dropped, and never printed.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a text as a secret.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself, for where it must be shown or sent.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What a generated secret is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    /// A password of a registry's admin user.
    Admin,
    /// A client secret of a service principal.
    Client,
    /// A password of a repository token.
    Token,
    /// A password of a user, where it was generated.
    User,
}

impl SecretKind {
    const ALL: [Self; 4] = [Self::Admin, Self::Client, Self::Token, Self::User];

    const fn letter(self) -> char {
        match self {
            Self::Admin => 'a',
            Self::Client => 's',
            Self::Token => 't',
            Self::User => 'u',
        }
    }
}

/// The form of a secret, which picks the way it is checked; never the name beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretForm {
    /// One of ours: a keyed hash.
    Generated(SecretKind),
    /// Anything else: Argon2.
    Human,
    /// A JSON Web Token: its signature.
    Token,
}

impl SecretForm {
    /// The form of a text.
    pub fn of(text: &str) -> Self {
        // A JWT is three dotted parts, the first of which encodes `{"…`.
        if text.starts_with("eyJ") && text.split('.').count() == 3 {
            return Self::Token;
        }
        generated_kind(text).map_or(Self::Human, Self::Generated)
    }
}

/// Generates a secret.
pub fn generate(kind: SecretKind, entropy: &dyn Entropy) -> Secret {
    from_bits(kind, entropy.bytes())
}

/// Derives a password of the admin user, which alone can be read back: from the server's key, the
/// registry, the slot and how often the slot was renewed.
pub fn derive_admin(key: &MacKey, registry: [u8; 16], slot: &str, generation: u32) -> Secret {
    let tag = key.tag(&[b"admin", &registry, slot.as_bytes(), &generation.to_be_bytes()]);
    from_bits(SecretKind::Admin, tag.0)
}

/// The keyed hash that a generated secret is stored as, and found by.
pub fn hash(key: &MacKey, secret: &str) -> Tag {
    key.tag(&[b"secret", secret.as_bytes()])
}

fn from_bits(kind: SecretKind, bits: [u8; 32]) -> Secret {
    let mut text = Zeroizing::new(format!("{PREFIX}{}", kind.letter()));
    text.push_str(&base62(bits, RANDOM));
    let checksum = checksum(&text);
    text.push_str(&checksum);
    Secret(text)
}

/// The kind of a text that has the generated form, checksum included.
fn generated_kind(text: &str) -> Option<SecretKind> {
    let (body, sum) = text.split_at_checked(text.len().checked_sub(CHECKSUM)?)?;
    let rest = body.strip_prefix(PREFIX)?;
    let kind = SecretKind::ALL.into_iter().find(|kind| rest.starts_with(kind.letter()))?;
    (rest.len() == 1 + RANDOM && checksum(body) == sum).then_some(kind)
}

fn checksum(text: &str) -> String {
    let mut bits = [0; 32];
    let output = digest(&SHA256, text.as_bytes());
    bits.iter_mut().zip(output.as_ref()).for_each(|(to, from)| *to = *from);
    base62(bits, CHECKSUM)
}

/// The lowest `length` digits of a number in base 62.
fn base62(mut number: [u8; 32], length: usize) -> String {
    let mut text = String::with_capacity(length);
    for _ in 0..length {
        let mut remainder = 0_u32;
        for byte in &mut number {
            let value = (remainder << 8) | u32::from(*byte);
            *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
            remainder = value % 62;
        }
        let letter = LETTERS.get(remainder as usize).copied().unwrap_or(b'0');
        text.push(char::from(letter));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn secret(bits: [u8; 32]) -> String {
        from_bits(SecretKind::Client, bits).expose().to_owned()
    }

    #[test]
    fn a_generated_secret_is_recognised_by_its_form() {
        for kind in SecretKind::ALL {
            let secret = from_bits(kind, [0xA5; 32]);
            assert_eq!(SecretForm::of(secret.expose()), SecretForm::Generated(kind));
            assert_eq!(secret.expose().len(), 44);
        }
        let mut changed = secret([1; 32]);
        let other = if changed.as_bytes()[10] == b'0' { "1" } else { "0" };
        changed.replace_range(10..11, other);
        assert_eq!(SecretForm::of(&changed), SecretForm::Human, "the checksum no longer fits");
    }

    #[test]
    fn tokens_are_known_by_their_three_parts() {
        assert_eq!(SecretForm::of("eyJhbGciOiJub25lIn0.e30."), SecretForm::Token);
        assert_eq!(SecretForm::of("eyJhbGciOiJub25lIn0.e30"), SecretForm::Human);
        assert_eq!(SecretForm::of(""), SecretForm::Human);
    }

    #[test]
    fn a_secret_does_not_print_itself() {
        let secret = Secret::new("hunter2".to_owned());
        assert_eq!(format!("{secret:?}"), "[redacted]");
        assert_eq!(format!("{:?}", hash(&MacKey::new(&[1; 32]), "hunter2")), "Tag([redacted])");
    }

    #[test]
    fn an_admin_password_follows_from_registry_slot_and_generation() {
        let key = MacKey::new(&[9; 32]);
        let derive = |registry, slot, generation| {
            derive_admin(&key, [registry; 16], slot, generation).expose().to_owned()
        };
        assert_eq!(derive(1, "password", 1), derive(1, "password", 1));
        let others =
            [derive(2, "password", 1), derive(1, "password2", 1), derive(1, "password", 2)];
        assert!(!others.contains(&derive(1, "password", 1)));
    }

    proptest! {
        #[test]
        fn secrets_have_letters_and_digits_only(bits: [u8; 32]) {
            let text = secret(bits);
            prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric()));
            prop_assert_eq!(SecretForm::of(&text), SecretForm::Generated(SecretKind::Client));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text: String) {
            let _ = SecretForm::of(&text);
        }
    }
}
