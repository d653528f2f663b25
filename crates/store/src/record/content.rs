//! Blobs, manifests, tags and pages of lists.

use bytes::Bytes;
use jiff::Timestamp;
use naru_oci::{Digest, Manifest, Tag};

use crate::content::Held;

/// Where a blob lies in the content store: a name that the store alone gives meaning to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Location(pub(crate) String);

/// A blob that a repository links.
#[derive(Clone, Debug)]
pub struct Blob {
    /// Its size in bytes.
    pub size: u64,
    /// Where its bytes are.
    pub body: BlobBody,
}

/// Where the bytes of a blob are.
#[derive(Clone, Debug)]
pub enum BlobBody {
    /// Here.
    Inline(Bytes),
    /// In the content store.
    Stored(Location),
}

/// What a HEAD of a blob tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobStat {
    /// Its size in bytes.
    pub size: u64,
    /// Where its bytes are, if they are in the content store.
    pub location: Option<Location>,
    /// Where no manifest of the repository names it: since when its lease runs.
    pub leased: Option<Timestamp>,
}

/// What the link of an uploaded blob came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Linked {
    /// To the bytes of the upload, which are the blob's now.
    New,
    /// To bytes that were there before, which those of the upload are not needed beside.
    Known {
        /// Where they are, if they are in the content store.
        location: Option<Location>,
        /// Whether a verification found that they are others.
        damaged: bool,
    },
}

/// Bytes that were uploaded, checked against their digest and made durable.
#[derive(Debug)]
pub struct Sealed {
    pub(crate) digest: Digest,
    pub(crate) size: u64,
    pub(crate) body: SealedBody,
    /// Keeps collection away until whoever asked for the row has been answered.
    pub(crate) _held: Option<Held>,
}

impl Sealed {
    /// The digest that the bytes have.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// How many bytes there are.
    pub fn size(&self) -> u64 {
        self.size
    }
}

/// Where sealed bytes wait for the row that names them.
#[derive(Debug)]
pub enum SealedBody {
    /// Here: they commit in the row's own transaction.
    Inline(Bytes),
    /// In the content store, durable.
    Stored(Location),
}

/// A manifest as it is served.
#[derive(Clone, Debug)]
pub struct StoredManifest {
    /// What a HEAD tells.
    pub stat: ManifestStat,
    /// The bytes as they were pushed.
    pub bytes: Bytes,
}

/// What a HEAD of a manifest tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestStat {
    /// Its digest, in the algorithm that it was pushed under.
    pub digest: Digest,
    /// Its media type, as it was pushed.
    pub media_type: String,
    /// Its size in bytes.
    pub size: u64,
}

/// A manifest that is to be.
#[derive(Clone, Debug)]
pub struct NewManifest {
    /// Its digest.
    pub digest: Digest,
    /// Its bytes as they were pushed.
    pub bytes: Bytes,
    /// What was read of it.
    pub manifest: Manifest,
    /// The tags that it gets.
    pub tags: Vec<Tag>,
    /// Whether blobs and manifests that it names may be missing.
    pub sparse: bool,
    /// When.
    pub created: Timestamp,
}

/// What putting a manifest did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ManifestPut {
    /// Whether the repository did not have it before.
    pub new: bool,
}

/// Why a manifest is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PutRefusal {
    /// The repository, the manifest or one of the tags may not be overwritten.
    Locked,
    /// It names content that is not in the repository.
    Missing(Vec<Digest>),
}

/// Why a blob is not deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnlinkRefusal {
    /// The repository is locked.
    Locked,
    /// It is not there.
    Missing,
    /// This manifest of the repository names it.
    NamedBy(Digest),
}

/// What part of a list is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// At most so many entries.
    pub limit: usize,
    /// After this entry.
    pub after: Option<String>,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing<T> {
    /// The entries.
    pub entries: Vec<T>,
    /// Where the next part starts, if there is one: the entry that it comes after.
    pub next: Option<String>,
}
