//! HTTP as plainly as it goes, to a server that may end at any byte.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc::Sender;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// So much of a body goes out at once: the server may end after any of it.
const PIECE: usize = 64 * 1024;

/// The server ended before it answered: what was asked is done, or it is not.
#[derive(Debug)]
pub(super) struct Cut;

/// An answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    head: String,
    pub(super) body: Vec<u8>,
}

/// A way to a server, with what shows who asks.
#[derive(Clone)]
pub(super) struct Wire {
    pub(super) address: String,
    pub(super) socket: PathBuf,
    authorization: String,
    /// Told of each step of a request.
    pulse: Option<Sender<()>>,
}

impl Wire {
    pub(super) fn new(address: String, socket: PathBuf, name: &str, password: &str) -> Self {
        Self { address, socket, authorization: basic(name, password), pulse: None }
    }

    pub(super) fn with_pulse(&self, pulse: &Sender<()>) -> Self {
        Self { pulse: Some(pulse.clone()), ..self.clone() }
    }

    /// The same way for somebody else.
    pub(super) fn by(&self, name: &str, password: &str) -> Self {
        Self { authorization: basic(name, password), pulse: None, ..self.clone() }
    }

    /// The same way with a token.
    pub(super) fn bearing(&self, token: &str) -> Self {
        Self { authorization: format!("Bearer {token}"), pulse: None, ..self.clone() }
    }

    pub(super) fn get(&self, path: &str) -> Result<Reply, Cut> {
        self.send("GET", path, "", b"")
    }

    pub(super) fn head(&self, path: &str) -> Result<Reply, Cut> {
        self.send("HEAD", path, "", b"")
    }

    /// A request to the registry; `more` are further headers, each with its line end.
    pub(super) fn send(
        &self,
        method: &str,
        path: &str,
        more: &str,
        body: &[u8],
    ) -> Result<Reply, Cut> {
        self.tell();
        let mut stream = TcpStream::connect(&self.address).map_err(|_| Cut)?;
        let authorization = &self.authorization;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
             Authorization: {authorization}\r\nContent-Length: {}\r\n{more}\r\n",
            self.address,
            body.len()
        );
        self.exchange(&mut stream, &head, body)
    }

    /// A verb of administration.
    pub(super) fn admin(&self, verb: &str, request: &Value) -> Result<Reply, Cut> {
        self.tell();
        let mut stream = UnixStream::connect(&self.socket).map_err(|_| Cut)?;
        let body = request.to_string();
        let head = format!(
            "POST /v1/{verb} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        self.exchange(&mut stream, &head, body.as_bytes())
    }

    fn exchange(
        &self,
        stream: &mut (impl Read + Write),
        head: &str,
        body: &[u8],
    ) -> Result<Reply, Cut> {
        // Where the server refuses early it may not take all of it: its answer says so.
        let mut sent = stream.write_all(head.as_bytes());
        for piece in body.chunks(PIECE) {
            self.tell();
            sent = sent.and_then(|()| stream.write_all(piece));
        }
        self.tell();
        let mut bytes = Vec::new();
        let read = stream.read_to_end(&mut bytes);
        self.tell();
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Err(Cut);
        };
        let body = bytes.split_off(end + 4);
        let head = String::from_utf8(bytes).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let reply = Reply { status, head, body };
        // What changes something is acknowledged by its status; what is read must come whole.
        if read.is_err() && reply.status == 200 {
            return Err(Cut);
        }
        Ok(reply)
    }

    fn tell(&self) {
        if let Some(pulse) = &self.pulse {
            // Nobody listens any more once the server has ended.
            let _ended = pulse.send(());
        }
    }
}

impl Reply {
    /// A header; empty where it is not there.
    pub(super) fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut named = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.next().map_or("", |(_, value)| value)
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Whether the server could not, and says so.
    pub(super) fn failed(&self) -> bool {
        matches!(self.status, 503 | 507)
    }

    pub(super) fn text(&self) -> String {
        format!("{} {}", self.status, String::from_utf8_lossy(&self.body))
    }
}

fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
}
