//! This machine's time and randomness: the only place that asks for them.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use naru_identity::{Clock, Entropy};

/// Time and randomness, as a server takes them.
#[derive(Clone)]
pub struct Ambient {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

impl Ambient {
    /// Those of this machine.
    pub fn of_this_machine() -> Self {
        Self { clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy) }
    }
}

/// The clock of this machine.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks for the time")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that asks for the time")]
    fn steady(&self) -> SignedDuration {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        SignedDuration::try_from(START.elapsed()).unwrap_or(SignedDuration::MAX)
    }
}

/// The randomness of this machine.
#[derive(Clone, Copy, Debug)]
pub struct SystemEntropy;

/// The longest piece that is drawn ahead: an id. Each request has one, and a draw costs the same
/// for one id as for many.
const PIECE: usize = 16;

/// Random bytes that nobody has had yet.
static AHEAD: Mutex<Vec<u8>> = Mutex::new(Vec::new());

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        if bytes.len() > PIECE {
            return draw(bytes);
        }
        let mut ahead = AHEAD.lock().unwrap_or_else(PoisonError::into_inner);
        if ahead.len() < bytes.len() {
            ahead.resize(64 * PIECE, 0);
            draw(&mut ahead);
        }
        // What is handed out is taken out, so that nobody gets it again.
        for byte in bytes {
            *byte = ahead.pop().unwrap_or_default();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that asks for randomness")]
fn draw(bytes: &mut [u8]) {
    if aws_lc_rs::rand::fill(bytes).is_err() {
        // No secret can be made any more; going on would make guessable ones.
        std::process::abort();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn nobody_gets_what_another_one_had() {
        let entropy = SystemEntropy;
        let mut seen = HashSet::new();
        for _ in 0..500 {
            let (mut short, mut long) = ([0; PIECE], [0; 2 * PIECE]);
            entropy.fill(&mut short);
            entropy.fill(&mut long);
            assert!(seen.insert(short.to_vec()), "a piece came twice");
            assert!(seen.insert(long.to_vec()), "bytes came twice");
        }
    }
}
