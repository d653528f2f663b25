//! `tls.chain-trusted`: the chain of the certificate ends in an authority that is trusted here.

use naru_codes::Cause;
use naru_codes::report::{Category, Certainty, Evidence, EvidenceKind, Reach, Text};

use super::{described, encrypted};
use crate::check::{Check, Done, Identity, LOCAL, Running};
use crate::context::Context;
use crate::fact::{Channel, Facts, Target, Trusted};
use crate::finding::{Place, finding};

pub(crate) static CHECK: Check = Check {
    id: "tls.chain-trusted",
    category: Category::Tls,
    claim: "check-tls-chain-trusted",
    needs: &["channel", "target"],
    holds: &[],
    after: &[],
    yields: &["trusted"],
    applies: encrypted,
    codes: &[Cause::NetworkTlsUntrusted],
    reach: Reach::Network,
    identity: Identity::Nobody,
    budget: LOCAL,
    since: "0.1",
    retired: None,
    run: |context, facts| -> Running { Box::pin(async move { look(&context, &facts) }) },
};

fn look(context: &Context, facts: &Facts) -> Done {
    let (Some(channel), Some(target)) = (facts.get::<Channel>(), facts.get::<Target>()) else {
        return Done::passed(Vec::new());
    };
    let mut evidence = described(&channel.chain);
    let roots = context.connector(&target.server).roots;
    let files = roots.files.iter().map(|file| format!("trusted: {}", file.display()));
    let more = files.chain(roots.unreadable.iter().cloned());
    evidence.extend(more.map(|text| Evidence::new(EvidenceKind::File, text)));
    if channel.verdict.as_ref().is_some_and(|verdict| verdict.trusted) {
        return Done::passed(evidence).yielding(Trusted {});
    }
    let host = target.server.to_string();
    let last = channel.chain.last();
    let issuer = last.map(|certificate| certificate.issuer.clone()).unwrap_or_default();
    let alone = channel.chain.first().is_some_and(|first| first.self_issued);
    let id = if alone { "found-network-tls-self-signed" } else { "found-network-tls-untrusted" };
    let summary = Text::new(id).with("host", &host).with("issuer", &issuer);
    let place = Place { host: host.clone(), verify: CHECK.id, ..Place::default() };
    let found = finding(Cause::NetworkTlsUntrusted, Certainty::Proven, host, summary, &place)
        .expected(
            Text::new("expected-authority"),
            Text::new("observed-value").with("value", issuer),
        );
    Done::found(vec![found.evidence(evidence)], Vec::new())
}
