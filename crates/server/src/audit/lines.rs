//! Which refusals get log lines of their own, and which are counted in a later one.
//!
//! In each minute, so many of the same cause and address are lines, and so many in all. The others
//! are counted by cause, and told in one line a cause when the minute is over. Every *event* is
//! written all the same ([`super::fold`]): a log that a stranger can fill is no log.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use jiff::Timestamp;
use naru_codes::Cause;

use super::RowBounds;

/// The log lines of a minute.
#[derive(Debug)]
pub(super) struct Lines {
    bounds: RowBounds,
    minute: i64,
    same: HashMap<(Cause, IpAddr), u32>,
    admitted: u32,
    unlogged: BTreeMap<Cause, u64>,
}

impl Lines {
    pub(super) fn new(bounds: RowBounds) -> Self {
        let (same, unlogged) = (HashMap::new(), BTreeMap::new());
        Self { bounds, minute: i64::MIN, same, admitted: 0, unlogged }
    }

    /// Whether a refusal that comes now gets a line; call [`Lines::over`] before it.
    pub(super) fn admit(&mut self, cause: Cause, address: IpAddr) -> bool {
        let same = self.same.get(&(cause, address)).copied().unwrap_or_default();
        if self.admitted < self.bounds.registry && same < self.bounds.same {
            self.admitted += 1;
            self.same.insert((cause, address), same + 1);
            return true;
        }
        *self.unlogged.entry(cause).or_default() += 1;
        false
    }

    /// What had no line in a minute that is over by now.
    pub(super) fn over(&mut self, now: Timestamp) -> BTreeMap<Cause, u64> {
        let minute = now.as_second().div_euclid(60);
        if minute == self.minute {
            return BTreeMap::new();
        }
        self.minute = minute;
        self.end()
    }

    /// What had no line so far; the next begins anew.
    pub(super) fn end(&mut self) -> BTreeMap<Cause, u64> {
        self.same.clear();
        self.admitted = 0;
        std::mem::take(&mut self.unlogged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const BOUNDS: RowBounds = RowBounds { same: 2, address: 3, registry: 5 };

    fn address(last: u8) -> IpAddr {
        Ipv4Addr::new(192, 0, 2, last).into()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn of_the_same_a_few_are_lines_and_all_are_told() {
        let mut lines = Lines::new(BOUNDS);
        assert!(lines.over(at(0)).is_empty());
        let admitted =
            (0..10).filter(|_| lines.admit(Cause::CredentialInvalid, address(1))).count();
        assert_eq!(admitted, 2);
        assert!(lines.admit(Cause::CredentialDisabled, address(1)), "another cause is other news");
        assert!(lines.admit(Cause::CredentialInvalid, address(2)), "and so is another address");
        assert!(lines.over(at(59)).is_empty(), "the minute is not over");
        assert_eq!(lines.over(at(60)), BTreeMap::from([(Cause::CredentialInvalid, 8)]));
        assert!(lines.admit(Cause::CredentialInvalid, address(1)), "the next minute begins anew");
    }

    #[test]
    fn from_however_many_addresses_the_lines_are_bounded_and_so_is_what_is_remembered() {
        let mut lines = Lines::new(BOUNDS);
        lines.over(at(0));
        let admitted =
            (0..=255).filter(|last| lines.admit(Cause::CredentialInvalid, address(*last)));
        assert_eq!(admitted.count(), 5);
        assert_eq!(lines.same.len(), 5);
        assert_eq!(lines.end(), BTreeMap::from([(Cause::CredentialInvalid, 251)]));
    }
}
