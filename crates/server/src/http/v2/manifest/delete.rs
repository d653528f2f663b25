//! `DELETE`: by digest a manifest with its tags, by tag the tag alone.

use http::StatusCode;
use naru_access::{Access, Delete};
use naru_oci::{ErrorCode, Reference};

use super::reference;
use crate::edge::Answer;
use crate::gate::{Exchange, Refusal, repository_event};
use crate::http::v2::barred;

pub(crate) async fn delete(
    exchange: &mut Exchange,
    access: Access<Delete>,
) -> Result<Answer, Refusal> {
    let status = StatusCode::ACCEPTED;
    let metadata = exchange.app.store.metadata();
    let deleted = match reference(exchange)? {
        Reference::Digest(digest) => {
            let mut event = repository_event(exchange, &access, "Delete", status.as_u16());
            event.digest = Some(digest.to_string());
            metadata.delete_manifest(&access, &digest, event).await?.map(drop)
        }
        Reference::Tag(tag) => {
            let mut event = repository_event(exchange, &access, "Untag", status.as_u16());
            event.tag = Some(tag.to_string());
            metadata.delete_tag(&access, &tag, event).await?
        }
    };
    deleted.map_err(|why| barred(why, ErrorCode::ManifestUnknown, "the manifest"))?;
    Ok(Answer::new(status))
}
