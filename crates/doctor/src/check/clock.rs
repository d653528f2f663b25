//! `clock.agrees`: this machine's clock and the server's differ by less than tokens bear.

use jiff::SignedDuration;
use naru_codes::Cause;
use naru_codes::report::{Category, Certainty, Evidence, EvidenceKind, Reach, Severity, Text};

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
    let apart = ours.duration_since(*theirs);
    let seconds = apart.as_secs();
    let (theirs, ours) = (second(*theirs), second(*ours));
    let evidence =
        Evidence::new(EvidenceKind::Clock, format!("server {theirs}, here {ours} ({seconds:+} s)"));
    if apart.abs() <= LEEWAY {
        return Done::passed(vec![evidence]);
    }
    let host = target.server.to_string();
    let summary = Text::new("found-network-clock-skew")
        .with("host", &host)
        .with("seconds", seconds.unsigned_abs());
    let place = Place { host: host.clone(), verify: CHECK.id, ..Place::default() };
    let found = finding(Cause::NetworkClockSkew, Certainty::Proven, host, summary, &place)
        .expected(
            Text::new("expected-value").with("value", theirs),
            Text::new("observed-value").with("value", ours),
        )
        .evidence([evidence]);
    let found = if apart.abs() > FAR { found } else { found.at_most(Severity::Warning) };
    Done::found(vec![found], Vec::new())
}
