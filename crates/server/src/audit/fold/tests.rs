use jiff::SignedDuration;
use naru_codes::Cause;
use proptest::prelude::*;

use super::*;
use crate::audit::example::{NOON, refused};

const BOUNDS: RowBounds = RowBounds { same: 3, address: 6, registry: 12 };

fn place(fold: &mut Fold, identity: &str, address: &str) -> Option<Spread> {
    match fold.place(&refused(identity, address, Cause::CredentialInvalid), NOON) {
        Place::Row => None,
        Place::Counted(_, spread) => Some(spread),
    }
}

#[test]
fn the_like_of_a_refusal_is_counted_from_a_bound_on() {
    let mut fold = Fold::new(BOUNDS);
    for _ in 0..3 {
        assert_eq!(place(&mut fold, "alice", "192.0.2.7"), None);
    }
    assert_eq!(place(&mut fold, "alice", "192.0.2.7"), Some(Spread::Same));
    assert_eq!(place(&mut fold, "bob", "192.0.2.7"), None, "another principal");
    assert_eq!(place(&mut fold, "alice", "192.0.2.8"), None, "another address");
    let other = refused("alice", "192.0.2.7", Cause::CredentialThrottled);
    assert!(matches!(fold.place(&other, NOON), Place::Row), "another cause");
    let later = NOON + SignedDuration::from_mins(1);
    let same = refused("alice", "192.0.2.7", Cause::CredentialInvalid);
    assert!(matches!(fold.place(&same, later), Place::Row), "another minute");
}

#[test]
fn an_address_with_many_names_is_counted_by_address() {
    let mut fold = Fold::new(BOUNDS);
    for name in 0..6 {
        assert_eq!(place(&mut fold, &format!("name-{name}"), "192.0.2.7"), None);
    }
    assert_eq!(place(&mut fold, "another", "192.0.2.7"), Some(Spread::Principals));
    assert_eq!(place(&mut fold, "another", "192.0.2.8"), None);
}

#[test]
fn a_registry_under_attack_from_everywhere_is_counted_by_cause() {
    let mut fold = Fold::new(BOUNDS);
    for address in 0..12 {
        assert_eq!(place(&mut fold, "alice", &format!("192.0.2.{address}")), None);
    }
    assert_eq!(place(&mut fold, "alice", "198.51.100.1"), Some(Spread::Addresses));
    assert_eq!(place(&mut fold, "bob", "198.51.100.2"), Some(Spread::Addresses));
}

/// As met with 160 clients at once: they come in one order and are refused in another.
#[test]
fn a_minute_begins_once_though_requests_of_the_one_before_are_refused_in_between() {
    let mut fold = Fold::new(BOUNDS);
    let event = refused("alice", "192.0.2.7", Cause::CredentialInvalid);
    let before = NOON - SignedDuration::from_millis(1);
    let in_turn = [NOON, before].into_iter().cycle().take(20);
    let rows = in_turn.filter(|time| matches!(fold.place(&event, *time), Place::Row)).count();
    assert_eq!(rows, 3);
    let turned_back = NOON - SignedDuration::from_hours(2);
    assert!(matches!(fold.place(&event, turned_back), Place::Row), "the clock was turned back");
}

proptest! {
    /// Whatever comes, rows and memory stay within the bound; and what is counted together is
    /// alike in what the spread says.
    #[test]
    fn no_flood_makes_more_rows_than_the_bound(flood in prop::collection::vec((0..40_u8, 0..40_u8, 0..3_usize), 0..400)) {
        let causes = [Cause::CredentialInvalid, Cause::CredentialThrottled, Cause::RegistryUnavailable];
        let mut fold = Fold::new(BOUNDS);
        let mut rows = 0;
        let mut counting: Vec<(CountingRow, Spread, (u8, u8, usize))> = Vec::new();
        for (who, address, cause) in flood {
            let event = refused(&format!("name-{who}"), &format!("192.0.2.{address}"), causes[cause]);
            match fold.place(&event, NOON) {
                Place::Row => rows += 1,
                Place::Counted(row, spread) => {
                    let known = counting.iter().find(|(other, ..)| other.is(&row));
                    if let Some((_, how, (a_who, an_address, a_cause))) = known {
                        prop_assert_eq!((*how, *a_cause), (spread, cause));
                        prop_assert!(spread == Spread::Addresses || *an_address == address);
                        prop_assert!(spread != Spread::Same || *a_who == who);
                    } else {
                        counting.push((row, spread, (who, address, cause)));
                    }
                }
            }
        }
        let several = counting.iter().filter(|(_, spread, _)| *spread != Spread::Same).count();
        let own = counting.len() - several;
        prop_assert!(rows + own <= 12, "{rows} and {own}");
        // By cause, and by cause for each address that had its share.
        prop_assert!(several <= 3 + 3 * 2, "{several}");
        prop_assert!(fold.groups.len() <= 1 + 12 + 12 + 3 + 6);
    }
}
