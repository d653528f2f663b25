//! What was allowed: noted behind the answer, the like of it folded, and written once a second.
//!
//! One note costs the request that it is about a lookup under a lock. The like of it within some
//! minutes is one row, whose count each flush adds to. What is remembered is bounded: beyond that
//! many different deeds, the rest are counted by what was done alone.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use jiff::{SignedDuration, Timestamp};
use naru_store::{CountingRow, Event, EventEntry, LoginEvent, RepositoryEvent, Spread};

use super::spread;

/// How long the like is folded into one row.
const WINDOW: SignedDuration = SignedDuration::from_mins(5);

/// How many different deeds are remembered within that time.
const KEPT: usize = 4_096;

/// What was allowed lately.
#[derive(Debug, Default)]
pub(super) struct Behind {
    hasher: RandomState,
    /// By the hash of what makes two of them alike.
    noted: HashMap<u64, Noted>,
    /// Those beyond the bound, by what was done.
    rest: HashMap<u64, Noted>,
    since: Option<Timestamp>,
}

/// A deed, and how often it was done since the last flush.
#[derive(Debug)]
struct Noted {
    event: Event,
    counting: CountingRow,
}

impl Behind {
    /// Notes an event.
    pub(super) fn note(&mut self, event: Event) {
        let hash = self.hasher.hash_one(Likeness::of(&event));
        let room = self.noted.len() < KEPT;
        match self.noted.get_mut(&hash) {
            Some(noted) if Likeness::of(&noted.event) == Likeness::of(&event) => noted.add(event),
            None if room => {
                self.noted.insert(hash, Noted { event, counting: CountingRow::default() });
            }
            // No room; or two that are not alike have one hash, which is as rare as can be.
            Some(_) | None => self.note_in_the_rest(event),
        }
    }

    fn note_in_the_rest(&mut self, mut event: Event) {
        let registry = event.place().registry;
        let hash = self.hasher.hash_one((registry, event.table(), operation(&event)));
        spread(&mut event, Spread::Addresses);
        match self.rest.get_mut(&hash) {
            Some(noted) => noted.add(event),
            None => {
                self.rest.insert(hash, Noted { event, counting: CountingRow::default() });
            }
        }
    }

    /// What is to be written. Those of a window that has passed are forgotten.
    pub(super) fn take(&mut self, now: Timestamp) -> Vec<EventEntry> {
        let due: Vec<EventEntry> =
            self.noted.values_mut().chain(self.rest.values_mut()).filter_map(Noted::take).collect();
        let since = *self.since.get_or_insert(now);
        let passed = now.duration_since(since);
        if passed >= WINDOW || passed.is_negative() {
            self.noted.clear();
            self.rest.clear();
            self.since = Some(now);
        }
        due
    }

    /// Notes once more what could not be written.
    pub(super) fn give_back(&mut self, entries: Vec<EventEntry>) {
        for entry in entries {
            self.note(entry.event);
        }
    }
}

impl Noted {
    /// The row has the columns of the first, and of the last its time and, where they may differ,
    /// its principal and address.
    fn add(&mut self, event: Event) {
        let tally = self.event.tally_mut();
        if tally.count == 0 {
            // The first is written. Should its row be lost, the next one takes its place.
            self.event = event;
            return;
        }
        let added = event.tally();
        tally.count += added.count;
        tally.last_time = added.last_time;
        tally.last_identity.clone_from(&added.last_identity);
        tally.last_caller_ip.clone_from(&added.last_caller_ip);
    }

    fn take(&mut self) -> Option<EventEntry> {
        let count = self.event.tally().count;
        let event = (count > 0).then(|| self.event.clone())?;
        self.event.tally_mut().count = 0;
        Some(EventEntry { event, counting: Some(self.counting.clone()) })
    }
}

/// What makes two events alike.
#[derive(PartialEq, Eq, Hash)]
struct Likeness<'a> {
    what: (&'a str, u16),
    who: (&'a str, &'a str, &'a str, &'a str),
    place: ([u8; 16], &'a str),
    content: (Option<&'a str>, Option<&'a str>),
}

impl<'a> Likeness<'a> {
    fn of(event: &'a Event) -> Self {
        let request = event.request();
        let who = (
            request.identity.as_str(),
            request.credential.as_str(),
            request.caller_ip.as_str(),
            request.user_agent.as_str(),
        );
        let registry = event.place().registry.bytes();
        match event {
            Event::Login(LoginEvent { operation, result, .. }) => Self {
                what: (operation, *result),
                who,
                place: (registry, ""),
                content: (None, None),
            },
            Event::Repository(RepositoryEvent {
                operation,
                result,
                repository,
                tag,
                digest,
                ..
            }) => Self {
                what: (operation, *result),
                who,
                place: (registry, repository),
                content: (tag.as_deref(), digest.as_deref()),
            },
        }
    }
}

fn operation(event: &Event) -> &str {
    match event {
        Event::Login(event) => &event.operation,
        Event::Repository(event) => &event.operation,
    }
}

#[cfg(test)]
mod tests;
