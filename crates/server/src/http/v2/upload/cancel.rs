//! `DELETE`: forgets an upload.

use http::StatusCode;
use naru_access::{Access, Push};

use super::Upload;
use crate::edge::Answer;
use crate::gate::{Exchange, Refusal};

pub(crate) async fn delete(
    exchange: &mut Exchange,
    access: Access<Push>,
) -> Result<Answer, Refusal> {
    let upload = Upload::named(exchange, &access)?;
    let cancelled = exchange.app.store.cancel_upload(&access, upload.key).await;
    cancelled.map_err(|error| upload.refuse(error))?;
    Ok(Answer::new(StatusCode::NO_CONTENT))
}
