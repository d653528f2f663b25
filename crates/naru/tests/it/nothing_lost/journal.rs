//! What repositories are to hold, and what each deed makes of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use naru_oci::Digest;
use naru_testkit::MANIFEST;
use serde_json::json;

use super::Numbers;

/// Content by a number that no other content has; its bytes are made anew each time.
#[derive(Clone, Debug)]
pub(super) struct Blob {
    pub(super) digest: String,
    number: u64,
    size: usize,
}

impl Blob {
    pub(super) fn new(number: u64, size: usize) -> Self {
        let digest = Digest::sha256(&bytes(number, size)).to_string();
        Self { digest, number, size }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        bytes(self.number, self.size)
    }
}

fn bytes(number: u64, size: usize) -> Vec<u8> {
    let mut numbers = Numbers::of(number, 1);
    let mut bytes = number.to_be_bytes().to_vec();
    let block: Vec<u8> = (0..512).flat_map(|_| numbers.next().to_be_bytes()).collect();
    while bytes.len() < size {
        let rest = size - bytes.len();
        bytes.extend_from_slice(&block[..rest.min(block.len())]);
    }
    bytes.truncate(size);
    bytes
}

/// A manifest, and the blobs that it names.
#[derive(Clone)]
pub(super) struct Image {
    pub(super) digest: String,
    pub(super) manifest: Vec<u8>,
    pub(super) blobs: Vec<Blob>,
}

impl Image {
    /// The first blob is its config.
    pub(super) fn new(blobs: Vec<Blob>) -> Self {
        let described = |media_type: &str, blob: &Blob| json!({ "mediaType": media_type, "digest": blob.digest, "size": blob.size });
        let layer = |blob| described("application/vnd.oci.image.layer.v1.tar", blob);
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": described("application/vnd.oci.image.config.v1+json", &blobs[0]),
            "layers": blobs[1..].iter().map(layer).collect::<Vec<_>>(),
        });
        let manifest = manifest.to_string().into_bytes();
        Self { digest: Digest::sha256(&manifest).to_string(), manifest, blobs }
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blobs: Vec<_> = self.blobs.iter().map(|blob| &blob.digest).collect();
        f.debug_struct("Image")
            .field("digest", &self.digest)
            .field("blobs", &blobs)
            .finish_non_exhaustive()
    }
}

/// What a repository is to hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Repository {
    pub(super) locked: bool,
    /// By digest: all of them, and no other.
    pub(super) manifests: BTreeMap<String, Image>,
    /// All of them, and no other, with the digests that they name.
    pub(super) tags: BTreeMap<String, String>,
    /// Blobs that must be there. Others may.
    pub(super) promised: BTreeSet<String>,
    /// Blobs that must not be there: they were deleted, or never came whole.
    pub(super) gone: BTreeSet<String>,
}

/// What all repositories of a client are to hold, by name.
pub(super) type Repositories = BTreeMap<String, Repository>;

/// How a blob comes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    /// `POST` with the bytes.
    Whole,
    /// `POST`, and `PUT` with the bytes.
    Twice,
    /// `POST`, a few `PATCH`, and `PUT` with the last of it.
    Chunks,
}

/// Something that changes what a repository holds.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    Push(Blob, Way),
    /// From that repository.
    Mount(String, Blob),
    /// A blob under the digest of another: refused.
    PushWrong(Blob, Blob),
    /// Some bytes of a blob, and no more.
    Abandon(Blob),
    Put(Image, Option<String>),
    DeleteManifest(String),
    DeleteTag(String),
    DeleteBlob(String),
    DeleteRepository,
    Lock(bool),
}

impl Deed {
    /// What it makes of its repository when it was done.
    pub(super) fn apply(&self, to: &mut Repository) {
        match self {
            Self::Push(blob, _) | Self::Mount(_, blob) => to.promise(&blob.digest),
            Self::PushWrong(_, blob) | Self::Abandon(blob) => {
                to.gone.insert(blob.digest.clone());
            }
            Self::Put(image, tag) => {
                for blob in &image.blobs {
                    to.promise(&blob.digest);
                }
                to.manifests.insert(image.digest.clone(), image.clone());
                to.tags.extend(tag.clone().map(|tag| (tag, image.digest.clone())));
            }
            Self::DeleteManifest(digest) => {
                to.manifests.remove(digest);
                to.tags.retain(|_, named| named != digest);
            }
            Self::DeleteTag(tag) => {
                to.tags.remove(tag);
            }
            Self::DeleteBlob(digest) => {
                to.promised.remove(digest);
                to.gone.insert(digest.clone());
            }
            Self::DeleteRepository => {
                let mut gone = std::mem::take(&mut to.gone);
                gone.append(&mut to.promised);
                *to = Repository { gone, ..Repository::default() };
            }
            Self::Lock(locked) => to.locked = *locked,
        }
    }

    /// What nobody may find, whether it was done or merely begun.
    pub(super) fn never(&self) -> Option<&Blob> {
        match self {
            Self::PushWrong(_, blob) | Self::Abandon(blob) => Some(blob),
            _ => None,
        }
    }
}

impl Repository {
    fn promise(&mut self, digest: &str) {
        self.gone.remove(digest);
        self.promised.insert(digest.to_owned());
    }

    /// The blobs that its manifests name.
    pub(super) fn named(&self) -> BTreeSet<String> {
        let blobs = self.manifests.values().flat_map(|image| &image.blobs);
        blobs.map(|blob| blob.digest.clone()).collect()
    }

    /// Without a lease, a blob is promised to those alone whose manifest names it.
    pub(super) fn without_lease(&mut self) {
        self.promised = self.named();
    }
}
