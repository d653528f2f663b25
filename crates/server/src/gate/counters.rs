//! Counts of what the gate did.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the start.
#[derive(Debug, Default)]
pub struct Counters {
    challenges: AtomicU64,
    hashes: AtomicU64,
    narrow_tokens: AtomicU64,
}

impl Counters {
    /// Requests without a credential that were sent the bare challenge.
    pub fn challenges(&self) -> u64 {
        self.challenges.load(Ordering::Relaxed)
    }

    /// Keyed hashes of names and secrets.
    pub fn hashes(&self) -> u64 {
        self.hashes.load(Ordering::Relaxed)
    }

    /// Tokens that were sent back for a wider scope.
    pub fn narrow_tokens(&self) -> u64 {
        self.narrow_tokens.load(Ordering::Relaxed)
    }

    pub(crate) fn challenged(&self) {
        self.challenges.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn hashed(&self) {
        self.hashes.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn narrow_token(&self) {
        self.narrow_tokens.fetch_add(1, Ordering::Relaxed);
    }
}
