//! `tls.dates-valid`: all certificates of the chain hold now.
//!
//! Where they do not, either a certificate is out of date or this machine's clock is wrong. The
//! server's own time decides, where the certificate is right in all else: if the chain holds then,
//! it is the clock.

use jiff::SignedDuration;
use naru_client::transport::date::ServerTime;
use naru_codes::Cause;
use naru_codes::report::{
    Category, Certainty, Evidence, EvidenceKind, Finding, Reach, Severity, Text,
};

use super::{described, encrypted};
use crate::check::clock::skew;
use crate::check::{Check, Done, Identity, REMOTE, Running};
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
    codes: &[Cause::NetworkClockSkew, Cause::NetworkTlsExpired],
    reach: Reach::Network,
    identity: Identity::Nobody,
    budget: REMOTE,
    since: "0.1",
    retired: None,
    run: |context, facts| -> Running { Box::pin(async move { look(&context, &facts).await }) },
};

/// How soon an end is worth a warning.
const SOON: SignedDuration = SignedDuration::from_hours(7 * 24);

async fn look(context: &Context, facts: &Facts) -> Done {
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
    let mut findings = vec![found.evidence(evidence)];
    findings.extend(wrong_clock(context, channel, target).await);
    Done::found(findings, Vec::new())
}

/// That this machine's clock is wrong, where the chain holds at the server's time.
async fn wrong_clock(context: &Context, channel: &Channel, target: &Target) -> Option<Finding> {
    channel.verdict.as_ref().filter(|verdict| verdict.trusted && verdict.named)?;
    let connector = context.connector(&target.server);
    let ServerTime { theirs, ours } = connector.time_despite_dates(&channel.endpoint).await?;
    if !channel.chain.iter().all(|certificate| certificate.holds_at(theirs)) {
        return None;
    }
    let summary = "found-network-clock-skew-dates";
    // Who shows a certificate that does not hold now may be anybody who got hold of an old one.
    skew(target.server.to_string(), (theirs, ours), summary, Certainty::Likely, CHECK.id)
}
