//! `GET /acr/v1/R/_tags`: the tags of a repository with their metadata, of one manifest if
//! `digest` names it.

use http::StatusCode;
use naru_access::{Access, ReadMetadata};
use naru_oci::{Digest, ErrorCode};

use super::list;
use crate::edge::Answer;
use crate::gate::{Exchange, Refusal, Refused};
use crate::http::page;
use crate::http::v2::not_found;
use crate::view::{Placed, SeveralTags, TagView};

pub(crate) async fn get(
    exchange: &mut Exchange,
    access: Access<ReadMetadata>,
) -> Result<Answer, Refusal> {
    let query = &exchange.inbound.query;
    let (page, order) = (page::asked(query)?, list::order(query)?);
    let digest = query.first("digest").filter(|text| !text.is_empty());
    let digest: Option<Digest> =
        digest.map(|text| text.parse().map_err(Refused::from)).transpose()?;
    let metadata = exchange.app.store.metadata();
    let listing = metadata.tag_records(&access, digest.as_ref(), order, &page).await?;
    let listing =
        listing.map_err(|missing| not_found(missing, ErrorCode::NameUnknown, "the list"))?;
    let path = format!("/acr/v1/{}/_tags", access.repository());
    let digest = digest.map(|digest| digest.to_string());
    let more: Vec<_> = list::parameter(order)
        .into_iter()
        .chain(digest.as_deref().map(|digest| ("digest", digest)))
        .collect();
    let link = page::Link::to(&path, &page, listing.next.as_deref(), &more);
    let tags = listing.entries.into_iter().map(TagView::from).collect();
    let view = Placed::new(&exchange.hosted.login_server, &access, SeveralTags { tags });
    Ok(link.on(Answer::json(StatusCode::OK, &view)))
}
