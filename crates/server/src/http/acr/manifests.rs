//! `GET /acr/v1/R/_manifests`: the manifests of a repository with their metadata.

use http::StatusCode;
use naru_access::{Access, ReadMetadata};
use naru_oci::ErrorCode;

use super::list;
use crate::edge::Answer;
use crate::gate::{Exchange, Refusal};
use crate::http::page;
use crate::http::v2::not_found;
use crate::view::{ManifestView, Placed, SeveralManifests};

pub(crate) async fn get(
    exchange: &mut Exchange,
    access: Access<ReadMetadata>,
) -> Result<Answer, Refusal> {
    let query = &exchange.inbound.query;
    let (page, order) = (page::asked(query)?, list::order(query)?);
    let listing = exchange.app.store.metadata().manifest_records(&access, order, &page).await?;
    let listing =
        listing.map_err(|missing| not_found(missing, ErrorCode::NameUnknown, "the list"))?;
    let path = format!("/acr/v1/{}/_manifests", access.repository());
    let more = list::parameter(order);
    let link = page::Link::to(&path, &page, listing.next.as_deref(), more.as_slice());
    let manifests = listing.entries.into_iter().map(ManifestView::from).collect();
    let view = Placed::new(&exchange.hosted.login_server, &access, SeveralManifests { manifests });
    Ok(link.on(Answer::json(StatusCode::OK, &view)))
}
