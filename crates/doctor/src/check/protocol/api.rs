//! `registry.api`: what answers at `/v2/` is a registry, and its challenge can be used.

use naru_client::challenge::{Bearer, Challenge};
use naru_client::http::{Reply, Sending};
use naru_client::refusal::{Refusal, date};
use naru_client::token::{RealmFault, TokenService};
use naru_client::transport::Endpoint;
use naru_codes::Cause;
use naru_codes::report::{Category, Certainty, Evidence, Finding, Reach, Severity, Text};

use crate::check::{Check, Done, Identity, REMOTE, Running, always};
use crate::context::Context;
use crate::fact::{Channel, Facts, Ping, Target, Times};
use crate::finding::{Place, cause_of, exchange, finding, lookup, no_answer};

pub(crate) static CHECK: Check = Check {
    id: "registry.api",
    category: Category::Protocol,
    claim: "check-registry-api",
    needs: &["target", "channel"],
    holds: &["trusted", "named", "in-time"],
    after: &[],
    yields: &["ping", "times"],
    applies: always,
    codes: Cause::ALL,
    reach: Reach::Network,
    identity: Identity::Nobody,
    budget: REMOTE,
    since: "0.1",
    retired: None,
    run: |context, facts| -> Running { Box::pin(async move { look(&context, &facts).await }) },
};

async fn look(context: &Context, facts: &Facts) -> Done {
    let (Some(target), Some(channel)) = (facts.get::<Target>(), facts.get::<Channel>()) else {
        return Done::passed(Vec::new());
    };
    let endpoint = &channel.endpoint;
    let place = Place { host: target.server.to_string(), verify: CHECK.id, ..Place::default() };
    let reply = match context.connector(&target.server).send(endpoint, Sending::get("/v2/")).await {
        Ok(reply) => reply,
        Err(error) => {
            return Done::found(vec![no_answer(&error, endpoint, &place)], Vec::new())
                .transient(true);
        }
    };
    let evidence = exchange("GET", &endpoint.url("/v2/"), &reply);
    let challenges = Challenge::of(&reply.headers);
    let times = date(&reply).map(|date| (date, reply.received));
    let findings = judge(&reply, &challenges, endpoint, &place);
    let findings: Vec<Finding> =
        findings.into_iter().map(|found| found.evidence([evidence.clone()])).collect();
    let usable = findings.iter().all(|found| found.severity > Severity::Error);
    let unavailable = reply.status.is_server_error();
    let done = Done::found(findings, evidence_of(evidence, &challenges)).transient(unavailable);
    // The clock can be compared with whatever answered.
    let done = match times {
        Some((theirs, ours)) => done.yielding(Times { theirs, ours }),
        None => done,
    };
    let open = reply.status.is_success();
    if usable { done.yielding(Ping { challenges, open }) } else { done }
}

fn evidence_of(first: Evidence, challenges: &[Challenge]) -> Vec<Evidence> {
    let mut all = vec![first];
    for challenge in challenges {
        let text = match challenge {
            Challenge::Basic => "challenge: Basic".to_owned(),
            Challenge::Bearer(Bearer { realm, service, .. }) => {
                format!(
                    "challenge: Bearer, realm {realm}, service {}",
                    service.as_deref().unwrap_or("-")
                )
            }
            Challenge::Other(scheme) => format!("challenge: {scheme}"),
        };
        let text = naru_client::refusal::one_line(&text);
        all.push(Evidence::new(naru_codes::report::EvidenceKind::Http, text));
    }
    all
}

fn judge(
    reply: &Reply,
    challenges: &[Challenge],
    endpoint: &Endpoint,
    place: &Place,
) -> Vec<Finding> {
    let status = reply.status.as_u16();
    let refusal = Refusal::of(reply);
    let host = endpoint.authority();
    if status == 401 {
        return of_challenges(challenges, endpoint, place);
    }
    let registry = !reply.header("docker-distribution-api-version").is_empty()
        || reply.header("content-type").starts_with("application/json");
    if reply.status.is_success() && registry {
        return Vec::new();
    }
    let otherwise = Cause::RegistryNoChallenge;
    let (code, certainty) = if reply.status.is_success() {
        (otherwise, Certainty::Proven)
    } else {
        cause_of(&refusal, otherwise)
    };
    let summary =
        Text::new("found-registry-answer").with("host", &host).with("said", refusal.summary());
    let expected = Text::new("expected-challenge");
    let observed = Text::new("observed-value").with("value", refusal.summary());
    vec![
        finding(code, certainty, host, summary, place)
            .expected(expected, observed)
            .lookup(lookup(&refusal)),
    ]
}

fn of_challenges(challenges: &[Challenge], endpoint: &Endpoint, place: &Place) -> Vec<Finding> {
    let host = endpoint.authority();
    let bad = |id, value: &str, severity| {
        let summary = Text::new(id).with("host", &host).with("value", value);
        finding(Cause::RegistryBadChallenge, Certainty::Proven, host.clone(), summary, place)
            .at_most(severity)
    };
    let bearer = challenges.iter().find_map(|challenge| match challenge {
        Challenge::Bearer(bearer) => Some(bearer),
        Challenge::Basic | Challenge::Other(_) => None,
    });
    let Some(bearer) = bearer else {
        if challenges.contains(&Challenge::Basic) {
            return Vec::new();
        }
        let summary = Text::new("found-registry-no-challenge").with("host", &host);
        return vec![finding(
            Cause::RegistryNoChallenge,
            Certainty::Proven,
            host.clone(),
            summary,
            place,
        )];
    };
    let mut findings = Vec::new();
    match TokenService::of(bearer, endpoint) {
        Ok(_) => {}
        Err(RealmFault::Unreadable) => {
            findings.push(bad("found-realm-unreadable", &bearer.realm, Severity::Error));
        }
        Err(RealmFault::Unencrypted) => {
            findings.push(bad("found-realm-unencrypted", &bearer.realm, Severity::Error));
        }
        // Tools follow such a realm; a secret is not sent there by us.
        Err(RealmFault::OtherHost) => {
            findings.push(bad("found-realm-other-host", &bearer.realm, Severity::Warning));
        }
    }
    if bearer.service.is_none() {
        findings.push(bad("found-realm-no-service", &bearer.realm, Severity::Advice));
    }
    findings
}
