//! A denial as a value, from which every answer, event and diagnosis is projected.

use std::net::IpAddr;

use jiff::Timestamp;
use naru_codes::Cause;
use naru_oci::RepositoryName;

use crate::{Action, Principal, RateBucket, RateOf};

/// One action that was wanted and is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The action.
    pub action: Action,
    /// The repository; none for the registry's catalog.
    pub repository: Option<RepositoryName>,
}

/// The rule that came nearest to allowing it, and why it did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NearMiss {
    /// The access token that serves as a password lists less, though its holder has the right.
    Ceiling,
    /// There is no rule at all.
    Nothing,
    /// Roles are held, and none of them has the action.
    Roles {
        /// Their names.
        roles: Vec<String>,
    },
    /// A rule of the scope map covers the repository, with other actions.
    RuleActions {
        /// The map.
        map: String,
        /// The pattern that covers it.
        pattern: String,
        /// What the map gives there.
        gives: String,
    },
    /// No rule of the scope map covers the repository; this one is most alike.
    RulePattern {
        /// The map.
        map: String,
        /// The pattern that is most alike.
        pattern: Option<String>,
    },
}

/// What a denial was established by, beyond its cause.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Evidence {
    /// Nothing more.
    #[default]
    None,
    /// The address that was seen.
    Address(IpAddr),
    /// The audience that a token names.
    Audience(String),
    /// The management action that was wanted.
    Operation(&'static str),
    /// The host that was asked.
    Host(String),
    /// The nearest rule.
    Near(NearMiss),
    /// There were more requests than are allowed in a minute.
    Rate {
        /// Of which kind.
        bucket: RateBucket,
        /// Whose.
        of: RateOf,
        /// How long to wait, in seconds.
        seconds: u64,
    },
    /// How long to wait, in seconds.
    RetryAfter(u64),
    /// When it expired, or becomes valid.
    When(Timestamp),
}

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The cause: what the operator sees.
    pub cause: Cause,
    /// Whether the caller's secret or token was verified, so that facts about the account may be
    /// told.
    pub proven: bool,
    /// Who asked, as far as it is known; a claim of its own unless `proven`.
    pub holder: Option<Principal>,
    /// The actions that are missing.
    pub wanted: Vec<Wanted>,
    /// What established it.
    pub evidence: Evidence,
    /// More for the operator alone.
    pub note: Option<&'static str>,
}

impl Denial {
    /// A denial towards somebody who has proved nothing.
    pub fn new(cause: Cause) -> Self {
        Self {
            cause,
            proven: false,
            holder: None,
            wanted: Vec::new(),
            evidence: Evidence::None,
            note: None,
        }
    }

    /// About somebody whose secret or token was verified.
    #[must_use]
    pub fn to_holder(mut self, holder: Principal) -> Self {
        self.proven = true;
        self.holder = Some(holder);
        self
    }

    /// About somebody whose credential was verified without its being known who that is.
    #[must_use]
    pub fn proven(mut self) -> Self {
        self.proven = true;
        self
    }

    /// With what established it.
    #[must_use]
    pub fn with_evidence(mut self, evidence: Evidence) -> Self {
        self.evidence = evidence;
        self
    }

    /// With the actions that are missing.
    #[must_use]
    pub fn with_wanted(mut self, wanted: Vec<Wanted>) -> Self {
        self.wanted = wanted;
        self
    }

    /// With a note for the operator.
    #[must_use]
    pub fn with_note(mut self, note: &'static str) -> Self {
        self.note = Some(note);
        self
    }

    /// The cause that the caller may be told.
    pub fn disclosed(&self) -> Cause {
        self.cause.disclosed(self.proven)
    }
}
