//! `name.valid`: what was asked for names a registry.

use std::sync::Arc;

use naru_client::name::{LoginServer, Named};
use naru_codes::Cause;
use naru_codes::report::{Category, Certainty, Finding, Outcome, Reach, Text};
use naru_oci::RepositoryName;

use crate::check::{Check, Done, Identity, LOCAL, Running, always};
use crate::context::Context;
use crate::fact::{Facts, Target};
use crate::finding::{Place, finding};

pub(crate) static CHECK: Check = Check {
    id: "name.valid",
    category: Category::Config,
    claim: "check-name-valid",
    needs: &[],
    holds: &[],
    after: &[],
    yields: &["target"],
    applies: always,
    codes: &[
        Cause::NameHasSchemeOrPath,
        Cause::NameNotFound,
        Cause::NameRepositoryInvalid,
        Cause::NameResourceNotLoginServer,
        Cause::NameUppercase,
    ],
    reach: Reach::Offline,
    identity: Identity::Nobody,
    budget: LOCAL,
    since: "0.1",
    retired: None,
    run: |context, _: Facts| -> Running { Box::pin(async move { look(&context) }) },
};

fn look(context: &Arc<Context>) -> Done {
    let Some(text) = context.asked.target.as_deref() else {
        let reason = Text::new("reason-no-target");
        let outcome = Outcome::NotApplicable { reason };
        return Done { outcome, facts: Facts::default(), transient: false };
    };
    let place = |host: &str| Place { host: host.to_owned(), verify: CHECK.id, ..Place::default() };
    let named = match Named::parse(text) {
        Ok(named) => named,
        Err(error) => {
            let summary = Text::new("found-name-unreadable").with("name", text).with("why", error);
            let found = finding(
                Cause::NameNotFound,
                Certainty::Proven,
                text,
                summary,
                &place("LOGIN-SERVER"),
            );
            return Done::found(vec![found], Vec::new());
        }
    };
    let mut findings = Vec::new();
    let bare = named.server.as_ref().is_none_or(LoginServer::is_bare_word);
    if bare {
        let summary = Text::new("found-name-resource-not-login-server").with("name", text);
        let expected =
            (Text::new("expected-login-server"), Text::new("observed-value").with("value", text));
        findings.push(
            finding(
                Cause::NameResourceNotLoginServer,
                Certainty::Likely,
                text,
                summary,
                &place("LOGIN-SERVER"),
            )
            .expected(expected.0, expected.1),
        );
    }
    let Some(typed) = named.server else { return Done::found(findings, Vec::new()) };
    let server = typed.to_lower_case();
    let host = server.to_string();
    if let Some(scheme) = &named.scheme {
        let summary =
            Text::new("found-name-has-scheme-or-path").with("name", text).with("host", &host);
        let found =
            finding(Cause::NameHasSchemeOrPath, Certainty::Proven, text, summary, &place(&host));
        let observed = Text::new("observed-value").with("value", format!("{scheme}://"));
        findings.push(found.expected(Text::new("expected-value").with("value", &host), observed));
    }
    if typed.has_upper_case() {
        let summary = Text::new("found-name-uppercase").with("name", &typed).with("host", &host);
        let found = finding(Cause::NameUppercase, Certainty::Proven, text, summary, &place(&host));
        let observed = Text::new("observed-value").with("value", &typed);
        findings.push(found.expected(Text::new("expected-value").with("value", &host), observed));
    }
    let repository = context.asked.repository.clone().or(named.repository);
    findings.extend(repository.as_deref().and_then(|repository| judge(repository, &place(&host))));
    let reference = named.reference.filter(|_| context.asked.repository.is_none());
    let legal = repository.filter(|repository| repository.parse::<RepositoryName>().is_ok());
    // A bare word is no host, and asking for it would only find that out again.
    let done = Done::found(findings, Vec::new());
    if bare { done } else { done.yielding(Target { server, typed, repository: legal, reference }) }
}

fn judge(repository: &str, place: &Place) -> Option<Finding> {
    let error = repository.parse::<RepositoryName>().err()?;
    let summary = Text::new("found-name-repository-invalid")
        .with("repository", repository)
        .with("why", error);
    // In lower case it may be one.
    let meant = repository.to_lowercase();
    let legal = meant.parse::<RepositoryName>().is_ok();
    let place = Place { repository: legal.then_some(meant), ..place.clone() };
    Some(finding(Cause::NameRepositoryInvalid, Certainty::Proven, repository, summary, &place))
}
