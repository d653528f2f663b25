//! What the operator gets to see: the event of a refusal, and the facts of an event of a write.

use jiff::SignedDuration;
use naru_access::{Access, Capability, Denial, Evidence, NearMiss, Place as _};
use naru_codes::Cause;
use naru_oci::RepositoryName;
use naru_store::{LoginEvent, RepositoryEvent, RequestFacts};

use super::answer::Situation;
use super::{Caller, Exchange, Presented};

impl Exchange {
    /// What every event tells of this request.
    fn facts(&self, identity: String, credential: String) -> RequestFacts {
        let inbound = &self.inbound;
        RequestFacts {
            time: inbound.time,
            duration_ms: millis(self.app.now().duration_since(inbound.time)),
            correlation_id: inbound.correlation_id,
            client_request_id: inbound.client_request_id(),
            caller_ip: inbound.client.address.to_string(),
            user_agent: inbound.user_agent(),
            login_server: self.hosted.login_server.clone(),
            identity,
            credential,
        }
    }

    /// The event of a denial; none for what is a metric alone: the bare challenge, and a token
    /// that its client will widen by itself.
    pub(crate) fn login_event(&self, denial: &Denial, situation: &Situation) -> Option<LoginEvent> {
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
        let identity = match (&denial.holder, caller) {
            (Some(holder), _) => holder.name.clone(),
            (None, Some(caller)) => caller.principal.name.clone(),
            (None, None) => self.presented.claims_to_be(),
        };
        let credential = caller.map_or_else(|| self.presented.kind(), |caller| caller.credential);
        let wanted = denial.wanted.first();
        let request = self.facts(identity, credential.to_string());
        LoginEvent {
            place: self.hosted.registry.place(),
            last_time: request.time,
            request,
            operation: format!("{} {}", self.inbound.method, operation(&self.inbound.path)),
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
            count: 1,
        }
    }

    fn is_bare(&self) -> bool {
        let path = &self.inbound.path;
        let in_registry = path.starts_with("/v2") || path.starts_with("/acr/v1/");
        matches!(self.presented, Presented::Nothing) && in_registry
    }
}

/// The event of a write, to commit with it.
pub(crate) fn repository_event<A: Capability>(
    exchange: &Exchange,
    access: &Access<A>,
    operation: &str,
    status: u16,
) -> RepositoryEvent {
    let holder = access.holder();
    let credential = exchange.caller.as_ref().map(|caller| caller.credential.to_string());
    RepositoryEvent {
        place: *access.place().registry(),
        request: exchange.facts(holder.name.clone(), credential.unwrap_or_default()),
        operation: operation.to_owned(),
        result: status,
        repository: access.place().repository().map(RepositoryName::to_string).unwrap_or_default(),
        tag: None,
        digest: None,
        media_type: None,
        artifact_type: None,
        size: None,
        rule: Some(access.rule().to_string()),
    }
}

/// A path as an operation names it: without ids, and short.
fn operation(path: &str) -> String {
    crate::edge::inbound::recorded(match path.split_once("/blobs/uploads/") {
        Some((head, _)) => {
            return crate::edge::inbound::recorded(&format!("{head}/blobs/uploads/"));
        }
        None => path,
    })
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

/// The rule that came nearest, in the form in which grants name theirs.
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
