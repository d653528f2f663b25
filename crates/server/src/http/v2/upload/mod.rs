//! `/v2/R/blobs/uploads/`: blobs on their way in, whole, in chunks, streamed, or mounted.

pub(crate) mod append;
pub(crate) mod begin;
pub(crate) mod cancel;
pub(crate) mod finish;
pub(crate) mod status;

use http::StatusCode;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, HeaderName, LOCATION, RANGE};
use naru_access::{Access, Push};
use naru_identity::ticket::{Owner, Ticket};
use naru_oci::{ChunkRange, Digest, ErrorCode, RangeError};
use naru_store::{UploadError, UploadKey};

use super::blob_location;
use crate::edge::Answer;
use crate::edge::answer::CONTENT_DIGEST;
use crate::edge::body::RequestBytes;
use crate::gate::refusal::{upload_range, upload_unknown};
use crate::gate::{Exchange, Refusal, Refused};

const UPLOAD_ID: HeaderName = HeaderName::from_static("docker-upload-uuid");

/// An upload that goes on.
struct Upload {
    key: UploadKey,
    id: String,
    location: String,
}

impl Upload {
    fn new(exchange: &Exchange, access: &Access<Push>, ticket: Ticket) -> Self {
        let owner = Owner { place: access.place(), principal: access.holder().id };
        let id = ticket.seal(&exchange.app.upload_key, owner);
        let location = format!("/v2/{}/blobs/uploads/{id}", access.repository());
        Self { key: UploadKey(ticket.upload()), id, location }
    }

    /// The upload that the path names.
    fn named(exchange: &Exchange, access: &Access<Push>) -> Result<Self, Refusal> {
        let ticket = exchange.ticket(access).ok_or_else(upload_unknown)?;
        Ok(Self::new(exchange, access, ticket))
    }

    /// How far it is.
    fn progress(&self, status: StatusCode, received: u64) -> Answer {
        Answer::new(status)
            .location(&self.location)
            .header(RANGE, upload_range(received))
            .header(UPLOAD_ID, &self.id)
    }

    /// Why it does not go on; a chunk out of order is told where to go on.
    fn refuse(&self, error: UploadError) -> Refusal {
        let out_of_order = matches!(error, UploadError::OutOfOrder(_));
        match Refusal::from(error) {
            Refusal::Refused(refused) if out_of_order => {
                (*refused).with_header(LOCATION, &self.location).into()
            }
            other => other,
        }
    }
}

/// Appends the request's body to an upload; its size afterwards.
async fn append_body(
    exchange: &mut Exchange,
    access: &Access<Push>,
    upload: &Upload,
) -> Result<u64, Refusal> {
    let range = chunk_range(exchange)?;
    let length = exchange.inbound.header(CONTENT_LENGTH).and_then(|text| text.parse().ok());
    let most = exchange.app.config.limits.blob_bytes;
    if length.is_some_and(|length: u64| length > most) {
        let message = format!("a blob has at most {most} bytes");
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        return Err(Refused::new(status, ErrorCode::SizeInvalid, message).into());
    }
    if let (Some(range), Some(length)) = (range, length)
        && range.len() != length
    {
        let message = "Content-Range and Content-Length do not agree";
        return Err(Refused::invalid(ErrorCode::SizeInvalid, message).into());
    }
    let Some(body) = exchange.inbound.body.take() else { return Err(upload_unknown().into()) };
    let size = length.or_else(|| range.map(|range| range.len()));
    let mut source = match size {
        Some(size) => RequestBytes::exactly(body, size),
        None => RequestBytes::up_to(body, most),
    };
    let (store, now) = (&exchange.app.store, exchange.inbound.time);
    let at = range.map(|range| range.first);
    let appended = store.append(access, upload.key, at, &mut source, now).await;
    if appended.is_err() {
        exchange.inbound.body = Some(source.into_rest());
    }
    appended.map_err(|error| upload.refuse(error))
}

fn chunk_range(exchange: &Exchange) -> Result<Option<ChunkRange>, Refused> {
    let mut headers = exchange.inbound.headers.get_all(CONTENT_RANGE).iter();
    let header = match (headers.next(), headers.next()) {
        (None, _) => return Ok(None),
        (Some(header), None) => header.to_str().unwrap_or_default(),
        // Which of them holds is not ours to guess.
        (Some(_), Some(_)) => "",
    };
    header.parse().map(Some).map_err(|error: RangeError| {
        let status = match error {
            RangeError::Form => StatusCode::BAD_REQUEST,
            RangeError::Unsatisfiable => StatusCode::RANGE_NOT_SATISFIABLE,
        };
        Refused::new(status, ErrorCode::RangeInvalid, error.to_string())
    })
}

/// The digest of `?digest=`.
fn digest_asked(exchange: &Exchange) -> Result<Option<Digest>, Refused> {
    let asked = exchange.inbound.query.first("digest");
    asked.map(|text| text.parse().map_err(Refused::from)).transpose()
}

/// Closes an upload.
async fn close(
    exchange: &Exchange,
    access: &Access<Push>,
    upload: &Upload,
    digest: Digest,
) -> Result<Answer, Refusal> {
    let (store, now) = (&exchange.app.store, exchange.app.now());
    let finished = store.finish_upload(access, upload.key, digest, now).await;
    finished.map_err(|error| upload.refuse(error))?;
    Ok(created(access, &digest))
}

/// The blob is in the repository.
fn created(access: &Access<Push>, digest: &Digest) -> Answer {
    Answer::new(StatusCode::CREATED)
        .location(blob_location(access.repository(), digest))
        .header(CONTENT_DIGEST, digest.to_string())
}
