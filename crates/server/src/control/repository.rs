//! Repositories, and what is in them by name: shown, locked, untagged, deleted.

use naru_access::{Access, Catalog, Delete, ReadMetadata, WriteMetadata};
use naru_oci::Digest;
use naru_store::{AttributesPatch, Deed, Item, Registry};
use serde::{Deserialize, Serialize};

use super::content::{Named, OrderBy, WhichRequest, allow_content, event, whole};
use super::manifest::ManifestDetails;
use super::{Caller, Deleted, Failure, Fault, metadata};
use crate::edge::host::canonical;
use crate::state::App;
use crate::view::{Placed, RepositoryView, TagView};

/// How much of the list.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListRequest {
    /// At most so many; all, where nothing is said.
    pub top: Option<usize>,
}

/// Which tags.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagsRequest {
    /// Of which repository.
    pub repository: String,
    /// At most so many; all, where nothing is said.
    pub top: Option<usize>,
    /// In which order, where not by name.
    pub orderby: Option<OrderBy>,
    /// With their metadata.
    #[serde(default)]
    pub detail: bool,
}

/// What is to change; what is none stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateRequest {
    /// A repository as a whole.
    pub repository: Option<String>,
    /// `REPOSITORY:TAG` or `REPOSITORY@DIGEST`.
    pub image: Option<String>,
    /// Whether it may be deleted.
    pub delete_enabled: Option<bool>,
    /// Whether it may be written to or overwritten.
    pub write_enabled: Option<bool>,
    /// Whether it may be pulled.
    pub read_enabled: Option<bool>,
    /// Whether it stands in lists.
    pub list_enabled: Option<bool>,
}

/// Which tag.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UntagRequest {
    /// `REPOSITORY:TAG`.
    pub image: String,
}

/// The metadata of a repository, tag or manifest, in Azure's words.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum PropertiesView {
    /// Of a manifest.
    Manifest(Box<ManifestDetails>),
    /// Of a repository.
    Repository(Placed<RepositoryView>),
    /// Of a tag.
    Tag(TagView),
}

/// Tags.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum TagsView {
    /// With their metadata.
    Details(Vec<TagView>),
    /// Their names alone.
    Names(Vec<String>),
}

/// What went.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeletedContent {
    /// The digests of manifests.
    pub manifests_deleted: Vec<String>,
    /// The names of tags.
    pub tags_deleted: Vec<String>,
}

/// Lists the names of the repositories.
pub async fn list(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: ListRequest,
) -> Result<Vec<String>, Failure> {
    let access = &allow_content::<Catalog>(caller, registry, registry.place())?;
    whole(request.top, |page| async move { Ok(metadata(app).catalog(access, &page).await?) }).await
}

/// Shows a repository, tag or manifest.
pub async fn show(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: WhichRequest,
) -> Result<PropertiesView, Failure> {
    let named = Named::read(app, registry, &request)?;
    let access = allow_content(caller, registry, named.place.clone())?;
    view(app, registry, &access, &named).await
}

/// Lists the tags of a repository.
pub async fn show_tags(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: TagsRequest,
) -> Result<TagsView, Failure> {
    let named = &Named::repository(registry, &request.repository)?;
    let access = &allow_content::<ReadMetadata>(caller, registry, named.place.clone())?;
    let order = OrderBy::order(request.orderby);
    let read = |page| async move {
        let listing = metadata(app).tag_records(access, None, order, &page).await?;
        listing.map_err(|missing| named.missing(missing))
    };
    let tags = whole(request.top, read).await?;
    Ok(if request.detail {
        TagsView::Details(tags.into_iter().map(Into::into).collect())
    } else {
        TagsView::Names(tags.into_iter().map(|tag| tag.name).collect())
    })
}

/// Changes the attributes of a repository, tag or manifest: locks it, hides it, and back.
pub async fn update(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: UpdateRequest,
) -> Result<PropertiesView, Failure> {
    let which = WhichRequest { repository: request.repository, image: request.image };
    let named = Named::read(app, registry, &which)?;
    let access = allow_content::<WriteMetadata>(caller, registry, named.place.clone())?;
    let patch = AttributesPatch {
        delete_enabled: request.delete_enabled,
        write_enabled: request.write_enabled,
        read_enabled: request.read_enabled,
        list_enabled: request.list_enabled,
    };
    if patch == AttributesPatch::default() {
        return Err(Fault::Nothing.into());
    }
    let event = event(app, caller, registry, &access, ("Update", &named.item));
    let changed = metadata(app).set_attributes(&access, &named.item, patch, event).await?;
    changed.map_err(|missing| named.missing(missing))?;
    view(app, registry, &access.into(), &named).await
}

/// Deletes a repository with all that is in it, or a manifest with all its tags: by its digest,
/// or by any of them.
pub async fn delete(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: WhichRequest,
) -> Result<DeletedContent, Failure> {
    let named = Named::read(app, registry, &request)?;
    let access = allow_content::<Delete>(caller, registry, named.place.clone())?;
    let mut event = event(app, caller, registry, &access, ("Delete", &named.item));
    let (meant, deleted) = match &named.item {
        Item::Repository => {
            let deleted = metadata(app).delete_repository(&access, event).await?;
            (named.clone(), deleted.map(|deleted| (deleted.manifests, deleted.tags)))
        }
        Item::Manifest(_) | Item::Tag(_) => {
            let digest = digest(app, caller, registry, &named).await?;
            event.digest = Some(digest.to_string());
            let deleted = metadata(app).delete_manifest(&access, &digest, event).await?;
            let manifest = named.beside(Item::Manifest(digest));
            (manifest, deleted.map(|tags| (vec![digest.to_string()], tags)))
        }
    };
    match deleted {
        Ok((manifests_deleted, tags_deleted)) => {
            Ok(DeletedContent { manifests_deleted, tags_deleted })
        }
        Err(barred) => Err(meant.barred(app, caller, registry, (barred, Deed::Delete)).await),
    }
}

/// Takes a tag off its manifest, which stays.
pub async fn untag(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: UntagRequest,
) -> Result<Deleted, Failure> {
    let named = Named::image(app, registry, &request.image)?;
    let access = allow_content::<Delete>(caller, registry, named.place.clone())?;
    let Item::Tag(tag) = &named.item else {
        return Err(Fault::Combination("failure-untag-digest").into());
    };
    let event = event(app, caller, registry, &access, ("Untag", &named.item));
    match metadata(app).delete_tag(&access, tag, event).await? {
        Ok(()) => Ok(Deleted::named(named.name())),
        Err(barred) => Err(named.barred(app, caller, registry, (barred, Deed::Delete)).await),
    }
}

/// The manifest that is meant. What a tag names may be looked at by those who may read metadata.
async fn digest(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    named: &Named,
) -> Result<Digest, Failure> {
    match &named.item {
        Item::Manifest(digest) => Ok(*digest),
        Item::Repository => Err(Failure::Broken),
        Item::Tag(tag) => {
            let access = allow_content::<ReadMetadata>(caller, registry, named.place.clone())?;
            let record = metadata(app).tag_record(&access, tag).await?;
            record.map(|record| record.digest).map_err(|missing| named.missing(missing))
        }
    }
}

async fn view(
    app: &App,
    registry: &Registry,
    access: &Access<ReadMetadata>,
    named: &Named,
) -> Result<PropertiesView, Failure> {
    let metadata = metadata(app);
    let view = match &named.item {
        Item::Manifest(digest) => {
            let record = metadata.manifest_record(access, digest).await?;
            record.map(|record| PropertiesView::Manifest(Box::new(record.into())))
        }
        Item::Repository => {
            let login_server = canonical(&app.config, &registry.key());
            let record = metadata.repository(access).await?;
            let placed = |record: RepositoryView| Placed::new(&login_server, access, record);
            record.map(|record| PropertiesView::Repository(placed(record.into())))
        }
        Item::Tag(tag) => {
            let record = metadata.tag_record(access, tag).await?;
            record.map(|record| PropertiesView::Tag(record.into()))
        }
    };
    view.map_err(|missing| named.missing(missing))
}
