//! What Azure's metadata calls show and change.

use jiff::Timestamp;
use naru_oci::{Digest, Tag};

use crate::error::Missing;

/// What may be done to a repository, manifest or tag, whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// Whether it may be deleted.
    pub delete_enabled: bool,
    /// Whether it may be written to or overwritten.
    pub write_enabled: bool,
    /// Whether it may be pulled.
    pub read_enabled: bool,
    /// Whether it stands in lists.
    pub list_enabled: bool,
}

impl Default for Attributes {
    fn default() -> Self {
        Self::from_locks(0)
    }
}

impl Attributes {
    /// The bit of each lock, as it is stored.
    pub(crate) const DELETE: i64 = 1;
    pub(crate) const WRITE: i64 = 2;
    pub(crate) const READ: i64 = 4;
    pub(crate) const LIST: i64 = 8;

    pub(crate) const fn from_locks(locks: i64) -> Self {
        Self {
            delete_enabled: locks & Self::DELETE == 0,
            write_enabled: locks & Self::WRITE == 0,
            read_enabled: locks & Self::READ == 0,
            list_enabled: locks & Self::LIST == 0,
        }
    }

    pub(crate) fn locks(self) -> i64 {
        let lock = |enabled: bool, bit: i64| if enabled { 0 } else { bit };
        lock(self.delete_enabled, Self::DELETE)
            | lock(self.write_enabled, Self::WRITE)
            | lock(self.read_enabled, Self::READ)
            | lock(self.list_enabled, Self::LIST)
    }

    /// Whether it may be deleted: what may not be written to may not be deleted either.
    pub const fn may_delete(self) -> bool {
        self.delete_enabled && self.write_enabled
    }
}

/// A change of attributes; what is none stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AttributesPatch {
    /// Whether it may be deleted.
    pub delete_enabled: Option<bool>,
    /// Whether it may be written to or overwritten.
    pub write_enabled: Option<bool>,
    /// Whether it may be pulled.
    pub read_enabled: Option<bool>,
    /// Whether it stands in lists.
    pub list_enabled: Option<bool>,
}

impl AttributesPatch {
    /// The attributes afterwards.
    pub(crate) fn applied_to(self, attributes: Attributes) -> Attributes {
        Attributes {
            delete_enabled: self.delete_enabled.unwrap_or(attributes.delete_enabled),
            write_enabled: self.write_enabled.unwrap_or(attributes.write_enabled),
            read_enabled: self.read_enabled.unwrap_or(attributes.read_enabled),
            list_enabled: self.list_enabled.unwrap_or(attributes.list_enabled),
        }
    }
}

/// Something in a repository that has attributes, or the repository itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A manifest.
    Manifest(Digest),
    /// The repository.
    Repository,
    /// A tag.
    Tag(Tag),
}

/// What a lock keeps somebody from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Deleting, and taking a tag off.
    Delete,
    /// Pulling.
    Pull,
}

impl Deed {
    /// The locks that keep from it.
    pub(crate) const fn locks(self) -> i64 {
        match self {
            Self::Delete => Attributes::DELETE | Attributes::WRITE,
            Self::Pull => Attributes::READ,
        }
    }
}

/// Why content is not handed out or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barred {
    /// It, or what it is in, is locked.
    Locked,
    /// It is not there.
    Missing(Missing),
}

impl From<Missing> for Barred {
    fn from(missing: Missing) -> Self {
        Self::Missing(missing)
    }
}

/// How a list is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// By name.
    #[default]
    Name,
    /// By the time of the last change, oldest first.
    TimeAscending,
    /// By the time of the last change, latest first.
    TimeDescending,
}

/// A repository, as its metadata shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryRecord {
    /// When it came into being.
    pub created: Timestamp,
    /// When something in it last changed.
    pub updated: Timestamp,
    /// How many manifests it has.
    pub manifests: u64,
    /// How many tags it has.
    pub tags: u64,
    /// Its attributes.
    pub attributes: Attributes,
}

/// A tag, as its metadata shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagRecord {
    /// Its name.
    pub name: String,
    /// The manifest that it names.
    pub digest: Digest,
    /// When it was first set.
    pub created: Timestamp,
    /// When it was last set or changed.
    pub updated: Timestamp,
    /// Its attributes.
    pub attributes: Attributes,
}

/// A manifest, as its metadata shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestRecord {
    /// Its digest.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// The media type of its config.
    pub config_media_type: Option<String>,
    /// What it is of, where it says so.
    pub artifact_type: Option<String>,
    /// The size of what it names, in bytes.
    pub image_size: u64,
    /// The architecture that its config names.
    pub architecture: Option<String>,
    /// The operating system that its config names.
    pub os: Option<String>,
    /// When it was pushed.
    pub created: Timestamp,
    /// When it, or a tag of it, last changed.
    pub updated: Timestamp,
    /// Its tags that lists show.
    pub tags: Vec<String>,
    /// Its attributes.
    pub attributes: Attributes,
}

/// What went with a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeletedRepository {
    /// Its manifests.
    pub manifests: Vec<String>,
    /// Its tags.
    pub tags: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_stored_as_what_is_switched_off() {
        for locks in 0..16 {
            assert_eq!(Attributes::from_locks(locks).locks(), locks);
        }
        assert_eq!(Attributes::default().locks(), 0);
        let patch = AttributesPatch { write_enabled: Some(false), ..AttributesPatch::default() };
        let patched = patch.applied_to(Attributes::from_locks(Attributes::LIST));
        assert_eq!(patched.locks(), Attributes::WRITE | Attributes::LIST);
        assert!(!patched.may_delete());
    }
}
