//! Events in the documented columns of Azure's log tables, and some of ours.

use jiff::Timestamp;
use naru_access::TenantId;
use naru_codes::Cause;
use naru_store::{
    Event, EventTable, LoginEvent, Registry, RepositoryEvent, RequestFacts, Spread, Tally,
};
use serde::Serialize;
use uuid::Uuid;

/// What both tables have.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct EventView {
    /// When the request came.
    pub time_generated: Timestamp,
    /// The id that its answer carries.
    pub correlation_id: Uuid,
    /// What was tried.
    pub operation_name: String,
    /// Who it was, as far as it is known.
    pub identity: Option<String>,
    /// What kind of principal that is; null where the name is no more than a claim.
    pub identity_kind: Option<&'static str>,
    /// The kind of credential that came.
    pub credential: Option<String>,
    /// The address that it came from.
    pub caller_ip_address: String,
    /// The status of the answer.
    pub result_description: String,
    /// Why it was refused.
    pub reason: Option<&'static str>,
    /// The registry's canonical login server.
    pub login_server: String,
    /// The client's own name for itself.
    pub user_agent: Option<String>,
    /// How many like it the row stands for.
    pub count: u64,
    /// In what they may differ: `same`, `principals`, `addresses`.
    pub spread: &'static str,
    /// When the last of them came.
    pub last_time_generated: Timestamp,
    /// Who that was, where it may be somebody else.
    pub last_identity: Option<String>,
    /// From where, where it may be another place.
    pub last_caller_ip_address: Option<String>,
    /// To which repository.
    pub repository: Option<String>,
    /// The rule that it rests on, or that came nearest.
    pub rule: Option<String>,
    /// The id that the client gave the request.
    pub client_request_id: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: String,
    /// What kind of result the description is.
    pub result_type: &'static str,
    /// The table.
    pub category: &'static str,
    /// The table.
    #[serde(rename = "Type")]
    pub kind: &'static str,
    /// Where it comes from.
    pub source_system: &'static str,
    /// The registry's region; none.
    pub region: Option<String>,
    /// The tenant.
    pub tenant_id: TenantId,
    /// The registry's path as a resource.
    #[serde(rename = "_ResourceId")]
    pub resource_id: String,
    /// The subscription.
    #[serde(rename = "_SubscriptionId")]
    pub subscription_id: Uuid,
    /// Not billed.
    #[serde(rename = "_BilledSize")]
    pub billed_size: Option<f64>,
    /// Not billed.
    #[serde(rename = "_IsBillable")]
    pub is_billable: Option<String>,
}

/// A row of `ContainerRegistryLoginEvents`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LoginEventView {
    /// What both tables have.
    #[serde(flatten)]
    pub event: EventView,
    /// The action that was missing.
    pub action: Option<String>,
    /// More about the reason, for the operator alone.
    pub detail: Option<String>,
    /// The id of the token that came, or that was given out.
    pub jwt_id: Option<String>,
}

/// A row of `ContainerRegistryRepositoryEvents`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RepositoryEventView {
    /// What both tables have.
    #[serde(flatten)]
    pub event: EventView,
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
    /// The tenant of the identity.
    pub user_tenant_id: TenantId,
}

/// A row of either table.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum AnyEventView {
    /// `ContainerRegistryLoginEvents`
    Login(Box<LoginEventView>),
    /// `ContainerRegistryRepositoryEvents`
    Repository(Box<RepositoryEventView>),
}

impl AnyEventView {
    /// An event as it is shown.
    pub(super) fn of(registry: &Registry, event: Event) -> Self {
        match event {
            Event::Login(event) => Self::Login(Box::new(LoginEventView::of(registry, event))),
            Event::Repository(event) => {
                Self::Repository(Box::new(RepositoryEventView::of(registry, event)))
            }
        }
    }
}

impl LoginEventView {
    pub(super) fn of(registry: &Registry, event: LoginEvent) -> Self {
        Self {
            event: EventView {
                operation_name: event.operation,
                result_description: event.result.to_string(),
                reason: event.reason.map(Cause::code),
                repository: event.repository,
                rule: event.rule,
                ..common(registry, event.request, event.tally, EventTable::Login)
            },
            action: event.action,
            detail: event.detail,
            jwt_id: event.jwt_id,
        }
    }
}

impl RepositoryEventView {
    pub(super) fn of(registry: &Registry, event: RepositoryEvent) -> Self {
        Self {
            event: EventView {
                operation_name: event.operation,
                result_description: event.result.to_string(),
                reason: event.reason.map(Cause::code),
                repository: some(event.repository),
                rule: event.rule,
                ..common(registry, event.request, event.tally, EventTable::Repository)
            },
            tag: event.tag,
            digest: event.digest,
            media_type: event.media_type,
            artifact_type: event.artifact_type,
            size: event.size,
            user_tenant_id: registry.tenant,
        }
    }
}

fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

fn common(
    registry: &Registry,
    request: RequestFacts,
    tally: Tally,
    table: EventTable,
) -> EventView {
    EventView {
        time_generated: request.time,
        correlation_id: request.correlation_id,
        operation_name: String::new(),
        identity: some(request.identity),
        identity_kind: request.identity_kind.map(naru_access::PrincipalKind::word),
        credential: some(request.credential),
        caller_ip_address: request.caller_ip,
        result_description: String::new(),
        reason: None,
        login_server: request.login_server,
        user_agent: some(request.user_agent),
        count: tally.count,
        spread: Spread::word(tally.spread),
        last_time_generated: tally.last_time,
        last_identity: tally.last_identity,
        last_caller_ip_address: tally.last_caller_ip,
        repository: None,
        rule: None,
        client_request_id: request.client_request_id,
        duration_ms: request.duration_ms.to_string(),
        result_type: "HttpStatusCode",
        category: table.name(),
        kind: table.name(),
        source_system: "Naru",
        region: None,
        tenant_id: registry.tenant,
        resource_id: registry.path().to_string(),
        subscription_id: registry.subscription,
        billed_size: None,
        is_billable: None,
    }
}
