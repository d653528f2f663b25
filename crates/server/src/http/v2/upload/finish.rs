//! `PUT`: closes an upload under its digest, with the last chunk or all of it.

use naru_access::{Access, Push};
use naru_oci::ErrorCode;

use super::{Upload, append_body, close, digest_asked};
use crate::edge::Answer;
use crate::gate::{Exchange, Refusal, Refused};

pub(crate) async fn put(exchange: &mut Exchange, access: Access<Push>) -> Result<Answer, Refusal> {
    let upload = Upload::named(exchange, &access)?;
    let Some(digest) = digest_asked(exchange)? else {
        let message = "`digest` is missing: it says what the upload should be";
        return Err(Refused::invalid(ErrorCode::DigestInvalid, message).into());
    };
    append_body(exchange, &access, &upload).await?;
    close(exchange, &access, &upload, digest).await
}
