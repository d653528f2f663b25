//! Collection: what has been of no use to anybody for longer than the lease goes.
//!
//! All blobs are looked at before anything is taken away. What then goes is judged again in the
//! transaction that removes its row, and its file is removed after the commit; in between, a marker
//! lets the next start find it. Files carry the key of their upload and not the digest, so that a
//! copy that arrives meanwhile is another file. At last, files that no row names: those that get
//! their row just now are held, and left alone.

use std::ops::ControlFlow;

use jiff::Timestamp;
use naru_access::Maintenance;

use super::{Flow, Observer};
use crate::error::StoreError;
use crate::record::{
    BlobId, Collected, Collection, CollectionPlan, Location, Progress, Reason, Step,
};
use crate::store::Store;

/// How many blobs go in one transaction.
const BATCH: usize = 64;

/// How many files are held against rows at once.
const FILES: usize = 1024;

impl Store {
    /// Takes away what has been of no use to anybody for longer than the lease, or says what would
    /// go; each of it to the observer.
    pub async fn collect(
        &self,
        maintenance: &Maintenance,
        plan: CollectionPlan,
        observer: &mut dyn Observer<Collected>,
    ) -> Result<Collection, StoreError> {
        let CollectionPlan { now, lease, dry_run } = plan;
        let expired = now.saturating_sub(lease).unwrap_or(now);
        let sum = Collection::default();
        let mut collecting =
            Collecting { store: self, maintenance, expired, dry_run, observer, sum };
        let flow = collecting.run().await?;
        Ok(Collection { interrupted: flow.is_break(), ..collecting.sum })
    }
}

/// A collection under way.
struct Collecting<'a> {
    store: &'a Store,
    maintenance: &'a Maintenance,
    /// What was of use then for the last time, or before, goes.
    expired: Timestamp,
    dry_run: bool,
    observer: &'a mut dyn Observer<Collected>,
    sum: Collection,
}

impl Collecting<'_> {
    async fn run(&mut self) -> Flow {
        let mut suspects = Vec::new();
        if self.search(&mut suspects).await?.is_break() || self.removal(&suspects).await?.is_break()
        {
            return Ok(ControlFlow::Break(()));
        }
        self.files().await
    }

    async fn search(&mut self, suspects: &mut Vec<BlobId>) -> Flow {
        let metadata = self.store.metadata();
        let total = metadata.extent(self.maintenance).await?.blobs;
        let mut after = BlobId::default();
        loop {
            let progress = Progress { step: Step::Search, done: self.sum.checked, total };
            let page = metadata.suspects(self.maintenance, self.expired, after).await?;
            let Some((mut found, checked, last)) = page else {
                return Ok(self.observer.progress(progress).await);
            };
            if self.observer.progress(progress).await.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            suspects.append(&mut found);
            self.sum.checked += checked;
            after = last;
        }
    }

    async fn removal(&mut self, suspects: &[BlobId]) -> Flow {
        let (mut done, total) = (0, suspects.len() as u64);
        for batch in suspects.chunks(BATCH) {
            let progress = Progress { step: Step::Removal, done, total };
            if self.observer.progress(progress).await.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            let mut rest = batch.to_vec();
            while !rest.is_empty() {
                rest = self.take(rest).await?;
            }
            done += batch.len() as u64;
        }
        Ok(self.observer.progress(Progress { step: Step::Removal, done, total }).await)
    }

    /// Takes away what is to go of these blobs; those of which there is more.
    async fn take(&mut self, blobs: Vec<BlobId>) -> Result<Vec<BlobId>, StoreError> {
        let (metadata, content) = (self.store.metadata(), self.store.content());
        let judged = metadata.judge(self.maintenance, self.expired, blobs).await?;
        if self.dry_run {
            for verdict in judged {
                self.tell(verdict.collected, verdict.bytes).await;
            }
            return Ok(Vec::new());
        }
        let mut condemned = Vec::new();
        for verdict in judged.iter().filter(|verdict| verdict.bytes) {
            if let Some(location) = &verdict.location {
                condemned.push((location.clone(), content.condemn(location).await?));
            }
        }
        let sentence = judged.iter().map(|verdict| (verdict.blob, verdict.bytes)).collect();
        // Where this fails, the markers stay, and the next start finds out what became of it.
        let removed = metadata.remove_garbage(self.maintenance, self.expired, sentence).await?;
        let gone: Vec<_> = removed.iter().filter(|verdict| verdict.bytes).collect();
        let gone: Vec<_> = gone.iter().filter_map(|verdict| verdict.location.as_ref()).collect();
        for location in &gone {
            warn(content.remove(location).await, location);
        }
        for (location, _held) in condemned.iter().filter(|(kept, _)| !gone.contains(&kept)) {
            warn(content.settle(location).await, location);
        }
        drop(condemned);
        let mut more = Vec::new();
        for verdict in removed {
            more.extend(Some(verdict.blob).filter(|_| verdict.more));
            self.tell(verdict.collected, verdict.bytes).await;
        }
        Ok(more)
    }

    async fn files(&mut self) -> Flow {
        let (metadata, content) = (self.store.metadata(), self.store.content());
        let total = content.parts();
        for part in 0..total {
            let progress = Progress { step: Step::Files, done: part, total };
            if self.observer.progress(progress).await.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            let mut old = content.list(part).await?;
            old.retain(|file| file.modified <= self.expired);
            // What has no name that the store gives is not its own to remove.
            let old: Vec<_> = old.into_iter().filter_map(|file| file.location).collect();
            for some in old.chunks(FILES) {
                for location in metadata.unnamed(self.maintenance, some.to_vec()).await? {
                    self.stray(&location).await?;
                }
            }
        }
        Ok(self.observer.progress(Progress { step: Step::Files, done: total, total }).await)
    }

    async fn stray(&mut self, location: &Location) -> Result<(), StoreError> {
        let content = self.store.content();
        // Another collection may have been faster.
        let Some(bytes) = content.size(location).await? else { return Ok(()) };
        if !self.dry_run {
            content.remove(location).await?;
        }
        let stray = Collected {
            reason: Reason::Stray,
            registry: None,
            repository: None,
            digest: None,
            file: Some(location.0.clone()),
            bytes,
        };
        self.tell(vec![stray], false).await;
        Ok(())
    }

    async fn tell(&mut self, collected: Vec<Collected>, blob: bool) {
        self.sum.blobs += u64::from(blob);
        for one in collected {
            self.sum.count(&one);
            self.observer.found(one).await;
        }
    }
}

/// A file that stays costs nothing but the room: it has no row, and a later collection finds it.
fn warn(done: Result<(), StoreError>, location: &Location) {
    if let Err(error) = done {
        tracing::warn!(%error, file = location.0, "a collected blob was not cleaned up");
    }
}
