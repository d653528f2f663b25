//! How fast anybody may guess.
//!
//! Wrong credentials are counted by address prefix (/32 for IPv4, /64 for IPv6), and different
//! ones only: a pipeline that repeats an old password, and a client that tries POST and then GET,
//! count once; one password sprayed over many names counts each time. Each prefix has a bucket
//! that a new wrong pair takes from and that fills again with time.
//!
//! A name that got in lately from a prefix is held back there by its own failures alone, so that
//! a guesser behind the same address locks nobody out. Names are known here only as keyed hashes,
//! and known and unknown ones are treated alike.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::Timestamp;

/// What guesses are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Prefix(IpAddr);

impl Prefix {
    /// The prefix of an address.
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => IpAddr::V4(Ipv4Addr::from_bits(address.to_bits())),
            IpAddr::V6(address) => {
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)))
            }
        })
    }
}

/// How many guesses there are, and how fast they come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many different wrong pairs a prefix has at once.
    pub burst: u32,
    /// How many seconds one of them takes to come back.
    pub seconds_each: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { burst: 50, seconds_each: 10 }
    }
}

/// Different pairs that are remembered for each prefix, so that repeating one counts once.
const REMEMBERED_PAIRS: usize = 128;
/// Prefixes that are remembered; beyond, those untouched the longest are forgotten.
const REMEMBERED_PREFIXES: usize = 16_384;
/// Names that got in, remembered for each prefix.
const REMEMBERED_NAMES: usize = 64;
/// How long a name that got in counts as known at its prefix.
const KNOWN_FOR_SECONDS: i64 = 24 * 3600;

/// A keyed hash, cut to what is needed to tell one from another.
pub type Fingerprint = u64;

/// A bucket of guesses.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    spent: f64,
    at: i64,
}

impl Bucket {
    const fn new(now: i64) -> Self {
        Self { spent: 0.0, at: now }
    }

    fn refill(&mut self, limits: Limits, now: i64) {
        #[expect(clippy::cast_precision_loss, reason = "seconds of a few hours")]
        let passed = now.saturating_sub(self.at).max(0) as f64;
        self.spent = (self.spent - passed / f64::from(limits.seconds_each.max(1))).max(0.0);
        self.at = now;
    }

    /// The seconds until another guess is allowed; `None` where one is now.
    fn wait(&self, limits: Limits) -> Option<u64> {
        let over = self.spent - f64::from(limits.burst) + 1.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a positive count of seconds"
        )]
        (over > 0.0).then(|| (over * f64::from(limits.seconds_each)).ceil().max(1.0) as u64)
    }
}

struct Source {
    all: Bucket,
    pairs: VecDeque<Fingerprint>,
    known: VecDeque<Known>,
    touched: i64,
}

struct Known {
    name: Fingerprint,
    since: i64,
    own: Bucket,
}

/// The guesses of every prefix.
pub struct Guesses {
    limits: Limits,
    sources: HashMap<Prefix, Source>,
}

impl Guesses {
    /// None yet.
    pub fn new(limits: Limits) -> Self {
        Self { limits, sources: HashMap::new() }
    }

    /// The seconds that this name has to wait at this prefix; `None` where it may try.
    pub fn wait(&mut self, prefix: Prefix, name: Fingerprint, now: Timestamp) -> Option<u64> {
        let (limits, now) = (self.limits, now.as_second());
        let source = self.sources.get_mut(&prefix)?;
        let bucket = source.bucket(name, now);
        bucket.refill(limits, now);
        bucket.wait(limits)
    }

    /// Whether this name got in lately from this prefix.
    pub fn knows(&self, prefix: Prefix, name: Fingerprint, now: Timestamp) -> bool {
        let source = self.sources.get(&prefix);
        source.is_some_and(|source| source.knows(name, now.as_second()))
    }

    /// A pair of name and secret was wrong.
    pub fn failed(&mut self, prefix: Prefix, name: Fingerprint, pair: Fingerprint, now: Timestamp) {
        let (limits, now) = (self.limits, now.as_second());
        let source = self.source(prefix, now);
        if source.pairs.contains(&pair) {
            return;
        }
        if source.pairs.len() >= REMEMBERED_PAIRS {
            source.pairs.pop_front();
        }
        source.pairs.push_back(pair);
        let bucket = source.bucket(name, now);
        bucket.refill(limits, now);
        bucket.spent += 1.0;
    }

    /// A name got in.
    pub fn succeeded(&mut self, prefix: Prefix, name: Fingerprint, now: Timestamp) {
        let now = now.as_second();
        let source = self.source(prefix, now);
        let own = match source.known.iter().position(|known| known.name == name) {
            Some(at) => source.known.remove(at).map(|known| known.own),
            None => None,
        };
        if source.known.len() >= REMEMBERED_NAMES {
            source.known.pop_front();
        }
        let own = own.unwrap_or(Bucket::new(now));
        source.known.push_back(Known { name, since: now, own });
    }

    fn source(&mut self, prefix: Prefix, now: i64) -> &mut Source {
        if self.sources.len() >= REMEMBERED_PREFIXES && !self.sources.contains_key(&prefix) {
            self.forget_the_oldest();
        }
        let source = self.sources.entry(prefix).or_insert_with(|| Source {
            all: Bucket::new(now),
            pairs: VecDeque::new(),
            known: VecDeque::new(),
            touched: now,
        });
        source.touched = now;
        source
    }

    /// Forgets the older half at once, so that a flood of prefixes does not search each time.
    /// Prefixes from which nobody got in go first: a flood takes nobody's good name.
    fn forget_the_oldest(&mut self) {
        let value = |source: &Source| (!source.known.is_empty(), source.touched);
        let mut values: Vec<_> = self.sources.values().map(value).collect();
        let middle = values.len() / 2;
        let (_, median, _) = values.select_nth_unstable(middle);
        let median = *median;
        self.sources.retain(|_, source| value(source) > median);
    }
}

impl Source {
    fn knows(&self, name: Fingerprint, now: i64) -> bool {
        let lately = |known: &Known| now.saturating_sub(known.since) < KNOWN_FOR_SECONDS;
        self.known.iter().any(|known| known.name == name && lately(known))
    }

    /// The bucket that holds a name back here: its own if it got in lately, else everybody's.
    fn bucket(&mut self, name: Fingerprint, now: i64) -> &mut Bucket {
        let known = self.known.iter_mut().find(|known| {
            known.name == name && now.saturating_sub(known.since) < KNOWN_FOR_SECONDS
        });
        match known {
            Some(known) => &mut known.own,
            None => &mut self.all,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { burst: 3, seconds_each: 10 };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    fn prefix(address: &str) -> Prefix {
        Prefix::of(address.parse().unwrap())
    }

    #[test]
    fn different_pairs_count_and_the_same_one_counts_once() {
        let (mut guesses, here) = (Guesses::new(LIMITS), prefix("192.0.2.1"));
        for _ in 0..100 {
            guesses.failed(here, 1, 11, at(0));
        }
        assert_eq!(guesses.wait(here, 1, at(0)), None, "a pipeline with an old password");
        guesses.failed(here, 2, 12, at(0));
        guesses.failed(here, 3, 13, at(0));
        assert_eq!(guesses.wait(here, 4, at(0)), Some(10), "one password sprayed over names");
        assert_eq!(guesses.wait(here, 4, at(10)), None, "time brings guesses back");
        assert_eq!(guesses.wait(prefix("192.0.2.2"), 4, at(0)), None, "another address");
    }

    #[test]
    fn ipv6_is_counted_by_its_network() {
        assert_eq!(prefix("2001:db8::1"), prefix("2001:db8::ffff:2"));
        assert_ne!(prefix("2001:db8::1"), prefix("2001:db8:0:1::1"));
        assert_eq!(prefix("::ffff:192.0.2.1"), prefix("192.0.2.1"));
    }

    #[test]
    fn a_name_that_got_in_is_held_back_by_its_own_failures_alone() {
        let (mut guesses, here) = (Guesses::new(LIMITS), prefix("192.0.2.1"));
        guesses.succeeded(here, 7, at(0));
        for pair in 0..50 {
            guesses.failed(here, 1, pair, at(1));
        }
        assert!(guesses.wait(here, 1, at(1)).is_some());
        assert_eq!(guesses.wait(here, 7, at(1)), None, "nobody locks the owner out");
        for pair in 100..103 {
            guesses.failed(here, 7, pair, at(2));
        }
        assert!(guesses.wait(here, 7, at(2)).is_some(), "its own failures count");
        let later = KNOWN_FOR_SECONDS + 3;
        assert_eq!(guesses.wait(here, 7, at(later)), None);
    }

    #[test]
    fn a_flood_of_prefixes_takes_nobodys_good_name() {
        let (mut guesses, here) = (Guesses::new(LIMITS), prefix("192.0.2.1"));
        guesses.succeeded(here, 7, at(0));
        assert!(guesses.knows(here, 7, at(0)) && !guesses.knows(here, 8, at(0)));
        for number in 0..100_000_u32 {
            let there = Prefix(IpAddr::V4(Ipv4Addr::from_bits(number)));
            guesses.failed(there, 1, u64::from(number), at(1));
        }
        assert!(guesses.knows(here, 7, at(1)));
        assert!(!guesses.knows(here, 7, at(KNOWN_FOR_SECONDS)));
    }

    #[test]
    fn memory_is_bounded_whatever_comes() {
        let mut guesses = Guesses::new(LIMITS);
        for number in 0..40_000_u32 {
            let here = Prefix(IpAddr::V4(Ipv4Addr::from_bits(number)));
            guesses.failed(here, 1, u64::from(number), at(i64::from(number)));
        }
        assert!(guesses.sources.len() <= REMEMBERED_PREFIXES);
        let here = prefix("192.0.2.1");
        for pair in 0..10_000 {
            guesses.failed(here, pair, pair, at(50_000));
            guesses.succeeded(here, pair, at(50_000));
        }
        let source = &guesses.sources[&here];
        assert!(source.pairs.len() <= REMEMBERED_PAIRS && source.known.len() <= REMEMBERED_NAMES);
    }
}
