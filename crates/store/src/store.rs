//! Database and content together, in the order that makes them safe: bytes are durable before the
//! row that names them commits.

use std::sync::Arc;

use jiff::Timestamp;
use naru_access::{Access, Maintenance, Pull, Push};
use naru_oci::{Algorithm, Digest};

use crate::content::{
    Chunks, Content, Directory, Leftover, MOST_UPLOADS, Source, UploadError, UploadKey,
};
use crate::data_dir::DataDir;
use crate::error::{Missing, StoreError};
use crate::metadata::Metadata;
use crate::record::{Barred, BlobStat, Linked, Location, SealedBody};
use crate::sqlite::{MigrateError, Sqlite};

/// All that is durable.
#[derive(Clone)]
pub struct Store {
    metadata: Arc<dyn Metadata>,
    content: Arc<dyn Content>,
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database.
    #[error(transparent)]
    Database(#[from] MigrateError),
    /// The content.
    #[error(transparent)]
    Content(#[from] StoreError),
}

impl Store {
    /// Opens the store of a data directory, and cleans up what a crash left there.
    pub async fn open(directory: &DataDir, maintenance: &Maintenance) -> Result<Self, OpenError> {
        Self::open_for(directory, maintenance, MOST_UPLOADS).await
    }

    /// As [`Store::open`], for at most so many uploads at once.
    pub async fn open_for(
        directory: &DataDir,
        maintenance: &Maintenance,
        most_uploads: usize,
    ) -> Result<Self, OpenError> {
        let metadata = Sqlite::open(&directory.database())?;
        let (content, leftovers) = Directory::open(directory.blobs(), directory.uploads())?;
        let content = content.for_at_most(most_uploads);
        let store = Self::new(Arc::new(metadata), Arc::new(content));
        store.clean(maintenance, &leftovers).await?;
        Ok(store)
    }

    /// A store of two engines.
    pub fn new(metadata: Arc<dyn Metadata>, content: Arc<dyn Content>) -> Self {
        Self { metadata, content }
    }

    /// The database.
    pub fn metadata(&self) -> &dyn Metadata {
        self.metadata.as_ref()
    }

    /// The content. Whoever reads it for a client goes through [`Store::read`].
    pub(crate) fn content(&self) -> &dyn Content {
        self.content.as_ref()
    }

    /// How many uploads are in progress.
    pub fn uploads_in_progress(&self) -> usize {
        self.content.uploads()
    }

    /// Whether new content could be begun at this moment; a full disk is no reason that it could not.
    pub async fn probe_content(&self, _maintenance: &Maintenance) -> Result<(), StoreError> {
        self.content.probe().await
    }

    /// Begins an upload.
    pub fn begin_upload(
        &self,
        access: &Access<Push>,
        upload: UploadKey,
        algorithm: Algorithm,
        now: Timestamp,
    ) -> Result<(), UploadError> {
        self.content.begin(upload, access.holder().id, algorithm, now)
    }

    /// Appends to an upload; its size afterwards.
    pub async fn append(
        &self,
        _access: &Access<Push>,
        upload: UploadKey,
        at: Option<u64>,
        source: &mut dyn Source,
        now: Timestamp,
    ) -> Result<u64, UploadError> {
        self.content.append(upload, at, source, now).await
    }

    /// How many bytes an upload has.
    pub async fn received(
        &self,
        _access: &Access<Push>,
        upload: UploadKey,
    ) -> Result<u64, UploadError> {
        self.content.received(upload).await
    }

    /// Forgets an upload.
    pub async fn cancel_upload(
        &self,
        _access: &Access<Push>,
        upload: UploadKey,
    ) -> Result<(), UploadError> {
        self.content.cancel(upload).await
    }

    /// Finishes an upload: its bytes become a blob of the repository. Durable when this returns.
    pub async fn finish_upload(
        &self,
        access: &Access<Push>,
        upload: UploadKey,
        digest: Digest,
        now: Timestamp,
    ) -> Result<(), UploadError> {
        let sealed = self.content.seal(upload, digest).await?;
        // Where linking fails, the marker stays, and the next start finds out whether the row is
        // there after all.
        let linked = self.metadata.link_blob(access, &sealed, now).await?;
        if let SealedBody::Stored(location) = &sealed.body {
            if let Ok(Linked::Known { location: Some(known), damaged }) = &linked
                && (*damaged || self.content.size(known).await != Ok(Some(sealed.size)))
            {
                // What was there before is not whole, and this is.
                self.content.replace(known, location).await?;
                if *damaged {
                    self.metadata.mend_blob(access, &digest).await?;
                }
            } else {
                self.dispose(location, linked == Ok(Linked::New)).await;
            }
        }
        linked.map(drop).map_err(|_| UploadError::Locked)
    }

    /// What there is to know of a blob of the repository. One whose bytes are known not to be whole
    /// is as good as missing: who asks is to send it again.
    pub async fn stat_blob(
        &self,
        access: &Access<Pull>,
        digest: &Digest,
    ) -> Result<Result<BlobStat, Barred>, StoreError> {
        let stat = self.metadata.stat_blob(access, digest).await?;
        if let Ok(BlobStat { size, location: Some(location), .. }) = &stat
            && self.content.size(location).await? != Some(*size)
        {
            return Ok(Err(Missing::Content.into()));
        }
        Ok(stat)
    }

    /// Reads `length` bytes of stored content from `first` on. Location and size come from a blob
    /// that the repository links.
    pub async fn read(
        &self,
        _access: &Access<Pull>,
        (location, size): (&Location, u64),
        first: u64,
        length: u64,
    ) -> Result<Chunks, StoreError> {
        self.content.read(location, size, first, length).await
    }

    /// Forgets uploads that nobody touched since.
    pub async fn expire_uploads(&self, _maintenance: &Maintenance, since: Timestamp) {
        self.content.expire(since).await;
    }

    async fn clean(
        &self,
        maintenance: &Maintenance,
        leftovers: &[Leftover],
    ) -> Result<(), StoreError> {
        for leftover in leftovers {
            let named = self.metadata.has_location(maintenance, &leftover.location).await?;
            self.dispose(&leftover.location, named).await;
        }
        Ok(())
    }

    /// Keeps sealed content that has its row, and removes what has none. A failure costs nothing
    /// but the room, and the next start tries again.
    async fn dispose(&self, location: &Location, named: bool) {
        let done = if named {
            self.content.settle(location).await
        } else {
            self.content.remove(location).await
        };
        if let Err(error) = done {
            tracing::warn!(%error, "an upload was not cleaned up; the next start will do it");
        }
    }
}
