//! What a network rule would come to, before it is added: who of those seen lately would be shut
//! out once only the addresses of rules may speak, and whether an address would be let in.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use naru_access::{DefaultAction, NetworkRule, NetworkRules, operation as op};
use naru_store::{Registry, Seen, SeenFilter};
use serde::{Deserialize, Serialize};

use super::{Caller, Failure, allow, metadata, now};
use crate::state::App;

/// How far back is looked.
const LATELY: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How many are looked at, those that were last seen first.
const MOST: usize = 10_000;

/// The rule that would be added.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TryRequest {
    /// An address, or a range in CIDR form.
    pub ip_address: String,
    /// An address of which it is asked whether it would be let in.
    pub client_ip: Option<IpAddr>,
}

/// What it would come to.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrialView {
    /// The addresses and ranges that there would be.
    pub rules: Vec<String>,
    /// The address that was asked about.
    pub client_ip: Option<IpAddr>,
    /// Whether that would be let in.
    pub client_allowed: Option<bool>,
    /// Since when those count who were seen.
    pub since: Timestamp,
    /// How many of those would be let in.
    pub still_allowed: usize,
    /// Those who would not.
    pub shut_out: Vec<SeenView>,
}

/// Somebody who was seen.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SeenView {
    /// Who; none of an anonymous caller.
    pub identity: Option<String>,
    /// From where.
    pub address: String,
    /// When last.
    pub last_seen: Timestamp,
    /// How often.
    pub count: u64,
}

impl From<Seen> for SeenView {
    fn from(Seen { identity, kind: _, address, last_time, count }: Seen) -> Self {
        let identity = Some(identity).filter(|identity| !identity.is_empty());
        Self { identity, address, last_seen: last_time, count }
    }
}

/// Tells what a rule would come to. Nothing is changed.
pub async fn attempt(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: TryRequest,
) -> Result<TrialView, Failure> {
    allow::<op::WriteRegistry>(caller, registry)?;
    let access = allow::<op::ReadEvents>(caller, registry)?;
    let rule: NetworkRule = request.ip_address.parse()?;
    let mut network = NetworkRules { default_action: DefaultAction::Deny, ..registry.network() };
    if !network.rules.contains(&rule) {
        network.rules.push(rule);
    }
    let allowed = |address: IpAddr| network.judge(address).is_ok();
    app.flush_events_for_reader().await;
    let now = now(app);
    let since = now.saturating_sub(LATELY).unwrap_or(now);
    let filter = SeenFilter { identity: None, since: Some(since), limit: MOST };
    let seen = metadata(app).seen(&access, filter).await?;
    // Whoever came over a socket of this machine has no address, and is not judged by one.
    let judged = seen.into_iter().filter_map(|seen| {
        let address: IpAddr = seen.address.parse().ok()?;
        Some((allowed(address), seen))
    });
    let (still, shut_out): (Vec<_>, Vec<_>) = judged.partition(|(allowed, _)| *allowed);
    Ok(TrialView {
        rules: network.rules.iter().map(ToString::to_string).collect(),
        client_ip: request.client_ip,
        client_allowed: request.client_ip.map(allowed),
        since,
        still_allowed: still.len(),
        shut_out: shut_out.into_iter().map(|(_, seen)| SeenView::from(seen)).collect(),
    })
}
