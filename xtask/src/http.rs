//! The least of an HTTP/1.1 client: one request, one answer, one connection, on loopback.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::failure::Failure;

const PATIENCE: Duration = Duration::from_mins(1);

/// A request.
pub(crate) struct Request<'a> {
    /// The method.
    pub(crate) method: &'a str,
    /// Path and query.
    pub(crate) target: &'a str,
    /// User name and password, sent as Basic.
    pub(crate) login: (&'a str, &'a str),
    /// The media type of the body.
    pub(crate) media_type: &'a str,
    /// The body.
    pub(crate) body: &'a [u8],
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    head: String,
    body: String,
}

impl Request<'_> {
    /// Sends it to `address`, and reads the answer to its end.
    pub(crate) fn send(&self, address: &str) -> Result<Answer, Failure> {
        let doing = || format!("{} {} at {address}", self.method, self.target);
        let mut stream =
            TcpStream::connect(address).map_err(Failure::machine(format!("reach {address}")))?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(Failure::machine(doing()))?;
        stream.write_all(&self.bytes(address)).map_err(Failure::machine(doing()))?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).map_err(Failure::machine(doing()))?;
        Answer::parse(&String::from_utf8_lossy(&bytes))
            .ok_or_else(|| Failure::unexpected("an HTTP answer", String::from_utf8_lossy(&bytes)))
    }

    fn bytes(&self, address: &str) -> Vec<u8> {
        let (user, password) = self.login;
        let mut bytes = format!(
            "{} {} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Basic {}\r\nContent-Type: {}\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            self.method,
            self.target,
            STANDARD.encode(format!("{user}:{password}")),
            self.media_type,
            self.body.len(),
        )
        .into_bytes();
        bytes.extend_from_slice(self.body);
        bytes
    }
}

impl Answer {
    /// The value of a header field.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// This answer, unless its status is another one.
    pub(crate) fn expect(self, status: u16) -> Result<Self, Failure> {
        if self.status == status {
            return Ok(self);
        }
        Err(Failure::unexpected(
            format!("status {status}"),
            format!("{}\n{}", self.head, self.body),
        ))
    }

    /// This answer, unless it is a refusal.
    pub(crate) fn succeeded(self) -> Result<Self, Failure> {
        match self.status {
            200..300 => Ok(self),
            _ => self.expect(200),
        }
    }

    /// The body alone.
    pub(crate) fn into_body(self) -> String {
        self.body
    }

    fn parse(text: &str) -> Option<Self> {
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
        Some(Self { status, head: head.to_owned(), body: body.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;
    use std::io::prelude::*;
    use std::net::TcpListener;
    use std::thread;

    #[test]
    fn a_request_and_its_answer_cross_the_wire() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            let mut seen = Vec::new();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if line == "\r\n" {
                    break;
                }
                seen.push(line.trim_end().to_owned());
            }
            let mut body = [0; 3];
            reader.read_exact(&mut body).unwrap();
            reader
                .get_mut()
                .write_all(b"HTTP/1.1 202 Accepted\r\nlocation: /here\r\n\r\n")
                .unwrap();
            (seen, body)
        });
        let answer = Request {
            method: "POST",
            target: "/there?x=1",
            login: ("a", "b"),
            media_type: "text/plain",
            body: b"abc",
        }
        .send(&address)
        .unwrap()
        .expect(202)
        .unwrap();
        assert_eq!(answer.header("Location"), Some("/here"));
        let (seen, body) = server.join().unwrap();
        assert_eq!(seen[0], "POST /there?x=1 HTTP/1.1");
        assert!(seen.contains(&"Authorization: Basic YTpi".to_owned()));
        assert_eq!(&body, b"abc");
    }

    #[test]
    fn another_status_is_a_failure_with_the_body() {
        let answer = Answer::parse("HTTP/1.1 403 Forbidden\r\n\r\n{\"why\"}").unwrap();
        let failure = answer.expect(201).unwrap_err().to_string();
        assert!(failure.contains("{\"why\"}"), "{failure}");
    }
}
