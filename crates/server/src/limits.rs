//! What clients may take: connections, time, bytes and uploads. Each has a default that is safe
//! without anybody's doing, and is a setting.

use std::time::Duration;

/// The largest blob, as in Azure: 200 GiB.
const BLOB_BYTES: u64 = 200 << 30;

/// What one client, and all of them, may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections that are open at once. Further ones wait until one ends.
    pub connections: usize,
    /// Those of one address; a proxy that is trusted may have any number. Further ones are closed.
    pub connections_per_address: usize,
    /// How long a connection may go without a request: from its start, its handshake included, to
    /// the end of the first head, and from one answer to the end of the next head.
    pub head_timeout: Duration,
    /// How long a body may stand still, in either direction.
    pub stall_timeout: Duration,
    /// How much of it must come or go in so long a time of waiting for the client: less is standing
    /// still.
    pub stall_bytes: u64,
    /// The largest head of a request.
    pub head_bytes: usize,
    /// The largest manifest.
    pub manifest_bytes: usize,
    /// The largest blob.
    pub blob_bytes: u64,
    /// Uploads that are open at once.
    pub uploads: usize,
}

/// How long a client is waited for, and how much must come or go in that time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    pub(crate) time: Duration,
    pub(crate) bytes: u64,
}

impl Limits {
    /// How long a body is waited for.
    pub(crate) const fn patience(&self) -> Patience {
        Patience { time: self.stall_timeout, bytes: self.stall_bytes }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            connections_per_address: 1024,
            head_timeout: Duration::from_secs(30),
            stall_timeout: Duration::from_mins(1),
            // A tenth of a bad line, shared by ten, and far more than a flood of connections is worth.
            stall_bytes: 64 << 10,
            head_bytes: 64 << 10,
            manifest_bytes: naru_oci::MAX_MANIFEST_BYTES,
            blob_bytes: BLOB_BYTES,
            uploads: 10_000,
        }
    }
}
