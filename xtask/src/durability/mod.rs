//! What is synced before a client gets its 201, as the operating system saw it.
//!
//! The tests of the store record the order at its seam; this confirms it from outside, with
//! strace. How a trace is read is in [`trace`].

mod trace;

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::durability::trace::{Kind, Trace};
use crate::failure::Failure;
use crate::http::Request;
use crate::process::Invocation;
use crate::product::Product;
use crate::server::{self, Launch, OWNER, OWNER_PASSWORD, Server};
use crate::{surroundings, terminal, tools};

const CALLS: &str = "fsync,fdatasync,rename,renameat,renameat2,link,linkat,mkdir,mkdirat,\
                     openat,write,writev,pwrite64,sendto,sendmsg";
const REPOSITORY: &str = "durability/app";
/// Over the 64 KiB up to which bytes lie in the database.
const LARGE: usize = 200 * 1024;

/// Pushes a large blob and a small manifest under strace, and judges the trace.
pub(crate) fn run(product: &Product) -> Result<(), Failure> {
    let strace = match tools::need("strace", "install your system's strace package") {
        Err(missing) if !surroundings::in_ci() => {
            terminal::skipped("durability", missing);
            return Ok(());
        }
        found => found?,
    };
    let binary = product.binary()?;
    let scratch = tempfile::Builder::new()
        .prefix("naru-durability-")
        .tempdir()
        .map_err(Failure::machine("make a folder for the data"))?;
    let file = scratch.path().join("trace");
    let server = Launch {
        trace: Some(server::Trace { strace: &strace, file: &file, calls: CALLS }),
        ..Launch::of(&binary, scratch.path())
    }
    .start()?;
    let blob = push_blob(&server, scratch.path())?;
    push_manifest(&server, &blob)?;
    server.stop()?;
    let text = fs::read_to_string(&file).map_err(Failure::machine("read the trace"))?;
    let trace = Trace::read(&text);
    judge(&trace).map_err(|saw| {
        let kept = tools::root().join("target/durability.trace");
        let place = match fs::write(&kept, &text) {
            Ok(()) => format!("the trace is in {}", kept.display()),
            Err(error) => format!("the trace could not be kept: {error}"),
        };
        Failure::unexpected("everything synced before the 201", format!("{saw}\n{place}"))
    })?;
    terminal::say("durability: a blob: file synced, renamed, directory synced, log synced, 201");
    terminal::say("durability: a manifest: log written and synced, 201");
    Ok(())
}

/// What stands in the trace that must not, or is missing.
fn judge(trace: &Trace) -> Result<(), String> {
    let answers = trace.created();
    let [blob_answer, manifest_answer] = answers.as_slice() else {
        return Err(format!("{} answers with 201, 2 are due", answers.len()));
    };
    let placed = trace
        .all(Kind::Rename)
        .find(|event| event.path.contains("/blobs/"))
        .ok_or("the blob's file is never renamed into its place")?;
    trace
        .all(Kind::Sync)
        .find(|event| event.path == placed.source && event.before(placed))
        .ok_or_else(|| format!("{} is renamed before it is synced", placed.source))?;
    let directory =
        Path::new(&placed.path).parent().ok_or("the blob's file lies in no directory")?;
    let listed = trace
        .all(Kind::Sync)
        .find(|event| Path::new(&event.path) == directory && placed.before(event))
        .ok_or_else(|| format!("{} is not synced after the rename", directory.display()))?;
    for made in trace.all(Kind::Made) {
        let path = Path::new(&made.path);
        let found = |event: &&trace::Event| {
            path.parent() == Some(Path::new(&event.path))
                && made.before(event)
                && event.before(blob_answer)
        };
        if directory.starts_with(path) && !trace.all(Kind::Sync).any(|event| found(&event)) {
            return Err(format!("{} is new, and its parent is not synced", made.path));
        }
    }
    committed(trace, listed, blob_answer).map_err(|saw| format!("the blob's row: {saw}"))?;
    committed(trace, blob_answer, manifest_answer)
        .map_err(|saw| format!("the manifest's row: {saw}"))
}

/// Between `after` and `answer` the write-ahead log was written, and then synced.
fn committed(trace: &Trace, after: &trace::Event, answer: &trace::Event) -> Result<(), String> {
    let written = trace
        .all(Kind::Write)
        .filter(|event| event.is_log())
        .find(|event| after.before(event) && event.before(answer))
        .ok_or("the write-ahead log is not written before the 201")?;
    trace
        .all(Kind::Sync)
        .filter(|event| event.is_log())
        .find(|event| written.before(event) && event.before(answer))
        .map(|_| ())
        .ok_or_else(|| "the write-ahead log is not synced before the 201".to_owned())
}

fn push_blob(server: &Server, scratch: &Path) -> Result<String, Failure> {
    let body: Vec<u8> = (0..251).cycle().take(LARGE).collect();
    let file = scratch.join("blob");
    fs::write(&file, &body).map_err(Failure::machine("write the blob"))?;
    let digest = sha256(&file)?;
    let begun = send(
        server,
        "POST",
        &format!("/v2/{REPOSITORY}/blobs/uploads/"),
        "application/octet-stream",
        b"",
    )?
    .expect(202)?;
    let location = begun.header("Location").unwrap_or_default();
    let path = location
        .strip_prefix("http://")
        .and_then(|rest| rest.find('/').and_then(|start| rest.get(start..)))
        .unwrap_or(location);
    let mark = if path.contains('?') { '&' } else { '?' };
    send(
        server,
        "PUT",
        &format!("{path}{mark}digest={digest}"),
        "application/octet-stream",
        &body,
    )?
    .expect(201)?;
    Ok(digest)
}

fn push_manifest(server: &Server, blob: &str) -> Result<(), Failure> {
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": { "mediaType": "application/octet-stream", "digest": blob, "size": LARGE },
        "layers": [],
    });
    send(
        server,
        "PUT",
        &format!("/v2/{REPOSITORY}/manifests/v1"),
        media_type,
        manifest.to_string().as_bytes(),
    )?
    .expect(201)
    .map(|_| ())
}

fn send(
    server: &Server,
    method: &str,
    target: &str,
    media_type: &str,
    body: &[u8],
) -> Result<crate::http::Answer, Failure> {
    Request { method, target, login: (OWNER, OWNER_PASSWORD), media_type, body }
        .send(server.address())
}

/// The digest of a file, by the system's own tool.
pub(crate) fn sha256(file: &Path) -> Result<String, Failure> {
    let ending = Invocation::new("sha256sum").args([file]).succeed()?;
    match ending.stdout().split_whitespace().next() {
        Some(hex) => Ok(format!("sha256:{hex}")),
        None => Err(ending.unexpected("a digest")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"10 mkdir("/d/blobs", 0777) = 0
10 fsync(5</d>) = 0
10 pwrite64(7</d/naru.db-wal>, "early", 32, 0) = 32
10 fdatasync(9</d/uploads/u1> <unfinished ...>
11 openat(AT_FDCWD</>, "/d/x", O_RDONLY) = 3</d/x>
10 <... fdatasync resumed>)              = 0
10 renameat(5</d>, "uploads/u1", 5</d>, "blobs/abcd") = 0
10 fsync(12</d/blobs>)                   = 0
11 pwrite64(7</d/naru.db-wal>, "7\177\6\202"..., 32, 0) = 32
11 fdatasync(7</d/naru.db-wal>)          = 0
12 sendto(20<socket:[1]>, "HTTP/1.1 201 Created\r\n"..., 300, MSG_NOSIGNAL, NULL, 0) = 300
11 pwrite64(7</d/naru.db-wal>, "8"..., 32, 64) = 32
11 fdatasync(7</d/naru.db-wal>)          = 0
12 writev(20<socket:[1]>, [{iov_base="HTTP/1.1 201 Created\r\n"..., iov_len=300}], 1) = 300
"#;

    fn judged(text: &str) -> Result<(), String> {
        judge(&Trace::read(text))
    }

    #[test]
    fn the_right_order_is_a_pass() {
        assert_eq!(judged(GOOD), Ok(()));
    }

    #[test]
    fn every_step_is_missed_and_every_order_is_held() {
        let lines: Vec<&str> = GOOD.lines().collect();
        for (moved, expected) in [
            (&[1][..], "/d/blobs is new"),
            (&[3, 5], "renamed before it is synced"),
            (&[6], "never renamed"),
            (&[7], "not synced after the rename"),
            (&[9], "the blob's row: the write-ahead log is not synced"),
            (&[8], "the blob's row: the write-ahead log is not written"),
            (&[12], "the manifest's row: the write-ahead log is not synced"),
            (&[11], "the manifest's row: the write-ahead log is not written"),
            (&[10], "1 answers with 201"),
        ] {
            let rest = |at: &usize| !moved.contains(at);
            let kept: Vec<&str> = (0..lines.len()).filter(rest).map(|at| lines[at]).collect();
            let missing = judged(&kept.join("\n")).unwrap_err();
            assert!(missing.contains(expected), "{moved:?}: {missing}");
        }
        let late: Vec<usize> = vec![0, 1, 2, 3, 4, 5, 6, 8, 9, 7, 10, 11, 12, 13];
        let swapped: Vec<&str> = late.iter().map(|at| lines[*at]).collect();
        assert!(judged(&swapped.join("\n")).is_err());
    }
}
