//! `PATCH`: a chunk, or a stream.

use http::StatusCode;
use naru_access::{Access, Push};

use super::{Upload, append_body};
use crate::edge::Answer;
use crate::gate::{Exchange, Refusal};

pub(crate) async fn patch(
    exchange: &mut Exchange,
    access: Access<Push>,
) -> Result<Answer, Refusal> {
    let upload = Upload::named(exchange, &access)?;
    let received = append_body(exchange, &access, &upload).await?;
    Ok(upload.progress(StatusCode::ACCEPTED, received))
}
