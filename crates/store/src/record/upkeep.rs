//! What collection and verification say: how far they are, what went and why, what is wrong and
//! with whom.

use jiff::{SignedDuration, Timestamp};
use naru_oci::Digest;
use serde::{Deserialize, Serialize};

use super::Location;

/// The row of a blob, for collection and verification. Rows are visited in the order of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct BlobId(pub(crate) i64);

/// What collection is to do.
#[derive(Clone, Copy, Debug)]
pub struct CollectionPlan {
    /// The time at its start.
    pub now: Timestamp,
    /// How long something must have been of use to nobody.
    pub lease: SignedDuration,
    /// Whether it only says what would go.
    pub dry_run: bool,
}

/// A stage of collection or verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Collection looks for what may go; counted in blobs.
    Search,
    /// Collection takes it away; counted in blobs.
    Removal,
    /// Verification has the database checked; counted in tables.
    Database,
    /// Verification reads blobs; counted in bytes.
    Blobs,
    /// Verification reads manifests, and looks for what they name; counted in manifests.
    Manifests,
    /// Files are held against rows; counted in parts of the content store.
    Files,
}

/// How far collection or verification is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// The stage.
    pub step: Step,
    /// How much of it is done.
    pub done: u64,
    /// How much there is, as far as is known.
    pub total: u64,
}

/// Why something goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// A file that no row names.
    Stray,
    /// Bytes that no repository links.
    Unlinked,
    /// No manifest of the repository names the blob.
    Unnamed,
}

/// Something that went, or would go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Collected {
    /// Why.
    pub reason: Reason,
    /// The registry of the repository.
    pub registry: Option<String>,
    /// The repository that it was in.
    pub repository: Option<String>,
    /// Its digest, where that is known.
    pub digest: Option<Digest>,
    /// The file that it lay in, below the content store.
    pub file: Option<String>,
    /// How many bytes its going frees.
    pub bytes: u64,
}

/// What collection came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Collection {
    /// How many blobs were looked at.
    pub checked: u64,
    /// How many blobs went out of a repository.
    pub links: u64,
    /// How many blobs went altogether.
    pub blobs: u64,
    /// How many stray files went.
    pub files: u64,
    /// How many bytes were freed.
    pub bytes: u64,
    /// Whether it was ended before its end.
    pub interrupted: bool,
}

impl Collection {
    pub(crate) fn count(&mut self, collected: &Collected) {
        match collected.reason {
            Reason::Stray => self.files += 1,
            Reason::Unlinked => {}
            Reason::Unnamed => self.links += 1,
        }
        self.bytes += collected.bytes;
    }
}

/// What is to be done with a blob of which something is of no use to anybody.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The blob.
    pub blob: BlobId,
    /// What of it goes.
    pub collected: Vec<Collected>,
    /// Whether its bytes go.
    pub bytes: bool,
    /// The file that they lie in, if it is one.
    pub location: Option<Location>,
    /// Whether there was more than fits into one transaction.
    pub more: bool,
}

/// How much there is to go through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// The blobs.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The manifests.
    pub manifests: u64,
    /// The tables of the database.
    pub tables: u64,
}

/// What the database is busy with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// How many connections may read at once.
    pub readers: usize,
    /// How many do.
    pub readers_busy: usize,
    /// How many writes wait for the writer.
    pub writes_waiting: usize,
}

/// A blob that is to be read.
#[derive(Clone, Debug)]
pub struct BlobRow {
    /// Its row.
    pub id: BlobId,
    /// The digest that it should have.
    pub digest: Digest,
    /// The size that it should have.
    pub size: u64,
    /// Whether an earlier verification found that its bytes are others.
    pub damaged: bool,
    /// What of it is known without the content store.
    pub body: BlobRowBody,
}

/// Where a row says that the bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlobRowBody {
    /// Beside the row; and what is wrong with them.
    Inline(Option<FaultKind>),
    /// In the content store.
    Stored(Location),
}

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The bytes of a blob are not those of its digest.
    BlobDamaged,
    /// The bytes of a blob are not there.
    BlobMissing,
    /// A manifest names a blob that its repository does not have.
    BlobUnlinked,
    /// The bytes of a blob cannot be read.
    BlobUnreadable,
    /// The database's own check says so.
    DatabaseDamaged,
    /// A file that no row names.
    FileStray,
    /// An index lists a manifest that its repository does not have.
    ManifestAbsent,
    /// The bytes of a manifest are not those of its digest, or cannot be read as one.
    ManifestDamaged,
    /// What is kept of a manifest's references is not what it names.
    ReferencesWrong,
    /// The subject of a manifest is not in its repository.
    SubjectAbsent,
    /// A tag leads to no manifest of its repository.
    TagDangling,
}

impl FaultKind {
    /// Every kind.
    pub const ALL: &[Self] = &[
        Self::BlobDamaged,
        Self::BlobMissing,
        Self::BlobUnlinked,
        Self::BlobUnreadable,
        Self::DatabaseDamaged,
        Self::FileStray,
        Self::ManifestAbsent,
        Self::ManifestDamaged,
        Self::ReferencesWrong,
        Self::SubjectAbsent,
        Self::TagDangling,
    ];

    /// Its stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::BlobDamaged => "blob-damaged",
            Self::BlobMissing => "blob-missing",
            Self::BlobUnlinked => "blob-unlinked",
            Self::BlobUnreadable => "blob-unreadable",
            Self::DatabaseDamaged => "database-damaged",
            Self::FileStray => "file-stray",
            Self::ManifestAbsent => "manifest-absent",
            Self::ManifestDamaged => "manifest-damaged",
            Self::ReferencesWrong => "references-wrong",
            Self::SubjectAbsent => "subject-absent",
            Self::TagDangling => "tag-dangling",
        }
    }

    /// Whether a client may have brought it about, by deleting a manifest that another one names:
    /// worth knowing, and no damage.
    pub const fn is_remark(self) -> bool {
        matches!(self, Self::ManifestAbsent | Self::SubjectAbsent)
    }
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What.
    pub kind: FaultKind,
    /// Of which blob or manifest.
    pub digest: Option<Digest>,
    /// The manifest that names it, where it is at fault because of that.
    pub manifest: Option<Digest>,
    /// In which file, below the content store.
    pub file: Option<String>,
    /// What was found, where there is more to say.
    pub detail: Option<String>,
    /// Whom it concerns.
    pub concerned: Vec<Concerned>,
}

impl Fault {
    pub(crate) fn of(kind: FaultKind) -> Self {
        Self { kind, digest: None, manifest: None, file: None, detail: None, concerned: Vec::new() }
    }
}

/// A repository, and the tags by which somebody comes to what is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Concerned {
    /// The registry.
    pub registry: String,
    /// The repository.
    pub repository: String,
    /// The tags.
    pub tags: Vec<String>,
}

/// What verification came to, or has come to so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// How many blobs were read.
    pub blobs: u64,
    /// How many bytes those have.
    pub bytes: u64,
    /// How many manifests were read.
    pub manifests: u64,
    /// How many files were held against rows.
    pub files: u64,
    /// How many faults there are.
    pub faults: u64,
    /// How many remarks.
    pub remarks: u64,
    /// When it began, where it goes on from where another one was interrupted.
    pub resumed: Option<Timestamp>,
    /// Whether it was ended before its end.
    pub interrupted: bool,
}

/// Where a verification is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// When it began.
    pub started: Timestamp,
    /// The stage.
    pub step: Step,
    /// What of the stage is done: up to here.
    pub after: i64,
    /// What came of it so far.
    pub so_far: Verification,
}

/// A page of manifests that were verified.
#[derive(Clone, Debug, Default)]
pub struct ManifestPage {
    /// How many.
    pub manifests: u64,
    /// What is wrong with them.
    pub faults: Vec<Fault>,
    /// Where the next page begins, if there is one.
    pub next: Option<i64>,
}
