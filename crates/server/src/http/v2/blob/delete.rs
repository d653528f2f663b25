//! `DELETE`: takes a blob out of the repository.

use http::StatusCode;
use naru_access::{Access, Delete};
use naru_oci::ErrorCode;
use naru_store::{Missing, UnlinkRefusal};
use serde_json::json;

use crate::edge::Answer;
use crate::gate::refusal::locked;
use crate::gate::{Exchange, Refusal, Refused, repository_event};
use crate::http::v2::{digest, not_found};

pub(crate) async fn delete(
    exchange: &mut Exchange,
    access: Access<Delete>,
) -> Result<Answer, Refusal> {
    let digest = digest(exchange)?;
    let status = StatusCode::ACCEPTED;
    let mut event = repository_event(exchange, &access, "Delete", status.as_u16());
    event.digest = Some(digest.to_string());
    let unlinked = exchange.app.store.metadata().unlink_blob(&access, &digest, event).await?;
    match unlinked {
        Ok(()) => Ok(Answer::new(status)),
        Err(UnlinkRefusal::Locked) => Err(locked()),
        Err(UnlinkRefusal::Missing) => {
            Err(not_found(Missing::Content, ErrorCode::BlobUnknown, "the blob"))
        }
        Err(UnlinkRefusal::NamedBy(manifest)) => {
            let message = format!("the manifest {manifest} names this blob: delete that first");
            let status = StatusCode::METHOD_NOT_ALLOWED;
            let refused = Refused::new(status, ErrorCode::Unsupported, message);
            Err(refused.with_detail(json!({ "manifest": manifest })).into())
        }
    }
}
