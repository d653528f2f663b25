//! Blobs on their way in.

mod append;
mod begin;
mod cancel;
mod finish;
mod refused;
mod status;

use naru_testkit::{Kit, Reply};

use super::ByOwner as _;

/// Sends a chunk to an upload.
async fn patch(kit: &Kit, location: &str, range: Option<(usize, usize)>, chunk: &[u8]) -> Reply {
    let mut patch = kit.patch(location).header("content-type", "application/octet-stream");
    if let Some((first, last)) = range {
        patch = patch.header("content-range", &format!("{first}-{last}"));
    }
    patch.body(chunk.to_vec()).by_owner().await
}

/// How far an upload is, by its status.
async fn received(kit: &Kit, location: &str) -> usize {
    let status = kit.get(location).by_owner().await.expect(204);
    let last: usize = status.header("range").strip_prefix("0-").unwrap().parse().unwrap();
    if last == 0 { 0 } else { last + 1 }
}
