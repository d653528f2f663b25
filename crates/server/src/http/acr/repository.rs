//! `/acr/v1/R`: a repository as a whole.

use http::StatusCode;
use naru_access::{Access, Delete, ReadMetadata, WriteMetadata};
use naru_oci::ErrorCode;
use naru_store::Item;
use serde_json::json;

use super::patch::apply;
use crate::edge::Answer;
use crate::gate::{Exchange, Refusal, repository_event};
use crate::http::v2::{barred, not_found};
use crate::view::{Placed, RepositoryView};

pub(crate) async fn get(
    exchange: &mut Exchange,
    access: Access<ReadMetadata>,
) -> Result<Answer, Refusal> {
    let record = exchange.app.store.metadata().repository(&access).await?;
    let record =
        record.map_err(|missing| not_found(missing, ErrorCode::NameUnknown, "the repository"))?;
    let view = Placed::new(&exchange.hosted.login_server, &access, RepositoryView::from(record));
    Ok(Answer::json(StatusCode::OK, &view))
}

pub(crate) async fn patch(
    exchange: &mut Exchange,
    access: Access<WriteMetadata>,
) -> Result<Answer, Refusal> {
    apply(exchange, &access, Item::Repository).await?;
    get(exchange, access.into()).await
}

pub(crate) async fn delete(
    exchange: &mut Exchange,
    access: Access<Delete>,
) -> Result<Answer, Refusal> {
    let status = StatusCode::ACCEPTED;
    let event = repository_event(exchange, &access, "Delete", status.as_u16());
    let deleted = exchange.app.store.metadata().delete_repository(&access, event).await?;
    let deleted = deleted.map_err(|why| barred(why, ErrorCode::NameUnknown, "the repository"))?;
    let body = json!({ "manifestsDeleted": deleted.manifests, "tagsDeleted": deleted.tags });
    Ok(Answer::json(status, &body))
}
