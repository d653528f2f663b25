//! `/acr/v1/R/_tags/T`: one tag.

use http::StatusCode;
use naru_access::{Access, Delete, ReadMetadata, WriteMetadata};
use naru_oci::ErrorCode;
use naru_store::Item;

use super::patch::apply;
use super::tag_named;
use crate::edge::Answer;
use crate::gate::{Exchange, Refusal, repository_event};
use crate::http::v2::{barred, not_found};
use crate::view::{OneTag, Placed};

pub(crate) async fn get(
    exchange: &mut Exchange,
    access: Access<ReadMetadata>,
) -> Result<Answer, Refusal> {
    let tag = tag_named(exchange)?;
    let record = exchange.app.store.metadata().tag_record(&access, &tag).await?;
    let record = record.map_err(|missing| not_found(missing, ErrorCode::TagUnknown, "the tag"))?;
    let view = Placed::new(&exchange.hosted.login_server, &access, OneTag { tag: record.into() });
    Ok(Answer::json(StatusCode::OK, &view))
}

pub(crate) async fn patch(
    exchange: &mut Exchange,
    access: Access<WriteMetadata>,
) -> Result<Answer, Refusal> {
    let tag = tag_named(exchange)?;
    apply(exchange, &access, Item::Tag(tag)).await?;
    get(exchange, access.into()).await
}

pub(crate) async fn delete(
    exchange: &mut Exchange,
    access: Access<Delete>,
) -> Result<Answer, Refusal> {
    let tag = tag_named(exchange)?;
    let status = StatusCode::ACCEPTED;
    let mut event = repository_event(exchange, &access, "Untag", status.as_u16());
    event.tag = Some(tag.to_string());
    let deleted = exchange.app.store.metadata().delete_tag(&access, &tag, event).await?;
    deleted.map_err(|why| barred(why, ErrorCode::TagUnknown, "the tag"))?;
    Ok(Answer::new(status))
}
