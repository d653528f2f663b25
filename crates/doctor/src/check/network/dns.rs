//! `dns.resolves`: the host's name has an address.

use naru_client::transport::ConnectError;
use naru_codes::Cause;
use naru_codes::report::{Category, Certainty, Evidence, EvidenceKind, Reach, Text};

use crate::check::{Check, Done, Identity, REMOTE, Running};
use crate::context::Context;
use crate::fact::{Addresses, Facts, Route, Target};
use crate::finding::{Place, finding};

pub(crate) static CHECK: Check = Check {
    id: "dns.resolves",
    category: Category::Network,
    claim: "check-dns-resolves",
    needs: &["target", "route"],
    holds: &[],
    after: &[],
    yields: &["addresses"],
    // Behind a proxy it is the proxy that resolves.
    applies: |facts| match facts.get::<Route>() {
        Some(Route { proxy: Some(_) }) => Err(Text::new("reason-proxy")),
        _ => Ok(()),
    },
    codes: &[Cause::NetworkDns],
    reach: Reach::Network,
    identity: Identity::Nobody,
    budget: REMOTE,
    since: "0.1",
    retired: None,
    run: |context, facts| -> Running { Box::pin(async move { look(&context, &facts).await }) },
};

async fn look(context: &Context, facts: &Facts) -> Done {
    let Some(target) = facts.get::<Target>() else { return Done::passed(Vec::new()) };
    let host = target.server.host();
    match context.connector(&target.server).addresses(&host).await {
        Ok(addresses) => {
            let shown: Vec<_> = addresses.iter().map(ToString::to_string).collect();
            let evidence =
                Evidence::new(EvidenceKind::Dns, format!("{host}: {}", shown.join(", ")));
            Done::passed(vec![evidence]).yielding(Addresses { addresses })
        }
        Err(error) => {
            let why =
                if let ConnectError::Name(why) = &error { why.clone() } else { error.to_string() };
            let place = Place { host: host.clone(), verify: CHECK.id, ..Place::default() };
            let summary = Text::new("found-network-dns").with("host", &host).with("why", &why);
            let evidence = Evidence::new(EvidenceKind::Dns, format!("{host}: {why}"));
            let found = finding(Cause::NetworkDns, Certainty::Proven, host, summary, &place);
            // A resolver that does not answer may answer in a moment.
            let again = why.contains("try again")
                || why.contains("emporary")
                || why.contains("does not answer");
            Done::found(vec![found.evidence([evidence])], Vec::new()).transient(again)
        }
    }
}
