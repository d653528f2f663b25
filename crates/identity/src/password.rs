//! Passwords that people think up: Argon2id, and exactly one run of it for every name.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::password_hash::{CustomizedPasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::ambient::{Entropy, EntropyExt};

/// The shortest password that is accepted for a user.
pub const MIN_LENGTH: usize = 8;

/// The longest, so that hashing stays bounded.
pub const MAX_LENGTH: usize = 1024;

/// Memory in KiB, passes and lanes, as OWASP recommends for Argon2id.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The length of a hash.
const OUTPUT: usize = 32;

/// A password could not be hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short or too long.
    #[error("a password has {MIN_LENGTH} to {MAX_LENGTH} characters")]
    Length,
    /// The library refused, which no input of ours explains.
    #[error("the password could not be hashed")]
    Hashing,
}

/// Hashes and verifies passwords, and counts how often it did.
pub struct Passwords {
    argon2: Argon2<'static>,
    /// What is verified against where a name has no password, so that the work is the same.
    nobody: PasswordHash,
    runs: AtomicU64,
}

impl Passwords {
    /// With the recommended parameters.
    pub fn new(entropy: &dyn Entropy) -> Result<Self, PasswordError> {
        let params =
            Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| PasswordError::Hashing)?;
        let nobody = hash_of_nothing(&params, entropy).ok_or(PasswordError::Hashing)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        Ok(Self { argon2, nobody, runs: AtomicU64::new(0) })
    }

    /// Hashes a new password, as a PHC string.
    pub fn hash(&self, password: &str, entropy: &dyn Entropy) -> Result<String, PasswordError> {
        if !(MIN_LENGTH..=MAX_LENGTH).contains(&password.chars().count()) {
            return Err(PasswordError::Length);
        }
        self.runs.fetch_add(1, Ordering::Relaxed);
        let (salt, params): ([u8; 16], _) = (entropy.bytes(), self.argon2.params().clone());
        self.argon2
            .hash_password_customized(password.as_bytes(), &salt, None, None, params)
            .map(|hash| hash.to_string())
            .map_err(|_| PasswordError::Hashing)
    }

    /// Verifies a password against what is stored, or against nobody's. One run of Argon2id,
    /// whatever the outcome.
    pub fn verify(&self, password: &str, stored: Option<&str>) -> bool {
        self.runs.fetch_add(1, Ordering::Relaxed);
        let read = stored.map(PasswordHash::new).transpose();
        let Ok(expected) = read.map(|hash| hash.unwrap_or_else(|| self.nobody.clone())) else {
            return false;
        };
        let right = self.argon2.verify_password(password.as_bytes(), &expected).is_ok();
        right && stored.is_some()
    }

    /// How often Argon2id ran.
    pub fn runs(&self) -> u64 {
        self.runs.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").field("runs", &self.runs).finish_non_exhaustive()
    }
}

/// A hash as any other, of no password that anybody will find: it is drawn, which takes no run.
fn hash_of_nothing(params: &Params, entropy: &dyn Entropy) -> Option<PasswordHash> {
    let (salt, output): ([u8; 16], [u8; OUTPUT]) = (entropy.bytes(), entropy.bytes());
    Some(PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params).ok()?,
        salt: Some(Salt::new(&salt).ok()?),
        hash: Some(Output::new(&output).ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Zeros;

    impl Entropy for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    #[test]
    fn a_password_verifies_against_its_own_hash_alone() {
        let passwords = Passwords::new(&Zeros).unwrap();
        let stored = passwords.hash("correct horse", &Zeros).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(passwords.verify("correct horse", Some(&stored)));
        assert!(!passwords.verify("correct hors", Some(&stored)));
    }

    /// From the reference implementation: `echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1`.
    #[test]
    fn a_hash_that_another_program_made_verifies() {
        let passwords = Passwords::new(&Zeros).unwrap();
        let stored = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert!(passwords.verify("password", Some(stored)));
        assert!(!passwords.verify("passwore", Some(stored)));
        let other = stored.replace("argon2id", "argon2i");
        assert!(!passwords.verify("password", Some(&other)), "another algorithm");
    }

    #[test]
    fn every_check_costs_one_run_whoever_it_is_about() {
        let passwords = Passwords::new(&Zeros).unwrap();
        let stored = passwords.hash("correct horse", &Zeros).unwrap();
        let before = passwords.runs();
        assert!(!passwords.verify("correct horse", None), "nobody has no password");
        assert!(!passwords.verify("wrong", Some(&stored)));
        assert_eq!(passwords.runs() - before, 2);
    }

    #[test]
    fn lengths_are_bounded() {
        let passwords = Passwords::new(&Zeros).unwrap();
        assert_eq!(passwords.hash("short", &Zeros), Err(PasswordError::Length));
        assert_eq!(passwords.hash(&"x".repeat(1025), &Zeros), Err(PasswordError::Length));
    }
}
