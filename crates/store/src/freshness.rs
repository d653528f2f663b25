//! The seam of freshness: how what is kept in memory learns that it is stale.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How current a reading of policy, credentials and stamps is. Readings of one generation agree;
/// any write that changes them, by whichever process, starts another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generation(u64);

/// Tells the generation at present.
///
/// Whoever keeps something takes the generation *before* reading it, and keeps both: then a write
/// that comes in between makes what was kept stale at once, and never the other way round. On
/// SQLite this process is the sole writer, and advances it on each such commit, before anybody is
/// told of the commit. An engine that several processes share reads it anew when its reading is
/// older than a second.
#[derive(Clone, Debug, Default)]
pub struct Freshness(Arc<AtomicU64>);

impl Freshness {
    /// The generation at present.
    pub fn generation(&self) -> Generation {
        Generation(self.0.load(Ordering::Acquire))
    }

    pub(crate) fn advance(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}
