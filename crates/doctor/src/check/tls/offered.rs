//! `tls.offered`: the host speaks TLS, or is on this machine, where tools allow plain HTTP.

use naru_client::transport::tls::TlsError;
use naru_client::transport::{ConnectError, Endpoint};
use naru_codes::Cause;
use naru_codes::report::{Category, Certainty, Evidence, EvidenceKind, Finding, Reach, Text};

use super::described;
use crate::check::{Check, Done, Identity, REMOTE, Running, always};
use crate::context::Context;
use crate::fact::{Channel, Engine, Facts, Reachable, Target};
use crate::finding::{Place, connect_cause, finding};

pub(crate) static CHECK: Check = Check {
    id: "tls.offered",
    category: Category::Tls,
    claim: "check-tls-offered",
    needs: &["target", "reachable"],
    holds: &[],
    after: &["engine"],
    yields: &["channel"],
    applies: always,
    codes: &[
        Cause::DockerInsecureRegistry,
        Cause::NetworkProxy,
        Cause::NetworkRefused,
        Cause::NetworkTimeout,
        Cause::NetworkTlsProtocol,
    ],
    reach: Reach::Network,
    identity: Identity::Nobody,
    budget: REMOTE,
    since: "0.1",
    retired: None,
    run: |context, facts| -> Running { Box::pin(async move { look(&context, &facts).await }) },
};

async fn look(context: &Context, facts: &Facts) -> Done {
    let (Some(target), Some(reachable)) = (facts.get::<Target>(), facts.get::<Reachable>()) else {
        return Done::passed(Vec::new());
    };
    let connector = context.connector(&target.server);
    let endpoint = Endpoint { tls: true, host: target.server.host(), port: reachable.port };
    let stream = match connector.open(&endpoint).await {
        Ok(stream) => stream,
        Err(error) => return refused(&error, &endpoint).transient(true),
    };
    let handshake = connector.handshake(stream, &endpoint).await;
    let mut evidence = described(&handshake.chain);
    if let Some(version) = &handshake.version {
        evidence.insert(0, Evidence::new(EvidenceKind::Network, version.clone()));
    }
    let chain = handshake.chain;
    let verdict = handshake.verdict;
    match handshake.stream {
        Ok(_) | Err(TlsError::Certificate(_)) => {
            Done::passed(evidence).yielding(Channel { endpoint, chain, verdict })
        }
        Err(TlsError::NotTls) => plain(facts, target, reachable.port),
        // Some servers of plain HTTP only hang up. Tools go on without TLS on this machine alone.
        Err(TlsError::Broken(_)) if target.server.is_loopback() => {
            plain(facts, target, reachable.port)
        }
        Err(error) => {
            let authority = endpoint.authority();
            let (code, id) = if error == TlsError::Timeout {
                (Cause::NetworkTimeout, "found-no-answer")
            } else {
                (Cause::NetworkTlsProtocol, "found-network-tls-protocol")
            };
            let summary = Text::new(id).with("host", &authority).with("why", &error);
            let found =
                finding(code, Certainty::Proven, authority.clone(), summary, &place(target));
            evidence.push(Evidence::new(EvidenceKind::Network, format!("{authority}: {error}")));
            Done::found(vec![found.evidence(evidence)], Vec::new())
        }
    }
}

fn place(target: &Target) -> Place {
    Place { host: target.server.to_string(), verify: CHECK.id, ..Place::default() }
}

/// Plain HTTP, or something else that is no TLS.
fn plain(facts: &Facts, target: &Target, port: u16) -> Done {
    let endpoint = Endpoint { tls: false, host: target.server.host(), port };
    let authority = target.server.to_string();
    let evidence = Evidence::new(EvidenceKind::Network, format!("{authority}: no TLS"));
    let channel = Channel { endpoint, chain: Vec::new(), verdict: None };
    let allowed = facts.get::<Engine>().map(|engine| engine.insecure.contains(&authority));
    if target.server.is_loopback() || allowed == Some(true) {
        return Done::passed(vec![evidence]).yielding(channel);
    }
    let mut findings: Vec<Finding> = Vec::new();
    if allowed == Some(false) {
        let summary = Text::new("found-docker-insecure-registry").with("host", &authority);
        findings.push(finding(
            Cause::DockerInsecureRegistry,
            Certainty::Proven,
            authority,
            summary,
            &place(target),
        ));
    } else {
        let summary = Text::new("found-network-tls-plain").with("host", &authority);
        findings.push(finding(
            Cause::NetworkTlsProtocol,
            Certainty::Proven,
            authority,
            summary,
            &place(target),
        ));
    }
    let findings = findings.into_iter().map(|found| found.evidence([evidence.clone()])).collect();
    // No credential goes over a way that anybody can read, so nothing builds on this.
    Done::found(findings, Vec::new())
}

fn refused(error: &ConnectError, endpoint: &Endpoint) -> Done {
    let authority = endpoint.authority();
    let place = Place { host: authority.clone(), verify: CHECK.id, ..Place::default() };
    let summary = Text::new("found-no-answer").with("host", &authority).with("why", error);
    let found = finding(connect_cause(error), Certainty::Proven, authority, summary, &place);
    Done::found(vec![found], Vec::new())
}
