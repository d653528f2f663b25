//! `server.decision`: what the server on this machine has recorded agrees with what the client was
//! told. A stranger is told less than the operator may know; here is the operator.

use std::fmt::Write as _;

use naru_codes::Cause;
use naru_codes::report::{Category, Certainty, Evidence, EvidenceKind, Reach, Text};

use super::{Check, Done, Identity, LOCAL, Running};
use crate::context::Context;
use crate::fact::{Credential, Facts, LoginDenied, PullDenied, Target};
use crate::finding::{Place, finding};

pub(super) static CHECK: Check = Check {
    id: "server.decision",
    category: Category::Server,
    claim: "check-server-decision",
    needs: &["target"],
    holds: &[],
    after: &["credential", "login-denied", "pull-denied"],
    yields: &[],
    applies: |facts| {
        if id_of(facts).is_some() { Ok(()) } else { Err(Text::new("reason-no-denial")) }
    },
    codes: Cause::ALL,
    reach: Reach::Offline,
    identity: Identity::Nobody,
    budget: LOCAL,
    since: "0.1",
    retired: None,
    run: |context, facts| -> Running { Box::pin(async move { look(&context, &facts).await }) },
};

fn id_of(facts: &Facts) -> Option<&str> {
    let login = facts.get::<LoginDenied>().map(|denied| denied.correlation_id.as_str());
    login.or_else(|| facts.get::<PullDenied>().map(|denied| denied.correlation_id.as_str()))
}

async fn look(context: &Context, facts: &Facts) -> Done {
    let (Some(target), Some(id)) = (facts.get::<Target>(), id_of(facts)) else {
        return Done::passed(Vec::new());
    };
    let apart = |reason| {
        let outcome = naru_codes::report::Outcome::NotApplicable { reason: Text::new(reason) };
        Done { outcome, facts: Facts::default(), transient: false }
    };
    let Some(records) = &context.records else { return apart("reason-no-server-here") };
    let Some(recorded) = records.find(id).await else { return apart("reason-not-recorded") };
    let parts = [
        ("identity", &recorded.identity),
        ("address", &recorded.address),
        ("rule", &recorded.rule),
        ("detail", &recorded.detail),
    ];
    let mut text = format!("{id}: reason {}", recorded.reason.map_or("-", Cause::code));
    for (name, value) in parts {
        if let Some(value) = value {
            let _ = write!(text, ", {name} {value}");
        }
    }
    let evidence = Evidence::new(EvidenceKind::Server, naru_client::refusal::one_line(&text));
    let Some(reason) = recorded.reason else { return Done::passed(vec![evidence]) };
    let place = Place {
        host: target.server.to_string(),
        repository: target.repository.clone(),
        user: recorded.identity.clone(),
        tool: facts
            .get::<Credential>()
            .and_then(|credential| credential.chosen.as_ref()?.tool)
            .map(naru_client::credential::places::Tool::command),
        verify: "token.accepted",
        ..Place::default()
    };
    let summary = Text::new("found-server-decision")
        .with("name", recorded.identity.as_deref().unwrap_or("-"))
        .with("code", reason.code());
    let found = finding(reason, Certainty::Proven, id, summary, &place).evidence([evidence]);
    Done::found(vec![found], Vec::new())
}
