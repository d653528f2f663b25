//! `clock.agrees`: this machine's clock and the server's differ by less than tokens bear.

use jiff::{SignedDuration, Timestamp};
use naru_codes::Cause;
use naru_codes::report::{
    Category, Certainty, Evidence, EvidenceKind, Finding, Reach, Severity, Text,
};

use super::{Check, Done, Identity, LOCAL, Running, always};
use crate::fact::{Facts, Target, Times};
use crate::finding::{Place, finding, second};

pub(super) static CHECK: Check = Check {
    id: "clock.agrees",
    category: Category::Clock,
    claim: "check-clock-agrees",
    needs: &["target", "times"],
    holds: &[],
    after: &[],
    yields: &[],
    applies: always,
    codes: &[Cause::NetworkClockSkew],
    reach: Reach::Network,
    identity: Identity::Nobody,
    budget: LOCAL,
    since: "0.1",
    retired: None,
    run: |_, facts| -> Running { Box::pin(async move { look(&facts) }) },
};

/// What servers bear in the times of a token.
const LEEWAY: SignedDuration = SignedDuration::from_secs(60);

/// From here on logins break, not only at the edges of a token's time.
const FAR: SignedDuration = SignedDuration::from_mins(5);

fn look(facts: &Facts) -> Done {
    let (Some(target), Some(Times { theirs, ours })) =
        (facts.get::<Target>(), facts.get::<Times>())
    else {
        return Done::passed(Vec::new());
    };
    let host = target.server.to_string();
    let evidence = both(*theirs, *ours);
    match skew(host, (*theirs, *ours), "found-network-clock-skew", Certainty::Proven, CHECK.id) {
        Some(found) => Done::found(vec![found], Vec::new()),
        None => Done::passed(vec![evidence]),
    }
}

/// What it comes to that two clocks differ; nothing where they differ by no more than tokens bear.
pub(super) fn skew(
    host: String,
    (theirs, ours): (Timestamp, Timestamp),
    summary: &'static str,
    certainty: Certainty,
    verify: &'static str,
) -> Option<Finding> {
    let apart = ours.duration_since(theirs).abs();
    if apart <= LEEWAY {
        return None;
    }
    let summary =
        Text::new(summary).with("host", &host).with("seconds", apart.as_secs().unsigned_abs());
    let place = Place { host: host.clone(), verify, ..Place::default() };
    let found = finding(Cause::NetworkClockSkew, certainty, host, summary, &place)
        .expected(
            Text::new("expected-value").with("value", second(theirs)),
            Text::new("observed-value").with("value", second(ours)),
        )
        .evidence([both(theirs, ours)]);
    Some(if apart > FAR { found } else { found.at_most(Severity::Warning) })
}

fn both(theirs: Timestamp, ours: Timestamp) -> Evidence {
    let seconds = ours.duration_since(theirs).as_secs();
    let (theirs, ours) = (second(theirs), second(ours));
    Evidence::new(EvidenceKind::Clock, format!("server {theirs}, here {ours} ({seconds:+} s)"))
}
