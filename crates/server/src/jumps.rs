//! Ages under a clock that jumps: what was written a minute ago is not a day old because somebody
//! set the clock.
//!
//! What lies in the store bears the time of the clock that was. Here is remembered how far that
//! clock was from one that never jumps, for as long as any age reaches back; an age is then told by
//! the earliest of them. So a jump makes nothing old before its time; something may only be thought
//! younger than it is, until the jump itself is as long ago. What the clock did before this process
//! began is not known.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use naru_identity::Clock;

/// A jump is told from the inexactness of reading two clocks one after the other.
const JUMP: i64 = 1_000;

/// The most that are remembered. Of more, the earlier of the two oldest is kept for both.
const REMEMBERED: usize = 64;

/// How the clock jumped.
pub(crate) struct Jumps {
    /// In milliseconds, how far the clock is ahead of the steady one.
    ahead: AtomicI64,
    past: Mutex<VecDeque<Stretch>>,
}

/// A stretch of time in which the clock did not jump.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    /// When it ended, by the steady clock.
    end: i64,
    ahead: i64,
}

impl Jumps {
    pub(crate) fn new(clock: &dyn Clock) -> Self {
        let (now, steady) = read(clock);
        Self { ahead: AtomicI64::new(now - steady), past: Mutex::default() }
    }

    /// The time. Every look at the clock goes through here, so no jump that anything was written
    /// after goes unseen.
    pub(crate) fn now(&self, clock: &dyn Clock) -> Timestamp {
        let now = clock.now();
        self.notice(now.as_millisecond(), milliseconds(clock.steady()));
        now
    }

    /// The time by which to tell whether something is `age` old.
    pub(crate) fn now_for(&self, clock: &dyn Clock, age: SignedDuration) -> Timestamp {
        let now = self.now(clock);
        let steady = milliseconds(clock.steady());
        let since = steady.saturating_sub(milliseconds(age));
        let past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        let lately = past.iter().filter(|stretch| stretch.end > since);
        let earliest = lately.map(|stretch| stretch.ahead).min();
        let told = earliest.map(|ahead| Timestamp::from_millisecond(steady + ahead));
        told.and_then(Result::ok).map_or(now, |told| told.min(now))
    }

    fn notice(&self, now: i64, steady: i64) {
        let (ahead, before) = (now - steady, self.ahead.load(Ordering::Acquire));
        if (ahead - before).abs() < JUMP {
            return;
        }
        let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        // Another may have seen it first.
        let before = self.ahead.load(Ordering::Acquire);
        if (ahead - before).abs() < JUMP {
            return;
        }
        tracing::warn!(seconds = (ahead - before) / 1000, "the clock jumped");
        past.push_back(Stretch { end: steady, ahead: before });
        if past.len() > REMEMBERED
            && let (Some(first), Some(second)) = (past.pop_front(), past.front_mut())
        {
            second.ahead = second.ahead.min(first.ahead);
        }
        self.ahead.store(ahead, Ordering::Release);
    }
}

/// Both clocks, in milliseconds.
fn read(clock: &dyn Clock) -> (i64, i64) {
    (clock.now().as_millisecond(), milliseconds(clock.steady()))
}

fn milliseconds(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Both clocks, in milliseconds.
    #[derive(Default)]
    struct Clocks {
        now: AtomicI64,
        steady: AtomicI64,
    }

    impl Clocks {
        fn pass(&self, by: i64) {
            self.now.fetch_add(by, Ordering::Relaxed);
            self.steady.fetch_add(by, Ordering::Relaxed);
        }
    }

    impl Clock for Clocks {
        fn now(&self) -> Timestamp {
            Timestamp::from_millisecond(self.now.load(Ordering::Relaxed)).unwrap()
        }

        fn steady(&self) -> SignedDuration {
            SignedDuration::from_millis(self.steady.load(Ordering::Relaxed))
        }
    }

    const HOUR: i64 = 3_600_000;

    fn hours(hours: i64) -> SignedDuration {
        SignedDuration::from_hours(hours)
    }

    #[test]
    fn a_jump_ages_nothing_until_it_is_as_long_ago_itself() {
        let clocks = Clocks::default();
        let jumps = Jumps::new(&clocks);
        clocks.pass(HOUR);
        clocks.now.fetch_add(48 * HOUR, Ordering::Relaxed);
        assert_eq!(jumps.now(&clocks).as_millisecond(), 49 * HOUR);
        assert_eq!(jumps.now_for(&clocks, hours(24)).as_millisecond(), HOUR);
        // Without an age there is nothing to tell.
        assert_eq!(jumps.now_for(&clocks, hours(0)), jumps.now(&clocks));
        clocks.pass(25 * HOUR);
        assert_eq!(jumps.now_for(&clocks, hours(24)), jumps.now(&clocks));
        assert_eq!(jumps.now_for(&clocks, hours(30)).as_millisecond(), 26 * HOUR);
    }

    #[test]
    fn a_jump_back_is_believed() {
        let clocks = Clocks::default();
        clocks.pass(100 * HOUR);
        let jumps = Jumps::new(&clocks);
        clocks.now.fetch_add(-10 * HOUR, Ordering::Relaxed);
        assert_eq!(jumps.now_for(&clocks, hours(24)).as_millisecond(), 90 * HOUR);
    }

    proptest! {
        #[test]
        fn nothing_is_old_before_its_time(
            steps in prop::collection::vec((0..30 * HOUR, -40 * HOUR..40 * HOUR, any::<bool>()), 1..200),
            age in 0..60 * HOUR,
        ) {
            let clocks = Clocks::default();
            clocks.pass(10_000 * HOUR);
            let jumps = Jumps::new(&clocks);
            // What was written: by the clock, and when it really was.
            let mut written = Vec::new();
            for (passes, jump, write) in steps {
                clocks.pass(passes);
                clocks.now.fetch_add(jump, Ordering::Relaxed);
                if write {
                    written.push((jumps.now(&clocks).as_millisecond(), clocks.steady()));
                }
                let told = jumps.now_for(&clocks, SignedDuration::from_millis(age));
                for (stamp, really) in &written {
                    let old = *stamp <= told.as_millisecond() - age;
                    let lay = milliseconds(clocks.steady() - *really);
                    prop_assert!(!old || lay + JUMP >= age, "{lay} of {age}");
                }
            }
        }
    }
}
