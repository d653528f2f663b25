//! Login and repository events, in the documented columns of Azure's log tables and some of ours.

use std::str::FromStr;

use jiff::Timestamp;
use naru_access::{TenantId, operation as op};
use naru_codes::Cause;
use naru_store::{EventFilter, LoginEvent, Registry, RepositoryEvent, RequestFacts};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Caller, Failure, Fault, Span, allow, metadata, nearest, now};
use crate::state::App;

/// How many events are shown where nothing is said.
const DEFAULT_TOP: usize = 50;

/// The most that are shown at once.
const MOST: usize = 10_000;

/// Which events are wanted.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListRequest {
    /// Only those that were refused.
    #[serde(default)]
    pub failed: bool,
    /// Only those since then: so long ago, or a time (RFC 3339).
    pub since: Option<String>,
    /// Only those of this identity.
    pub identity: Option<String>,
    /// Only those from this address.
    pub ip: Option<String>,
    /// Only those with this reason.
    pub reason: Option<String>,
    /// At most so many, the latest first.
    pub top: Option<usize>,
}

/// What both tables have.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct EventView {
    /// When the request came.
    time_generated: Timestamp,
    /// The id that its answer carries.
    correlation_id: Uuid,
    /// What was tried.
    operation_name: String,
    /// Who it was, as far as it is known.
    identity: Option<String>,
    /// The kind of credential that came.
    credential: Option<String>,
    /// The address that it came from.
    caller_ip_address: String,
    /// The status of the answer.
    result_description: String,
    /// Why it was refused.
    reason: Option<&'static str>,
    /// The registry's canonical login server.
    login_server: String,
    /// The client's own name for itself.
    user_agent: Option<String>,
    /// How many like it the row stands for.
    count: u64,
    /// When the last of them came.
    last_time_generated: Timestamp,
    /// To which repository.
    repository: Option<String>,
    /// The rule that it rests on, or that came nearest.
    rule: Option<String>,
    /// The id that the client gave the request.
    client_request_id: Option<String>,
    /// How long it took, in milliseconds.
    duration_ms: String,
    /// What kind of result the description is.
    result_type: &'static str,
    /// The table.
    category: &'static str,
    /// The table.
    #[serde(rename = "Type")]
    kind: &'static str,
    /// Where it comes from.
    source_system: &'static str,
    /// The registry's region; none.
    region: Option<String>,
    /// The tenant.
    tenant_id: TenantId,
    /// The registry's path as a resource.
    #[serde(rename = "_ResourceId")]
    resource_id: String,
    /// The subscription.
    #[serde(rename = "_SubscriptionId")]
    subscription_id: Uuid,
    /// Not billed.
    #[serde(rename = "_BilledSize")]
    billed_size: Option<f64>,
    /// Not billed.
    #[serde(rename = "_IsBillable")]
    is_billable: Option<String>,
}

/// A row of `ContainerRegistryLoginEvents`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LoginEventView {
    #[serde(flatten)]
    event: EventView,
    /// The action that was missing.
    action: Option<String>,
    /// More about the reason, for the operator alone.
    detail: Option<String>,
    /// The id of the token that came.
    jwt_id: Option<String>,
}

/// A row of `ContainerRegistryRepositoryEvents`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RepositoryEventView {
    #[serde(flatten)]
    event: EventView,
    /// By which tag.
    tag: Option<String>,
    /// To which digest.
    digest: Option<String>,
    /// Its media type.
    media_type: Option<String>,
    /// Its artifact type.
    artifact_type: Option<String>,
    /// Its size in bytes.
    size: Option<u64>,
    /// The tenant of the identity.
    user_tenant_id: TenantId,
}

/// Lists login events, the latest first.
pub async fn login(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: ListRequest,
) -> Result<Vec<LoginEventView>, Failure> {
    let access = allow::<op::ReadEvents>(caller, registry)?;
    let events = metadata(app).login_events(&access, filter(app, request)?).await?;
    let view = |event: LoginEvent| LoginEventView {
        event: EventView {
            reason: event.reason.map(Cause::code),
            count: event.count,
            last_time_generated: event.last_time,
            repository: event.repository,
            rule: event.rule,
            ..common(
                registry,
                event.request,
                event.operation,
                event.result,
                "ContainerRegistryLoginEvents",
            )
        },
        action: event.action,
        detail: event.detail,
        jwt_id: event.jwt_id,
    };
    Ok(events.into_iter().map(view).collect())
}

/// Lists repository events, the latest first.
pub async fn repository(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: ListRequest,
) -> Result<Vec<RepositoryEventView>, Failure> {
    let access = allow::<op::ReadEvents>(caller, registry)?;
    let events = metadata(app).repository_events(&access, filter(app, request)?).await?;
    let view = |event: RepositoryEvent| RepositoryEventView {
        event: EventView {
            repository: Some(event.repository),
            rule: event.rule,
            ..common(
                registry,
                event.request,
                event.operation,
                event.result,
                "ContainerRegistryRepositoryEvents",
            )
        },
        tag: event.tag,
        digest: event.digest,
        media_type: event.media_type,
        artifact_type: event.artifact_type,
        size: event.size,
        user_tenant_id: registry.tenant,
    };
    Ok(events.into_iter().map(view).collect())
}

fn common(
    registry: &Registry,
    request: RequestFacts,
    operation: String,
    result: u16,
    table: &'static str,
) -> EventView {
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    EventView {
        time_generated: request.time,
        correlation_id: request.correlation_id,
        operation_name: operation,
        identity: some(request.identity),
        credential: some(request.credential),
        caller_ip_address: request.caller_ip,
        result_description: result.to_string(),
        reason: None,
        login_server: request.login_server,
        user_agent: some(request.user_agent),
        count: 1,
        last_time_generated: request.time,
        repository: None,
        rule: None,
        client_request_id: request.client_request_id,
        duration_ms: request.duration_ms.to_string(),
        result_type: "HttpStatusCode",
        category: table,
        kind: table,
        source_system: "Naru",
        region: None,
        tenant_id: registry.tenant,
        resource_id: registry.path().to_string(),
        subscription_id: registry.subscription,
        billed_size: None,
        is_billable: None,
    }
}

fn filter(app: &App, request: ListRequest) -> Result<EventFilter, Failure> {
    let since = request.since.map(|text| match Timestamp::from_str(&text) {
        Ok(time) => Ok(time),
        Err(_) => text.parse::<Span>()?.before(now(app)),
    });
    let reason = request.reason.map(|code| {
        Cause::from_code(&code).ok_or_else(|| {
            let nearest = nearest(&code, Cause::ALL.iter().map(|cause| cause.code()));
            Fault::Reason { given: code, nearest }
        })
    });
    Ok(EventFilter {
        failed: request.failed,
        since: since.transpose()?,
        identity: request.identity,
        caller_ip: request.ip,
        reason: reason.transpose()?,
        limit: request.top.unwrap_or(DEFAULT_TOP).min(MOST),
    })
}
