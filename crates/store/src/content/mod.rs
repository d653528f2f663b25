//! The boundary to the bytes: uploads in progress, and finished content by location.
//!
//! [`Directory`] is the first engine. Whatever the engine, content streams and is never held
//! whole in memory, small uploads excepted; and what [`Content::seal`] returns is durable, so that
//! the row that names it may commit.

mod directory;
mod disk;
mod held;
mod listing;
mod open;
mod reading;
mod upload;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use naru_access::PrincipalId;
use naru_oci::{Algorithm, Digest};

use crate::error::StoreError;
use crate::record::{Location, Sealed};

pub(crate) use directory::MOST_UPLOADS;
pub use directory::{Directory, Leftover};
pub use disk::{Disk, DiskFile, LocalDisk};
pub use held::Held;
pub use listing::Listed;
pub use reading::Chunks;

/// Bodies up to this size wait in memory and commit with their row.
pub const INLINE_LIMIT: usize = 64 * 1024;

/// The key of an upload in progress; unguessable, and bound to its owner by the caller.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct UploadKey(pub [u8; 16]);

impl UploadKey {
    /// As 32 hexadecimal digits.
    fn hex(self) -> String {
        uuid::Uuid::from_bytes(self.0).simple().to_string()
    }

    fn from_hex(text: &str) -> Option<Self> {
        let canonical = |key: &Self| key.hex() == text;
        let key = uuid::Uuid::try_parse(text).ok()?;
        Some(Self(key.into_bytes())).filter(canonical)
    }
}

impl std::fmt::Debug for UploadKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UploadKey([redacted])")
    }
}

/// Where the bytes of an upload come from.
#[async_trait]
pub trait Source: Send {
    /// The next bytes; none at the end.
    async fn next(&mut self) -> Option<Result<Bytes, SourceError>>;
}

/// Why a source ends before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceError {
    /// The client went away, or sent what cannot be read.
    Broken,
    /// It is not of the size that was announced, or larger than is allowed.
    Size,
    /// Nothing came for longer than is allowed.
    Stalled,
}

/// Why an upload does not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UploadError {
    /// There is no such upload.
    Unknown,
    /// The chunk does not start where the upload ends, which is here.
    OutOfOrder(u64),
    /// The bytes stopped coming; what came is kept.
    Source(SourceError),
    /// The store itself cannot.
    Store(StoreError),
    /// The bytes have another digest.
    Digest,
    /// The repository may not be written to.
    Locked,
    /// More uploads are open than the server keeps.
    TooMany,
}

impl From<StoreError> for UploadError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Bytes, in progress and at rest.
#[async_trait]
pub trait Content: Send + Sync {
    /// Begins an upload of somebody's, whose digest will most likely be of this algorithm. Where as
    /// many are open as may be, one of whoever has most is forgotten for it.
    fn begin(
        &self,
        upload: UploadKey,
        owner: PrincipalId,
        algorithm: Algorithm,
        now: Timestamp,
    ) -> Result<(), UploadError>;

    /// Appends to an upload, at the given place if the client named one; its size afterwards.
    async fn append(
        &self,
        upload: UploadKey,
        at: Option<u64>,
        source: &mut dyn Source,
        now: Timestamp,
    ) -> Result<u64, UploadError>;

    /// How many bytes an upload has.
    async fn received(&self, upload: UploadKey) -> Result<u64, UploadError>;

    /// Checks an upload against a digest and makes it durable. An upload with another digest goes
    /// on.
    async fn seal(&self, upload: UploadKey, digest: Digest) -> Result<Sealed, UploadError>;

    /// Forgets an upload.
    async fn cancel(&self, upload: UploadKey) -> Result<(), UploadError>;

    /// How many uploads are in progress.
    fn uploads(&self) -> usize;

    /// Forgets uploads that nobody touched since.
    async fn expire(&self, since: Timestamp);

    /// Content is about to lose the row that names it: as with sealed content, the next start
    /// looks whether it has one, unless it was settled or removed before.
    async fn condemn(&self, location: &Location) -> Result<Held, StoreError>;

    /// Sealed content has the row that names it.
    async fn settle(&self, location: &Location) -> Result<(), StoreError>;

    /// Puts sealed content in the place of what is not whole any more. Durable when this returns.
    async fn replace(&self, old: &Location, new: &Location) -> Result<(), StoreError>;

    /// Removes content that no row names.
    async fn remove(&self, location: &Location) -> Result<(), StoreError>;

    /// Reads `length` bytes from `first` on, of content that has `size` bytes: of any other size it
    /// is damaged.
    async fn read(
        &self,
        location: &Location,
        size: u64,
        first: u64,
        length: u64,
    ) -> Result<Chunks, StoreError>;

    /// Whether new content could be begun at this moment. A full store passes: it still answers.
    async fn probe(&self) -> Result<(), StoreError>;

    /// In how many parts [`Content::list`] goes through what is there.
    fn parts(&self) -> u64;

    /// What lies in a part. What is held, since it gets or loses its row just now, is left out.
    async fn list(&self, part: u64) -> Result<Vec<Listed>, StoreError>;

    /// The size of content; none where there is none.
    async fn size(&self, location: &Location) -> Result<Option<u64>, StoreError>;
}
