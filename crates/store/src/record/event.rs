//! Events: what happened to whom, from where, and why.

use jiff::Timestamp;
use naru_access::InRegistry;
use naru_codes::Cause;
use uuid::Uuid;

/// What every event tells of the request that it is about.
#[derive(Clone, Debug)]
pub struct RequestFacts {
    /// When the request came.
    pub time: Timestamp,
    /// How long it took until the event was written.
    pub duration_ms: i64,
    /// The id that the answer carries.
    pub correlation_id: Uuid,
    /// The id that the client gave it, if it did.
    pub client_request_id: Option<String>,
    /// The address that it came from, as the network rules saw it.
    pub caller_ip: String,
    /// The client's own name for itself: a hint, never an identity.
    pub user_agent: String,
    /// The registry's canonical login server.
    pub login_server: String,
    /// Who it was, as far as it is known.
    pub identity: String,
    /// The kind of credential that came.
    pub credential: String,
}

/// A row of `ContainerRegistryLoginEvents`.
#[derive(Clone, Debug)]
pub struct LoginEvent {
    /// The registry.
    pub place: InRegistry,
    /// The request.
    pub request: RequestFacts,
    /// What was tried.
    pub operation: String,
    /// The status of the answer.
    pub result: u16,
    /// Why it was refused.
    pub reason: Option<Cause>,
    /// More about that, for the operator alone.
    pub detail: Option<String>,
    /// The id of the token that came.
    pub jwt_id: Option<String>,
    /// The repository that it was about.
    pub repository: Option<String>,
    /// The action that was missing.
    pub action: Option<String>,
    /// The rule that it rests on, or that came nearest.
    pub rule: Option<String>,
    /// How many like it this row stands for.
    pub count: u64,
    /// When the last of them came.
    pub last_time: Timestamp,
}

/// A row of `ContainerRegistryRepositoryEvents`.
#[derive(Clone, Debug)]
pub struct RepositoryEvent {
    /// The registry.
    pub place: InRegistry,
    /// The request.
    pub request: RequestFacts,
    /// What was done.
    pub operation: String,
    /// The status of the answer.
    pub result: u16,
    /// To which repository.
    pub repository: String,
    /// By which tag.
    pub tag: Option<String>,
    /// To which digest.
    pub digest: Option<String>,
    /// Its media type.
    pub media_type: Option<String>,
    /// Its artifact type.
    pub artifact_type: Option<String>,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// The rule that it rested on.
    pub rule: Option<String>,
}

/// Which events are wanted.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Only those that were refused.
    pub failed: bool,
    /// Only those since then.
    pub since: Option<Timestamp>,
    /// Only those of this identity.
    pub identity: Option<String>,
    /// Only those from this address.
    pub caller_ip: Option<String>,
    /// Only those with this reason.
    pub reason: Option<Cause>,
    /// At most so many, the latest first.
    pub limit: usize,
}
