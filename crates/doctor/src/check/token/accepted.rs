//! `token.accepted`: the registry accepts the credential. It is sent as docker sends it, and to no
//! host but the registry's own.

use naru_client::challenge::Challenge;
use naru_client::credential::places::Tool;
use naru_client::credential::{Kind, Origin};
use naru_client::http::{Authorization, Reply, Sending};
use naru_client::refusal::Refusal;
use naru_client::token::{Login, RealmFault, TokenError, TokenService};
use naru_client::transport::Endpoint;
use naru_codes::Cause;
use naru_codes::report::{
    Category, Certainty, Evidence, EvidenceKind, Finding, Reach, Severity, Text,
};

use crate::check::exchange::anonymous::bearer;
use crate::check::{Check, Done, Identity, REMOTE, Running, always};
use crate::context::{Action, Context};
use crate::fact::{
    Accepted, Anonymous, Channel, Chosen, Credential, Facts, LoginDenied, Ping, Target,
};
use crate::finding::{Place, cause_of, exchange, finding, lookup, no_answer};

pub(crate) static CHECK: Check = Check {
    id: "token.accepted",
    category: Category::Token,
    claim: "check-token-accepted",
    needs: &["target", "channel", "ping", "credential"],
    holds: &["anonymous"],
    after: &["shape"],
    yields: &["accepted", "login-denied"],
    applies: always,
    codes: Cause::ALL,
    reach: Reach::SendsCredential,
    identity: Identity::User,
    budget: REMOTE,
    since: "0.1",
    retired: None,
    run: |context, facts| -> Running { Box::pin(async move { look(&context, &facts).await }) },
};

async fn look(context: &Context, facts: &Facts) -> Done {
    let (Some(target), Some(channel), Some(ping), Some(credential)) = (
        facts.get::<Target>(),
        facts.get::<Channel>(),
        facts.get::<Ping>(),
        facts.get::<Credential>(),
    ) else {
        return Done::passed(Vec::new());
    };
    let mut place = Place { host: target.server.to_string(), verify: CHECK.id, ..Place::default() };
    place.repository.clone_from(&target.repository);
    let Some(chosen) = &credential.chosen else {
        return missing(context, facts, ping, target, &place);
    };
    place.tool = chosen.tool.map(Tool::command);
    place.user = Some(chosen.stored.username.clone()).filter(|name| !name.is_empty());
    let connector = context.connector(&target.server);
    let endpoint = &channel.endpoint;
    let asked = if let Some(bearer) =
        bearer(ping).filter(|_| chosen.stored.kind != Kind::RegistryToken)
    {
        match TokenService::of(bearer, endpoint) {
            Err(fault) => Err(TokenError::Realm(fault)),
            Ok(service) => {
                let asked = service.token(&connector, &login(chosen), &[]).await;
                asked.map(|(_, reply)| reply)
            }
        }
    } else if ping.challenges.contains(&Challenge::Basic) || !ping.challenges.is_empty() {
        let sending = Sending::get("/v2/").with(authorization(chosen));
        match connector.send(endpoint, sending).await {
            Ok(reply) if reply.status.is_success() => Ok(reply),
            Ok(reply) => Err(TokenError::Refused(Box::new(Refusal::of(&reply)))),
            Err(error) => Err(TokenError::Send(error)),
        }
    } else {
        let evidence = Evidence::new(EvidenceKind::Http, "no credential is asked for");
        return Done::passed(vec![evidence]).yielding(Accepted { principal: chosen.principal() });
    };
    match asked {
        Ok(reply) => accepted(chosen, &url(ping, endpoint, chosen), &reply),
        Err(error) => refused(context, facts, chosen, error, (endpoint, ping), &place),
    }
}

/// Where a credential is sent.
fn url(ping: &Ping, endpoint: &Endpoint, chosen: &Chosen) -> String {
    let bearer = bearer(ping).filter(|_| chosen.stored.kind != Kind::RegistryToken);
    let service = bearer.and_then(|bearer| TokenService::of(bearer, endpoint).ok());
    service.map_or_else(|| endpoint.url("/v2/"), |service| service.url())
}

/// How a credential is sent where tokens are fetched.
pub(in crate::check) fn login(chosen: &Chosen) -> Login {
    match chosen.stored.kind {
        Kind::IdentityToken => Login::IdentityToken(chosen.secret().clone()),
        Kind::Password | Kind::RegistryToken => {
            Login::Password(chosen.stored.username.clone(), chosen.secret().clone())
        }
    }
}

/// How a credential is sent to the registry itself.
pub(in crate::check) fn authorization(chosen: &Chosen) -> Authorization {
    match chosen.stored.kind {
        Kind::RegistryToken => Authorization::Bearer(chosen.secret().clone()),
        Kind::IdentityToken | Kind::Password => {
            Authorization::Basic(chosen.stored.username.clone(), chosen.secret().clone())
        }
    }
}

fn accepted(chosen: &Chosen, url: &str, reply: &Reply) -> Done {
    let method = if chosen.stored.kind == Kind::IdentityToken { "POST" } else { "GET" };
    let principal = chosen.principal();
    let evidence = Evidence::new(EvidenceKind::Token, format!("user {principal}"));
    Done::passed(vec![exchange(method, url, reply), evidence]).yielding(Accepted { principal })
}

/// No credential: a fault only where one is needed for what is wanted.
fn missing(context: &Context, facts: &Facts, ping: &Ping, target: &Target, place: &Place) -> Done {
    let anonymous = facts.get::<Anonymous>();
    let writes = context.wants(Action::Push) || context.wants(Action::Delete);
    let enough =
        ping.open || anonymous.is_some_and(|given| given.pull.unwrap_or(given.token)) && !writes;
    let evidence = Evidence::new(EvidenceKind::Http, "no credential is sent");
    if enough {
        return Done::passed(vec![evidence]).yielding(Accepted { principal: "-".to_owned() });
    }
    let host = target.server.to_string();
    let summary = Text::new("found-credential-missing").with("host", &host);
    let found = finding(Cause::CredentialMissing, Certainty::Proven, host, summary, place);
    Done::found(vec![found.evidence([evidence])], Vec::new())
}

fn refused(
    context: &Context,
    facts: &Facts,
    chosen: &Chosen,
    error: TokenError,
    (endpoint, ping): (&Endpoint, &Ping),
    place: &Place,
) -> Done {
    let host = endpoint.authority();
    let refusal = match error {
        TokenError::Send(error) => {
            return Done::found(vec![no_answer(&error, endpoint, place)], Vec::new())
                .transient(true);
        }
        TokenError::Realm(RealmFault::OtherHost) => {
            let tried = Text::new("tried-other-realm").with("host", &host);
            return Done { transient: false, ..Done::unknown(tried, Vec::new()) };
        }
        TokenError::Realm(fault) => {
            let summary =
                Text::new("found-realm-unreadable").with("host", &host).with("value", fault);
            let found =
                finding(Cause::RegistryBadChallenge, Certainty::Proven, host, summary, place);
            return Done::found(vec![found], Vec::new());
        }
        TokenError::Unreadable => {
            let tried = Text::new("tried-token-answer").with("host", &host);
            return Done::unknown(tried, Vec::new());
        }
        TokenError::Refused(refusal) => refusal,
    };
    let (code, certainty) = cause_of(&refusal, Cause::CredentialInvalid);
    let method = if chosen.stored.kind == Kind::IdentityToken { "POST" } else { "GET" };
    let evidence = Evidence::new(
        EvidenceKind::Http,
        format!("{method} {} -> {}", url(ping, endpoint, chosen), refusal.summary()),
    );
    let summary = Text::new("found-credential-refused")
        .with("host", &host)
        .with("name", chosen.principal())
        .with("said", refusal.summary());
    let mut findings: Vec<Finding> = vec![
        finding(code, certainty, chosen.principal(), summary, place)
            .evidence([evidence.clone()])
            .lookup(lookup(&refusal)),
    ];
    findings
        .extend(stale(context, facts, chosen, code, place).map(|found| found.evidence([evidence])));
    let done = Done::found(findings, Vec::new()).transient(refusal.status >= 500);
    match refusal.correlation_id {
        Some(correlation_id) => done.yielding(LoginDenied { correlation_id }),
        None => done,
    }
}

/// Without the credential it would work: then it is the credential that is in the way.
fn stale(
    context: &Context,
    facts: &Facts,
    chosen: &Chosen,
    code: Cause,
    place: &Place,
) -> Option<Finding> {
    let anonymous = facts.get::<Anonymous>()?;
    let writes = context.wants(Action::Push) || context.wants(Action::Delete);
    let personal = code.code().starts_with("credential-") && code != Cause::CredentialThrottled;
    if writes || !personal || chosen.origin.is_none() || !anonymous.pull.unwrap_or(anonymous.token)
    {
        return None;
    }
    let summary = Text::new("found-credential-stale")
        .with("host", &place.host)
        .with("name", chosen.principal());
    let code = Cause::CredentialStaleBlocksAnonymous;
    let mut place = place.clone();
    if let (Some(Tool::Podman), Some(Origin::File { path, .. })) = (chosen.tool, &chosen.origin) {
        // What podman finds in docker's file, docker alone forgets.
        if path.file_name().is_some_and(|name| name == "config.json") {
            place.tool = Some(Tool::Docker.command());
        } else {
            place.item = Some(path.display().to_string());
        }
    }
    let host = place.host.clone();
    Some(finding(code, Certainty::Proven, host, summary, &place).at_most(Severity::Error))
}
