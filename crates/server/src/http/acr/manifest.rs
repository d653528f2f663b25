//! `/acr/v1/R/_manifests/D`: one manifest.

use http::StatusCode;
use naru_access::{Access, Delete, ReadMetadata, WriteMetadata};
use naru_oci::ErrorCode;
use naru_store::Item;

use super::digest_named;
use super::patch::apply;
use crate::edge::Answer;
use crate::gate::{Exchange, Refusal, repository_event};
use crate::http::v2::{barred, not_found};
use crate::view::{OneManifest, Placed};

pub(crate) async fn get(
    exchange: &mut Exchange,
    access: Access<ReadMetadata>,
) -> Result<Answer, Refusal> {
    let digest = digest_named(exchange)?;
    let record = exchange.app.store.metadata().manifest_record(&access, &digest).await?;
    let record =
        record.map_err(|missing| not_found(missing, ErrorCode::ManifestUnknown, "the manifest"))?;
    let view = Placed::new(
        &exchange.hosted.login_server,
        &access,
        OneManifest { manifest: record.into() },
    );
    Ok(Answer::json(StatusCode::OK, &view))
}

pub(crate) async fn patch(
    exchange: &mut Exchange,
    access: Access<WriteMetadata>,
) -> Result<Answer, Refusal> {
    let digest = digest_named(exchange)?;
    apply(exchange, &access, Item::Manifest(digest)).await?;
    get(exchange, access.into()).await
}

pub(crate) async fn delete(
    exchange: &mut Exchange,
    access: Access<Delete>,
) -> Result<Answer, Refusal> {
    let digest = digest_named(exchange)?;
    let status = StatusCode::ACCEPTED;
    let mut event = repository_event(exchange, &access, "Delete", status.as_u16());
    event.digest = Some(digest.to_string());
    let deleted = exchange.app.store.metadata().delete_manifest(&access, &digest, event).await?;
    deleted.map_err(|why| barred(why, ErrorCode::ManifestUnknown, "the manifest"))?;
    Ok(Answer::new(status))
}
