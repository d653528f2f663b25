//! Which refusals get rows of their own, and which are counted in one.
//!
//! In each minute, so many of the same cause, principal and address are rows; the others are
//! counted in one row more. Where an address comes with more principals, or a registry with more
//! of anything, than get rows, they are counted by address, or by cause alone. So every refusal is
//! in some row, and no flood makes more rows than the registry's bound and a tenth of it a minute.
//!
//! What is remembered is of one minute, and bounded as the rows are. Its loss costs some rows more.

use std::collections::HashMap;

use jiff::Timestamp;
use naru_access::RegistryId;
use naru_codes::Cause;
use naru_store::{CountingRow, Event, EventTable, Spread};

/// So many minutes before the one that is on no request came that is refused now: the clock was
/// turned back.
const MINUTES_BACK: i64 = 60;

/// How many rows a minute there may be before refusals are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowBounds {
    /// For the same cause, principal and address.
    pub same: u32,
    /// For one address.
    pub address: u32,
    /// For one registry.
    pub registry: u32,
}

impl Default for RowBounds {
    fn default() -> Self {
        Self { same: 10, address: 60, registry: 600 }
    }
}

/// Where a refusal goes.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// Into a row of its own.
    Row,
    /// Into one that counts, whose requests may differ so much.
    Counted(CountingRow, Spread),
}

/// What is counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Group {
    /// All of a registry: it has a bound, and no row that counts.
    Registry(RegistryId),
    /// Of one cause.
    Cause(RegistryId, EventTable, Option<Cause>),
    /// Of one address; none of the causes, where it is about the bound.
    Address(RegistryId, String, Option<(EventTable, Option<Cause>)>),
    /// The same.
    Same { registry: RegistryId, table: EventTable, cause: Option<Cause>, who: (String, String) },
}

/// A group in this minute.
#[derive(Debug, Default)]
struct Seen {
    rows: u32,
    counting: Option<CountingRow>,
}

/// The refusals of a minute.
#[derive(Debug)]
pub(super) struct Fold {
    bounds: RowBounds,
    minute: i64,
    groups: HashMap<Group, Seen>,
}

impl Fold {
    pub(super) fn new(bounds: RowBounds) -> Self {
        Self { bounds, minute: i64::MIN, groups: HashMap::new() }
    }

    /// Where a refusal goes that comes now.
    pub(super) fn place(&mut self, event: &Event, now: Timestamp) -> Place {
        let minute = now.as_second().div_euclid(60);
        // A request has the time at which it came, and may be refused after one that came later: it
        // counts in the minute that is on, or two minutes in turn would each begin anew every time.
        let turned_back = self.minute.saturating_sub(minute) > MINUTES_BACK;
        if minute > self.minute || turned_back {
            self.minute = minute;
            self.groups.clear();
        }
        let (registry, table, cause) = (event.place().registry, event.table(), event.reason());
        let request = event.request();
        let address = || request.caller_ip.clone();
        let who = (request.identity.clone(), address());
        let same = Group::Same { registry, table, cause, who };
        if let Some(counting) = self.groups.get(&same).and_then(|seen| seen.counting.clone()) {
            return Place::Counted(counting, Spread::Same);
        }
        let of_registry = Group::Registry(registry);
        let of_address = Group::Address(registry, address(), None);
        if self.rows(&of_registry) >= self.bounds.registry {
            return self.counted(Group::Cause(registry, table, cause), Spread::Addresses);
        }
        if self.rows(&of_address) >= self.bounds.address {
            let group = Group::Address(registry, address(), Some((table, cause)));
            return self.counted(group, Spread::Principals);
        }
        // A row that counts is a row too.
        for group in [of_registry, of_address] {
            self.groups.entry(group).or_default().rows += 1;
        }
        if self.rows(&same) >= self.bounds.same {
            return self.counted(same, Spread::Same);
        }
        self.groups.entry(same).or_default().rows += 1;
        Place::Row
    }

    fn rows(&self, group: &Group) -> u32 {
        self.groups.get(group).map_or(0, |seen| seen.rows)
    }

    fn counted(&mut self, group: Group, spread: Spread) -> Place {
        let counting = self.groups.entry(group).or_default().counting.get_or_insert_default();
        Place::Counted(counting.clone(), spread)
    }
}

#[cfg(test)]
mod tests;
