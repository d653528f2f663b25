//! `GET` and `HEAD`: how far an upload is.

use http::StatusCode;
use naru_access::{Access, Push};

use super::Upload;
use crate::edge::Answer;
use crate::gate::{Exchange, Refusal};

pub(crate) async fn get(exchange: &mut Exchange, access: Access<Push>) -> Result<Answer, Refusal> {
    let upload = Upload::named(exchange, &access)?;
    let received = exchange.app.store.received(&access, upload.key).await;
    let received = received.map_err(|error| upload.refuse(error))?;
    Ok(upload.progress(StatusCode::NO_CONTENT, received))
}
