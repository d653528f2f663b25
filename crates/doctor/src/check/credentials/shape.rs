//! `credential.shape`: the credential has the form that its kind should have, and is not past its
//! time. What a token says of itself is not verified; the server has the last word.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use naru_client::credential::Kind;
use naru_client::jwt::Claims;
use naru_codes::Cause;
use naru_codes::report::{
    Category, Certainty, Evidence, EvidenceKind, Finding, Reach, Severity, Text,
};

use crate::check::{Check, Done, Identity, LOCAL, Running};
use crate::context::Context;
use crate::fact::{Chosen, Credential, Facts, Shape, Target};
use crate::finding::{Place, finding, second};

pub(crate) static CHECK: Check = Check {
    id: "credential.shape",
    category: Category::Credentials,
    claim: "check-credential-shape",
    needs: &["credential", "target"],
    holds: &[],
    after: &[],
    yields: &["shape"],
    applies: |facts| match facts.get::<Credential>() {
        Some(Credential { chosen: Some(_) }) => Ok(()),
        _ => Err(Text::new("reason-no-credential")),
    },
    codes: &[
        Cause::CredentialExpiredAccessToken,
        Cause::CredentialExpiredEntra,
        Cause::CredentialMalformed,
        Cause::CredentialNotYetValid,
        Cause::CredentialWrongRegistry,
        Cause::CredentialWrongUsername,
    ],
    reach: Reach::Offline,
    identity: Identity::User,
    budget: LOCAL,
    since: "0.1",
    retired: None,
    run: |context, facts| -> Running { Box::pin(async move { look(&context, &facts) }) },
};

/// How far clocks may differ before a token is called not yet valid.
const LEEWAY: SignedDuration = SignedDuration::from_secs(60);

/// How soon an end is worth a warning.
const SOON: SignedDuration = SignedDuration::from_mins(15);

/// The name that goes with a token as password.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

fn look(context: &Arc<Context>, facts: &Facts) -> Done {
    let (Some(Credential { chosen: Some(chosen) }), Some(target)) =
        (facts.get::<Credential>(), facts.get::<Target>())
    else {
        return Done::passed(Vec::new());
    };
    let now = second(context.clock.now());
    let claims = Claims::of(chosen.secret().expose());
    let mut findings = blanks(chosen, target);
    let mut evidence = Vec::new();
    if let Some(claims) = &claims {
        evidence.push(Evidence::new(EvidenceKind::Token, described(claims, now)));
        findings.extend(of_token(claims, chosen, target, now));
    } else if chosen.stored.kind == Kind::RegistryToken {
        let summary = Text::new("found-credential-not-a-token");
        findings.push(
            found(Cause::CredentialMalformed, Certainty::Likely, summary, chosen, target)
                .at_most(Severity::Warning),
        );
    }
    let findings: Vec<_> =
        findings.into_iter().map(|found| found.evidence(evidence.clone())).collect();
    // The server has the last word: this clock may be the one that is wrong.
    Done::found(findings, evidence).yielding(Shape {})
}

fn found(
    code: Cause,
    certainty: Certainty,
    summary: Text,
    chosen: &Chosen,
    target: &Target,
) -> Finding {
    let place = Place {
        host: target.server.to_string(),
        user: Some(chosen.stored.username.clone()).filter(|name| !name.is_empty()),
        tool: chosen.tool.map(naru_client::credential::places::Tool::command),
        verify: "token.accepted",
        ..Place::default()
    };
    finding(code, certainty, chosen.principal(), summary, &place)
}

fn blanks(chosen: &Chosen, target: &Target) -> Vec<Finding> {
    let secret = chosen.secret().expose();
    let (name, trimmed) = (&chosen.stored.username, secret.trim());
    let summary = if secret.is_empty() {
        Text::new("found-credential-empty")
    } else if trimmed.len() != secret.len() || name.trim() != name {
        Text::new("found-credential-blanks")
    } else {
        return Vec::new();
    };
    // A password may begin with a blank; a line end is never meant.
    let certainty =
        if secret.ends_with(['\n', '\r']) { Certainty::Likely } else { Certainty::Possible };
    let finding = found(Cause::CredentialMalformed, certainty, summary, chosen, target);
    vec![finding.at_most(Severity::Warning)]
}

fn of_token(claims: &Claims, chosen: &Chosen, target: &Target, now: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    let access = claims.grant_type.as_deref() == Some("access_token");
    if let Some(expires) = claims.expires() {
        let code = if access {
            Cause::CredentialExpiredAccessToken
        } else {
            Cause::CredentialExpiredEntra
        };
        let expected = Text::new("expected-after").with("time", now);
        let observed = Text::new("observed-expires").with("time", expires);
        if expires < now {
            let summary = Text::new("found-credential-expired").with("time", expires);
            findings.push(
                found(code, Certainty::Proven, summary, chosen, target)
                    .expected(expected, observed),
            );
        } else if expires.duration_since(now) < SOON {
            let summary = Text::new("found-credential-expires-soon").with("time", expires);
            findings.push(
                found(code, Certainty::Proven, summary, chosen, target)
                    .expected(expected, observed)
                    .at_most(Severity::Warning),
            );
        }
    }
    if let Some(begins) = claims.begins().filter(|begins| begins.duration_since(now) > LEEWAY) {
        let summary = Text::new("found-credential-not-yet-valid").with("time", begins);
        findings.push(found(
            Cause::CredentialNotYetValid,
            Certainty::Proven,
            summary,
            chosen,
            target,
        ));
    }
    let azures = claims.iss.as_deref() == Some("Azure Container Registry");
    let here = [target.server.to_string(), target.server.host()];
    if let Some(audience) = claims.aud.as_ref().filter(|_| azures) {
        // A registry behind another name or port knows itself by its own; only another host under
        // a name of its own speaks for a mix-up.
        if audience.contains('.') && !target.server.is_loopback() && !here.contains(audience) {
            let summary = Text::new("found-credential-wrong-registry")
                .with("audience", audience)
                .with("host", &target.server);
            findings.push(
                found(Cause::CredentialWrongRegistry, Certainty::Likely, summary, chosen, target)
                    .at_most(Severity::Warning),
            );
        }
    }
    let name = &chosen.stored.username;
    let token_name = matches!(name.as_str(), "" | NOBODY | "<token>");
    if azures && chosen.stored.kind == Kind::Password && !token_name {
        let summary = Text::new("found-credential-wrong-username").with("name", name);
        let finding =
            found(Cause::CredentialWrongUsername, Certainty::Likely, summary, chosen, target)
                .expected(
                    Text::new("expected-value").with("value", NOBODY),
                    Text::new("observed-value").with("value", name),
                );
        findings.push(finding.at_most(Severity::Warning));
    }
    findings
}

fn described(claims: &Claims, now: Timestamp) -> String {
    let mut parts = Vec::new();
    let texts = [
        ("iss", &claims.iss),
        ("aud", &claims.aud),
        ("sub", &claims.sub),
        ("grant_type", &claims.grant_type),
    ];
    for (name, value) in texts {
        parts.extend(
            value.as_ref().map(|value| format!("{name} {}", naru_client::refusal::one_line(value))),
        );
    }
    for (name, time) in [("nbf", claims.begins()), ("exp", claims.expires())] {
        parts.extend(time.map(|time| format!("{name} {time}")));
    }
    parts.push(format!("now {now}"));
    parts.join(", ")
}
