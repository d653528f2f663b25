//! Manifests: their bytes, their metadata, and what refers to them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use naru_access::{Pull, ReadMetadata};
use naru_oci::{Digest, Referrer};
use naru_store::{Deed, Item, ManifestRecord, Registry};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::content::{Named, OrderBy, WhichRequest, allow_content, whole};
use super::repository::{self, DeletedContent, PropertiesView, UpdateRequest};
use super::{Caller, Failure, metadata};
use crate::state::App;
use crate::view::AttributesView;

/// Which manifests.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListRequest {
    /// Of which repository.
    pub repository: String,
    /// At most so many; all, where nothing is said.
    pub top: Option<usize>,
    /// In which order, where not by digest.
    pub orderby: Option<OrderBy>,
}

/// Which manifest, and how.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShowRequest {
    /// `REPOSITORY:TAG` or `REPOSITORY@DIGEST`.
    pub image: String,
    /// As a text: byte for byte what was pushed, blanks and line ends included.
    #[serde(default)]
    pub raw: bool,
}

/// Which image.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageRequest {
    /// `REPOSITORY:TAG` or `REPOSITORY@DIGEST`.
    pub image: String,
}

/// What referrers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReferrersRequest {
    /// Of which image: `REPOSITORY:TAG` or `REPOSITORY@DIGEST`.
    pub image: String,
    /// Only those of this type.
    pub artifact_type: Option<String>,
}

/// A manifest as it was pushed.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Pushed {
    /// As JSON.
    Document(Box<RawValue>),
    /// As a text.
    Text(String),
}

/// The metadata of a manifest, in Azure's words; what is not known is null.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestDetails {
    digest: String,
    image_size: u64,
    created_time: Timestamp,
    last_update_time: Timestamp,
    architecture: Option<String>,
    os: Option<String>,
    media_type: String,
    config_media_type: Option<String>,
    artifact_type: Option<String>,
    tags: Vec<String>,
    changeable_attributes: AttributesView,
}

impl From<ManifestRecord> for ManifestDetails {
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

/// A manifest that has another as its subject; what it does not say is null.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReferrerView {
    digest: Digest,
    media_type: String,
    size: u64,
    artifact_type: Option<String>,
    annotations: BTreeMap<String, String>,
}

impl From<Referrer> for ReferrerView {
    fn from(referrer: Referrer) -> Self {
        let Referrer { media_type, digest, size, artifact_type, annotations } = referrer;
        Self { digest, media_type, size, artifact_type, annotations }
    }
}

/// Lists the manifests of a repository with their metadata.
pub async fn list_metadata(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: ListRequest,
) -> Result<Vec<ManifestDetails>, Failure> {
    let named = &Named::repository(registry, &request.repository)?;
    let access = &allow_content::<ReadMetadata>(caller, registry, named.place.clone())?;
    let order = OrderBy::order(request.orderby);
    let read = |page| async move {
        let listing = metadata(app).manifest_records(access, order, &page).await?;
        listing.map_err(|missing| named.missing(missing))
    };
    let records = whole(request.top, read).await?;
    Ok(records.into_iter().map(Into::into).collect())
}

/// Shows a manifest itself.
pub async fn show(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: ShowRequest,
) -> Result<Pushed, Failure> {
    let named = Named::image(app, registry, &request.image)?;
    let access = allow_content::<Pull>(caller, registry, named.place.clone())?;
    let reference = named.reference().ok_or(Failure::Broken)?;
    match metadata(app).manifest(&access, &reference).await? {
        Ok(manifest) => {
            // Where it breaks the rules of JSON by what is no text, that much is not shown.
            let text = String::from_utf8_lossy(&manifest.bytes).into_owned();
            if request.raw {
                return Ok(Pushed::Text(text));
            }
            RawValue::from_string(text).map(Pushed::Document).map_err(|_| Failure::Broken)
        }
        Err(barred) => Err(named.barred(app, caller, registry, (barred, Deed::Pull)).await),
    }
}

/// Shows the metadata of a manifest, or of a tag where that names it.
pub async fn show_metadata(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: ImageRequest,
) -> Result<PropertiesView, Failure> {
    repository::show(app, caller, registry, request.into()).await
}

/// Changes the attributes of a manifest, or of a tag where that names it.
pub async fn update_metadata(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: UpdateRequest,
) -> Result<PropertiesView, Failure> {
    Named::image(app, registry, request.image.as_deref().unwrap_or_default())?;
    repository::update(app, caller, registry, request).await
}

/// Deletes a manifest with all its tags: by its digest, or by any of them.
pub async fn delete(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: ImageRequest,
) -> Result<DeletedContent, Failure> {
    repository::delete(app, caller, registry, request.into()).await
}

/// Lists what refers to a manifest: signatures, attestations, and the like.
pub async fn list_referrers(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: ReferrersRequest,
) -> Result<Vec<ReferrerView>, Failure> {
    let named = Named::image(app, registry, &request.image)?;
    let access = &allow_content::<Pull>(caller, registry, named.place.clone())?;
    let subject = match (&named.item, named.reference()) {
        // It need not be there, as over HTTP: what refers to it may come first.
        (Item::Manifest(digest), _) => *digest,
        (_, None) => return Err(Failure::Broken),
        (_, Some(tag)) => match metadata(app).stat_manifest(access, &tag).await? {
            Ok(stat) => stat.digest,
            Err(barred) => {
                return Err(named.barred(app, caller, registry, (barred, Deed::Pull)).await);
            }
        },
    };
    let kind = request.artifact_type.as_deref();
    let read =
        |page| async move { Ok(metadata(app).referrers(access, &subject, kind, &page).await?) };
    let referrers = whole(None, read).await?;
    Ok(referrers.into_iter().map(Into::into).collect())
}

impl From<ImageRequest> for WhichRequest {
    fn from(request: ImageRequest) -> Self {
        Self { repository: None, image: Some(request.image) }
    }
}
