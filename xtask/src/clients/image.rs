//! Tiny images, made without any network: one layer with one file, as an OCI layout.
//!
//! The layer is compressed already, so that no client compresses it anew and changes its digest.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::durability::sha256;
use crate::failure::Failure;
use crate::process::Invocation;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// What an index calls itself.
pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// The tag in the layout, and wherever a client pushes: Helm takes nothing but versions.
pub(super) const TAG: &str = "0.1.0";

/// How many bytes no disk of a few MiB has room for, nor any compression makes small.
const LARGE: usize = 12 << 20;

/// The image on disk.
pub(super) struct Image {
    /// The OCI layout.
    pub(super) layout: PathBuf,
    /// The same as one archive.
    pub(super) archive: PathBuf,
    /// The layer as a plain tar.
    pub(super) layer: PathBuf,
    /// The digest of its manifest, or of its index.
    pub(super) digest: String,
    /// The digest of its config, by which engines know it.
    pub(super) config: String,
}

impl Image {
    /// Makes one for one platform in `folder`.
    pub(super) fn make(folder: &Path) -> Result<Self, Failure> {
        Self::of(folder, b"somebody was let in\n", &["amd64"])
    }

    /// Makes another one.
    pub(super) fn make_other(folder: &Path) -> Result<Self, Failure> {
        Self::of(folder, b"somebody else was let in\n", &["amd64"])
    }

    /// Makes one that is larger than the smallest of disks.
    pub(super) fn make_large(folder: &Path) -> Result<Self, Failure> {
        Self::of(folder, &noise(LARGE), &["amd64"])
    }

    /// Makes an index for two platforms.
    pub(super) fn make_index(folder: &Path) -> Result<Self, Failure> {
        Self::of(folder, b"somebody was let in, on whatever machine\n", &["amd64", "arm64"])
    }

    fn of(folder: &Path, content: &[u8], architectures: &[&str]) -> Result<Self, Failure> {
        let layout = folder.join("layout");
        fs::create_dir_all(layout.join("blobs/sha256"))
            .map_err(Failure::machine("make an OCI layout"))?;
        let layer = pack(folder, content)?;
        let mut config = String::new();
        let mut entries = Vec::new();
        for architecture in architectures {
            let (entry, digest) = one(&layout, &layer, architecture)?;
            entries.push(entry);
            config = digest;
        }
        let mut entry = match entries.as_slice() {
            [single] => single.clone(),
            several => {
                let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": several });
                put(&layout, INDEX, index.to_string().as_bytes())?
            }
        };
        let digest = digest_of(&entry);
        if let Some(entry) = entry.as_object_mut() {
            let name = json!({ "org.opencontainers.image.ref.name": TAG });
            entry.insert("annotations".to_owned(), name);
        }
        let index = json!({ "schemaVersion": 2, "manifests": [entry] });
        write(&layout.join("index.json"), index.to_string().as_bytes())?;
        write(&layout.join("oci-layout"), br#"{"imageLayoutVersion":"1.0.0"}"#)?;
        let archive = folder.join("archive.tar");
        Invocation::new("tar")
            .within(&layout)
            .args(["-cf"])
            .args([&archive])
            .args(["oci-layout", "index.json", "blobs"])
            .succeed()?;
        Ok(Self { layout, archive, layer, digest, config })
    }

    /// Checks that the layout `other` holds the same image, byte for byte.
    pub(super) fn same_as(&self, other: &Path) -> Result<(), Failure> {
        let (mine, theirs) = (blobs(&self.layout)?, blobs(other)?);
        if mine == theirs {
            return Ok(());
        }
        let names = |blobs: &BTreeMap<String, Vec<u8>>| {
            blobs.keys().cloned().collect::<Vec<_>>().join("\n")
        };
        Err(Failure::unexpected(
            format!("the blobs\n{}", names(&mine)),
            format!("{} (or other bytes under these names)", names(&theirs)),
        ))
    }
}

/// The image for one platform: its descriptor, and the digest of its config.
fn one(layout: &Path, layer: &Path, architecture: &str) -> Result<(Value, String), Failure> {
    let squeezed = Invocation::new("gzip").args(["-n", "-c"]).args([layer]).succeed()?;
    let config = json!({
        "architecture": architecture,
        "os": "linux",
        "config": {},
        "rootfs": { "type": "layers", "diff_ids": [sha256(layer)?] },
    });
    let media_type = "application/vnd.oci.image.config.v1+json";
    let config = put(layout, media_type, config.to_string().as_bytes())?;
    let digest = digest_of(&config);
    let media_type = "application/vnd.oci.image.layer.v1.tar+gzip";
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config,
        "layers": [put(layout, media_type, squeezed.bytes())?],
    });
    let mut entry = put(layout, MANIFEST, manifest.to_string().as_bytes())?;
    if let Some(entry) = entry.as_object_mut() {
        let platform = json!({ "architecture": architecture, "os": "linux" });
        entry.insert("platform".to_owned(), platform);
    }
    Ok((entry, digest))
}

/// A tar with one file.
fn pack(folder: &Path, content: &[u8]) -> Result<PathBuf, Failure> {
    write(&folder.join("greeting"), content)?;
    let layer = folder.join("layer.tar");
    Invocation::new("tar")
        .within(folder)
        .args(["--sort=name", "--owner=0", "--group=0", "--mtime=@0", "-cf"])
        .args([&layer])
        .args(["greeting"])
        .succeed()?;
    Ok(layer)
}

/// Puts a blob into the layout, and describes it.
fn put(layout: &Path, media_type: &str, bytes: &[u8]) -> Result<Value, Failure> {
    let blobs = layout.join("blobs/sha256");
    let unnamed = blobs.join("unnamed");
    write(&unnamed, bytes)?;
    let digest = sha256(&unnamed)?;
    let hex = digest.trim_start_matches("sha256:");
    fs::rename(&unnamed, blobs.join(hex)).map_err(Failure::machine("name a blob"))?;
    Ok(json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() }))
}

fn digest_of(descriptor: &Value) -> String {
    descriptor.get("digest").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Bytes without a pattern, the same at every call (xorshift).
fn noise(length: usize) -> Vec<u8> {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(next).take(length / 8).flatten().collect()
}

fn blobs(layout: &Path) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let folder = layout.join("blobs/sha256");
    let doing = || format!("read {}", folder.display());
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(&folder).map_err(Failure::machine(doing()))? {
        let path = entry.map_err(Failure::machine(doing()))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = fs::read(&path).map_err(Failure::machine(doing()))?;
        found.insert(name, bytes);
    }
    Ok(found)
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(file, bytes).map_err(Failure::machine(format!("write {}", file.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_itself_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let one = Image::make(&folder.path().join("one")).unwrap();
        let two = Image::make(&folder.path().join("two")).unwrap();
        assert_eq!(one.digest, two.digest);
        one.same_as(&two.layout).unwrap();
        let hex = two.digest.trim_start_matches("sha256:");
        fs::write(two.layout.join("blobs/sha256").join(hex), "{}").unwrap();
        assert!(one.same_as(&two.layout).is_err());
    }

    #[test]
    fn noise_is_long_and_stays_long() {
        let noise = noise(LARGE);
        assert_eq!(noise.len(), LARGE);
        let (first, second) = noise.split_at(LARGE / 2);
        assert_ne!(first, second);
    }
}
