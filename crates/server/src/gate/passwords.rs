//! Passwords that people think up: Argon2id in bounded number, and the memory of those that were
//! right lately.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::{SignedDuration, Timestamp};
use naru_identity::names::login_key;
use naru_identity::password::{PasswordError, Passwords};
use naru_identity::{Entropy, MacKey};
use naru_store::Account;
use quick_cache::sync::Cache;
use tokio::sync::Semaphore;

/// How many run at once: each takes 19 MiB and a core for some 20 ms.
const AT_ONCE: usize = 2;

/// How many wait for their turn; a further one is told to come back.
const QUEUE: usize = 64;

/// How many more may wait whose name got in from their address lately, or who are administrators:
/// a flood of others leaves them a place.
const RESERVED: usize = 32;

/// How long a right password is remembered, so that not every pull pays for it.
const REMEMBERED_FOR: SignedDuration = SignedDuration::from_mins(5);

/// How many are remembered.
const REMEMBERED: usize = 10_000;

/// Argon2id, bounded.
pub(crate) struct HumanPasswords {
    passwords: Arc<Passwords>,
    key: MacKey,
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
    remembered: Cache<[u8; 32], (Timestamp, Account)>,
}

/// Why a password was not looked at, or not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PasswordFailure {
    /// Too many wait already.
    Busy,
    /// It cannot be a password.
    Refused(PasswordError),
}

/// Takes a place in the queue back, however its owner goes.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl HumanPasswords {
    pub(crate) fn new(passwords: Passwords, key: &MacKey) -> Self {
        Self {
            passwords: Arc::new(passwords),
            key: key.clone(),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: AtomicUsize::new(0),
            remembered: Cache::new(REMEMBERED),
        }
    }

    /// How often Argon2id ran.
    pub(crate) fn runs(&self) -> u64 {
        self.passwords.runs()
    }

    /// Hashes a new password.
    pub(crate) async fn hash(
        &self,
        password: &str,
        entropy: Arc<dyn Entropy>,
    ) -> Result<String, PasswordFailure> {
        let password = naru_identity::secret::Secret::new(password.to_owned());
        let hashed =
            self.run(true, move |argon2| argon2.hash(password.expose(), entropy.as_ref())).await?;
        hashed.map_err(PasswordFailure::Refused)
    }

    /// Verifies a password against what is stored, or against nobody's: one run of Argon2id. Those
    /// who are known where they come from have places of their own in the queue.
    pub(crate) async fn verify(
        &self,
        password: &str,
        stored: Option<String>,
        known: bool,
    ) -> Result<bool, PasswordFailure> {
        let password = naru_identity::secret::Secret::new(password.to_owned());
        self.run(known, move |argon2| argon2.verify(password.expose(), stored.as_deref())).await
    }

    async fn run<T: Send + 'static>(
        &self,
        known: bool,
        work: impl FnOnce(&Passwords) -> T + Send + 'static,
    ) -> Result<T, PasswordFailure> {
        let place = Place(&self.waiting);
        let room = if known { QUEUE + RESERVED } else { QUEUE };
        if self.waiting.fetch_add(1, Ordering::AcqRel) >= room {
            return Err(PasswordFailure::Busy);
        }
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|_| PasswordFailure::Busy)?;
        let passwords = Arc::clone(&self.passwords);
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work(&passwords)
        });
        let result = done.await.map_err(|_| PasswordFailure::Busy);
        drop(place);
        result
    }

    /// The account that this name and password belonged to a moment ago; whether it still stands
    /// is for the caller to look at.
    pub(crate) fn recall(
        &self,
        registry: [u8; 16],
        name: &str,
        password: &str,
        now: Timestamp,
    ) -> Option<Account> {
        let (until, account) = self.remembered.get(&self.memory(registry, name, password))?;
        (now < until).then_some(account)
    }

    /// Remembers a right password, as a keyed hash.
    pub(crate) fn remember(
        &self,
        registry: [u8; 16],
        name: &str,
        password: &str,
        (account, now): (Account, Timestamp),
    ) {
        let until = now.saturating_add(REMEMBERED_FOR).unwrap_or(now);
        self.remembered.insert(self.memory(registry, name, password), (until, account));
    }

    fn memory(&self, registry: [u8; 16], name: &str, password: &str) -> [u8; 32] {
        self.key.tag(&[&registry, login_key(name).as_bytes(), password.as_bytes()]).0
    }
}
