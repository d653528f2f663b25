//! HTTP/1.1 by hand, for what no client library sends: bodies that break off, stand still, or come
//! in chunks without a length.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use naru_testkit::Reply;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use super::WHO;

/// A name and password as `Authorization` has them.
pub(crate) fn basic((name, password): (&str, &str)) -> String {
    format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
}

/// A connection.
pub(crate) struct Wire {
    stream: BufReader<TcpStream>,
}

impl Wire {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self::of(TcpStream::connect(address).await.unwrap())
    }

    /// One that was opened.
    pub(crate) fn of(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    /// Sends a head as the owner.
    pub(crate) async fn head(&mut self, line: &str, headers: &[(&str, &str)]) {
        self.head_of(WHO, line, headers).await;
    }

    /// Sends a head as somebody.
    pub(crate) async fn head_of(
        &mut self,
        who: (&str, &str),
        line: &str,
        headers: &[(&str, &str)],
    ) {
        let basic = basic(who);
        let mut head = format!("{line} HTTP/1.1\r\nhost: localhost\r\nauthorization: {basic}\r\n");
        for (name, value) in headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.push_str("\r\n");
        self.send(head.as_bytes()).await;
    }

    /// Sends bytes as they are.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).await.unwrap();
    }

    /// Sends a chunk of a body without a length.
    pub(crate) async fn chunk(&mut self, bytes: &[u8]) {
        self.send(format!("{:x}\r\n", bytes.len()).as_bytes()).await;
        self.send(bytes).await;
        self.send(b"\r\n").await;
    }

    /// Ends such a body.
    pub(crate) async fn last_chunk(&mut self) {
        self.send(b"0\r\n\r\n").await;
    }

    /// Sends a body in the way that this header announces.
    pub(crate) async fn body(&mut self, header: &str, content: &[u8]) {
        if header == "content-length" {
            return self.send(content).await;
        }
        for chunk in content.chunks(1 << 20) {
            self.chunk(chunk).await;
        }
        self.last_chunk().await;
    }

    /// Reads an answer, which must have a length.
    pub(crate) async fn reply(&mut self) -> Reply {
        let line = self.line().await;
        let status: u16 = line.split(' ').nth(1).unwrap_or_default().parse().expect(&line);
        let mut headers = HeaderMap::new();
        loop {
            let line = self.line().await;
            let Some((name, value)) = line.split_once(':') else { break };
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, HeaderValue::from_str(value.trim()).unwrap());
        }
        let length = headers.get("content-length").map_or("0", |length| length.to_str().unwrap());
        let mut body = vec![0; length.parse().unwrap()];
        self.stream.read_exact(&mut body).await.unwrap();
        Reply { status: StatusCode::from_u16(status).unwrap(), headers, body: body.into() }
    }

    /// Waits until the server ends the connection; whether it said nothing more.
    pub(crate) async fn ended(mut self) -> bool {
        let mut rest = Vec::new();
        // An end and a reset are the same to a client that is sent away.
        let _end = self.stream.read_to_end(&mut rest).await;
        rest.is_empty()
    }

    /// Sends nothing more, and waits until the server ends the connection too.
    pub(crate) async fn break_off(mut self) {
        self.stream.get_mut().shutdown().await.unwrap();
        let mut rest = Vec::new();
        // An end and a reset are the same to somebody who has gone.
        let _end = self.stream.read_to_end(&mut rest).await;
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).await.unwrap();
        line.trim_end().to_owned()
    }
}
