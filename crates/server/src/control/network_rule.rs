//! Network rules: the addresses that may speak to a registry.

use naru_access::{NetworkRule, operation as op};
use naru_store::Registry;
use serde::{Deserialize, Serialize};

use super::registry::{ShowRequest, present};
use super::{Caller, Failure, allow, metadata, now};
use crate::state::App;

/// Which address or range.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RuleRequest {
    /// An address, or a range in CIDR form.
    pub ip_address: String,
}

/// A network rule.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkRuleView {
    /// Always `Allow`: rules only allow.
    pub action: &'static str,
    /// The address or range.
    pub ip_address_or_range: String,
}

impl NetworkRuleView {
    pub(super) fn all(registry: &Registry) -> Vec<Self> {
        let view =
            |rule: &NetworkRule| Self { action: "Allow", ip_address_or_range: rule.to_string() };
        registry.network_rules.iter().map(view).collect()
    }
}

/// Lists the rules.
#[expect(clippy::unused_async, reason = "a use case is asynchronous, whatever it reads")]
pub async fn list(
    _app: &App,
    caller: &Caller,
    registry: &Registry,
    _request: ShowRequest,
) -> Result<Vec<NetworkRuleView>, Failure> {
    allow::<op::ReadRegistry>(caller, registry)?;
    Ok(NetworkRuleView::all(registry))
}

/// Lets an address or range speak; the rules afterwards.
pub async fn add(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: RuleRequest,
) -> Result<Vec<NetworkRuleView>, Failure> {
    let access = allow::<op::WriteRegistry>(caller, registry)?;
    let rule = request.ip_address.parse()?;
    metadata(app).add_network_rule(&access, rule, now(app)).await?;
    Ok(NetworkRuleView::all(&present(app, registry).await?))
}

/// Takes an address or range back; the rules afterwards.
pub async fn remove(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: RuleRequest,
) -> Result<Vec<NetworkRuleView>, Failure> {
    let access = allow::<op::WriteRegistry>(caller, registry)?;
    let rule = request.ip_address.parse()?;
    metadata(app).remove_network_rule(&access, rule).await?;
    Ok(NetworkRuleView::all(&present(app, registry).await?))
}
