//! `PUT`: a manifest comes in, with its tags.

use http::StatusCode;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use naru_access::{Access, Push};
use naru_oci::{Digest, ErrorCode, MAX_MANIFEST_BYTES, Manifest, Reference, Tag};
use naru_store::{NewManifest, PutRefusal, SourceError};
use serde_json::json;

use super::reference;
use crate::edge::answer::CONTENT_DIGEST;
use crate::edge::{Answer, body};
use crate::gate::refusal::locked;
use crate::gate::{Exchange, Refusal, Refused, repository_event};

const SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
const TAG: HeaderName = HeaderName::from_static("oci-tag");

/// The most tags that one push may set.
const MOST_TAGS: usize = 100;

pub(crate) async fn put(exchange: &mut Exchange, access: Access<Push>) -> Result<Answer, Refusal> {
    let reference = reference(exchange)?;
    let more = more_tags(exchange)?;
    let bytes = read(exchange).await?;
    let (digest, tags) = match reference {
        Reference::Tag(tag) => {
            (Digest::sha256(&bytes), std::iter::once(tag).chain(more.iter().cloned()).collect())
        }
        Reference::Digest(digest) => (digest, more.clone()),
    };
    if Digest::of(digest.algorithm(), &bytes) != digest {
        let message = "the manifest has another digest than the one given";
        return Err(Refused::invalid(ErrorCode::DigestInvalid, message).into());
    }
    let content_type = content_type(exchange)?;
    let manifest = Manifest::parse(content_type, &bytes).map_err(Refused::from)?;
    let subject = manifest.subject;
    let mut event = repository_event(exchange, &access, "Push", StatusCode::CREATED.as_u16());
    event.tag = tags.first().map(Tag::to_string);
    event.digest = Some(digest.to_string());
    event.media_type = Some(manifest.media_type.clone());
    event.artifact_type.clone_from(&manifest.artifact_type);
    event.size = Some(bytes.len() as u64);
    let new = NewManifest {
        digest,
        bytes,
        manifest,
        tags,
        sparse: exchange.hosted.registry.settings.sparse_manifests,
        created: exchange.inbound.time,
    };
    let put = exchange.app.store.metadata().put_manifest(&access, new, event).await?;
    put.map_err(refused)?;
    let location = format!("/v2/{}/manifests/{digest}", access.repository());
    let answer = Answer::new(StatusCode::CREATED)
        .location(location)
        .header(CONTENT_DIGEST, digest.to_string())
        .header_if(SUBJECT, subject.map(|subject| subject.to_string()));
    Ok(more.iter().fold(answer, |answer, tag| answer.header(TAG, tag.as_str())))
}

/// `Content-Type`, which decides what the bytes are: one that is no text, or two, decide nothing.
fn content_type(exchange: &Exchange) -> Result<Option<&str>, Refused> {
    let mut types = exchange.inbound.headers.get_all(CONTENT_TYPE).iter();
    let (first, second) = (types.next(), types.next());
    let text = first.map(http::HeaderValue::to_str).transpose();
    text.ok().filter(|_| second.is_none()).ok_or_else(|| {
        let message = "Content-Type is not one media type";
        Refused::invalid(ErrorCode::ManifestInvalid, message)
    })
}

/// The tags of `?tag=`, each once.
fn more_tags(exchange: &Exchange) -> Result<Vec<Tag>, Refused> {
    let mut tags: Vec<Tag> = Vec::new();
    for text in exchange.inbound.query.all("tag") {
        let tag = text.parse().map_err(Refused::from)?;
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    if tags.len() > MOST_TAGS {
        let message = format!("at most {MOST_TAGS} tags may be set at once");
        return Err(Refused::invalid(ErrorCode::RequestInvalid, message));
    }
    Ok(tags)
}

async fn read(exchange: &mut Exchange) -> Result<bytes::Bytes, Refusal> {
    let most = exchange.app.config.limits.manifest_bytes.min(MAX_MANIFEST_BYTES);
    let too_large = || {
        let message = format!("a manifest has at most {most} bytes");
        Refused::new(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::SizeInvalid, message)
    };
    let announced = exchange.inbound.header(CONTENT_LENGTH).and_then(|text| text.parse().ok());
    if announced.is_some_and(|length: u64| length > most as u64) {
        return Err(too_large().into());
    }
    match body::read_whole(&mut exchange.inbound.body, most).await {
        Ok(bytes) => Ok(bytes),
        Err(SourceError::Size) => Err(too_large().into()),
        Err(SourceError::Stalled) => Err(Refused::stalled().into()),
        Err(SourceError::Broken) => {
            let message = "the manifest ended before its end";
            Err(Refused::invalid(ErrorCode::ManifestInvalid, message).into())
        }
    }
}

fn refused(refusal: PutRefusal) -> Refusal {
    let digests = match refusal {
        PutRefusal::Locked => return locked(),
        PutRefusal::Missing(digests) => digests,
    };
    let message = match digests.as_slice() {
        [one] => format!("the manifest names {one}, which is not in this repository"),
        several => format!(
            "the manifest names {} blobs or manifests that are not in this repository",
            several.len()
        ),
    };
    let detail = json!({ "digests": digests });
    Refused::invalid(ErrorCode::ManifestBlobUnknown, message).with_detail(detail).into()
}
