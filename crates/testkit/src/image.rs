//! Small images.

use naru_oci::Digest;
use serde_json::json;

use crate::{Kit, Reply};

/// An image: a config, a layer, and the manifest that names them.
#[derive(Clone, Debug)]
pub struct Image {
    /// The config.
    pub config: Vec<u8>,
    /// The layer.
    pub layer: Vec<u8>,
    /// The manifest.
    pub manifest: Vec<u8>,
}

/// The media type of [`Image::manifest`].
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Content of a given size that is like no other seed's.
pub fn blob(seed: &str, size: usize) -> Vec<u8> {
    seed.bytes().chain(*b"/").cycle().take(size).collect()
}

/// A small image that is like no other seed's.
pub fn image(seed: &str) -> Image {
    let config = format!("{{\"seed\":\"{seed}\"}}").into_bytes();
    let layer = blob(seed, 300);
    let described = |media_type: &str, content: &[u8]| {
        let digest = Digest::sha256(content).to_string();
        json!({ "mediaType": media_type, "digest": digest, "size": content.len() })
    };
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": described("application/vnd.oci.image.config.v1+json", &config),
        "layers": [described("application/vnd.oci.image.layer.v1.tar", &layer)],
    });
    Image { config, layer, manifest: manifest.to_string().into_bytes() }
}

impl Image {
    /// The digest of its manifest.
    pub fn digest(&self) -> Digest {
        Digest::sha256(&self.manifest)
    }
}

impl Kit {
    /// Pushes a blob at once.
    pub async fn push_blob(
        &self,
        (name, password): (&str, &str),
        repository: &str,
        content: &[u8],
    ) -> Reply {
        let digest = Digest::sha256(content);
        self.post(&format!("/v2/{repository}/blobs/uploads/?digest={digest}"))
            .basic(name, password)
            .body(content.to_vec())
            .send()
            .await
    }

    /// Pushes an image.
    pub async fn push_image(&self, who: (&str, &str), repository: &str, tag: &str, image: &Image) {
        self.push_blob(who, repository, &image.config).await.expect(201);
        self.push_blob(who, repository, &image.layer).await.expect(201);
        self.put(&format!("/v2/{repository}/manifests/{tag}"))
            .basic(who.0, who.1)
            .header("content-type", MANIFEST)
            .body(image.manifest.clone())
            .send()
            .await
            .expect(201);
    }
}
