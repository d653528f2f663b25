use naru_codes::Cause;

use super::*;
use crate::audit::example::{NOON, refused};

fn allowed(identity: &str, address: &str) -> Event {
    let Event::Login(mut event) = refused(identity, address, Cause::CredentialInvalid) else {
        panic!("a login event")
    };
    (event.result, event.reason) = (200, None);
    Event::Login(event)
}

fn counts(entries: &[EventEntry]) -> Vec<(String, u64)> {
    let mut counts: Vec<_> = entries
        .iter()
        .map(|entry| (entry.event.request().identity.clone(), entry.event.tally().count))
        .collect();
    counts.sort();
    counts
}

fn total(entries: &[EventEntry]) -> u64 {
    entries.iter().map(|entry| entry.event.tally().count).sum()
}

#[test]
fn the_like_is_one_row_and_each_flush_adds_to_it() {
    let mut behind = Behind::default();
    for who in ["alice", "bob", "alice"] {
        behind.note(allowed(who, "192.0.2.7"));
    }
    let first = behind.take(NOON);
    assert_eq!(counts(&first), [("alice".to_owned(), 2), ("bob".to_owned(), 1)]);
    assert!(behind.take(NOON).is_empty(), "nothing new");
    behind.note(allowed("alice", "192.0.2.7"));
    let next = behind.take(NOON);
    assert_eq!(counts(&next), [("alice".to_owned(), 1)]);
    let row = |entries: &[EventEntry]| {
        let of = entries.iter().find(|entry| entry.event.request().identity == "alice").unwrap();
        of.counting.clone().unwrap()
    };
    assert!(row(&first).is(&row(&next)), "the same row");
    assert!(behind.take(NOON + WINDOW).is_empty());
    behind.note(allowed("alice", "192.0.2.7"));
    assert!(!row(&first).is(&row(&behind.take(NOON + WINDOW))), "another window");
}

#[test]
fn the_first_gives_its_columns_and_the_last_its_time() {
    let mut behind = Behind::default();
    let later = NOON + SignedDuration::from_secs(9);
    behind.note(allowed("alice", "192.0.2.7"));
    let mut second = allowed("alice", "192.0.2.7");
    second.tally_mut().last_time = later;
    behind.note(second);
    let entries = behind.take(NOON);
    let event = &entries[0].event;
    assert_eq!((event.request().time, event.tally().last_time), (NOON, later));
}

#[test]
fn beyond_the_bound_the_rest_is_counted_by_what_was_done() {
    let mut behind = Behind::default();
    for number in 0..KEPT + 100 {
        behind.note(allowed(&format!("name-{number}"), "192.0.2.7"));
    }
    let entries = behind.take(NOON);
    assert_eq!((entries.len(), total(&entries)), (KEPT + 1, KEPT as u64 + 100));
    let rest = entries.iter().find(|entry| entry.event.tally().spread != Spread::Same).unwrap();
    assert_eq!(rest.event.tally().count, 100);
    assert_eq!(rest.event.tally().last_identity.as_deref(), Some("name-4195"));
}

#[test]
fn what_could_not_be_written_is_written_next_time() {
    let mut behind = Behind::default();
    for _ in 0..5 {
        behind.note(allowed("alice", "192.0.2.7"));
    }
    let failed = behind.take(NOON);
    behind.note(allowed("alice", "192.0.2.7"));
    behind.give_back(failed);
    assert_eq!(counts(&behind.take(NOON)), [("alice".to_owned(), 6)]);
}
