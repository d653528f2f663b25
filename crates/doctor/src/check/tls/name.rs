//! `tls.name-matches`: the certificate is for this host.

use naru_codes::Cause;
use naru_codes::report::{Category, Certainty, Reach, Text};

use super::{described, encrypted};
use crate::check::{Check, Done, Identity, LOCAL, Running};
use crate::context::Context;
use crate::fact::{Channel, Facts, Named, Target};
use crate::finding::{Place, finding};

pub(crate) static CHECK: Check = Check {
    id: "tls.name-matches",
    category: Category::Tls,
    claim: "check-tls-name-matches",
    needs: &["channel", "target"],
    holds: &[],
    after: &[],
    yields: &["named"],
    applies: encrypted,
    codes: &[Cause::NetworkTlsHostname],
    reach: Reach::Network,
    identity: Identity::Nobody,
    budget: LOCAL,
    since: "0.1",
    retired: None,
    run: |context, facts| -> Running { Box::pin(async move { look(&context, &facts) }) },
};

fn look(_: &Context, facts: &Facts) -> Done {
    let (Some(channel), Some(target)) = (facts.get::<Channel>(), facts.get::<Target>()) else {
        return Done::passed(Vec::new());
    };
    let evidence = described(channel.chain.get(..1).unwrap_or_default());
    if channel.verdict.as_ref().is_some_and(|verdict| verdict.named) {
        return Done::passed(evidence).yielding(Named {});
    }
    let host = target.server.host();
    let names = channel.chain.first().map(|first| first.names.join(", ")).unwrap_or_default();
    let summary = Text::new("found-network-tls-hostname").with("host", &host).with("names", &names);
    let place = Place { host: target.server.to_string(), verify: CHECK.id, ..Place::default() };
    let expected = Text::new("expected-value").with("value", &host);
    let found = finding(Cause::NetworkTlsHostname, Certainty::Proven, host, summary, &place)
        .expected(expected, Text::new("observed-value").with("value", names));
    Done::found(vec![found.evidence(evidence)], Vec::new())
}
