//! How many requests a minute a registry takes, and each identity at it.
//!
//! Each pair of whose requests and which kind has a bucket: it holds a minute's requests, each
//! takes one out, and it fills again evenly (the generic cell rate algorithm, which needs one time
//! for a bucket). Nothing is limited unless it was set. Who asks without a credential is known by
//! the prefix of their address.

use std::collections::HashMap;

use jiff::Timestamp;
use naru_access::{PrincipalId, RateBucket, RegistryId};

use crate::guessing::Prefix;

/// The most that can be set.
pub const MOST_A_MINUTE: u32 = 1_000_000;

const MINUTE: i64 = 60_000_000_000;

/// Buckets of identities and addresses that are remembered; beyond, those that are fullest are
/// forgotten.
const REMEMBERED: usize = 65_536;

/// How many requests a minute are allowed, for each kind of request; none where there is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowances {
    delete: Option<u32>,
    read: Option<u32>,
    referrers: Option<u32>,
    tokens: Option<u32>,
    write: Option<u32>,
}

impl Allowances {
    /// Sets how many a minute are allowed; at least one, at most [`MOST_A_MINUTE`].
    pub fn set(&mut self, bucket: RateBucket, a_minute: u32) {
        *self.of(bucket) = Some(a_minute.clamp(1, MOST_A_MINUTE));
    }

    /// How many a minute are allowed.
    pub fn get(mut self, bucket: RateBucket) -> Option<u32> {
        *self.of(bucket)
    }

    fn of(&mut self, bucket: RateBucket) -> &mut Option<u32> {
        match bucket {
            RateBucket::Delete => &mut self.delete,
            RateBucket::Read => &mut self.read,
            RateBucket::Referrers => &mut self.referrers,
            RateBucket::Tokens => &mut self.tokens,
            RateBucket::Write => &mut self.write,
        }
    }
}

/// The limits of a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// For all that a registry gets.
    pub registry: Allowances,
    /// For each identity at a registry, and for each address that shows none.
    pub identity: Allowances,
}

/// Whose requests are counted together, at a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Counted {
    /// Those without a credential from one address.
    Anonymous(Prefix),
    /// Those of one identity.
    Identity(PrincipalId),
    /// All.
    Registry,
}

/// A bucket was empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// Which.
    pub bucket: RateBucket,
    /// The seconds until it holds a request again: 1 to 60.
    pub seconds: u64,
}

type Key = (RegistryId, Counted, RateBucket);

/// All buckets. One that is full again is as good as one that was never there.
#[derive(Debug, Default)]
pub struct Rates {
    limits: RateLimits,
    /// When each will be full again, in nanoseconds.
    full_at: HashMap<Key, i64>,
}

impl Rates {
    /// All full.
    pub fn new(limits: RateLimits) -> Self {
        Self { limits, full_at: HashMap::new() }
    }

    /// Takes a request out of each of some buckets, or of none where one of them is empty.
    pub fn take(
        &mut self,
        registry: RegistryId,
        counted: Counted,
        buckets: &[RateBucket],
        now: Timestamp,
    ) -> Result<(), Exceeded> {
        let now = i64::try_from(now.as_nanosecond()).unwrap_or(i64::MAX - MINUTE);
        let allowances = match counted {
            Counted::Registry => self.limits.registry,
            Counted::Anonymous(_) | Counted::Identity(_) => self.limits.identity,
        };
        let mut taken = Vec::with_capacity(buckets.len());
        for bucket in buckets {
            let Some(a_minute) = allowances.get(*bucket) else { continue };
            let key = (registry, counted, *bucket);
            let each = MINUTE / i64::from(a_minute);
            // A clock that was set back must not leave a bucket empty for longer than a minute.
            let full_at = self.full_at.get(&key).map_or(now, |at| *at.clamp(&now, &(now + MINUTE)));
            let over = full_at + each - now - MINUTE;
            if over > 0 {
                let seconds = over.unsigned_abs().div_ceil(1_000_000_000);
                return Err(Exceeded { bucket: *bucket, seconds });
            }
            taken.push((key, full_at + each));
        }
        if self.full_at.len() + taken.len() > REMEMBERED {
            self.forget(now);
        }
        self.full_at.extend(taken);
        Ok(())
    }

    /// Forgets the buckets that are full again; where that is not enough, the fuller half of
    /// those of identities and addresses, so that a flood of them does not search each time.
    fn forget(&mut self, now: i64) {
        self.full_at.retain(|_, full_at| *full_at > now);
        if self.full_at.len() <= REMEMBERED / 2 {
            return;
        }
        let mut times: Vec<i64> = self.full_at.values().copied().collect();
        let middle = times.len() / 2;
        let (_, median, _) = times.select_nth_unstable(middle);
        let median = *median;
        self.full_at.retain(|(_, counted, _), full_at| {
            *full_at > median || matches!(counted, Counted::Registry)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    const REGISTRY: RegistryId = RegistryId(Uuid::from_u128(1));
    const ALICE: Counted = Counted::Identity(PrincipalId(Uuid::from_u128(2)));

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + milliseconds).unwrap()
    }

    fn of(bucket: RateBucket, registry: u32, identity: u32) -> Rates {
        let mut limits = RateLimits::default();
        limits.registry.set(bucket, registry);
        limits.identity.set(bucket, identity);
        Rates::new(limits)
    }

    fn seconds(result: Result<(), Exceeded>) -> u64 {
        result.unwrap_err().seconds
    }

    #[test]
    fn a_minutes_requests_come_at_once_and_the_next_one_waits() {
        let mut rates = of(RateBucket::Write, 6, 3);
        let mut take =
            |counted, time| rates.take(REGISTRY, counted, &[RateBucket::Write], at(time));
        for _ in 0..3 {
            take(ALICE, 0).unwrap();
        }
        assert_eq!(seconds(take(ALICE, 0)), 20);
        assert_eq!(seconds(take(ALICE, 5_500)), 15, "it counts down");
        assert_eq!(seconds(take(ALICE, 19_999)), 1, "and never says at once");
        take(ALICE, 20_000).unwrap();
        assert_eq!(seconds(take(ALICE, 20_000)), 20, "refused requests cost nothing");
        take(Counted::Registry, 0).unwrap();
        let other = RegistryId(Uuid::from_u128(9));
        rates.take(other, ALICE, &[RateBucket::Write], at(0)).unwrap();
        rates.take(REGISTRY, ALICE, &[RateBucket::Read], at(0)).unwrap();
    }

    #[test]
    fn a_request_that_counts_twice_takes_from_both_or_from_none() {
        let mut limits = RateLimits::default();
        limits.identity.set(RateBucket::Read, 1);
        limits.identity.set(RateBucket::Referrers, 2);
        let mut rates = Rates::new(limits);
        let both = [RateBucket::Referrers, RateBucket::Read];
        rates.take(REGISTRY, ALICE, &both, at(0)).unwrap();
        let refused = rates.take(REGISTRY, ALICE, &both, at(0)).unwrap_err();
        assert_eq!(refused, Exceeded { bucket: RateBucket::Read, seconds: 60 });
        rates.take(REGISTRY, ALICE, &[RateBucket::Referrers], at(0)).unwrap();
        let refused = rates.take(REGISTRY, ALICE, &both, at(0)).unwrap_err();
        assert_eq!(refused.bucket, RateBucket::Referrers);
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out_for_long() {
        let mut rates = of(RateBucket::Read, 1, 1);
        let mut take = |time| rates.take(REGISTRY, ALICE, &[RateBucket::Read], at(time));
        take(0).unwrap();
        assert_eq!(seconds(take(-3_600_000)), 60);
        assert_eq!(seconds(take(-3_600_000)), 60);
        take(60_000).unwrap();
    }

    #[test]
    fn nothing_is_limited_or_remembered_where_nothing_is_set() {
        let mut rates = Rates::default();
        for _ in 0..100_000 {
            rates.take(REGISTRY, ALICE, &RateBucket::ALL, at(0)).unwrap();
        }
        assert!(rates.full_at.is_empty());
    }

    #[test]
    fn memory_is_bounded_and_the_registrys_own_bucket_is_kept() {
        let mut rates = of(RateBucket::Read, 2, 10);
        let mut take = |counted| rates.take(REGISTRY, counted, &[RateBucket::Read], at(0));
        take(Counted::Registry).unwrap();
        take(Counted::Registry).unwrap();
        for number in 0..200_000_u32 {
            let address = std::net::Ipv4Addr::from_bits(number).into();
            take(Counted::Anonymous(Prefix::of(address))).unwrap();
        }
        assert!(take(Counted::Registry).is_err());
        assert!(rates.full_at.len() <= REMEMBERED, "{}", rates.full_at.len());
    }

    proptest! {
        #[test]
        fn no_minute_sees_more_than_twice_the_limit_and_none_is_refused_within_it(
            a_minute in 1..500_u32,
            steps in proptest::collection::vec(0..2_000_i64, 1..400),
        ) {
            let mut rates = of(RateBucket::Read, a_minute, a_minute);
            let (mut time, mut admitted) = (0, Vec::new());
            for step in steps {
                time += step;
                let lately = |from: i64| admitted.iter().filter(|at| **at > from).count();
                match rates.take(REGISTRY, ALICE, &[RateBucket::Read], at(time)) {
                    Ok(()) => admitted.push(time),
                    Err(Exceeded { seconds, .. }) => {
                        prop_assert!((1..=60).contains(&seconds));
                        // What a bucket holds came in a minute; so a refusal needs that many.
                        prop_assert!(lately(i64::MIN) >= a_minute as usize);
                        let wait = i64::try_from(seconds).unwrap() * 1000;
                        let again = rates.take(REGISTRY, ALICE, &[RateBucket::Read], at(time + wait));
                        prop_assert!(again.is_ok(), "the time that is named is enough");
                        time += wait;
                        admitted.push(time);
                    }
                }
                let within = admitted.iter().filter(|at| **at > time - 60_000).count();
                prop_assert!(within <= 2 * a_minute as usize + 1);
            }
        }
    }
}
