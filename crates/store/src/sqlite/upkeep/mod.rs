//! Collection and verification: what they ask of the database.

mod checkpoint;
mod garbage;
mod verification;

use async_trait::async_trait;
use jiff::Timestamp;
use naru_access::Maintenance;

use super::Sqlite;
use super::session::{Session, size_at};
use crate::error::StoreError;
use crate::metadata::Upkeep;
use crate::record::{
    BlobId, BlobRow, Checkpoint, Concerned, Extent, Fault, Location, ManifestPage, Verdict,
};

#[async_trait]
impl Upkeep for Sqlite {
    async fn extent(&self, _maintenance: &Maintenance) -> Result<Extent, StoreError> {
        self.read(extent).await
    }

    async fn suspects(
        &self,
        _maintenance: &Maintenance,
        expired: Timestamp,
        after: BlobId,
    ) -> Result<Option<(Vec<BlobId>, u64, BlobId)>, StoreError> {
        self.read(move |session| garbage::suspects(session, expired, after)).await
    }

    async fn judge(
        &self,
        _maintenance: &Maintenance,
        expired: Timestamp,
        blobs: Vec<BlobId>,
    ) -> Result<Vec<Verdict>, StoreError> {
        self.read(move |session| garbage::judge(session, expired, &blobs)).await
    }

    async fn remove_garbage(
        &self,
        _maintenance: &Maintenance,
        expired: Timestamp,
        blobs: Vec<(BlobId, bool)>,
    ) -> Result<Vec<Verdict>, StoreError> {
        self.write_anywhere(move |session| garbage::remove(session, expired, &blobs)).await
    }

    async fn unnamed(
        &self,
        _maintenance: &Maintenance,
        mut locations: Vec<Location>,
    ) -> Result<Vec<Location>, StoreError> {
        locations = self.read(move |session| garbage::unnamed(session, locations)).await?;
        if locations.is_empty() {
            return Ok(locations);
        }
        // The writer takes one write after the other: after this nothing that was begun before
        // can name them any more.
        self.write(move |session| garbage::unnamed(session, locations.clone())).await
    }

    async fn check_table(
        &self,
        _maintenance: &Maintenance,
        number: u64,
    ) -> Result<Option<Vec<Fault>>, StoreError> {
        self.read(move |session| verification::check_table(session, number)).await
    }

    async fn blobs_after(
        &self,
        _maintenance: &Maintenance,
        after: BlobId,
    ) -> Result<Vec<BlobRow>, StoreError> {
        self.read(move |session| verification::blobs(session, after)).await
    }

    async fn concerned(
        &self,
        _maintenance: &Maintenance,
        blob: BlobRow,
    ) -> Result<Option<Vec<Concerned>>, StoreError> {
        self.read(move |session| verification::concerned(session, &blob)).await
    }

    async fn mark_blob(
        &self,
        _maintenance: &Maintenance,
        blob: BlobRow,
        damaged: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        self.write_anywhere(move |session| verification::mark(session, &blob, damaged)).await
    }

    async fn check_manifests(
        &self,
        _maintenance: &Maintenance,
        after: i64,
    ) -> Result<ManifestPage, StoreError> {
        self.read(move |session| verification::manifests(session, after)).await
    }

    async fn checkpoint(
        &self,
        _maintenance: &Maintenance,
    ) -> Result<Option<(Checkpoint, Vec<Fault>)>, StoreError> {
        self.read(checkpoint::read).await
    }

    async fn keep_checkpoint(
        &self,
        _maintenance: &Maintenance,
        checkpoint: Checkpoint,
        found: Vec<Fault>,
    ) -> Result<(), StoreError> {
        self.write(move |session| checkpoint::keep(session, &checkpoint, &found)).await
    }

    async fn forget_checkpoint(&self, _maintenance: &Maintenance) -> Result<(), StoreError> {
        self.write(checkpoint::forget).await
    }
}

fn extent(session: &Session<'_>) -> Result<Extent, StoreError> {
    let sql = "SELECT blobs, bytes, manifests, \
               (SELECT count(*) FROM sqlite_schema WHERE type = 'table') FROM stored WHERE id = 1";
    let extent = session.row(sql, (), |row| {
        Ok(Extent {
            blobs: size_at(row, 0)?,
            bytes: size_at(row, 1)?,
            manifests: size_at(row, 2)?,
            tables: size_at(row, 3)?,
        })
    })?;
    Ok(extent.unwrap_or_default())
}

#[cfg(test)]
mod plans;
