//! What a client gets to see of a refusal: the one place where a denial becomes status, code,
//! challenge and words (`gate.md` §1).

use std::fmt::Write as _;

use http::header::{CACHE_CONTROL, HeaderName, RETRY_AFTER, VARY, WWW_AUTHENTICATE};
use http::{Method, StatusCode};
use naru_access::{Action, Denial, Evidence};
use naru_codes::{Cause, Language, Stage, texts};
use naru_oci::{ErrorCode, Errors, RepositoryName};
use naru_store::{Denials, StoreError};
use serde_json::{Value, json};

use super::entra;
use super::{Caller, Exchange, Found, Kind, Needs, Presented, Refusal, Refused, find, words};
use crate::edge::answer::CAUSE;
use crate::edge::{Answer, Inbound};

/// When to come back where nothing more precise is known.
const RETRY_SECONDS: u64 = 5;

/// What of a request its refusal depends on.
pub(crate) struct Situation {
    method: Method,
    kind: Kind,
    /// What the route needs: the scope that a challenge names.
    needs: Needs,
    repository: Option<String>,
    denials: Denials,
    /// Scheme and host that a client is sent to for tokens.
    origin: String,
    service: String,
    anonymous: bool,
    /// A token came, so that one that does not hold is called invalid.
    token: bool,
    /// The token was asked for to push there.
    asked_push: bool,
    language: Language,
    correlation_id: String,
}

/// What a denial comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Projection {
    status: StatusCode,
    code: ErrorCode,
    challenge: Option<Challenge>,
}

/// What a challenge says beside realm and service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Challenge {
    error: Option<&'static str>,
}

impl Situation {
    pub(crate) fn of(exchange: &Exchange) -> Self {
        let Exchange { hosted, inbound, target, caller, .. } = exchange;
        let needs = match find(target, &inbound.method) {
            Found::Route(row) => row.needs,
            Found::OtherMethods(_) | Found::NoPath => Needs::Nothing,
        };
        let repository = target.repository();
        let asked_push = |caller: &Caller| {
            caller.token().is_some_and(|token| token.access.was_asked(Action::Push, repository))
        };
        Self {
            method: inbound.method.clone(),
            kind: target.kind(),
            needs,
            repository: repository.map(ToString::to_string),
            denials: hosted.registry.settings.denials,
            origin: exchange.origin(),
            service: hosted.login_server.clone(),
            anonymous: caller.as_ref().is_some_and(Caller::is_anonymous),
            token: matches!(exchange.presented, Presented::Bearer(_)),
            asked_push: caller.as_ref().is_some_and(asked_push),
            language: inbound.language(),
            correlation_id: inbound.correlation_id.to_string(),
        }
    }

    /// Where no registry could be found that the request is about.
    pub(crate) fn nowhere(inbound: &Inbound) -> Self {
        Self {
            method: inbound.method.clone(),
            kind: Kind::Outside,
            needs: Needs::Nothing,
            repository: None,
            denials: Denials::default(),
            origin: String::new(),
            service: String::new(),
            anonymous: false,
            token: false,
            asked_push: false,
            language: inbound.language(),
            correlation_id: inbound.correlation_id.to_string(),
        }
    }

    /// The answer to a refusal.
    pub(crate) fn answer(&self, refusal: &Refusal) -> Answer {
        match refusal {
            Refusal::Denied(denial) => self.denied(denial),
            Refusal::Refused(refused) => self.refused(refused),
            Refusal::Store(error) => self.store(error),
        }
    }

    /// The status that a denial is answered with, for its event.
    pub(crate) fn status(&self, denial: &Denial) -> StatusCode {
        let directory = match self.kind {
            Kind::IdentityConfiguration | Kind::IdentityKeys | Kind::IdentityToken => {
                entra::status(denial)
            }
            _ => None,
        };
        directory.unwrap_or_else(|| self.project(denial).status)
    }

    fn denied(&self, denial: &Denial) -> Answer {
        let projection = self.project(denial);
        let detail = match projection.code {
            ErrorCode::Unauthorized | ErrorCode::Denied => self.detail(denial),
            _ => json!({}),
        };
        let text = words::message(denial, self.language);
        let mut answer = self.envelope(projection.status, projection.code, &text, detail);
        if let Some(challenge) = projection.challenge {
            answer = answer
                .header(WWW_AUTHENTICATE, self.challenge(challenge))
                .header(CACHE_CONTROL, "no-store")
                .header(VARY, "Host");
        }
        let seconds = match (&denial.evidence, projection.status) {
            (Evidence::Rate { seconds, .. } | Evidence::RetryAfter(seconds), _) => Some(*seconds),
            (_, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) => {
                Some(RETRY_SECONDS)
            }
            _ => None,
        };
        answer
            .header_if(RETRY_AFTER, seconds.map(|seconds| seconds.to_string()))
            .header(CAUSE, denial.disclosed().code())
    }

    fn project(&self, denial: &Denial) -> Projection {
        let plain = |status, code| Projection { status, code, challenge: None };
        let unauthorized = |error: Option<&'static str>| Projection {
            status: StatusCode::UNAUTHORIZED,
            code: ErrorCode::Unauthorized,
            // `GET /v2/` carries realm and service alone: az reads nothing else there.
            challenge: Some(Challenge { error: error.filter(|_| self.kind != Kind::Base) }),
        };
        match denial.disclosed().stage() {
            Stage::Shape => plain(StatusCode::BAD_REQUEST, ErrorCode::NameInvalid),
            Stage::Network => plain(StatusCode::FORBIDDEN, ErrorCode::Denied),
            Stage::Rate => plain(StatusCode::TOO_MANY_REQUESTS, ErrorCode::TooManyRequests),
            Stage::Credential => unauthorized(self.token.then_some("invalid_token")),
            Stage::Scope => unauthorized(Some("insufficient_scope")),
            Stage::Existence => plain(StatusCode::NOT_FOUND, ErrorCode::NameUnknown),
            Stage::Lock => {
                plain(StatusCode::METHOD_NOT_ALLOWED, ErrorCode::RegistryDisallowedOperation)
            }
            // No denial has a client's cause; were it so, no credential would be to blame.
            Stage::Client | Stage::Dependency => {
                plain(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Unavailable)
            }
            Stage::Permission => {
                // A login might help an anonymous caller; az and the SDKs know a 401 for lists.
                let on_resource = matches!(self.needs, Needs::Action(_));
                let known_so = self.anonymous || self.kind.is_metadata();
                let azure = self.denials == Denials::Azure || (known_so && on_resource);
                match (azure, &self.method, self.kind) {
                    (true, _, _) => unauthorized(Some("insufficient_scope")),
                    // HEAD carries no words, so a client is led to the request that does.
                    (false, &Method::HEAD, Kind::Blob) => {
                        plain(StatusCode::NOT_FOUND, ErrorCode::BlobUnknown)
                    }
                    (false, &Method::HEAD, Kind::Manifest) if self.asked_push => {
                        plain(StatusCode::NOT_FOUND, ErrorCode::ManifestUnknown)
                    }
                    (false, _, _) => plain(StatusCode::FORBIDDEN, ErrorCode::Denied),
                }
            }
        }
    }

    /// The `WWW-Authenticate` of a 401: one scheme, every parameter quoted, no blanks between.
    fn challenge(&self, challenge: Challenge) -> String {
        let mut text =
            format!(r#"Bearer realm="{}/oauth2/token",service="{}""#, self.origin, self.service);
        if let Some(scope) = self.scope() {
            let _ = write!(text, r#",scope="{scope}""#);
        }
        if let Some(error) = challenge.error {
            let _ = write!(text, r#",error="{error}""#);
        }
        text
    }

    fn scope(&self) -> Option<String> {
        let words = self.needs.scope().iter().map(|action| action.word());
        let words = words.collect::<Vec<_>>().join(",");
        match (&self.repository, words.is_empty()) {
            (_, true) => None,
            (Some(repository), false) => Some(format!("repository:{repository}:{words}")),
            (None, false) => Some(format!("registry:catalog:{words}")),
        }
    }

    /// One object an action, in Azure's spelling: those that are missing, else those that the
    /// route needs.
    fn detail(&self, denial: &Denial) -> Value {
        let object = |repository: Option<&str>, action: Action| match repository {
            Some(name) => json!({"Type": "repository", "Name": name, "Action": action.word()}),
            None => json!({"Type": "registry", "Name": "catalog", "Action": action.word()}),
        };
        let wanted: Vec<Value> = if denial.wanted.is_empty() {
            let needed = self.needs.scope().iter();
            needed.map(|action| object(self.repository.as_deref(), *action)).collect()
        } else {
            let missing = denial.wanted.iter();
            missing
                .map(|wanted| {
                    object(wanted.repository.as_ref().map(RepositoryName::as_str), wanted.action)
                })
                .collect()
        };
        if wanted.is_empty() { json!({}) } else { Value::Array(wanted) }
    }

    fn refused(&self, refused: &Refused) -> Answer {
        let detail = refused.detail.clone();
        let answer = self.envelope(refused.status, refused.code, &refused.message, detail);
        let answer = answer.header_if(CAUSE, refused.cause.map(Cause::code));
        refused.headers.iter().fold(answer, |answer, (name, value)| {
            answer.header(HeaderName::clone(name), value.to_str().unwrap_or_default())
        })
    }

    /// What the store's failure comes to: never a 401, and its own words are the operator's.
    fn store(&self, error: &StoreError) -> Answer {
        tracing::error!(%error, correlation_id = %self.correlation_id, "the store cannot");
        let (status, id) = match error {
            StoreError::Full => (StatusCode::INSUFFICIENT_STORAGE, "disk-full"),
            StoreError::Damaged(_) | StoreError::Unavailable(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, "registry-unavailable.answer")
            }
        };
        let text = texts().get(self.language, id, &[]);
        self.envelope(status, ErrorCode::Unavailable, &text, json!({}))
            .header(RETRY_AFTER, RETRY_SECONDS.to_string())
            .header(CAUSE, Cause::RegistryUnavailable.code())
    }

    fn envelope(&self, status: StatusCode, code: ErrorCode, text: &str, detail: Value) -> Answer {
        let message = format!("{text}. CorrelationId: {}.", self.correlation_id);
        Answer::json(status, &Errors::one(code, message, detail))
    }
}
