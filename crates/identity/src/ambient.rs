//! What a process takes from outside as parameters: time and randomness.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// The time.
pub trait Clock: Send + Sync {
    /// The time now. Whoever sets the clock makes it jump.
    fn now(&self) -> Timestamp;

    /// How long ago some moment was that stays the same for this process: it never jumps.
    fn steady(&self) -> SignedDuration;
}

/// Randomness that nobody can foresee.
pub trait Entropy: Send + Sync {
    /// Fills a buffer.
    fn fill(&self, bytes: &mut [u8]);
}

/// What is made of randomness.
pub trait EntropyExt {
    /// So many random bytes.
    fn bytes<const N: usize>(&self) -> [u8; N];

    /// A random GUID (RFC 9562, version 4).
    fn guid(&self) -> Uuid;
}

impl<T: Entropy + ?Sized> EntropyExt for T {
    fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    fn guid(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }
}
