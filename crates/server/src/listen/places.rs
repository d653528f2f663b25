//! How many connections there may be, in total and from one address, and who gives a place to a
//! newcomer where there is none: whoever holds most.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use naru_identity::guessing::Prefix;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::Doing;
use super::doing::Stands;
use crate::limits::Limits;

/// How often the log tells of those who were closed.
const TOLD_EVERY: SignedDuration = SignedDuration::from_secs(10);

/// How soon it is looked again for a place that somebody might give.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Which part of the time that a body may stand still has to be over before its connection is one
/// that stands still, where others wait for its place.
const STILL: u32 = 12;

/// All places that there are.
pub(crate) struct Places {
    total: Arc<Semaphore>,
    per_address: usize,
    /// After so long a connection stands still.
    still: Duration,
    taken: Mutex<Taken>,
    turned_away: Mutex<Closed>,
    gave_way: Mutex<Closed>,
}

/// The connections that there are, by the address that they count for.
#[derive(Default)]
struct Taken {
    by_address: HashMap<Option<Prefix>, HashMap<u64, Doing>>,
    last: u64,
}

/// Those who were closed, and of whom the log has not told.
#[derive(Default)]
struct Closed {
    count: u64,
    told: Option<Timestamp>,
}

/// A place of an address, which is free again with the end of this value.
pub(crate) struct Place {
    places: Arc<Places>,
    prefix: Option<Prefix>,
    number: u64,
}

impl Places {
    pub(crate) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            total: Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS))),
            per_address: limits.connections_per_address,
            still: limits.stall_timeout / STILL,
            taken: Mutex::default(),
            turned_away: Mutex::default(),
            gave_way: Mutex::default(),
        })
    }

    /// Takes one of an address, for a connection that does this; `None` where it has as many as it
    /// may. Of IPv6 a network is one, since each machine has many addresses. Whoever has no address
    /// may have any number.
    pub(crate) fn take(self: &Arc<Self>, address: Option<IpAddr>, doing: Doing) -> Option<Place> {
        let prefix = address.map(Prefix::of);
        let mut taken = self.taken();
        taken.last += 1;
        let number = taken.last;
        let those = taken.by_address.entry(prefix).or_default();
        if prefix.is_some() && those.len() >= self.per_address {
            return None;
        }
        those.insert(number, doing);
        Some(Place { places: Arc::clone(self), prefix, number })
    }

    /// Waits until there is one in total, which another may be asked for. How many were closed for
    /// the like comes with it, where it is time to tell the log. None only of places that are gone.
    pub(crate) async fn enter(
        &self,
        place: &Place,
        now: impl Fn() -> Timestamp,
    ) -> Option<(OwnedSemaphorePermit, Option<u64>)> {
        let mut told = None;
        loop {
            if let Ok(permit) = Arc::clone(&self.total).try_acquire_owned() {
                return Some((permit, told));
            }
            if let Some(doing) = self.taken().who_gives(place, self.still, Instant::now()) {
                doing.leave();
                told = told.or(told_of(&self.gave_way, now()));
            }
            let wait = Arc::clone(&self.total).acquire_owned();
            if let Ok(permit) = tokio::time::timeout(LOOK_AGAIN, wait).await {
                return permit.ok().map(|permit| (permit, told));
            }
        }
    }

    /// Counts one whose address has as many as it may. How many they are by now, where it is time
    /// to tell the log.
    pub(crate) fn turn_away(&self, now: Timestamp) -> Option<u64> {
        told_of(&self.turned_away, now)
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    /// Who is to give its place to a newcomer, if anybody. One that has asked for nothing comes
    /// before one that stands still halfway, and is closed without harm; then the one whose address
    /// holds most; then the one that does so for longest. Nobody gives way to an address that holds
    /// more than its own, and a proxy, which speaks for many, gives only what is not in use.
    fn who_gives(&self, newcomer: &Place, still: Duration, now: Instant) -> Option<&Doing> {
        let has = newcomer.prefix.map_or(0, |_| self.count(newcomer.prefix));
        let of_enough = self.by_address.iter().filter(|(_, those)| those.len() >= has);
        let all = of_enough.flat_map(|(prefix, those)| {
            those.iter().filter_map(move |(number, doing)| {
                if *number == newcomer.number || doing.is_asked_to_leave() {
                    return None;
                }
                let (idle, so_long) = match doing.stands(now) {
                    Stands::Idle(so_long) => (true, so_long),
                    Stands::Still(so_long) if prefix.is_some() && so_long >= still => {
                        (false, so_long)
                    }
                    Stands::Still(_) | Stands::Busy => return None,
                };
                Some(((idle, those.len(), so_long), doing))
            })
        });
        all.max_by_key(|(how_much, _)| *how_much).map(|(_, doing)| doing)
    }

    fn count(&self, prefix: Option<Prefix>) -> usize {
        self.by_address.get(&prefix).map_or(0, HashMap::len)
    }
}

/// Counts one who was closed. How many they are by now, where it is time to tell the log: whoever
/// floods a server with connections shall not flood its log.
fn told_of(closed: &Mutex<Closed>, now: Timestamp) -> Option<u64> {
    let mut closed = closed.lock().unwrap_or_else(PoisonError::into_inner);
    closed.count += 1;
    if closed.told.is_some_and(|told| now.duration_since(told) < TOLD_EVERY) {
        return None;
    }
    closed.told = Some(now);
    Some(std::mem::take(&mut closed.count))
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        let Some(those) = taken.by_address.get_mut(&self.prefix) else { return };
        those.remove(&self.number);
        if those.is_empty() {
            taken.by_address.remove(&self.prefix);
        }
    }
}

#[cfg(test)]
mod tests;
