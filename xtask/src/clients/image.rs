//! A tiny image, made without any network: one layer with one file, as an OCI layout.
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

/// The tag in the layout.
pub(super) const TAG: &str = "v1";

/// The image on disk.
pub(super) struct Image {
    /// The OCI layout.
    pub(super) layout: PathBuf,
    /// The layer as a plain tar.
    pub(super) layer: PathBuf,
    /// The digest of its manifest.
    pub(super) digest: String,
}

impl Image {
    /// Makes it in `folder`.
    pub(super) fn make(folder: &Path) -> Result<Self, Failure> {
        let layout = folder.join("layout");
        fs::create_dir_all(layout.join("blobs/sha256"))
            .map_err(Failure::machine("make an OCI layout"))?;
        let layer = pack(folder)?;
        let diff_id = sha256(&layer)?;
        let squeezed = Invocation::new("gzip").args(["-n", "-c"]).args([&layer]).succeed()?;
        let config = json!({
            "architecture": "amd64",
            "os": "linux",
            "config": {},
            "rootfs": { "type": "layers", "diff_ids": [diff_id] },
        });
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": put(
                &layout,
                "application/vnd.oci.image.config.v1+json",
                config.to_string().as_bytes(),
            )?,
            "layers": [put(
                &layout,
                "application/vnd.oci.image.layer.v1.tar+gzip",
                squeezed.bytes(),
            )?],
        });
        let mut entry = put(&layout, MANIFEST, manifest.to_string().as_bytes())?;
        let digest = entry.get("digest").and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(entry) = entry.as_object_mut() {
            let name = json!({ "org.opencontainers.image.ref.name": TAG });
            entry.insert("annotations".to_owned(), name);
        }
        let index = json!({ "schemaVersion": 2, "manifests": [entry] });
        write(&layout.join("index.json"), index.to_string().as_bytes())?;
        write(&layout.join("oci-layout"), br#"{"imageLayoutVersion":"1.0.0"}"#)?;
        Ok(Self { layout, layer, digest })
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

/// A tar with one file.
fn pack(folder: &Path) -> Result<PathBuf, Failure> {
    write(&folder.join("greeting"), b"somebody was let in\n")?;
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
}
