//! The line that a request leaves in the log where that is asked for (`debug`): what was asked, by
//! which address, and what it came to. Never a query or a header: those carry secrets.

use std::net::IpAddr;

use http::{Method, StatusCode};
use jiff::SignedDuration;
use tracing::Level;
use uuid::Uuid;

use super::Inbound;
use super::inbound::recorded;

/// What is kept of a request for its line.
pub(crate) struct AccessLine {
    method: Method,
    path: String,
    address: IpAddr,
}

impl AccessLine {
    /// Of a request, where lines are written at all.
    pub(crate) fn of(inbound: &Inbound) -> Option<Self> {
        tracing::enabled!(Level::DEBUG).then(|| Self {
            method: inbound.method.clone(),
            path: path(&inbound.path),
            address: inbound.client.address,
        })
    }

    /// Writes it, with the id that the answer carries.
    pub(crate) fn write(self, correlation_id: Uuid, status: StatusCode, took: SignedDuration) {
        let Self { method, path, address } = self;
        let (status, ms) = (status.as_u16(), took.as_millis());
        tracing::debug!(%correlation_id, %method, path, %address, status, ms, "answered");
    }
}

/// A path without the id of an upload, which is the right to go on with it.
fn path(path: &str) -> String {
    match path.split_once("/blobs/uploads/") {
        Some((head, id)) if !id.is_empty() => recorded(&format!("{head}/blobs/uploads/…")),
        _ => recorded(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_id_is_not_in_a_path() {
        assert_eq!(path("/v2/a/blobs/uploads/secret"), "/v2/a/blobs/uploads/…");
        assert_eq!(path("/v2/a/blobs/uploads/"), "/v2/a/blobs/uploads/");
        assert_eq!(path("/v2/a/manifests/v1"), "/v2/a/manifests/v1");
    }
}
