//! How many connections there may be, in total and from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use naru_identity::guessing::Prefix;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How often the log tells of those who found no place.
const TOLD_EVERY: SignedDuration = SignedDuration::from_secs(10);

/// All places that there are.
pub(crate) struct Places {
    total: Arc<Semaphore>,
    per_address: usize,
    taken: Mutex<HashMap<Prefix, usize>>,
    turned_away: Mutex<TurnedAway>,
}

/// Those who found no place, and of whom the log has not told.
#[derive(Default)]
struct TurnedAway {
    count: u64,
    told: Option<Timestamp>,
}

/// A place of an address, which is free again with the end of this value.
pub(crate) struct Place {
    places: Arc<Places>,
    prefix: Option<Prefix>,
}

impl Places {
    pub(crate) fn new(total: usize, per_address: usize) -> Arc<Self> {
        let total = Arc::new(Semaphore::new(total.min(Semaphore::MAX_PERMITS)));
        let (taken, turned_away) = Default::default();
        Arc::new(Self { total, per_address, taken, turned_away })
    }

    /// Waits until there is one in total. None only of places that are gone.
    pub(crate) async fn wait(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.total).acquire_owned().await.ok()
    }

    /// Takes one of an address; `None` where it has as many as it may. Of IPv6 a network is one, since
    /// each machine has many addresses. Whoever has no address is not counted.
    pub(crate) fn take(self: &Arc<Self>, address: Option<IpAddr>) -> Option<Place> {
        let prefix = address.map(Prefix::of);
        if let Some(prefix) = prefix {
            let mut taken = self.taken();
            let count = taken.entry(prefix).or_default();
            if *count >= self.per_address {
                return None;
            }
            *count += 1;
        }
        Some(Place { places: Arc::clone(self), prefix })
    }

    /// Counts one who found no place. How many they are by now, where it is time to tell the log:
    /// whoever floods a server with connections shall not flood its log.
    pub(crate) fn turn_away(&self, now: Timestamp) -> Option<u64> {
        let mut turned_away = self.turned_away.lock().unwrap_or_else(PoisonError::into_inner);
        turned_away.count += 1;
        if turned_away.told.is_some_and(|told| now.duration_since(told) < TOLD_EVERY) {
            return None;
        }
        turned_away.told = Some(now);
        Some(std::mem::take(&mut turned_away.count))
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<Prefix, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(prefix) = self.prefix else { return };
        let mut taken = self.places.taken();
        match taken.get_mut(&prefix) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                taken.remove(&prefix);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_and_nothing_is_remembered_of_who_had_it() {
        let places = Places::new(10, 2);
        let address = Some(IpAddr::from([192, 0, 2, 1]));
        let (one, two) = (places.take(address).unwrap(), places.take(address).unwrap());
        assert!(places.take(address).is_none(), "a third of one address");
        assert!(places.take(Some(IpAddr::from([192, 0, 2, 2]))).is_some());
        assert!(places.take(None).is_some());
        let network = |last: u16| Some(IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, last]));
        let six = (places.take(network(1)), places.take(network(2)));
        assert!(places.take(network(3)).is_none(), "a third of one network");
        drop((one, six));
        let again = places.take(address).unwrap();
        drop((two, again));
        assert!(places.taken().is_empty());
    }

    #[test]
    fn the_log_is_told_of_all_who_found_no_place_but_not_of_each() {
        let places = Places::new(1, 1);
        let at = |second| Timestamp::from_second(second).unwrap();
        let told: Vec<_> = [0, 0, 9, 10, 11, 30].map(|second| places.turn_away(at(second))).into();
        assert_eq!(told, [Some(1), None, None, Some(3), None, Some(2)]);
    }

    #[tokio::test]
    async fn in_total_there_are_as_many_as_was_said() {
        let places = Places::new(1, 2);
        let one = places.wait().await;
        assert_eq!(places.total.available_permits(), 0);
        drop(one);
        assert!(places.wait().await.is_some());
    }
}
