//! The data plane as its clients meet it. Paths mirror `src/http/v2`.

mod base;
mod blob;
mod catalog;
mod manifest;
mod referrers;
mod tags;
mod upload;
pub(crate) mod wire;

use naru_oci::Digest;
use naru_testkit::{Kit, OWNER, OWNER_PASSWORD, Reply, Sending};
use serde_json::{Value, json};

/// Who pushes, where it does not matter who.
pub(crate) const WHO: (&str, &str) = (OWNER, OWNER_PASSWORD);

pub(crate) const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// A size that no longer lies beside the row.
pub(crate) const LARGE: usize = 3 * 1024 * 1024 + 7;

/// Requests as the owner.
pub(crate) trait ByOwner {
    /// Sends it with the owner's name and password.
    async fn by_owner(self) -> Reply;
}

impl ByOwner for Sending {
    async fn by_owner(self) -> Reply {
        self.basic(OWNER, OWNER_PASSWORD).send().await
    }
}

/// Begins an upload; where it goes on.
pub(crate) async fn begin(kit: &Kit, repository: &str) -> String {
    let begun = kit.post(&format!("/v2/{repository}/blobs/uploads/")).by_owner().await.expect(202);
    begun.header("location").to_owned()
}

/// Where an upload is closed under a digest.
pub(crate) fn closing(location: &str, digest: &Digest) -> String {
    format!("{location}?digest={digest}")
}

/// A descriptor of content.
fn descriptor(media_type: &str, content: &[u8]) -> Value {
    let digest = Digest::sha256(content).to_string();
    json!({ "mediaType": media_type, "digest": digest, "size": content.len() })
}

/// Puts a manifest.
async fn put(kit: &Kit, target: &str, media_type: &str, manifest: &Value) -> Reply {
    put_bytes(kit, target, media_type, manifest.to_string()).await
}

async fn put_bytes(
    kit: &Kit,
    target: &str,
    media_type: &str,
    manifest: impl Into<bytes::Bytes>,
) -> Reply {
    let put = kit.put(&format!("/v2/{target}")).header("content-type", media_type);
    put.body(manifest).by_owner().await
}

/// Pushes the empty config; a manifest that has nothing else, with more fields.
async fn small(kit: &Kit, repository: &str, more: &Value) -> Value {
    kit.push_blob(WHO, repository, b"{}").await.expect(201);
    let mut manifest = json!({
        "schemaVersion": 2,
        "mediaType": IMAGE,
        "config": descriptor(CONFIG, b"{}"),
        "layers": [],
    });
    let (fields, more) = (manifest.as_object_mut().unwrap(), more.as_object().unwrap());
    fields.extend(more.clone());
    manifest
}

/// Creates somebody with a role.
async fn somebody(kit: &Kit, name: &str, role: &str) -> (String, String) {
    let password = format!("a password of {name}");
    kit.admin("user", "create", json!({ "name": name, "password": password })).await;
    kit.admin("role-assignment", "create", json!({ "assignee": name, "role": role })).await;
    (name.to_owned(), password)
}

/// The target of the link to the page that follows.
fn next(reply: &Reply) -> Option<&str> {
    let link = reply.header("link").strip_suffix(r#">; rel="next""#)?;
    link.strip_prefix('<')
}

/// The files under a directory of the data directory.
pub(crate) fn files(kit: &Kit, directory: &str) -> Vec<std::path::PathBuf> {
    let (mut found, mut ahead) = (Vec::new(), vec![kit.directory().join("data").join(directory)]);
    while let Some(directory) = ahead.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { ahead.push(path) } else { found.push(path) }
        }
    }
    found
}
