//! How many files may be open: each connection is one, and each upload that is larger than what waits
//! in memory; so the limits of both have to fit into what the system allows.

use naru_server::Limits;
use rustix::process::{Resource, getrlimit, setrlimit};

/// What is open beside them: the database, and blobs that are being read.
const OTHERS: u64 = 512;

/// Raises how many may be open to what is allowed at all. Where that is too little for what the
/// limits say, they are lowered, and the log says what to do.
pub(crate) fn allow(limits: &mut Limits) {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!(%error, "the limit of open files stays as it is");
        limit = getrlimit(Resource::Nofile);
    }
    let Some(allowed) = limit.current else { return };
    let Some((connections, uploads)) = fitting(limits, allowed) else { return };
    tracing::warn!(
        "the system allows {allowed} open files, too few for `limits.connections` and `limits.uploads`: \
         {connections} connections are taken and {uploads} uploads kept open at once; \
         allow {} (`ulimit -Hn`, `LimitNOFILE=` of systemd, `--ulimit nofile=` of a container), or lower the limits",
        wanted(limits)
    );
    (limits.connections, limits.uploads) = (connections, uploads);
}

/// How many files the limits may open.
fn wanted(limits: &Limits) -> u64 {
    [limits.connections, limits.uploads]
        .iter()
        .fold(OTHERS, |sum, count| sum.saturating_add(u64::try_from(*count).unwrap_or(u64::MAX)))
}

/// How many connections and uploads there may be instead, where not all of them fit.
fn fitting(limits: &Limits, allowed: u64) -> Option<(usize, usize)> {
    if wanted(limits) <= allowed {
        return None;
    }
    let room = usize::try_from(allowed.saturating_sub(OTHERS).max(2)).unwrap_or(usize::MAX);
    let connections =
        limits.connections.min(room.div_ceil(2)).max(room.saturating_sub(limits.uploads));
    let connections = connections.min(limits.connections);
    Some((connections, limits.uploads.min(room.saturating_sub(connections))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_fit_into_what_is_allowed() {
        let limits = |connections, uploads| Limits { connections, uploads, ..Limits::default() };
        assert_eq!(fitting(&Limits::default(), 65_536), None);
        assert_eq!(fitting(&limits(100, 200), 812), None);
        assert_eq!(fitting(&limits(4096, 10_000), 1024), Some((256, 256)));
        assert_eq!(
            fitting(&limits(4096, 10), 1024),
            Some((502, 10)),
            "what one leaves, the other has"
        );
        assert_eq!(fitting(&limits(10, 10_000), 1024), Some((10, 502)));
        assert_eq!(fitting(&limits(4096, 10_000), 100), Some((1, 1)));
    }
}
