//! Runs checks: each after those whose facts it builds on, all others at once.
//!
//! Each stays within its budget and comes to exactly one outcome; the order of the result is that
//! of the table, whatever finished first.

use std::future::Future;
use std::sync::Arc;

use jiff::Timestamp;
use naru_client::ambient::Clock;
use naru_codes::report::{Because, CheckReport, Outcome, Reach, Text};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::check::{Check, Done};
use crate::fact::{FactName, Facts};

/// How a run is to be.
pub struct Options<'a> {
    /// How far checks may reach.
    pub consent: Reach,
    /// The checks and categories that are wanted; all, where none is named.
    pub only: &'a [String],
    /// The checks and categories that are not.
    pub skip: &'a [String],
    /// Whom to tell that something takes long.
    pub observer: Arc<dyn Observer>,
}

/// Who is told what goes on.
pub trait Observer: Send + Sync {
    /// This check takes long.
    fn slow(&self, check: &'static str);
}

/// Nobody.
pub struct Unobserved;

impl Observer for Unobserved {
    fn slow(&self, _check: &'static str) {}
}

/// One check's end.
struct End {
    at: usize,
    done: Done,
    started: Timestamp,
    ended: Timestamp,
    attempts: u32,
}

/// What is to become of a check whose turn it may be.
enum Turn {
    /// Something that it builds on is not there yet.
    Wait,
    /// It runs.
    Run,
    /// It does not, and this is what becomes of it.
    Not(Outcome),
}

/// Runs checks. `runner` starts one with the facts of that moment.
pub async fn run<R, F>(
    checks: &[&'static Check],
    options: &Options<'_>,
    clock: &Arc<dyn Clock>,
    runner: R,
) -> (Vec<CheckReport>, Facts)
where
    R: Fn(&'static Check, Facts) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Done> + Send + 'static,
{
    let mut facts = Facts::default();
    let mut reports: Vec<Option<CheckReport>> = checks.iter().map(|_| None).collect();
    let mut begun: Vec<bool> = checks.iter().map(|_| false).collect();
    let mut running = JoinSet::new();
    let mut tasks = std::collections::HashMap::new();
    loop {
        let mut moved = true;
        while moved {
            moved = false;
            for (at, check) in checks.iter().copied().enumerate() {
                if begun.get(at).copied().unwrap_or(true) {
                    continue;
                }
                let outcome = match turn(check, checks, &reports, &facts, options.consent) {
                    Turn::Wait => continue,
                    Turn::Run => None,
                    Turn::Not(outcome) => Some(outcome),
                };
                moved = true;
                if let Some(begun) = begun.get_mut(at) {
                    *begun = true;
                }
                if let Some(outcome) = outcome {
                    put(&mut reports, at, unbegun(check, outcome, clock.now()));
                } else {
                    let (clock, observer) = (Arc::clone(clock), Arc::clone(&options.observer));
                    let task = attempt(at, check, facts.clone(), runner.clone(), clock, observer);
                    tasks.insert(running.spawn(task).id(), at);
                }
            }
        }
        match running.join_next_with_id().await {
            None => break,
            Some(Ok((_, end))) => {
                let End { at, done, started, ended, attempts } = end;
                let Some(check) = checks.get(at).copied() else { continue };
                facts.extend(done.facts);
                let duration = ended.duration_since(started).as_millis();
                let report = CheckReport {
                    outcome: done.outcome,
                    duration_ms: i64::try_from(duration).unwrap_or(i64::MAX),
                    attempts,
                    ..unbegun(check, Outcome::Passed { evidence: Vec::new() }, started)
                };
                put(&mut reports, at, report);
            }
            Some(Err(error)) => {
                let Some(at) = tasks.get(&error.id()).copied() else { continue };
                let Some(check) = checks.get(at).copied() else { continue };
                // What a panic says may hold what it was about; that it was one is enough.
                let outcome = Outcome::Crashed { error: "the check ended in a panic".to_owned() };
                put(&mut reports, at, unbegun(check, outcome, clock.now()));
            }
        }
    }
    let finished = checks.iter().zip(reports).map(|(check, report)| {
        report.unwrap_or_else(|| {
            let error = "it builds on itself".to_owned();
            unbegun(check, Outcome::Crashed { error }, clock.now())
        })
    });
    (finished.collect(), facts)
}

fn put(reports: &mut [Option<CheckReport>], at: usize, report: CheckReport) {
    if let Some(place) = reports.get_mut(at) {
        *place = Some(report);
    }
}

fn unbegun(check: &Check, outcome: Outcome, now: Timestamp) -> CheckReport {
    CheckReport {
        id: check.id,
        category: check.category,
        claim: Text::new(check.claim),
        outcome,
        started: now,
        duration_ms: 0,
        attempts: 0,
    }
}

/// What is to become of a check at this moment.
fn turn(
    check: &Check,
    checks: &[&Check],
    reports: &[Option<CheckReport>],
    facts: &Facts,
    consent: Reach,
) -> Turn {
    let source = |fact: FactName| {
        let mut all = checks.iter().zip(reports);
        all.find(|(other, _)| other.yields.contains(&fact)).map(|(_, report)| report.as_ref())
    };
    let all = || check.needs.iter().chain(check.holds).chain(check.after).copied();
    if all().any(|fact| matches!(source(fact), Some(None))) {
        return Turn::Wait;
    }
    let missing = |wanted: &[FactName]| -> Vec<CheckReport> {
        let missing = wanted.iter().copied().filter(|fact| !facts.has(fact));
        missing.filter_map(|fact| source(fact).flatten().cloned()).collect()
    };
    let nobodys = check.needs.iter().find(|fact| !facts.has(fact) && source(fact).is_none());
    if nobodys.is_some() {
        return Turn::Not(Outcome::NotApplicable { reason: Text::new("reason-not-chosen") });
    }
    // Where both a failed and an inapplicable source are missing, the failure is what counts.
    let needed = missing(check.needs);
    let failed = |report: &&CheckReport| !matches!(report.outcome, Outcome::NotApplicable { .. });
    let held = missing(check.holds);
    let blocking = needed.iter().chain(&held).find(failed).or(needed.first()).cloned();
    if let Some(report) = blocking {
        return Turn::Not(match report.outcome {
            Outcome::NotApplicable { reason } => Outcome::NotApplicable { reason },
            // The one at the beginning of the chain is the one to look at.
            Outcome::Skipped { because } => Outcome::Skipped { because },
            // It came through, and this was not to be had.
            Outcome::Passed { .. } | Outcome::Warned { .. } => {
                Outcome::NotApplicable { reason: Text::new("reason-not-there") }
            }
            Outcome::Failed { .. } | Outcome::Inconclusive { .. } | Outcome::Crashed { .. } => {
                Outcome::Skipped { because: Because::Check(report.id) }
            }
        });
    }
    if let Err(reason) = (check.applies)(facts) {
        return Turn::Not(Outcome::NotApplicable { reason });
    }
    if check.reach > consent {
        return Turn::Not(Outcome::Skipped { because: Because::Consent(check.reach) });
    }
    Turn::Run
}

/// Tries a check within its budget.
async fn attempt<R, F>(
    at: usize,
    check: &'static Check,
    facts: Facts,
    runner: R,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn Observer>,
) -> End
where
    R: Fn(&'static Check, Facts) -> F,
    F: Future<Output = Done> + Send + 'static,
{
    let started = clock.now();
    let mut attempts = 0;
    loop {
        attempts += 1;
        let trying = runner(check, facts.clone());
        let done = timeout(check.budget.timeout, watched(check, trying, &observer)).await;
        let done = done.unwrap_or_else(|_| {
            let seconds = check.budget.timeout.as_secs();
            Done::unknown(Text::new("tried-in-time").with("seconds", seconds), Vec::new())
        });
        if done.transient && attempts < check.budget.attempts {
            sleep(check.budget.pause * 2_u32.saturating_pow(attempts - 1)).await;
            continue;
        }
        return End { at, done, started, ended: clock.now(), attempts };
    }
}

/// Tells the observer where something takes long.
async fn watched<F: Future<Output = Done>>(
    check: &'static Check,
    trying: F,
    observer: &Arc<dyn Observer>,
) -> Done {
    let mut trying = std::pin::pin!(trying);
    if let Ok(done) = timeout(check.budget.slow, &mut trying).await {
        return done;
    }
    observer.slow(check.id);
    trying.await
}

#[cfg(test)]
mod tests;
