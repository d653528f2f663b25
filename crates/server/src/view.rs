//! Metadata as people and programs see it: the JSON of Azure's metadata calls, which the command
//! line shows too.

use jiff::Timestamp;
use naru_access::{Access, Capability, InRepository};
use naru_store::{Attributes, ManifestRecord, RepositoryRecord, TagRecord};
use serde::Serialize;

/// What may be done to a repository, manifest or tag.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AttributesView {
    delete_enabled: bool,
    write_enabled: bool,
    read_enabled: bool,
    list_enabled: bool,
}

impl From<Attributes> for AttributesView {
    fn from(attributes: Attributes) -> Self {
        let Attributes { delete_enabled, write_enabled, read_enabled, list_enabled } = attributes;
        Self { delete_enabled, write_enabled, read_enabled, list_enabled }
    }
}

/// Where something is, with it beside.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Placed<T> {
    registry: String,
    image_name: String,
    #[serde(flatten)]
    what: T,
}

impl<T> Placed<T> {
    /// Something in the repository that a capability is for.
    pub(crate) fn new<A: Capability<Place = InRepository>>(
        login_server: &str,
        access: &Access<A>,
        what: T,
    ) -> Self {
        Self {
            registry: login_server.to_owned(),
            image_name: access.repository().to_string(),
            what,
        }
    }
}

/// A repository.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RepositoryView {
    created_time: Timestamp,
    last_update_time: Timestamp,
    manifest_count: u64,
    tag_count: u64,
    changeable_attributes: AttributesView,
}

impl From<RepositoryRecord> for RepositoryView {
    fn from(record: RepositoryRecord) -> Self {
        Self {
            created_time: record.created,
            last_update_time: record.updated,
            manifest_count: record.manifests,
            tag_count: record.tags,
            changeable_attributes: record.attributes.into(),
        }
    }
}

/// A tag.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TagView {
    name: String,
    digest: String,
    created_time: Timestamp,
    last_update_time: Timestamp,
    /// Content trust, which Azure has given up, and which is not here.
    signed: bool,
    changeable_attributes: AttributesView,
}

impl From<TagRecord> for TagView {
    fn from(record: TagRecord) -> Self {
        Self {
            name: record.name,
            digest: record.digest.to_string(),
            created_time: record.created,
            last_update_time: record.updated,
            signed: false,
            changeable_attributes: record.attributes.into(),
        }
    }
}

/// One tag.
#[derive(Clone, Debug, Serialize)]
pub struct OneTag {
    pub(crate) tag: TagView,
}

/// A page of tags.
#[derive(Clone, Debug, Serialize)]
pub struct SeveralTags {
    pub(crate) tags: Vec<TagView>,
}

/// A manifest. What is not known of it is left out, as in Azure.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestView {
    digest: String,
    image_size: u64,
    created_time: Timestamp,
    last_update_time: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    architecture: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    os: Option<String>,
    media_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    config_media_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: Option<String>,
    tags: Vec<String>,
    changeable_attributes: AttributesView,
}

impl From<ManifestRecord> for ManifestView {
    fn from(record: ManifestRecord) -> Self {
        Self {
            digest: record.digest.to_string(),
            image_size: record.image_size,
            created_time: record.created,
            last_update_time: record.updated,
            architecture: record.architecture,
            os: record.os,
            media_type: record.media_type,
            config_media_type: record.config_media_type,
            artifact_type: record.artifact_type,
            tags: record.tags,
            changeable_attributes: record.attributes.into(),
        }
    }
}

/// One manifest.
#[derive(Clone, Debug, Serialize)]
pub struct OneManifest {
    pub(crate) manifest: ManifestView,
}

/// A page of manifests.
#[derive(Clone, Debug, Serialize)]
pub struct SeveralManifests {
    pub(crate) manifests: Vec<ManifestView>,
}
