//! What collection and verification ask of the database.
//!
//! Every call is short: a page of a bounded size in one snapshot, or a batch in one transaction, so
//! that neither pushes nor the log of the database wait for it.

use async_trait::async_trait;
use jiff::Timestamp;
use naru_access::Maintenance;

use crate::error::StoreError;
use crate::record::{
    BlobId, BlobRow, Checkpoint, Concerned, Extent, Fault, Location, ManifestPage, Verdict,
};

/// Collection and verification.
#[async_trait]
pub trait Upkeep: Send + Sync {
    /// How much there is to go through.
    async fn extent(&self, maintenance: &Maintenance) -> Result<Extent, StoreError>;

    /// The blobs of the next page of which something is of no use to anybody, and has not been
    /// since `expired`; with how many there are in the page, and its last. None at the end.
    async fn suspects(
        &self,
        maintenance: &Maintenance,
        expired: Timestamp,
        after: BlobId,
    ) -> Result<Option<(Vec<BlobId>, u64, BlobId)>, StoreError>;

    /// What of these blobs is of no use to anybody.
    async fn judge(
        &self,
        maintenance: &Maintenance,
        expired: Timestamp,
        blobs: Vec<BlobId>,
    ) -> Result<Vec<Verdict>, StoreError>;

    /// Judges again, and takes away what the judgement then is, in one transaction; the bytes of a
    /// blob only where the flag beside it allows that.
    async fn remove_garbage(
        &self,
        maintenance: &Maintenance,
        expired: Timestamp,
        blobs: Vec<(BlobId, bool)>,
    ) -> Result<Vec<Verdict>, StoreError>;

    /// Those of these locations that no row names, nor any write that was begun before this.
    async fn unnamed(
        &self,
        maintenance: &Maintenance,
        locations: Vec<Location>,
    ) -> Result<Vec<Location>, StoreError>;

    /// Has the database check a table, and its references; none where there are no more tables.
    async fn check_table(
        &self,
        maintenance: &Maintenance,
        number: u64,
    ) -> Result<Option<Vec<Fault>>, StoreError>;

    /// The blobs of the next page; bytes that lie beside their rows are read with them.
    async fn blobs_after(
        &self,
        maintenance: &Maintenance,
        after: BlobId,
    ) -> Result<Vec<BlobRow>, StoreError>;

    /// Whom the loss of a blob concerns; none where the blob is not there any more, as it was.
    async fn concerned(
        &self,
        maintenance: &Maintenance,
        blob: BlobRow,
    ) -> Result<Option<Vec<Concerned>>, StoreError>;

    /// Notes since when a blob is known to be damaged, or that it is not, unless it is not there any
    /// more, as it was. One that is damaged is not served, and is missing to whoever asks whether it
    /// is there, so that they push it again.
    async fn mark_blob(
        &self,
        maintenance: &Maintenance,
        blob: BlobRow,
        damaged: Option<Timestamp>,
    ) -> Result<(), StoreError>;

    /// Verifies the next page of manifests.
    async fn check_manifests(
        &self,
        maintenance: &Maintenance,
        after: i64,
    ) -> Result<ManifestPage, StoreError>;

    /// Where the last verification was interrupted, and what it found until then.
    async fn checkpoint(
        &self,
        maintenance: &Maintenance,
    ) -> Result<Option<(Checkpoint, Vec<Fault>)>, StoreError>;

    /// Keeps where a verification is, with what it found since it was last kept.
    async fn keep_checkpoint(
        &self,
        maintenance: &Maintenance,
        checkpoint: Checkpoint,
        found: Vec<Fault>,
    ) -> Result<(), StoreError>;

    /// Forgets where the last verification was.
    async fn forget_checkpoint(&self, maintenance: &Maintenance) -> Result<(), StoreError>;
}
