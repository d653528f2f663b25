//! `GET /v2/R/referrers/D`: the manifests whose subject a digest is, as an image index.

use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderName};
use naru_access::{Access, Pull};
use serde_json::json;

use super::digest;
use crate::edge::{Answer, Body};
use crate::gate::{Exchange, Refusal};
use crate::http::page;

const FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// The most descriptors in one answer; with their annotations they are larger than names.
const MOST: usize = 1000;

pub(crate) async fn get(exchange: &mut Exchange, access: Access<Pull>) -> Result<Answer, Refusal> {
    let subject = digest(exchange)?;
    let mut page = page::asked(&exchange.inbound.query)?;
    page.limit = page.limit.min(MOST);
    let wanted = exchange.inbound.query.first("artifactType").filter(|wanted| !wanted.is_empty());
    let metadata = exchange.app.store.metadata();
    let listing = metadata.referrers(&access, &subject, wanted.as_deref(), &page).await?;
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": listing.entries });
    let body = serde_json::to_vec(&index).unwrap_or_default();
    let answer = Answer::new(StatusCode::OK)
        .header(CONTENT_TYPE, INDEX)
        .header_if(FILTERS_APPLIED, wanted.as_ref().map(|_| "artifactType"))
        .body(Body::Full(body.into()));
    let path = format!("/v2/{}/referrers/{subject}", access.repository());
    let filter = wanted.as_deref().map(|wanted| ("artifactType", wanted));
    Ok(page::linked(answer, &path, &page, &listing, filter.as_slice()))
}
