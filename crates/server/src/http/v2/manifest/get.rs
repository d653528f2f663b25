//! `GET` and `HEAD`: a manifest, byte for byte as it was pushed.

use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use http::{Method, StatusCode};
use naru_access::{Access, Pull};
use naru_oci::{ErrorCode, Reference};
use naru_store::ManifestStat;

use super::reference;
use crate::edge::answer::CONTENT_DIGEST;
use crate::edge::{Answer, Body};
use crate::gate::{Exchange, Refusal};
use crate::http::v2::barred;
use crate::http::v2::conditional::{IMMUTABLE, REVALIDATED, entity_tag, not_modified};

pub(crate) async fn get(exchange: &mut Exchange, access: Access<Pull>) -> Result<Answer, Refusal> {
    let reference = reference(exchange)?;
    let cache = match &reference {
        Reference::Digest(_) => IMMUTABLE,
        Reference::Tag(_) => REVALIDATED,
    };
    let missing = |why| barred(why, ErrorCode::ManifestUnknown, "the manifest");
    let metadata = exchange.app.store.metadata();
    let (stat, bytes) = if exchange.inbound.method == Method::HEAD {
        (metadata.stat_manifest(&access, &reference).await?.map_err(missing)?, None)
    } else {
        let manifest = metadata.manifest(&access, &reference).await?.map_err(missing)?;
        (manifest.stat, Some(manifest.bytes))
    };
    if let Some(answer) = not_modified(&exchange.inbound, &stat.digest, cache) {
        return Ok(answer);
    }
    let answer = described(&stat).header(CACHE_CONTROL, cache);
    Ok(match bytes {
        Some(bytes) => answer.body(Body::Full(bytes)),
        None => answer.length_of_absent_body(stat.size),
    })
}

fn described(stat: &ManifestStat) -> Answer {
    Answer::new(StatusCode::OK)
        .header(CONTENT_TYPE, &stat.media_type)
        .header(CONTENT_DIGEST, stat.digest.to_string())
        .header(ETAG, entity_tag(&stat.digest))
}
