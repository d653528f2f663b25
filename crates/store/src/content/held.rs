//! Content that gets or loses its row just now, and is nobody else's to judge.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::record::Location;

type Counts = HashMap<Location, usize>;

/// What is held, and by how many.
#[derive(Clone, Default)]
pub(super) struct Holding(Arc<Mutex<Counts>>);

impl Holding {
    pub(super) fn hold(&self, location: &Location) -> Held {
        *self.counts().entry(location.clone()).or_default() += 1;
        Held { holding: self.clone(), location: location.clone() }
    }

    pub(super) fn holds(&self, location: &Location) -> bool {
        self.counts().contains_key(location)
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Holds content until it is dropped; also by a caller that went away.
pub struct Held {
    holding: Holding,
    location: Location,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut counts = self.holding.counts();
        if let Some(count) = counts.get_mut(&self.location) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.location);
            }
        }
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Held").field(&self.location).finish()
    }
}
