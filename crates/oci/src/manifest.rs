//! The little of a manifest that a registry must understand: which kind it is, what it names,
//! and what it is about. The bytes themselves are kept and served exactly as they were pushed.
//!
//! Sources: OCI image specification 1.1 (manifest, index), docker's image manifest v2 schema 2,
//! and the OCI artifact manifest of the 1.1 release candidates, which some clients still push.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::Digest;

/// The largest manifest that is accepted (4 MiB, as in the distribution specification).
pub const MAX_MANIFEST_BYTES: usize = 4 * 1024 * 1024;

const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const OCI_ARTIFACT: &str = "application/vnd.oci.artifact.manifest.v1+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

/// Layers of these types live elsewhere and are never pushed.
const NON_DISTRIBUTABLE: &[&str] = &[
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
];

/// What a manifest is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Blobs with a subject, without a config (OCI artifact manifest).
    Artifact,
    /// One image or artifact: a config and layers.
    Image,
    /// A list of manifests.
    Index,
}

/// A descriptor (OCI image specification, "Descriptors"), as far as the registry reads it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What it describes.
    pub digest: Digest,
    /// Its media type.
    #[serde(default)]
    pub media_type: String,
    /// Its size in bytes, as it says.
    #[serde(default)]
    pub size: u64,
}

/// Why a manifest is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Not JSON, or not of the shape that its media type promises.
    #[error("the manifest is not valid: {0}")]
    Shape(String),
    /// A media type that is no manifest's.
    #[error("the media type `{0}` is not one of a manifest that this registry takes")]
    MediaType(String),
    /// `Content-Type` and the manifest's own `mediaType` differ.
    #[error("Content-Type is `{header}`, and the manifest's mediaType is `{body}`")]
    Mismatch {
        /// What the header said.
        header: String,
        /// What the manifest says.
        body: String,
    },
}

/// What the registry keeps of a manifest beside its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// What it is.
    pub kind: Kind,
    /// Its media type, as pushed in `Content-Type`, else as the manifest itself says.
    pub media_type: String,
    /// Its artifact type, with the config's media type in its place where there is none.
    pub artifact_type: Option<String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// The blobs that must be in the repository: config and layers, but for those that are never
    /// pushed.
    pub blobs: Vec<Digest>,
    /// The manifests that an index lists.
    pub manifests: Vec<Digest>,
    /// What it refers to.
    pub subject: Option<Digest>,
    /// Its config, where it is of a kind that has one.
    pub config: Option<Descriptor>,
    /// The size of all that it names, as it says.
    pub image_size: u64,
}

/// A row of a referrers list: a descriptor of a manifest that has a subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Referrer {
    /// The referrer's own media type.
    pub media_type: String,
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// Its artifact type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Its annotations.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// The fields of every kind of manifest, read leniently: unknown ones are no business of ours.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default)]
    media_type: Option<String>,
    #[serde(default)]
    artifact_type: Option<String>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
    #[serde(default)]
    config: Option<Object<Descriptor>>,
    #[serde(default)]
    layers: Option<Vec<Object<Descriptor>>>,
    #[serde(default)]
    blobs: Option<Vec<Object<Descriptor>>>,
    #[serde(default)]
    manifests: Option<Vec<Object<Descriptor>>>,
    #[serde(default)]
    subject: Option<Object<Descriptor>>,
}

/// A value that is written as an object: serde would also read an array, as the fields in order,
/// which no client does.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Read<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(Read(PhantomData))
    }
}

impl Manifest {
    /// Reads a manifest that was pushed with this `Content-Type` (without one, its own
    /// `mediaType` decides).
    pub fn parse(content_type: Option<&str>, bytes: &[u8]) -> Result<Self, ManifestError> {
        // What is skipped is not looked at by the parser, and is served as JSON all the same.
        let text = std::str::from_utf8(bytes)
            .map_err(|error| ManifestError::Shape(format!("it is not UTF-8: {error}")))?;
        let Object(document) = serde_json::from_str::<Object<Document>>(text)
            .map_err(|error| ManifestError::Shape(error.to_string()))?;
        let named = document.media_type.as_deref().filter(|name| !name.is_empty());
        let pushed = content_type.or(named).or_else(|| document.guess());
        let pushed = pushed.unwrap_or("none").to_owned();
        let essence = essence(&pushed);
        if let Some(body) = named.filter(|body| !body.eq_ignore_ascii_case(essence)) {
            return Err(ManifestError::Mismatch { header: pushed, body: body.to_owned() });
        }
        let kind = match essence.to_ascii_lowercase().as_str() {
            OCI_MANIFEST | DOCKER_MANIFEST => Kind::Image,
            OCI_INDEX | DOCKER_LIST => Kind::Index,
            OCI_ARTIFACT => Kind::Artifact,
            _ => return Err(ManifestError::MediaType(pushed)),
        };
        document.into_manifest(kind, pushed)
    }
}

impl Document {
    /// The media type of a manifest that names none, by its shape.
    fn guess(&self) -> Option<&'static str> {
        match (&self.config, &self.manifests) {
            (Some(_), None) => Some(OCI_MANIFEST),
            (None, Some(_)) => Some(OCI_INDEX),
            _ => None,
        }
    }

    fn into_manifest(self, kind: Kind, media_type: String) -> Result<Manifest, ManifestError> {
        let missing = |what: &str| ManifestError::Shape(format!("`{what}` is missing"));
        let ambiguous = |what: &str| {
            ManifestError::Shape(format!("`{what}` belongs to another kind of manifest"))
        };
        let mut artifact_type = self.artifact_type.filter(|name| !name.is_empty());
        let (mut blobs, mut manifests) = (Vec::new(), Vec::new());
        let mut own_config = None;
        let sizes = |list: &[Object<Descriptor>]| {
            list.iter().fold(0, |sum: u64, one| sum.saturating_add(one.0.size))
        };
        let image_size = match kind {
            // CVE-2021-41190: what is an image to one reader and a list to another.
            Kind::Image if self.manifests.is_some() => {
                return Err(ambiguous("manifests"));
            }
            Kind::Index if self.config.is_some() || self.layers.is_some() => {
                return Err(ambiguous("config` or `layers"));
            }
            Kind::Image => {
                let Object(config) = self.config.ok_or_else(|| missing("config"))?;
                let layers = self.layers.ok_or_else(|| missing("layers"))?;
                artifact_type = artifact_type
                    .or_else(|| Some(config.media_type.clone()).filter(|name| !name.is_empty()));
                blobs.push(config.digest);
                blobs.extend(layers.iter().filter(|layer| layer.0.is_pushed()).map(|l| l.0.digest));
                let size = sizes(&layers).saturating_add(config.size);
                own_config = Some(config);
                size
            }
            Kind::Index => {
                let listed = self.manifests.ok_or_else(|| missing("manifests"))?;
                manifests.extend(listed.iter().map(|descriptor| descriptor.0.digest));
                sizes(&listed)
            }
            Kind::Artifact => {
                let listed = self.blobs.unwrap_or_default();
                blobs.extend(listed.iter().filter(|blob| blob.0.is_pushed()).map(|b| b.0.digest));
                sizes(&listed)
            }
        };
        for list in [&mut blobs, &mut manifests] {
            list.sort_unstable();
            list.dedup();
        }
        Ok(Manifest {
            kind,
            media_type,
            artifact_type,
            annotations: self.annotations.unwrap_or_default(),
            blobs,
            manifests,
            subject: self.subject.map(|descriptor| descriptor.0.digest),
            config: own_config,
            image_size,
        })
    }
}

impl Descriptor {
    /// Whether content of this type is pushed to a registry at all.
    fn is_pushed(&self) -> bool {
        !NON_DISTRIBUTABLE.contains(&self.media_type.as_str())
    }
}

/// A media type without its parameters.
fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests;
