//! When an account was last let in, and from where, as the events tell it.

use jiff::Timestamp;
use naru_access::{PrincipalKind, operation as op};
use naru_store::{Registry, SeenFilter};
use serde::Serialize;

use super::{Caller, Failure, allow, metadata};
use crate::state::App;

/// The last use of an account at a registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LastUse {
    /// When.
    pub time: Timestamp,
    /// From which address.
    pub address: String,
}

/// The last use of an account; none where the events have none, or the caller may not read them.
pub(super) async fn last_use(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    identity: (PrincipalKind, String),
) -> Result<Option<LastUse>, Failure> {
    let Ok(access) = allow::<op::ReadEvents>(caller, registry) else { return Ok(None) };
    // What was noted behind an answer is not in the store yet.
    app.flush_events_for_reader().await;
    let filter = SeenFilter { identity: Some(identity), since: None, limit: 1 };
    let seen = metadata(app).seen(&access, filter).await?;
    Ok(seen.into_iter().next().map(|seen| LastUse { time: seen.last_time, address: seen.address }))
}
