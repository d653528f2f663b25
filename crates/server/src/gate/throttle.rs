//! The throttle of guesses: [`naru_identity::guessing`] behind a lock, fed with keyed hashes.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use naru_access::{Denial, Evidence};
use naru_codes::Cause;
use naru_identity::guessing::{Fingerprint, Guesses, Limits, Prefix};
use naru_identity::names::login_key;
use naru_identity::{MacKey, Tag};

/// The throttle.
pub(crate) struct Throttle {
    key: MacKey,
    guesses: Mutex<Guesses>,
}

/// One try, as the throttle knows it: no name and no secret, only their keyed hashes.
#[derive(Clone, Copy)]
pub(crate) struct Try {
    prefix: Prefix,
    name: Fingerprint,
    pair: Fingerprint,
    now: Timestamp,
}

impl Throttle {
    pub(crate) fn new(key: &MacKey) -> Self {
        Self { key: key.clone(), guesses: Mutex::new(Guesses::new(Limits::default())) }
    }

    /// A try of this name with this secret. Two keyed hashes, whatever they are.
    pub(crate) fn guess(&self, address: IpAddr, name: &str, secret: &str, now: Timestamp) -> Try {
        let name = login_key(name);
        Try {
            prefix: Prefix::of(address),
            name: fingerprint(self.key.tag(&[b"name", name.as_bytes()])),
            pair: fingerprint(self.key.tag(&[b"pair", name.as_bytes(), secret.as_bytes()])),
            now,
        }
    }

    /// Refuses a try for which there were too many others.
    pub(crate) fn admit(&self, guess: Try) -> Result<(), Denial> {
        match self.guesses().wait(guess.prefix, guess.name, guess.now) {
            Some(seconds) => Err(Denial::new(Cause::CredentialThrottled)
                .with_evidence(Evidence::RetryAfter(seconds))),
            None => Ok(()),
        }
    }

    /// Whether this name got in lately from this address.
    pub(crate) fn knows(&self, guess: Try) -> bool {
        self.guesses().knows(guess.prefix, guess.name, guess.now)
    }

    /// The try was wrong.
    pub(crate) fn failed(&self, guess: Try) {
        self.guesses().failed(guess.prefix, guess.name, guess.pair, guess.now);
    }

    /// The try was right.
    pub(crate) fn succeeded(&self, guess: Try) {
        self.guesses().succeeded(guess.prefix, guess.name, guess.now);
    }

    fn guesses(&self) -> std::sync::MutexGuard<'_, Guesses> {
        self.guesses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fingerprint(tag: Tag) -> Fingerprint {
    tag.0.first_chunk().copied().map(u64::from_be_bytes).unwrap_or_default()
}
