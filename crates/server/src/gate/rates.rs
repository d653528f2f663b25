//! Rate limits: which buckets a request takes from, and what it is told where one is empty. The
//! buckets are [`naru_identity::rate`]'s.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use http::Method;
use jiff::Timestamp;
use naru_access::{Action, Denial, Evidence, RateBucket, RateOf, RegistryId};
use naru_codes::Cause;
use naru_identity::guessing::Prefix;
use naru_identity::rate::{self, Counted, RateLimits};

use super::{Caller, Found, Kind, Needs, Target, find};

/// All buckets, behind a lock that nobody takes where there are no limits.
pub(crate) struct Rates {
    limits: RateLimits,
    state: Mutex<rate::Rates>,
}

impl Rates {
    pub(crate) fn new(limits: RateLimits) -> Self {
        Self { limits, state: Mutex::new(rate::Rates::new(limits)) }
    }

    /// A request to a registry, whoever sends it.
    pub(crate) fn admit(
        &self,
        registry: RegistryId,
        buckets: &[RateBucket],
        now: Timestamp,
    ) -> Result<(), Denial> {
        self.take((registry, Counted::Registry), RateOf::Registry, buckets, now)
    }

    /// A request of somebody whose credential holds, or of nobody in particular.
    pub(crate) fn admit_caller(
        &self,
        (registry, address): (RegistryId, IpAddr),
        caller: &Caller,
        buckets: &[RateBucket],
        now: Timestamp,
    ) -> Result<(), Denial> {
        if caller.is_anonymous() {
            let counted = Counted::Anonymous(Prefix::of(address));
            return self.take((registry, counted), RateOf::Address, buckets, now);
        }
        let counted = Counted::Identity(caller.principal.id);
        self.take((registry, counted), RateOf::Identity, buckets, now)
            .map_err(|denial| denial.to_holder(caller.principal.clone()))
    }

    fn take(
        &self,
        (registry, counted): (RegistryId, Counted),
        of: RateOf,
        buckets: &[RateBucket],
        now: Timestamp,
    ) -> Result<(), Denial> {
        if buckets.is_empty() || self.limits == RateLimits::default() {
            return Ok(());
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.take(registry, counted, buckets, now).map_err(|exceeded| {
            let (bucket, seconds) = (exceeded.bucket, exceeded.seconds);
            Denial::new(Cause::RegistryRateLimited).with_evidence(Evidence::Rate {
                bucket,
                of,
                seconds,
            })
        })
    }
}

/// What a request counts as. `GET /v2/` counts as nothing: az takes a 429 there for a missing
/// challenge. Neither does what is answered without looking at anything.
pub(crate) fn buckets(target: &Target, method: &Method) -> &'static [RateBucket] {
    match find(target, method) {
        Found::Route(row) => match (row.kind, row.needs) {
            (Kind::Referrers, _) => &[RateBucket::Referrers, RateBucket::Read],
            (_, Needs::Credential) => &[],
            (_, Needs::Action(Action::Catalog | Action::MetadataRead | Action::Pull)) => {
                &[RateBucket::Read]
            }
            (_, Needs::Action(Action::MetadataWrite | Action::Push)) => &[RateBucket::Write],
            (_, Needs::Action(Action::Delete)) => &[RateBucket::Delete],
            (Kind::Exchange | Kind::IdentityToken | Kind::Token, Needs::Nothing) => {
                &[RateBucket::Tokens]
            }
            // The directory's public documents.
            (_, Needs::Nothing) => &[RateBucket::Read],
        },
        // Here a credential is looked at, whatever there is.
        Found::NoPath if matches!(target, Target::Unknown) => &[RateBucket::Read],
        Found::NoPath | Found::OtherMethods(_) => &[],
    }
}
