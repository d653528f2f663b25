//! `GET /acr/v1/_catalog`: every repository of the registry.

use http::StatusCode;
use naru_access::{Access, Catalog};
use serde_json::json;

use crate::edge::Answer;
use crate::gate::{Exchange, Refusal};
use crate::http::page;

pub(crate) async fn get(
    exchange: &mut Exchange,
    access: Access<Catalog>,
) -> Result<Answer, Refusal> {
    let page = page::asked(&exchange.inbound.query)?;
    let listing = exchange.app.store.metadata().catalog(&access, &page).await?;
    let answer = Answer::json(StatusCode::OK, &json!({ "repositories": listing.entries }));
    Ok(page::linked(answer, "/acr/v1/_catalog", &page, &listing, &[]))
}
