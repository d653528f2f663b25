//! `tls.dates-valid`: all certificates of the chain hold now.

use jiff::SignedDuration;
use naru_codes::Cause;
use naru_codes::report::{Category, Certainty, Evidence, EvidenceKind, Reach, Severity, Text};

use super::{described, encrypted};
use crate::check::{Check, Done, Identity, LOCAL, Running};
use crate::context::Context;
use crate::fact::{Channel, Facts, InTime, Target};
use crate::finding::{Place, finding, second};

pub(crate) static CHECK: Check = Check {
    id: "tls.dates-valid",
    category: Category::Tls,
    claim: "check-tls-dates-valid",
    needs: &["channel", "target"],
    holds: &[],
    after: &[],
    yields: &["in-time"],
    applies: encrypted,
    codes: &[Cause::NetworkTlsExpired],
    reach: Reach::Network,
    identity: Identity::Nobody,
    budget: LOCAL,
    since: "0.1",
    retired: None,
    run: |context, facts| -> Running { Box::pin(async move { look(&context, &facts) }) },
};

/// How soon an end is worth a warning.
const SOON: SignedDuration = SignedDuration::from_hours(7 * 24);

fn look(context: &Context, facts: &Facts) -> Done {
    let (Some(channel), Some(target)) = (facts.get::<Channel>(), facts.get::<Target>()) else {
        return Done::passed(Vec::new());
    };
    let now = second(context.clock.now());
    let mut evidence = described(&channel.chain);
    evidence.push(Evidence::new(EvidenceKind::Clock, format!("now {now}")));
    let host = target.server.to_string();
    let place = Place { host: host.clone(), verify: CHECK.id, ..Place::default() };
    let Some(bad) = channel.chain.iter().find(|certificate| !certificate.holds_at(now)) else {
        // The end of the server's own is worth a word before it comes.
        let ends = channel.chain.first().map(|first| first.ends);
        let soon = ends.filter(|ends| ends.duration_since(now) < SOON).map(|ends| {
            let summary =
                Text::new("found-network-tls-soon").with("host", &host).with("time", ends);
            finding(Cause::NetworkTlsExpired, Certainty::Proven, host, summary, &place)
                .at_most(Severity::Warning)
                .evidence(evidence.clone())
        });
        return Done::found(soon.into_iter().collect(), evidence).yielding(InTime {});
    };
    let early = now < bad.begins;
    let (id, time) = if early {
        ("found-network-tls-early", bad.begins)
    } else {
        ("found-network-tls-expired", bad.ends)
    };
    let summary =
        Text::new(id).with("host", &host).with("subject", &bad.subject).with("time", time);
    let expected =
        Text::new("expected-value").with("value", format!("{} - {}", bad.begins, bad.ends));
    let found = finding(Cause::NetworkTlsExpired, Certainty::Proven, host, summary, &place)
        .expected(expected, Text::new("observed-value").with("value", now));
    Done::found(vec![found.evidence(evidence)], Vec::new())
}
