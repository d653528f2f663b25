//! The table of checks, and what a row of it says.

mod authorization;
mod clock;
mod config;
mod credentials;
mod environment;
mod exchange;
mod network;
mod protocol;
mod server;
mod tls;
mod token;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use naru_codes::Cause;
use naru_codes::report::{Category, Evidence, Finding, Outcome, Reach, Text};

use crate::context::Context;
use crate::fact::{Fact, FactName, Facts};

/// Whose credential a check uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// None.
    Nobody,
    /// The one that is stored, or was given.
    User,
}

/// How long a check may take, and whether it is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// How long one try may take.
    pub timeout: Duration,
    /// How often it is tried, where an outcome is one that may pass by itself.
    pub attempts: u32,
    /// How long to wait before the next try; twice as long each time.
    pub pause: Duration,
    /// After how long a person is told that it takes long.
    pub slow: Duration,
}

/// What a check does, later.
pub type Running = Pin<Box<dyn Future<Output = Done> + Send>>;

/// A claim about the world, and how it is looked at.
pub struct Check {
    /// Stable, dotted, never used again for another.
    pub id: &'static str,
    /// Its part of a login's path.
    pub category: Category,
    /// The id of the text that says the claim.
    pub claim: &'static str,
    /// Facts that it cannot do without.
    pub needs: &'static [FactName],
    /// Facts that must not have failed to come about; where they do not apply, it goes on.
    pub holds: &'static [FactName],
    /// Facts that it waits for, and can do without.
    pub after: &'static [FactName],
    /// Facts that it may find out.
    pub yields: &'static [FactName],
    /// Whether there is anything to look at; else the text that says why not.
    pub applies: fn(&Facts) -> Result<(), Text>,
    /// The codes that it may give.
    pub codes: &'static [Cause],
    /// How far it reaches.
    pub reach: Reach,
    /// Whose credential it uses.
    pub identity: Identity,
    /// How long it may take.
    pub budget: Budget,
    /// The version that brought it.
    pub since: &'static str,
    /// The version that took it away; its id stays documented.
    pub retired: Option<&'static str>,
    /// Looks.
    pub run: fn(Arc<Context>, Facts) -> Running,
}

/// What a check has found out.
pub struct Done {
    /// What became of it.
    pub outcome: Outcome,
    /// What others may build on.
    pub facts: Facts,
    /// Whether another try may come to something else.
    pub transient: bool,
}

/// A check that looks at files and the like.
pub(crate) const LOCAL: Budget = Budget {
    timeout: Duration::from_secs(15),
    attempts: 1,
    pause: Duration::ZERO,
    slow: Duration::from_secs(3),
};

/// A check that speaks to a host.
pub(crate) const REMOTE: Budget = Budget {
    timeout: Duration::from_secs(40),
    attempts: 2,
    pause: Duration::from_millis(200),
    slow: Duration::from_secs(5),
};

/// Every check, in the order in which they are shown: that of a login's path.
pub static CHECKS: &[&Check] = &[
    &environment::cli::CHECK,
    &environment::version::CHECK,
    &environment::daemon::CHECK,
    &config::name::CHECK,
    &config::files::CHECK,
    &credentials::found::CHECK,
    &credentials::shape::CHECK,
    &network::proxy::CHECK,
    &network::dns::CHECK,
    &network::tcp::CHECK,
    &tls::offered::CHECK,
    &tls::trusted::CHECK,
    &tls::name::CHECK,
    &tls::dates::CHECK,
    &protocol::api::CHECK,
    &exchange::anonymous::CHECK,
    &token::accepted::CHECK,
    &authorization::PULL,
    &authorization::PUSH,
    &authorization::DELETE,
    &clock::CHECK,
    &server::CHECK,
];

impl Done {
    /// It is so.
    pub(crate) fn passed(evidence: Vec<Evidence>) -> Self {
        Self::of(Outcome::Passed { evidence })
    }

    /// It is not so, for these reasons; or it is, where there are none.
    pub(crate) fn found(findings: Vec<Finding>, evidence: Vec<Evidence>) -> Self {
        Self::of(Outcome::of_findings(findings, evidence))
    }

    /// It is not known.
    pub(crate) fn unknown(tried: Text, evidence: Vec<Evidence>) -> Self {
        Self { transient: true, ..Self::of(Outcome::Inconclusive { tried, evidence }) }
    }

    fn of(outcome: Outcome) -> Self {
        Self { outcome, facts: Facts::default(), transient: false }
    }

    /// And this is a fact now.
    #[must_use]
    pub(crate) fn yielding(mut self, fact: impl Fact) -> Self {
        self.facts.insert(fact);
        self
    }

    /// And another try may come to something else.
    #[must_use]
    pub(crate) fn transient(self, transient: bool) -> Self {
        Self { transient, ..self }
    }
}

/// For checks that always have something to look at.
#[expect(
    clippy::unnecessary_wraps,
    reason = "it is one of the functions of its column in the table"
)]
pub(crate) fn always(_facts: &Facts) -> Result<(), Text> {
    Ok(())
}

/// The checks that words name, with those that they need; all, where no word is given. What is to
/// be skipped is, whatever needs it.
pub fn choose<'a>(checks: &[&'a Check], only: &[String], skip: &[String]) -> Vec<&'a Check> {
    let names = |check: &Check, words: &[String]| {
        words.iter().any(|word| *word == check.id || *word == check.category.name())
    };
    let mut chosen: Vec<bool> = checks
        .iter()
        .map(|check| {
            check.retired.is_none()
                && (only.is_empty() || names(check, only))
                && !names(check, skip)
        })
        .collect();
    // What is chosen drags in what it builds on; the table is in that order.
    for at in (0..checks.len()).rev() {
        let (Some(true), Some(check)) = (chosen.get(at), checks.get(at)) else { continue };
        let wanted: Vec<FactName> = check.needs.iter().chain(check.holds).copied().collect();
        for (other, chosen) in checks.iter().zip(&mut chosen) {
            let builds = other.yields.iter().any(|fact| wanted.contains(fact));
            *chosen |= builds && !names(other, skip);
        }
    }
    checks.iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|(check, _)| *check).collect()
}

/// Whether a word names a check or a category.
pub fn is_known(word: &str) -> bool {
    CHECKS.iter().any(|check| check.id == word || check.category.name() == word)
}

#[cfg(test)]
mod tests;
