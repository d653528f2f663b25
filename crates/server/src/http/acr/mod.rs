//! Azure's metadata calls under `/acr/v1/`, in the JSON that az and the Azure SDKs read
//! (`azure-cli.md` §5, §7).

pub(crate) mod catalog;
mod list;
pub(crate) mod manifest;
pub(crate) mod manifests;
mod patch;
pub(crate) mod repository;
pub(crate) mod tag;
pub(crate) mod tags;

use naru_oci::{Digest, ErrorCode, Tag};

use crate::gate::{Exchange, Refusal, Refused, Target};

/// The tag that the path names.
fn tag_named(exchange: &Exchange) -> Result<Tag, Refusal> {
    match &exchange.target {
        Target::AcrTag(_, tag) => Ok(tag.clone()),
        _ => Err(Refused::missing(ErrorCode::NameUnknown, "the path names no tag").into()),
    }
}

/// The digest that the path names.
fn digest_named(exchange: &Exchange) -> Result<Digest, Refusal> {
    match &exchange.target {
        Target::AcrManifest(_, digest) => Ok(*digest),
        _ => Err(Refused::missing(ErrorCode::NameUnknown, "the path names no manifest").into()),
    }
}
