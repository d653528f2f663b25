//! Collection and verification in a server that runs: one of each at a time, and collection on its
//! schedule.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use naru_access::Maintenance;
use naru_store::upkeep::Observer;
use naru_store::{Collected, CollectionPlan, Progress, StoreError};
use tokio::sync::{Mutex, MutexGuard};

use crate::config::CollectionSettings;
use crate::state::App;

/// What runs of collection and verification, and the capability for both.
pub(crate) struct Upkeep {
    pub(crate) maintenance: Maintenance,
    collecting: Mutex<()>,
    verifying: Mutex<()>,
    stopping: AtomicBool,
}

impl Upkeep {
    pub(crate) fn new(maintenance: Maintenance) -> Self {
        let (collecting, verifying) = (Mutex::default(), Mutex::default());
        Self { maintenance, collecting, verifying, stopping: AtomicBool::new(false) }
    }

    /// The turn to collect; none while somebody else has it.
    pub(crate) fn collect(&self) -> Option<MutexGuard<'_, ()>> {
        self.collecting.try_lock().ok()
    }

    /// The turn to verify; none while somebody else has it.
    pub(crate) fn verify(&self) -> Option<MutexGuard<'_, ()>> {
        self.verifying.try_lock().ok()
    }

    /// Has whatever runs end with the page that it is at.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Whether to go on.
    pub(crate) fn flow(&self) -> ControlFlow<()> {
        if self.stopping.load(Ordering::Acquire) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

/// Collects on the schedule of the settings, until the end.
pub(crate) async fn schedule(app: Arc<App>, ended: impl Future<Output = ()>) {
    let CollectionSettings { interval, lease } = app.config.collection;
    let Some(interval) = interval else { return };
    tokio::pin!(ended);
    // A server that is started every day collects too: it does not begin with a whole interval.
    let mut wait = interval.min(CollectionSettings::FIRST);
    loop {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = &mut ended => return,
        }
        wait = interval;
        let plan = CollectionPlan { now: app.now_for(lease), lease, dry_run: false };
        let Some(_turn) = app.upkeep.collect() else { continue };
        let done = app.store.collect(&app.upkeep.maintenance, plan, &mut Scheduled(&app)).await;
        app.metrics.collected(done.as_ref().ok(), app.now());
        match done {
            Ok(sum) => tracing::info!(
                links = sum.links,
                blobs = sum.blobs,
                files = sum.files,
                bytes = sum.bytes,
                "collected what nobody needs"
            ),
            // It tries again at its next turn; what it did until then stands.
            Err(error) => warn(&error),
        }
    }
}

fn warn(error: &StoreError) {
    tracing::error!(%error, "collection did not come to its end");
}

/// Nobody listens to a collection on its schedule, but the log.
struct Scheduled<'a>(&'a App);

#[async_trait]
impl Observer<Collected> for Scheduled<'_> {
    async fn progress(&mut self, _progress: Progress) -> ControlFlow<()> {
        self.0.upkeep.flow()
    }

    async fn found(&mut self, item: Collected) {
        let Collected { reason, registry, repository, digest, file, bytes } = item;
        let digest = digest.map(|digest| digest.to_string());
        tracing::debug!(?reason, registry, repository, digest, file, bytes, "collected");
    }
}
