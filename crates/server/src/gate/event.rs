//! What the operator gets to see: the event of a refusal, of a write, and of what was allowed.
//! When each is written is decided in `crate::audit`.

use http::header::CONTENT_TYPE;
use http::{Method, StatusCode};
use jiff::SignedDuration;
use naru_access::{Access, Capability, Denial, Evidence, NearMiss, Place as _, Principal};
use naru_codes::Cause;
use naru_oci::{Reference, RepositoryName};
use naru_store::{Event, LoginEvent, RepositoryEvent, RequestFacts, Tally};

use super::answer::Situation;
use super::{
    Caller, Exchange, Found, Kind, Means, Presented, Refusal, Refused, Registries, Target, find,
};
use crate::edge::answer::CONTENT_DIGEST;
use crate::edge::inbound::recorded;
use crate::edge::{Answer, Inbound};
use crate::state::App;

/// Who a request came from, and with what, as far as it is known.
struct Who {
    identity: String,
    principal: Option<naru_access::PrincipalKind>,
    credential: String,
}

impl Who {
    /// Somebody whose credential holds.
    fn proved(principal: &Principal, credential: String) -> Self {
        Self { identity: principal.name.clone(), principal: Some(principal.kind), credential }
    }
}

impl Exchange {
    /// What every event tells of this request.
    fn facts(&self, who: Who) -> RequestFacts {
        facts(&self.app, &self.inbound, self.hosted.login_server.clone(), who)
    }

    /// The event of a refusal; none for what is a metric alone: the bare challenge, a token that
    /// its client will widen by itself, and a HEAD that finds nothing.
    pub(crate) fn refusal_event(&self, refusal: &Refusal, situation: &Situation) -> Option<Event> {
        match refusal {
            Refusal::Denied(denial) => self.login_event(denial, situation).map(Event::Login),
            Refusal::Refused(refused) => self.refused_event(refused),
            Refusal::Store(_) => None,
        }
    }

    fn login_event(&self, denial: &Denial, situation: &Situation) -> Option<LoginEvent> {
        match denial.cause {
            Cause::PermissionInsufficientScope => {
                self.app.counters.narrow_token();
                return None;
            }
            Cause::CredentialMissing if self.target.repository().is_some() || self.is_bare() => {
                self.app.counters.challenged();
                return None;
            }
            _ => {}
        }
        Some(self.login_event_of(denial, situation.status(denial).as_u16()))
    }

    /// The event of a denial that is answered with a status.
    pub(crate) fn login_event_of(&self, denial: &Denial, status: u16) -> LoginEvent {
        let caller = self.caller.as_ref();
        let credential = caller.map_or_else(|| self.presented.kind(), |caller| caller.credential);
        let credential = credential.to_string();
        let who = match (&denial.holder, caller) {
            (Some(holder), _) => Who::proved(holder, credential),
            (None, Some(caller)) => Who::proved(&caller.principal, credential),
            (None, None) => {
                Who { identity: self.presented.claims_to_be(), principal: None, credential }
            }
        };
        let wanted = denial.wanted.first();
        let request = self.facts(who);
        LoginEvent {
            place: self.hosted.registry.place(),
            tally: Tally::one(request.time),
            request,
            operation: operation(&self.inbound),
            result: status,
            reason: Some(denial.cause),
            detail: denial.note.map(str::to_owned).or_else(|| established(&denial.evidence)),
            jwt_id: caller.and_then(Caller::token).map(|token| token.claims.jti.clone()),
            repository: wanted
                .and_then(|wanted| wanted.repository.as_ref())
                .or_else(|| self.target.repository())
                .map(ToString::to_string),
            action: wanted.map(|wanted| wanted.action.word().to_owned()),
            rule: near_rule(&denial.evidence),
        }
    }

    /// The event of what was allowed and cannot be done. A HEAD asks whether something is there,
    /// and "no" is an answer.
    fn refused_event(&self, refused: &Refused) -> Option<Event> {
        let cause = refused.cause.filter(|_| self.inbound.method != Method::HEAD)?;
        let status = refused.status.as_u16();
        let Some(caller) = self.caller.as_ref().filter(|_| self.target.repository().is_some())
        else {
            let denial = Denial::new(cause);
            return Some(Event::Login(self.login_event_of(&denial, status)));
        };
        let mut event = self.event_of(caller, deed(&self.target, &self.inbound.method)?, status);
        event.reason = Some(cause);
        if let Target::Blob(_, digest) = &self.target {
            event.digest = Some(digest.to_string());
        }
        Some(Event::Repository(event))
    }

    /// Notes a login or a read that was allowed. What a write leaves commits with it.
    pub(crate) fn note_what_was_allowed(&self, answer: &Answer) {
        let audit = &self.app.audit;
        if audit.notes_what_is_allowed()
            && let Some(event) = self.allowed_event(answer)
        {
            audit.allowed(event);
        }
    }

    fn allowed_event(&self, answer: &Answer) -> Option<Event> {
        let Found::Route(route) = find(&self.target, &self.inbound.method) else { return None };
        let caller = self.caller.as_ref()?;
        if let Some(jti) = &self.issued {
            return Some(Event::Login(self.login_of(caller, Some(jti.clone()))));
        }
        if route.kind == Kind::Base {
            // A token that is shown here was a login where it was fetched.
            let login = !matches!(caller.means, Means::AccessToken(_));
            return login.then(|| Event::Login(self.login_of(caller, None)));
        }
        if self.inbound.method != Method::GET {
            return None;
        }
        let deed = deed(&self.target, &self.inbound.method)?;
        let mut event = self.event_of(caller, deed, StatusCode::OK.as_u16());
        if matches!(self.target, Target::Manifest(..)) {
            event.digest = answer.header_text(&CONTENT_DIGEST).map(str::to_owned);
            event.media_type = answer.header_text(&CONTENT_TYPE).map(str::to_owned);
            event.size = answer.size();
        }
        Some(Event::Repository(event))
    }

    fn login_of(&self, caller: &Caller, jwt_id: Option<String>) -> LoginEvent {
        let request = self.facts(Who::proved(&caller.principal, caller.credential.to_string()));
        LoginEvent {
            place: self.hosted.registry.place(),
            tally: Tally::one(request.time),
            request,
            operation: operation(&self.inbound),
            result: StatusCode::OK.as_u16(),
            reason: None,
            detail: None,
            jwt_id,
            repository: None,
            action: None,
            rule: None,
        }
    }

    /// An event of the repository that the request is about.
    fn event_of(&self, caller: &Caller, operation: &str, status: u16) -> RepositoryEvent {
        let request = self.facts(Who::proved(&caller.principal, caller.credential.to_string()));
        let (tag, digest) = match &self.target {
            Target::AcrTag(_, tag) | Target::Manifest(_, Reference::Tag(tag)) => {
                (Some(tag.to_string()), None)
            }
            Target::AcrManifest(_, digest) | Target::Manifest(_, Reference::Digest(digest)) => {
                (None, Some(digest.to_string()))
            }
            // Those of blobs are left out, so that an image's layers are one row.
            _ => (None, None),
        };
        RepositoryEvent {
            place: self.hosted.registry.place(),
            tally: Tally::one(request.time),
            request,
            operation: operation.to_owned(),
            result: status,
            reason: None,
            repository: self.target.repository().map(RepositoryName::to_string).unwrap_or_default(),
            tag,
            digest,
            media_type: None,
            artifact_type: None,
            size: None,
            rule: self.granted.as_ref().map(ToString::to_string),
        }
    }

    fn is_bare(&self) -> bool {
        let path = &self.inbound.path;
        let in_registry = path.starts_with("/v2") || path.starts_with("/acr/v1/");
        matches!(self.presented, Presented::Nothing) && in_registry
    }
}

/// The event of a request to a host that no registry answers to: at the first registry, whose
/// operator is the one to ask.
pub(crate) fn to_no_registry(
    app: &App,
    registries: &Registries,
    inbound: &Inbound,
    denial: &Denial,
) -> Option<Event> {
    let hosted = registries.default_registry()?;
    let presented = Presented::in_headers(&inbound.headers);
    let who = Who {
        identity: presented.claims_to_be(),
        principal: None,
        credential: presented.kind().to_string(),
    };
    let asked = established(&denial.evidence).unwrap_or_default();
    let request = facts(app, inbound, recorded(&asked), who);
    Some(Event::Login(LoginEvent {
        place: hosted.registry.place(),
        tally: Tally::one(request.time),
        request,
        operation: operation(inbound),
        result: Situation::nowhere(inbound).status(denial).as_u16(),
        reason: Some(denial.cause),
        detail: Some(asked),
        jwt_id: None,
        repository: None,
        action: None,
        rule: None,
    }))
}

/// The event of a write, to commit with it.
pub(crate) fn repository_event<A: Capability>(
    exchange: &Exchange,
    access: &Access<A>,
    operation: &str,
    status: u16,
) -> RepositoryEvent {
    let credential = exchange.caller.as_ref().map(|caller| caller.credential.to_string());
    let request = exchange.facts(Who::proved(access.holder(), credential.unwrap_or_default()));
    RepositoryEvent {
        place: *access.place().registry(),
        tally: Tally::one(request.time),
        request,
        operation: operation.to_owned(),
        result: status,
        reason: None,
        repository: access.place().repository().map(RepositoryName::to_string).unwrap_or_default(),
        tag: None,
        digest: None,
        media_type: None,
        artifact_type: None,
        size: None,
        rule: Some(access.rule().to_string()),
    }
}

fn facts(app: &App, inbound: &Inbound, login_server: String, who: Who) -> RequestFacts {
    RequestFacts {
        time: inbound.time,
        duration_ms: millis(app.now().duration_since(inbound.time)),
        correlation_id: inbound.correlation_id,
        client_request_id: inbound.client_request_id(),
        caller_ip: inbound.client.address.to_string(),
        user_agent: inbound.user_agent(),
        login_server,
        identity: who.identity,
        identity_kind: who.principal,
        credential: who.credential,
    }
}

/// What is done to a repository, or read of it; none for what is about none.
fn deed(target: &Target, method: &Method) -> Option<&'static str> {
    match (target, method.as_str()) {
        (Target::Upload(..) | Target::Uploads(_), _) => Some("Upload"),
        (Target::AcrTag(..) | Target::Manifest(_, Reference::Tag(_)), "DELETE") => Some("Untag"),
        (_, "DELETE") => Some("Delete"),
        (_, "PATCH") => Some("Update"),
        (_, "PUT") => Some("Push"),
        (target, _) => reading(target.kind()),
    }
}

/// What a read is called; none for what reads nothing of a registry.
const fn reading(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Manifest => Some("Pull"),
        Kind::Blob => Some("PullBlob"),
        Kind::AcrCatalog | Kind::Catalog => Some("ListRepositories"),
        Kind::AcrManifests => Some("ListManifests"),
        Kind::AcrTags | Kind::Tags => Some("ListTags"),
        Kind::Referrers => Some("ListReferrers"),
        Kind::AcrManifest | Kind::AcrRepository | Kind::AcrTag => Some("ReadMetadata"),
        Kind::Base
        | Kind::Exchange
        | Kind::IdentityConfiguration
        | Kind::IdentityKeys
        | Kind::IdentityToken
        | Kind::Outside
        | Kind::Token
        | Kind::Unknown
        | Kind::Upload
        | Kind::Uploads => None,
    }
}

/// What was asked, by method and path: without ids of uploads, and short.
fn operation(inbound: &Inbound) -> String {
    let path = match inbound.path.split_once("/blobs/uploads/") {
        Some((head, _)) => recorded(&format!("{head}/blobs/uploads/")),
        None => recorded(&inbound.path),
    };
    format!("{} {path}", inbound.method)
}

fn millis(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn established(evidence: &Evidence) -> Option<String> {
    match evidence {
        Evidence::None | Evidence::Near(_) => None,
        Evidence::Address(address) => Some(address.to_string()),
        Evidence::Audience(audience) => Some(audience.clone()),
        Evidence::Host(host) => Some(host.clone()),
        Evidence::Operation(operation) => Some((*operation).to_owned()),
        Evidence::Rate { bucket, of, seconds } => {
            let (bucket, of) = (bucket.word(), of.word());
            Some(format!("{bucket} requests of the {of}, retry after {seconds} s"))
        }
        Evidence::RetryAfter(seconds) => Some(format!("retry after {seconds} s")),
        Evidence::When(time) => Some(time.to_string()),
    }
}

/// The rule that came nearest, in the form in which grants name theirs; of a scope map's rule
/// with other actions also what it gives.
fn near_rule(evidence: &Evidence) -> Option<String> {
    match evidence {
        Evidence::Near(NearMiss::Ceiling) => Some("ceiling".to_owned()),
        Evidence::Near(NearMiss::Roles { roles }) => Some(format!("role:{}", roles.join(","))),
        Evidence::Near(NearMiss::RuleActions { map, pattern, .. }) => {
            Some(format!("scope-map:{map}:{pattern}"))
        }
        Evidence::Near(NearMiss::RulePattern { map, pattern }) => {
            Some(format!("scope-map:{map}:{}", pattern.as_deref().unwrap_or("-")))
        }
        _ => None,
    }
}
