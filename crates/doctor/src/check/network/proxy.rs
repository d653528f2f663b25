//! `proxy.usable`: the proxy settings can be used, and the engine has the same ones.

use std::sync::Arc;

use naru_client::transport::Endpoint;
use naru_client::transport::proxy::Proxies;
use naru_codes::Cause;
use naru_codes::report::{Category, Certainty, Evidence, EvidenceKind, Reach, Text};

use crate::check::{Check, Done, Identity, LOCAL, Running, always};
use crate::context::Context;
use crate::fact::{Engine, Facts, Route, Target};
use crate::finding::{Place, finding};

pub(crate) static CHECK: Check = Check {
    id: "proxy.usable",
    category: Category::Network,
    claim: "check-proxy-usable",
    needs: &["target"],
    holds: &[],
    after: &["engine"],
    yields: &["route"],
    applies: always,
    codes: &[Cause::DockerProxy, Cause::NetworkProxy],
    reach: Reach::Offline,
    identity: Identity::Nobody,
    budget: LOCAL,
    since: "0.1",
    retired: None,
    run: |context, facts| -> Running { Box::pin(async move { look(&context, &facts) }) },
};

fn look(context: &Arc<Context>, facts: &Facts) -> Done {
    let Some(target) = facts.get::<Target>() else { return Done::passed(Vec::new()) };
    let proxies = Proxies::of_environment(&context.surroundings);
    let host = target.server.host();
    let endpoint =
        Endpoint { tls: true, host: host.clone(), port: target.server.port().unwrap_or(443) };
    let proxy = proxies.of(&endpoint);
    let place = Place { host: host.clone(), verify: CHECK.id, ..Place::default() };
    let mut findings = Vec::new();
    for invalid in &proxies.invalid {
        let summary = Text::new("found-proxy-unreadable").with("variable", invalid.variable);
        findings.push(finding(
            Cause::NetworkProxy,
            Certainty::Proven,
            invalid.variable,
            summary,
            &place,
        ));
    }
    let ours = proxy.map(ToString::to_string);
    let mut evidence = vec![Evidence::new(
        EvidenceKind::Network,
        match proxy {
            Some(proxy) => format!("{}: {proxy}", proxy.variable),
            None => format!("{host}: no proxy"),
        },
    )];
    if let Some(engine) = facts.get::<Engine>().filter(|_| !target.server.is_loopback()) {
        let theirs = without_scheme(&engine.https_proxy);
        if theirs.as_deref() != ours.as_deref() {
            let shown = |proxy: &Option<String>| proxy.clone().unwrap_or_else(|| "-".to_owned());
            let summary = Text::new("found-docker-proxy")
                .with("engine", shown(&theirs))
                .with("client", shown(&ours));
            let piece = Evidence::new(
                EvidenceKind::Program,
                format!("docker info: HttpsProxy {}", shown(&theirs)),
            );
            evidence.push(piece.clone());
            findings.push(
                finding(Cause::DockerProxy, Certainty::Possible, host, summary, &place)
                    .evidence([piece]),
            );
        }
    }
    Done::found(findings, evidence).yielding(Route { proxy: ours })
}

/// Host and port of a proxy's URL, without what could be a secret.
fn without_scheme(url: &str) -> Option<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or(rest);
    let server = authority.rsplit_once('@').map_or(authority, |(_, server)| server);
    (!server.is_empty())
        .then(|| if server.contains(':') { server.to_owned() } else { format!("{server}:80") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxys_url_is_shown_without_its_password() {
        assert_eq!(
            without_scheme("http://me:secret@p.example:3128/").as_deref(),
            Some("p.example:3128")
        );
        assert_eq!(without_scheme("p.example").as_deref(), Some("p.example:80"));
        assert_eq!(without_scheme(""), None);
    }
}
