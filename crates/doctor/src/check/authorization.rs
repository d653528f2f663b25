//! `authz.repository-*`: the credential may do on the repository what is wanted.
//!
//! A pull is tried, since reading changes nothing. For a push or a delete the token that the
//! registry gives is read: what it does not list would be refused, and nothing need be tried.

use std::sync::Arc;

use naru_client::http::{Authorization, Sending};
use naru_client::jwt::Claims;
use naru_client::refusal::Refusal;
use naru_client::secret::Secret;
use naru_client::token::{Login, TokenError, TokenService};
use naru_codes::report::{Category, Certainty, Evidence, EvidenceKind, Reach, Text};
use naru_codes::{Cause, Stage};

use super::exchange::anonymous::{MANIFESTS, bearer, manifest};
use super::token::accepted::{authorization, login};
use super::{Check, Done, Identity, REMOTE, Running};
use crate::context::{Action, Context};
use crate::fact::{Accepted, Channel, Chosen, Credential, Facts, Ping, PullDenied, Target};
use crate::finding::{Place, cause_of, exchange, finding, lookup, no_answer};

macro_rules! check {
    ($name:ident, $id:literal, $claim:literal, $action:ident, $yields:expr) => {
        pub(super) static $name: Check = Check {
            id: $id,
            category: Category::Authorization,
            claim: $claim,
            needs: &["target", "channel", "ping", "credential", "accepted"],
            holds: &[],
            after: &[],
            yields: $yields,
            applies: |facts| match facts.get::<Target>() {
                Some(Target { repository: Some(_), .. }) => Ok(()),
                _ => Err(Text::new("reason-no-repository")),
            },
            codes: Cause::ALL,
            reach: Reach::SendsCredential,
            identity: Identity::User,
            budget: REMOTE,
            since: "0.1",
            retired: None,
            run: |context, facts| -> Running {
                Box::pin(async move { look(Action::$action, &context, &facts).await })
            },
        };
    };
}

check!(PULL, "authz.repository-pull", "check-authz-repository-pull", Pull, &["pull-denied"]);
check!(PUSH, "authz.repository-push", "check-authz-repository-push", Push, &[]);
check!(DELETE, "authz.repository-delete", "check-authz-repository-delete", Delete, &[]);

/// What an action needs to be known, gathered.
struct Case<'a> {
    action: Action,
    context: &'a Context,
    target: &'a Target,
    channel: &'a Channel,
    ping: &'a Ping,
    chosen: Option<&'a Chosen>,
    principal: String,
    place: Place,
}

async fn look(action: Action, context: &Arc<Context>, facts: &Facts) -> Done {
    let (Some(target), Some(channel), Some(ping), Some(credential), Some(accepted)) = (
        facts.get::<Target>(),
        facts.get::<Channel>(),
        facts.get::<Ping>(),
        facts.get::<Credential>(),
        facts.get::<Accepted>(),
    ) else {
        return Done::passed(Vec::new());
    };
    if !context.wants(action) {
        let reason = Text::new("reason-not-asked");
        let outcome = naru_codes::report::Outcome::NotApplicable { reason };
        return Done { outcome, facts: Facts::default(), transient: false };
    }
    let chosen = credential.chosen.as_ref();
    let place = Place {
        host: target.server.to_string(),
        repository: target.repository.clone(),
        user: chosen.map(|chosen| chosen.stored.username.clone()).filter(|name| !name.is_empty()),
        tool: chosen
            .and_then(|chosen| chosen.tool)
            .map(naru_client::credential::places::Tool::command),
        verify: id(action),
        ..Place::default()
    };
    let principal = accepted.principal.clone();
    let case = Case { action, context, target, channel, ping, chosen, principal, place };
    case.judge().await
}

const fn id(action: Action) -> &'static str {
    match action {
        Action::Pull => "authz.repository-pull",
        Action::Push => "authz.repository-push",
        Action::Delete => "authz.repository-delete",
    }
}

const fn cause(action: Action) -> Cause {
    match action {
        Action::Pull => Cause::PermissionPull,
        Action::Push => Cause::PermissionPush,
        Action::Delete => Cause::PermissionDelete,
    }
}

impl Case<'_> {
    async fn judge(&self) -> Done {
        let repository = self.target.repository.as_deref().unwrap_or_default();
        let words = match self.action {
            Action::Push => "pull,push",
            Action::Pull | Action::Delete => self.action.word(),
        };
        let scopes = [format!("repository:{repository}:{words}")];
        let token = match bearer(self.ping) {
            Some(bearer) if self.wants_token() => {
                let connector = self.context.connector(&self.target.server);
                let service = match TokenService::of(bearer, &self.channel.endpoint) {
                    Ok(service) => service,
                    Err(fault) => return self.failed(&TokenError::Realm(fault)),
                };
                let login = self.chosen.map_or(Login::Anonymous, login);
                match service.token(&connector, &login, &scopes).await {
                    Ok((token, _)) => Some(token),
                    Err(error) => return self.failed(&error),
                }
            }
            _ => None,
        };
        match self.action {
            Action::Pull => self.pull(token).await,
            Action::Push | Action::Delete => self.listed(token.as_ref(), repository),
        }
    }

    /// A registry token is sent as it is.
    fn wants_token(&self) -> bool {
        self.chosen
            .is_none_or(|chosen| chosen.stored.kind != naru_client::credential::Kind::RegistryToken)
    }

    fn failed(&self, error: &TokenError) -> Done {
        match error {
            TokenError::Send(error) => {
                let found = no_answer(error, &self.channel.endpoint, &self.place);
                Done::found(vec![found], Vec::new()).transient(true)
            }
            TokenError::Refused(refusal) => self.denied(refusal, Vec::new()),
            TokenError::Realm(_) | TokenError::Unreadable => {
                let host = self.channel.endpoint.authority();
                Done::unknown(Text::new("tried-token-answer").with("host", host), Vec::new())
            }
        }
    }

    async fn pull(&self, token: Option<Secret>) -> Done {
        let Some(path) = manifest(self.target) else { return Done::passed(Vec::new()) };
        let endpoint = &self.channel.endpoint;
        let authorization = match (token, self.chosen) {
            (Some(token), _) => Authorization::Bearer(token),
            (None, Some(chosen)) if !self.ping.challenges.is_empty() => authorization(chosen),
            (None, _) => Authorization::None,
        };
        let url = endpoint.url(&path);
        let sending = Sending { accept: Some(MANIFESTS), ..Sending::get(path) }.with(authorization);
        let reply = match self.context.connector(&self.target.server).send(endpoint, sending).await
        {
            Ok(reply) => reply,
            Err(error) => {
                let found = no_answer(&error, endpoint, &self.place);
                return Done::found(vec![found], Vec::new()).transient(true);
            }
        };
        let evidence = vec![exchange("GET", &url, &reply)];
        let refusal = Refusal::of(&reply);
        // A digest that nothing has is not there: so much is told to a reader alone.
        let absent = refusal.status == 404 && self.target.reference.is_none();
        let unknown = matches!(
            refusal.code.as_deref(),
            Some("MANIFEST_UNKNOWN" | "TAG_UNKNOWN" | "NAME_UNKNOWN")
        );
        if reply.status.is_success() || (absent && unknown) {
            return Done::passed(evidence);
        }
        self.denied(&refusal, evidence)
    }

    fn denied(&self, refusal: &Refusal, evidence: Vec<Evidence>) -> Done {
        let otherwise =
            if refusal.status == 404 { Cause::NameRepositoryUnknown } else { cause(self.action) };
        let (code, certainty) = cause_of(refusal, otherwise);
        let repository = self.target.repository.clone().unwrap_or_default();
        let of_rights =
            matches!(code.stage(), Stage::Credential | Stage::Permission | Stage::Scope);
        let id = if of_rights { "found-permission" } else { "found-answer" };
        let summary = Text::new(id)
            .with("name", &self.principal)
            .with("host", &self.place.host)
            .with("repository", &repository)
            .with("said", refusal.summary());
        let found = finding(code, certainty, repository, summary, &self.place)
            .evidence(evidence)
            .lookup(lookup(refusal));
        let done = Done::found(vec![found], Vec::new()).transient(refusal.status >= 500);
        match &refusal.correlation_id {
            Some(correlation_id) if self.action == Action::Pull => {
                done.yielding(PullDenied { correlation_id: correlation_id.clone() })
            }
            _ => done,
        }
    }

    /// Whether the token lists the action. A token that cannot be read says nothing.
    fn listed(&self, token: Option<&Secret>, repository: &str) -> Done {
        let action = self.action.word();
        let claims = token.and_then(|token| Claims::of(token.expose()));
        let Some(claims) = claims.filter(|claims| claims.access.is_some()) else {
            let tried = Text::new("tried-token-opaque").with("action", action);
            return Done { transient: false, ..Done::unknown(tried, Vec::new()) };
        };
        let given: Vec<String> = claims
            .access
            .iter()
            .flatten()
            .map(|access| format!("{}:{}:{}", access.kind, access.name, access.actions.join(",")))
            .collect();
        let shown = if given.is_empty() { "-".to_owned() } else { given.join(" ") };
        let evidence = Evidence::new(EvidenceKind::Token, format!("access {shown}"));
        if claims.allows(repository, action) {
            return Done::passed(vec![evidence]);
        }
        let summary = Text::new("found-permission-not-listed")
            .with("name", &self.principal)
            .with("repository", repository)
            .with("action", action);
        let found =
            finding(cause(self.action), Certainty::Proven, repository, summary, &self.place)
                .expected(
                    Text::new("expected-value")
                        .with("value", format!("repository:{repository}:{action}")),
                    Text::new("observed-value").with("value", shown),
                );
        Done::found(vec![found.evidence([evidence])], Vec::new())
    }
}
