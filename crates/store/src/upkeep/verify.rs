//! Verification: every byte against its digest, every reference against its target, every row
//! against a file and the reverse.
//!
//! It keeps where it is, with what it found, after every page; so one that was interrupted goes on
//! from there. What goes while it looks is no fault: before it tells of one, it looks again
//! whether the row is still there.

use std::future::poll_fn;
use std::ops::ControlFlow;

use jiff::Timestamp;
use naru_access::Maintenance;
use naru_oci::Hasher;
use tokio::task::spawn_blocking;

use super::{Flow, Observer};
use crate::error::StoreError;
use crate::record::{
    BlobId, BlobRow, BlobRowBody, Checkpoint, Extent, Fault, FaultKind, Location, Progress, Step,
    Verification,
};
use crate::store::Store;

/// After so many bytes it keeps where it is, also within a page.
const KEEP: u64 = 256 << 20;

impl Store {
    /// Verifies everything, or what an interrupted verification did not come to; each fault goes
    /// to the observer, those that were found before the interruption first.
    pub async fn verify(
        &self,
        maintenance: &Maintenance,
        resume: bool,
        now: Timestamp,
        observer: &mut dyn Observer<Fault>,
    ) -> Result<Verification, StoreError> {
        let metadata = self.metadata();
        let kept = if resume { metadata.checkpoint(maintenance).await? } else { None };
        let at = if let Some((mut at, faults)) = kept {
            for fault in faults {
                observer.found(fault).await;
            }
            at.so_far.resumed = Some(at.started);
            at
        } else {
            metadata.forget_checkpoint(maintenance).await?;
            let so_far = Verification::default();
            Checkpoint { started: now, step: Step::Database, after: 0, so_far }
        };
        let extent = metadata.extent(maintenance).await?;
        let mut verifying =
            Verifying { store: self, maintenance, observer, at, extent, found: Vec::new() };
        let interrupted = verifying.run().await?.is_break();
        let so_far = verifying.at.so_far;
        if !interrupted {
            metadata.forget_checkpoint(maintenance).await?;
        }
        Ok(Verification { interrupted, ..so_far })
    }
}

/// What is wrong with the bytes of a blob.
struct Wrong {
    kind: FaultKind,
    /// What more there is to say.
    detail: Option<String>,
    /// Whether it is noted with the blob, since whoever reads it does not see it. That a file is
    /// not there, is too short, or cannot be read is seen by each, and may be over at any time.
    lasts: bool,
}

impl Wrong {
    const fn lasting(kind: FaultKind) -> Self {
        Self { kind, detail: None, lasts: true }
    }
}

/// A verification under way.
struct Verifying<'a> {
    store: &'a Store,
    maintenance: &'a Maintenance,
    observer: &'a mut dyn Observer<Fault>,
    at: Checkpoint,
    extent: Extent,
    /// What was found and is not kept yet.
    found: Vec<Fault>,
}

impl Verifying<'_> {
    async fn run(&mut self) -> Flow {
        loop {
            let step = self.at.step;
            let (flow, next) = match step {
                Step::Database => (self.database().await?, Step::Blobs),
                Step::Blobs => (self.blobs().await?, Step::Manifests),
                Step::Manifests => (self.manifests().await?, Step::Files),
                Step::Files | Step::Search | Step::Removal => return self.files().await,
            };
            if flow.is_break() {
                return Ok(flow);
            }
            (self.at.step, self.at.after) = (next, 0);
        }
    }

    async fn database(&mut self) -> Flow {
        let metadata = self.store.metadata();
        loop {
            let number = u64::try_from(self.at.after).unwrap_or_default();
            if self.progress(number, self.extent.tables).await.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            let checked = metadata.check_table(self.maintenance, number).await?;
            let Some(faults) = checked else { return Ok(ControlFlow::Continue(())) };
            self.tell(faults).await;
            self.keep(self.at.after + 1).await?;
        }
    }

    async fn blobs(&mut self) -> Flow {
        let metadata = self.store.metadata();
        let mut kept = self.at.so_far.bytes;
        loop {
            let page = metadata.blobs_after(self.maintenance, BlobId(self.at.after)).await?;
            let done = self.progress(self.at.so_far.bytes, self.extent.bytes).await;
            if page.is_empty() || done.is_break() {
                return Ok(done);
            }
            for row in page {
                let BlobId(id) = row.id;
                let size = row.size;
                if self.blob(row).await?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                self.at.so_far.blobs += 1;
                self.at.so_far.bytes += size;
                self.at.after = id;
                if self.at.so_far.bytes - kept >= KEEP {
                    kept = self.at.so_far.bytes;
                    self.keep(id).await?;
                }
            }
            self.keep(self.at.after).await?;
        }
    }

    async fn blob(&mut self, row: BlobRow) -> Flow {
        let wrong = match &row.body {
            BlobRowBody::Inline(wrong) => wrong.map(Wrong::lasting),
            BlobRowBody::Stored(location) => match self.read_twice(&row, location).await {
                ControlFlow::Break(()) => return Ok(ControlFlow::Break(())),
                ControlFlow::Continue(wrong) => wrong,
            },
        };
        let lasts = wrong.as_ref().is_some_and(|wrong| wrong.lasts);
        if lasts != row.damaged {
            let damaged = lasts.then_some(self.at.started);
            self.store.metadata().mark_blob(self.maintenance, row.clone(), damaged).await?;
        }
        let Some(Wrong { kind, detail, .. }) = wrong else {
            return Ok(ControlFlow::Continue(()));
        };
        let file = match &row.body {
            BlobRowBody::Inline(_) => None,
            BlobRowBody::Stored(location) => Some(location.0.clone()),
        };
        let digest = Some(row.digest);
        // Where it is not there any more it went while it was read.
        if let Some(concerned) = self.store.metadata().concerned(self.maintenance, row).await? {
            self.tell(vec![Fault { digest, file, detail, concerned, ..Fault::of(kind) }]).await;
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Reads a file, and once more where its bytes are others: somebody may have put the right ones
    /// there meanwhile, and what is said of it lasts.
    async fn read_twice(
        &mut self,
        row: &BlobRow,
        location: &Location,
    ) -> ControlFlow<(), Option<Wrong>> {
        match self.read(row, location).await? {
            Some(Wrong { lasts: true, .. }) => self.read(row, location).await,
            wrong => ControlFlow::Continue(wrong),
        }
    }

    /// Reads a file to its end; what is wrong with it.
    async fn read(&mut self, row: &BlobRow, location: &Location) -> ControlFlow<(), Option<Wrong>> {
        let content = self.store.content();
        let wrong =
            |kind, detail| ControlFlow::Continue(Some(Wrong { kind, detail, lasts: false }));
        let unreadable =
            |error: &StoreError| wrong(FaultKind::BlobUnreadable, Some(error.to_string()));
        match content.size(location).await {
            Ok(Some(size)) if size == row.size => {}
            Ok(Some(size)) => {
                return wrong(FaultKind::BlobDamaged, Some(format!("{size} B != {} B", row.size)));
            }
            Ok(None) => return wrong(FaultKind::BlobMissing, None),
            Err(error) => return unreadable(&error),
        }
        let mut chunks = match content.read(location, row.size, 0, row.size).await {
            Ok(chunks) => chunks,
            Err(error) => return unreadable(&error),
        };
        let (mut hasher, mut done) = (Hasher::new(row.digest.algorithm()), self.at.so_far.bytes);
        while let Some(frame) = poll_fn(|context| chunks.poll_next(context)).await {
            let frame = match frame {
                Ok(frame) => frame,
                Err(error) => return unreadable(&error),
            };
            done += frame.len() as u64;
            let hashed = spawn_blocking(move || {
                hasher.update(&frame);
                hasher
            });
            hasher = match hashed.await {
                Ok(hasher) => hasher,
                Err(error) => return unreadable(&StoreError::Unavailable(error.to_string())),
            };
            self.progress(done, self.extent.bytes).await?;
        }
        let same = hasher.finish() == row.digest;
        ControlFlow::Continue((!same).then_some(Wrong::lasting(FaultKind::BlobDamaged)))
    }

    async fn manifests(&mut self) -> Flow {
        let metadata = self.store.metadata();
        loop {
            let done = self.progress(self.at.so_far.manifests, self.extent.manifests).await;
            if done.is_break() {
                return Ok(done);
            }
            let page = metadata.check_manifests(self.maintenance, self.at.after).await?;
            let Some(next) = page.next else { return Ok(done) };
            self.at.so_far.manifests += page.manifests;
            self.tell(page.faults).await;
            self.keep(next).await?;
        }
    }

    async fn files(&mut self) -> Flow {
        let (metadata, content) = (self.store.metadata(), self.store.content());
        let total = content.parts();
        loop {
            let part = u64::try_from(self.at.after).unwrap_or_default();
            let done = self.progress(part, total).await;
            if part >= total || done.is_break() {
                return Ok(done);
            }
            let listed = content.list(part).await?;
            self.at.so_far.files += listed.len() as u64;
            let locations = listed.iter().filter_map(|file| file.location.clone()).collect();
            let unnamed = metadata.unnamed(self.maintenance, locations).await?;
            for file in listed {
                let stray = match &file.location {
                    None => true,
                    // A collection may have been about to remove it.
                    Some(at) => unnamed.contains(at) && content.size(at).await?.is_some(),
                };
                if stray {
                    let detail = Some(format!("{} B", file.size));
                    let fault = Fault::of(FaultKind::FileStray);
                    self.tell(vec![Fault { file: Some(file.name), detail, ..fault }]).await;
                }
            }
            self.keep(self.at.after + 1).await?;
        }
    }

    async fn progress(&mut self, done: u64, total: u64) -> ControlFlow<()> {
        // What came meanwhile is gone through too.
        self.observer.progress(Progress { step: self.at.step, done, total: total.max(done) }).await
    }

    async fn tell(&mut self, faults: Vec<Fault>) {
        for fault in faults {
            let count = if fault.kind.is_remark() {
                &mut self.at.so_far.remarks
            } else {
                &mut self.at.so_far.faults
            };
            *count += 1;
            self.found.push(fault.clone());
            self.observer.found(fault).await;
        }
    }

    async fn keep(&mut self, after: i64) -> Result<(), StoreError> {
        self.at.after = after;
        let found = std::mem::take(&mut self.found);
        self.store.metadata().keep_checkpoint(self.maintenance, self.at, found).await
    }
}
