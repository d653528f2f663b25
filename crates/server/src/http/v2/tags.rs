//! `GET /v2/R/tags/list`: the tags of a repository.

use http::StatusCode;
use naru_access::{Access, ListTags};
use naru_oci::ErrorCode;
use serde_json::json;

use super::not_found;
use crate::edge::Answer;
use crate::gate::{Exchange, Refusal};
use crate::http::page;

pub(crate) async fn get(
    exchange: &mut Exchange,
    access: Access<ListTags>,
) -> Result<Answer, Refusal> {
    let page = page::asked(&exchange.inbound.query)?;
    let listing = exchange.app.store.metadata().tags(&access, &page).await?;
    let missing = |missing| not_found(missing, ErrorCode::NameUnknown, "the list");
    let listing = listing.map_err(missing)?;
    let repository = access.repository();
    let body = json!({ "name": repository.as_str(), "tags": listing.entries });
    let path = format!("/v2/{repository}/tags/list");
    Ok(page::linked(Answer::json(StatusCode::OK, &body), &path, &page, &listing, &[]))
}
