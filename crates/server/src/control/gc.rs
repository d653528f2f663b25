//! Collection by hand: of the whole store, which the registries of a tenant share.

use std::ops::ControlFlow;

use async_trait::async_trait;
use naru_access::operation as op;
use naru_store::upkeep::Observer;
use naru_store::{Collected, Collection, CollectionPlan, Progress, Registry};
use serde::{Deserialize, Serialize};

use super::{Caller, Failure, REPORTED, Running, Span, allow};
use crate::state::App;

/// How it is to collect.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunRequest {
    /// How long something must have been of use to nobody; where it is not said, as in the
    /// settings.
    pub lease: Option<String>,
    /// Whether it only says what would go.
    #[serde(default)]
    pub dry_run: bool,
}

/// What went, or would go, and why.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CollectionView {
    /// Whether it would, and did not.
    pub dry_run: bool,
    /// In seconds, how long it must have been of use to nobody.
    pub lease_seconds: i64,
    /// The sums.
    #[serde(flatten)]
    pub sum: Collection,
    /// What went: the first of it.
    pub collected: Vec<Collected>,
    /// How much more went.
    pub more: u64,
}

/// Collects.
pub async fn run(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: RunRequest,
) -> Result<CollectionView, Failure> {
    allow::<op::CollectGarbage>(caller, registry)?;
    let lease = request.lease.as_deref().map(Span::or_nothing).transpose()?;
    let lease = lease.unwrap_or(app.config.collection.lease);
    let plan = CollectionPlan { now: app.now_for(lease), lease, dry_run: request.dry_run };
    let _turn = app.upkeep.collect().ok_or(Failure::Running(Running::Collection))?;
    let mut listener = Listener { app, caller, collected: Vec::new(), more: 0 };
    let done = app.store.collect(&app.upkeep.maintenance, plan, &mut listener).await;
    if !request.dry_run {
        app.metrics.collected(done.as_ref().ok(), app.now());
    }
    let sum = done?;
    let Listener { collected, more, .. } = listener;
    let (dry_run, lease_seconds) = (request.dry_run, lease.as_secs());
    Ok(CollectionView { dry_run, lease_seconds, sum, collected, more })
}

struct Listener<'a> {
    app: &'a App,
    caller: &'a Caller,
    collected: Vec<Collected>,
    more: u64,
}

#[async_trait]
impl Observer<Collected> for Listener<'_> {
    async fn progress(&mut self, progress: Progress) -> ControlFlow<()> {
        self.app.upkeep.flow()?;
        self.caller.tell(progress)
    }

    async fn found(&mut self, item: Collected) {
        if self.collected.len() < REPORTED {
            self.collected.push(item);
        } else {
            self.more += 1;
        }
    }
}
