//! `tcp.connects`: something listens at every address of the host.

use std::net::SocketAddr;

use naru_client::transport::{ConnectError, Endpoint};
use naru_codes::Cause;
use naru_codes::report::{
    Category, Certainty, Evidence, EvidenceKind, Finding, Reach, Severity, Text,
};

use crate::check::{Check, Done, Identity, REMOTE, Running, always};
use crate::context::Context;
use crate::fact::{Addresses, Facts, Reachable, Route, Target};
use crate::finding::{Place, connect_cause, finding};

pub(crate) static CHECK: Check = Check {
    id: "tcp.connects",
    category: Category::Network,
    claim: "check-tcp-connects",
    needs: &["target", "route"],
    holds: &["addresses"],
    after: &[],
    yields: &["reachable"],
    applies: always,
    codes: &[Cause::NetworkProxy, Cause::NetworkRefused, Cause::NetworkTimeout],
    reach: Reach::Network,
    identity: Identity::Nobody,
    budget: REMOTE,
    since: "0.1",
    retired: None,
    run: |context, facts| -> Running { Box::pin(async move { look(&context, &facts).await }) },
};

async fn look(context: &Context, facts: &Facts) -> Done {
    let Some(target) = facts.get::<Target>() else { return Done::passed(Vec::new()) };
    if let Some(Route { proxy: Some(_) }) = facts.get::<Route>() {
        return through_proxy(context, target).await;
    }
    // Where no port is given, docker tries that of HTTP too, on this machine alone.
    let ports = match target.server.port() {
        Some(port) => vec![port],
        None if target.server.is_loopback() => vec![443, 80],
        None => vec![443],
    };
    let mut last = Done::passed(Vec::new());
    for port in ports {
        last = each_address(context, facts, target, port).await;
        if last.facts.has("reachable") {
            return last;
        }
    }
    last
}

async fn each_address(context: &Context, facts: &Facts, target: &Target, port: u16) -> Done {
    let connector = context.connector(&target.server);
    let addresses = facts.get::<Addresses>().map(|known| known.addresses.clone());
    let (mut findings, mut evidence, mut reached) = (Vec::new(), Vec::new(), 0);
    for address in addresses.unwrap_or_default() {
        let address = SocketAddr::new(address, port);
        let dialled = connector.dial(address).await;
        let shown = match &dialled {
            Ok(_) => format!("{address}: connected"),
            Err(error) => format!("{address}: {error}"),
        };
        evidence.push(Evidence::new(EvidenceKind::Network, shown));
        match dialled {
            Ok(_) => reached += 1,
            Err(error) => findings.push(unreached(&error, &address.to_string(), target)),
        }
    }
    // One address that answers is enough for most tools, if not for all and not for ever.
    let findings: Vec<Finding> = findings
        .into_iter()
        .map(|found| {
            let found = found.evidence(evidence.clone());
            if reached > 0 { found.at_most(Severity::Warning) } else { found }
        })
        .collect();
    let done = Done::found(findings, evidence);
    if reached > 0 { done.yielding(Reachable { port }) } else { done.transient(true) }
}

async fn through_proxy(context: &Context, target: &Target) -> Done {
    let port = target.server.port().unwrap_or(443);
    let endpoint = Endpoint { tls: true, host: target.server.host(), port };
    match context.connector(&target.server).open(&endpoint).await {
        Ok(_) => {
            let text = format!("{}: connected through the proxy", endpoint.authority());
            let evidence = Evidence::new(EvidenceKind::Network, text);
            Done::passed(vec![evidence]).yielding(Reachable { port })
        }
        Err(error) => {
            let found = unreached(&error, &endpoint.authority(), target);
            let evidence = Evidence::new(EvidenceKind::Network, error.to_string());
            Done::found(vec![found.evidence([evidence])], Vec::new()).transient(true)
        }
    }
}

fn unreached(error: &ConnectError, address: &str, target: &Target) -> Finding {
    let host = target.server.to_string();
    let place = Place { host: host.clone(), verify: CHECK.id, ..Place::default() };
    let summary = Text::new("found-no-answer").with("host", address).with("why", error);
    finding(connect_cause(error), Certainty::Proven, host, summary, &place)
}
