//! Memory: a server that idles, and one that eight clients push a layer of 1 GiB to, and pull it
//! from, all at once. Half of them push with one `PUT`, half with a chunked `PATCH`, as docker does.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::thread;

use super::stage::Stage;
use super::{gauge, report};
use crate::failure::Failure;
use crate::product::Product;

/// How many clients there are at once.
const CLIENTS: usize = 8;

/// How large the layer is: 1 GiB of zeros.
const LAYER: u64 = 1 << 30;

/// The digest of so many zeros.
const DIGEST: &str = "sha256:49bc20df15e412a64472421e13fe86ff1c5165e18b2afccf160d4dc19fe68a14";

/// How much is sent at a time.
const FRAME: usize = 1 << 18;

/// Measures and writes the table.
pub(super) fn run(product: &Product) -> Result<(), Failure> {
    let binary = product.binary()?;
    // Beside the build rather than in /tmp, which may itself be memory.
    let parent = crate::product::metadata()?.target_directory.into_std_path_buf();
    let scratch = tempfile::Builder::new()
        .prefix("naru-bench-")
        .tempdir_in(parent)
        .map_err(Failure::machine("make a folder for the data"))?;
    let stage = Stage::start(&binary, scratch.path())?;
    let process = stage.server.process();
    let idle = gauge::memory(process, "VmRSS")?;
    let actions = "pull,push";
    let scopes: Vec<_> =
        (0..CLIENTS).map(|client| format!("repository:memory/r{client}:{actions}")).collect();
    let scopes: Vec<_> = scopes.iter().map(String::as_str).collect();
    let bearer = stage.bearer(&scopes)?;
    let address = stage.server.address();
    let pushing = peak(process, || together(|client| push(address, &bearer, client)))?;
    let pulling = peak(process, || together(|client| pull(address, &bearer, client)))?;
    let after = gauge::memory(process, "VmRSS")?;
    stage.server.stop()?;
    let mib = |bytes: u64| {
        let tenths = (bytes * 10).div_ceil(1 << 20);
        format!("{}.{} MiB", tenths / 10, tenths % 10)
    };
    let table = format!(
        "| resident memory | |\n|---|---|\n| idle, after its first start | {} |\n\
         | peak while {CLIENTS} push 1 GiB each | {} |\n| peak while {CLIENTS} pull it | {} |\n\
         | right after that | {} |\n",
        mib(idle),
        mib(pushing),
        mib(pulling),
        mib(after),
    );
    report::write("memory", &table)
}

/// The most memory that a process had resident while something was done.
fn peak(process: u32, work: impl FnOnce() -> Result<(), Failure>) -> Result<u64, Failure> {
    // Resets the mark (proc(5), `clear_refs`).
    fs::write(format!("/proc/{process}/clear_refs"), "5")
        .map_err(Failure::machine("reset the mark of the most memory"))?;
    work()?;
    gauge::memory(process, "VmHWM")
}

/// Lets all clients work at once.
fn together(work: impl Fn(usize) -> Result<(), Failure> + Sync) -> Result<(), Failure> {
    thread::scope(|scope| {
        let work = &work;
        let running: Vec<_> =
            (0..CLIENTS).map(|client| scope.spawn(move || work(client))).collect();
        running.into_iter().try_for_each(|thread| {
            thread.join().unwrap_or_else(|_| Err(Failure::unexpected("a client to end", "a panic")))
        })
    })
}

fn push(address: &str, bearer: &str, client: usize) -> Result<(), Failure> {
    let head = |method: &str, target: &str, more: &str| {
        format!(
            "{method} {target} HTTP/1.1\r\nHost: {address}\r\nAuthorization: {bearer}\r\n\
             Content-Type: application/octet-stream\r\n{more}\r\n\r\n"
        )
    };
    let empty = "Content-Length: 0";
    let begin = head("POST", &format!("/v2/memory/r{client}/blobs/uploads/"), empty);
    let mut place = exchange(address, &begin, |_| Ok(()), 202)?;
    let frame = vec![0; FRAME];
    let frames = LAYER / FRAME as u64;
    if client.is_multiple_of(2) {
        let request = head("PUT", &closing(&place), &format!("Content-Length: {LAYER}"));
        let body = |stream: &mut TcpStream| (0..frames).try_for_each(|_| stream.write_all(&frame));
        exchange(address, &request, body, 201)?;
        return Ok(());
    }
    let request = head("PATCH", &place, "Transfer-Encoding: chunked");
    let body = |stream: &mut TcpStream| {
        for _ in 0..frames {
            write!(stream, "{FRAME:x}\r\n")?;
            stream.write_all(&frame)?;
            stream.write_all(b"\r\n")?;
        }
        stream.write_all(b"0\r\n\r\n")
    };
    place = exchange(address, &request, body, 202)?;
    exchange(address, &head("PUT", &closing(&place), empty), |_| Ok(()), 201).map(drop)
}

/// Where an upload is closed under the layer's digest.
fn closing(place: &str) -> String {
    let joint = if place.contains('?') { '&' } else { '?' };
    format!("{place}{joint}digest={DIGEST}")
}

/// Sends a request with its body; the place that the answer names.
fn exchange(
    address: &str,
    head: &str,
    body: impl FnOnce(&mut TcpStream) -> std::io::Result<()>,
    status: u16,
) -> Result<String, Failure> {
    let mut stream = send(address, head)?;
    body(&mut stream).map_err(Failure::machine("send a layer"))?;
    let answer = read_head(&mut BufReader::new(stream))?;
    if !answer.starts_with(&format!("HTTP/1.1 {status} ")) {
        return Err(Failure::unexpected(format!("status {status}"), answer));
    }
    let place = answer.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("location").then(|| value.trim().to_owned())
    });
    // Absolute or not, what counts is its path.
    let place = place.unwrap_or_default();
    Ok(place.split_once(address).map_or(place.clone(), |(_, path)| path.to_owned()))
}

fn pull(address: &str, bearer: &str, client: usize) -> Result<(), Failure> {
    let head = format!(
        "GET /v2/memory/r{client}/blobs/{DIGEST} HTTP/1.1\r\nHost: {address}\r\n\
         Authorization: {bearer}\r\nConnection: close\r\n\r\n"
    );
    let mut reader = BufReader::new(send(address, &head)?);
    let answer = read_head(&mut reader)?;
    let mut frame = vec![0; FRAME];
    let mut received = 0;
    loop {
        match reader.read(&mut frame).map_err(Failure::machine("read a layer"))? {
            0 => break,
            more => received += more as u64,
        }
    }
    if received == LAYER {
        return Ok(());
    }
    Err(Failure::unexpected(format!("{LAYER} bytes"), format!("{received} bytes after\n{answer}")))
}

fn send(address: &str, head: &str) -> Result<TcpStream, Failure> {
    let mut stream =
        TcpStream::connect(address).map_err(Failure::machine(format!("reach {address}")))?;
    stream.write_all(head.as_bytes()).map_err(Failure::machine("send a request"))?;
    Ok(stream)
}

fn read_head(reader: &mut BufReader<TcpStream>) -> Result<String, Failure> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        let read = reader.read_line(&mut head).map_err(Failure::machine("read an answer"))?;
        if read == 0 {
            return Err(Failure::unexpected("an answer", head));
        }
    }
    Ok(head)
}
