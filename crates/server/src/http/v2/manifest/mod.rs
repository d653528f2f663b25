//! `/v2/R/manifests/X`: manifests, by tag and by digest.

pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod put;

use naru_oci::{ErrorCode, Reference};

use crate::gate::{Exchange, Refusal, Refused, Target};

fn reference(exchange: &Exchange) -> Result<Reference, Refusal> {
    match &exchange.target {
        Target::Manifest(_, reference) => Ok(reference.clone()),
        _ => Err(Refused::missing(ErrorCode::NameUnknown, "the path names no manifest").into()),
    }
}
