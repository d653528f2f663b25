//! Entity tags: content by digest never changes, so its digest is its tag.

use http::StatusCode;
use http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH, IF_RANGE};
use naru_oci::Digest;

use crate::edge::answer::CONTENT_DIGEST;
use crate::edge::{Answer, Inbound};

/// How long the answer to a name may be kept: asked for by its digest, for ever, by whoever was
/// allowed to see it; by a tag, only to be asked for again.
pub(super) const IMMUTABLE: &str = "private, max-age=31536000, immutable";
pub(super) const REVALIDATED: &str = "private, no-cache";

pub(super) fn entity_tag(digest: &Digest) -> String {
    format!("\"{digest}\"")
}

/// The answer to a client that has the content already (RFC 9110 §13.1.2).
pub(super) fn not_modified(inbound: &Inbound, digest: &Digest, cache: &str) -> Option<Answer> {
    let known = inbound.header(IF_NONE_MATCH)?.split(',').map(str::trim);
    let tag = entity_tag(digest);
    let mut known = known.map(|one| one.strip_prefix("W/").unwrap_or(one));
    known.any(|one| one == "*" || one == tag).then(|| {
        Answer::new(StatusCode::NOT_MODIFIED)
            .header(ETAG, tag)
            .header(CONTENT_DIGEST, digest.to_string())
            .header(CACHE_CONTROL, cache)
    })
}

/// Whether a range applies to this content (RFC 9110 §13.1.5).
pub(super) fn range_applies(inbound: &Inbound, digest: &Digest) -> bool {
    inbound.header(IF_RANGE).is_none_or(|tag| tag.trim() == entity_tag(digest))
}
