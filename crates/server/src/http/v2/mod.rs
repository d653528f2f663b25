//! The data plane: OCI distribution 1.1 under `/v2/`.

pub(crate) mod base;
pub(crate) mod blob;
pub(crate) mod catalog;
mod conditional;
pub(crate) mod manifest;
pub(crate) mod referrers;
pub(crate) mod tags;
pub(crate) mod upload;

use naru_codes::Cause;
use naru_oci::{Digest, ErrorCode, RepositoryName};
use naru_store::{Barred, Missing};

use crate::gate::refusal::locked;
use crate::gate::{Exchange, Refusal, Refused, Target};

/// Why content is not handed out or changed, once somebody may know it.
pub(crate) fn barred(barred: Barred, code: ErrorCode, what: &str) -> Refusal {
    match barred {
        Barred::Locked => locked(),
        Barred::Missing(missing) => not_found(missing, code, what),
    }
}

/// What is not there, once somebody may know it.
pub(crate) fn not_found(missing: Missing, code: ErrorCode, what: &str) -> Refusal {
    match missing {
        Missing::Content => Refused::missing(code, format!("{what} is not in this repository")),
        Missing::Repository => {
            let message = "the repository is not there: it comes into being with the first push";
            Refused::missing(ErrorCode::NameUnknown, message)
        }
    }
    .with_cause(Cause::NameRepositoryUnknown)
    .into()
}

/// The digest that a blob's or referrers' path names.
fn digest(exchange: &Exchange) -> Result<Digest, Refusal> {
    match &exchange.target {
        Target::Blob(_, digest) | Target::Referrers(_, digest) => Ok(*digest),
        _ => Err(Refused::missing(ErrorCode::NameUnknown, "the path names no digest").into()),
    }
}

fn blob_location(repository: &RepositoryName, digest: &Digest) -> String {
    format!("/v2/{repository}/blobs/{digest}")
}
