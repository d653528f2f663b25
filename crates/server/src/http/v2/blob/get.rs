//! `GET` and `HEAD`: a blob, whole or in part.

use http::header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_RANGE, CONTENT_TYPE, ETAG, RANGE};
use http::{Method, StatusCode};
use jiff::SignedDuration;
use naru_access::{Access, Pull};
use naru_oci::{ByteRange, Digest, ErrorCode, RangeError};
use naru_store::{Barred, Blob, BlobBody, BlobStat, Missing};

use crate::edge::answer::CONTENT_DIGEST;
use crate::edge::{Answer, Body};
use crate::gate::{Exchange, Refusal, Refused};
use crate::http::v2::conditional::{IMMUTABLE, entity_tag, not_modified, range_applies};
use crate::http::v2::{barred, digest};

/// A lease younger than this is not renewed: a client that asks again and again writes nothing.
const LEASE_STEP: SignedDuration = SignedDuration::from_mins(10);

pub(crate) async fn get(exchange: &mut Exchange, access: Access<Pull>) -> Result<Answer, Refusal> {
    let digest = digest(exchange)?;
    if exchange.inbound.method == Method::HEAD {
        return head(exchange, &access, &digest).await;
    }
    let blob = exchange.app.store.metadata().blob(&access, &digest).await?;
    let blob = blob.map_err(unserved)?;
    if let Some(answer) = not_modified(&exchange.inbound, &digest, IMMUTABLE) {
        return Ok(answer);
    }
    let asked =
        exchange.inbound.header(RANGE).filter(|_| range_applies(&exchange.inbound, &digest));
    let range = match asked.map(|asked| ByteRange::resolve(asked, blob.size)) {
        None => None,
        Some(Ok(range)) => range,
        Some(Err(error)) => return Err(unsatisfiable(error, blob.size).into()),
    };
    let answer = match range {
        None => described(StatusCode::OK, &digest),
        Some(ByteRange { first, last }) => described(StatusCode::PARTIAL_CONTENT, &digest)
            .header(CONTENT_RANGE, format!("bytes {first}-{last}/{}", blob.size)),
    };
    match content(exchange, &access, blob, range).await {
        Ok(body) => Ok(answer.body(body)),
        Err(error) => {
            // Nobody needed it, and it was collected between its row and its file.
            let stat = exchange.app.store.metadata().stat_blob(&access, &digest).await?;
            stat.map_err(unserved)?;
            Err(error)
        }
    }
}

async fn head(
    exchange: &Exchange,
    access: &Access<Pull>,
    digest: &Digest,
) -> Result<Answer, Refusal> {
    let (store, metadata) = (&exchange.app.store, exchange.app.store.metadata());
    let stat = store.stat_blob(access, digest).await?;
    let BlobStat { size, leased, .. } = stat.map_err(unserved)?;
    let now = exchange.inbound.time;
    // The client will not send it now, so it must not be collected before its manifest comes.
    let step = LEASE_STEP.min(exchange.app.config.collection.lease / 2);
    if leased.is_some_and(|since| now.duration_since(since) > step)
        && !metadata.renew_lease(access, digest, now).await?
    {
        // It was collected in between: the client is to send it.
        return Err(unserved(Missing::Content.into()));
    }
    if let Some(answer) = not_modified(&exchange.inbound, digest, IMMUTABLE) {
        return Ok(answer);
    }
    Ok(described(StatusCode::OK, digest).length_of_absent_body(size))
}

fn described(status: StatusCode, digest: &Digest) -> Answer {
    Answer::new(status)
        .header(CONTENT_TYPE, "application/octet-stream")
        .header(ACCEPT_RANGES, "bytes")
        .header(CONTENT_DIGEST, digest.to_string())
        .header(ETAG, entity_tag(digest))
        .header(CACHE_CONTROL, IMMUTABLE)
}

async fn content(
    exchange: &Exchange,
    access: &Access<Pull>,
    blob: Blob,
    range: Option<ByteRange>,
) -> Result<Body, Refusal> {
    let (first, length) = range.map_or((0, blob.size), |range| (range.first, range.len()));
    match blob.body {
        BlobBody::Inline(bytes) => {
            let index = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(bytes.len());
            let (first, end) = (index(first), index(first.saturating_add(length)));
            Ok(Body::Full(bytes.slice(first..end)))
        }
        BlobBody::Stored(location) => {
            let stored = (&location, blob.size);
            let chunks = exchange.app.store.read(access, stored, first, length).await?;
            Ok(Body::stream(chunks, length))
        }
    }
}

fn unserved(why: Barred) -> Refusal {
    barred(why, ErrorCode::BlobUnknown, "the blob")
}

fn unsatisfiable(error: RangeError, size: u64) -> Refused {
    let status = StatusCode::RANGE_NOT_SATISFIABLE;
    Refused::new(status, ErrorCode::RangeInvalid, error.to_string())
        .with_header(CONTENT_RANGE, &format!("bytes */{size}"))
}
