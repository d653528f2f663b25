//! A clock that stands still until it is set.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use naru_identity::Clock;

/// Noon of the day that this was written.
const START: i64 = 1_795_608_000;

/// A clock that stands still until it is set.
#[derive(Debug)]
pub struct SetClock {
    now: AtomicI64,
    steady: AtomicI64,
}

impl Default for SetClock {
    fn default() -> Self {
        Self { now: AtomicI64::new(START * 1000), steady: AtomicI64::new(0) }
    }
}

impl SetClock {
    /// Time passes.
    pub fn advance(&self, by: SignedDuration) {
        self.jump(by);
        self.steady.fetch_add(milliseconds(by), Ordering::SeqCst);
    }

    /// Somebody sets the clock: forward, or by a negative duration back. No time passes.
    pub fn jump(&self, by: SignedDuration) {
        self.now.fetch_add(milliseconds(by), Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now.load(Ordering::SeqCst)).expect("a time within reason")
    }

    fn steady(&self) -> SignedDuration {
        SignedDuration::from_millis(self.steady.load(Ordering::SeqCst))
    }
}

fn milliseconds(by: SignedDuration) -> i64 {
    i64::try_from(by.as_millis()).expect("a duration within reason")
}
