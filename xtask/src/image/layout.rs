//! An OCI image layout in a tar file, with what an older docker reads beside it. The same parts make
//! the same bytes.

use std::io;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};

use super::parts::{Part, USER};
use crate::failure::Failure;

/// What the image is called.
pub(super) const NAME: &str = concat!("naru:", env!("CARGO_PKG_VERSION"));

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// The archive, and the digest of its manifest.
pub(super) fn archive(parts: &[Part]) -> Result<(Vec<u8>, String), Failure> {
    let writing = || Failure::machine("write the archive");
    let layer = layer(parts).map_err(writing())?;
    let config = config(&digest(&layer)).to_string().into_bytes();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", &config),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", &layer)],
        "annotations": labels(),
    });
    let manifest = manifest.to_string().into_bytes();
    let mut listed = descriptor(MANIFEST, &manifest);
    if let Value::Object(fields) = &mut listed {
        let names = json!({
            "org.opencontainers.image.ref.name": env!("CARGO_PKG_VERSION"),
            "io.containerd.image.name": format!("docker.io/library/{NAME}"),
        });
        fields.insert("annotations".to_owned(), names);
    }
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [listed],
    });
    let docker = json!([{ "Config": blob(&config), "RepoTags": [NAME], "Layers": [blob(&layer)] }]);
    let layout = json!({ "imageLayoutVersion": "1.0.0" });
    let mut archive = Builder::new(Vec::new());
    for (path, content) in [
        ("oci-layout".to_owned(), layout.to_string().into_bytes()),
        ("index.json".to_owned(), index.to_string().into_bytes()),
        ("manifest.json".to_owned(), docker.to_string().into_bytes()),
        (blob(&manifest), manifest.clone()),
        (blob(&config), config),
        (blob(&layer), layer),
    ] {
        append(&mut archive, &path, 0o644, 0, Some(&content)).map_err(writing())?;
    }
    let archive = archive.into_inner().map_err(writing())?;
    Ok((archive, digest(&manifest)))
}

/// What the image is: how it starts, as whom, and where it keeps things.
fn config(layer: &str) -> Value {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    json!({
        "created": "1970-01-01T00:00:00Z",
        "architecture": architecture,
        "os": "linux",
        "config": {
            "User": format!("{USER}:{USER}"),
            "Entrypoint": ["/usr/bin/naru"],
            "Cmd": ["serve"],
            "Env": ["PATH=/usr/bin", "NARU_CONFIG=/etc/naru/naru.toml", "HOME=/var/lib/naru"],
            "WorkingDir": "/var/lib/naru",
            "ExposedPorts": { "5000/tcp": {} },
            "Volumes": { "/var/lib/naru": {} },
            "StopSignal": "SIGTERM",
            "Labels": labels(),
        },
        "rootfs": { "type": "layers", "diff_ids": [layer] },
        "history": [{ "created_by": "cargo xtask image" }],
    })
}

fn labels() -> Value {
    json!({
        "org.opencontainers.image.title": "naru",
        "org.opencontainers.image.description":
            "A container registry in which no login failure is a mystery",
        "org.opencontainers.image.version": env!("CARGO_PKG_VERSION"),
        "org.opencontainers.image.licenses": "Apache-2.0",
    })
}

fn layer(parts: &[Part]) -> io::Result<Vec<u8>> {
    let mut layer = Builder::new(Vec::new());
    for part in parts {
        append(&mut layer, &part.path, part.mode, part.owner, part.content.as_deref())?;
    }
    layer.into_inner()
}

fn append(
    archive: &mut Builder<Vec<u8>>,
    path: &str,
    mode: u32,
    owner: u64,
    content: Option<&[u8]>,
) -> io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_mode(mode);
    header.set_uid(owner);
    header.set_gid(owner);
    header.set_mtime(0);
    let bytes = content.unwrap_or_default();
    header.set_size(bytes.len() as u64);
    header.set_entry_type(match content {
        Some(_) => EntryType::Regular,
        None => EntryType::Directory,
    });
    archive.append_data(&mut header, path, bytes)
}

fn descriptor(media_type: &str, content: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": digest(content), "size": content.len() })
}

fn digest(content: &[u8]) -> String {
    let bytes = Sha256::digest(content);
    let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{}", digits.concat())
}

fn blob(content: &[u8]) -> String {
    format!("blobs/{}", digest(content).replace(':', "/"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Read as _;

    use super::*;

    fn read(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
        let mut archive = tar::Archive::new(archive);
        let all = archive.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            (entry.path().unwrap().display().to_string(), content)
        });
        all.collect()
    }

    #[test]
    fn the_layout_names_what_it_has_and_is_the_same_each_time() {
        let part = |path: &str, content: Option<&str>| Part {
            path: path.to_owned(),
            mode: 0o755,
            owner: USER,
            content: content.map(|text| text.as_bytes().to_vec()),
        };
        let parts = [part("usr", None), part("usr/naru", Some("binary"))];
        let (bytes, digest) = archive(&parts).unwrap();
        assert_eq!(archive(&parts).unwrap(), (bytes.clone(), digest.clone()));
        let entries = read(&bytes);
        let json = |name: &str| -> Value { serde_json::from_slice(&entries[name]).unwrap() };
        let at = |digest: &Value| format!("blobs/{}", digest.as_str().unwrap().replace(':', "/"));
        let listed = &json("index.json")["manifests"][0];
        assert_eq!(listed["digest"], digest.as_str());
        let manifest = json(&at(&listed["digest"]));
        let layer = &entries[&at(&manifest["layers"][0]["digest"])];
        assert_eq!(manifest["layers"][0]["size"], layer.len());
        let inner = read(layer);
        let config = json(&at(&manifest["config"]["digest"]));
        assert_eq!(config["rootfs"]["diff_ids"][0], manifest["layers"][0]["digest"]);
        assert_eq!(config["config"]["User"], "65532:65532");
        assert_eq!(inner["usr/naru"], b"binary");
        let docker = json("manifest.json");
        assert_eq!(docker[0]["RepoTags"][0], NAME);
        assert!(entries.contains_key(docker[0]["Layers"][0].as_str().unwrap()));
    }
}
