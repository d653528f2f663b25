//! The client of the measurements: one kept connection, one request after the other, and nothing
//! that takes longer than the server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::failure::Failure;

const PATIENCE: Duration = Duration::from_mins(1);

/// A connection that is kept.
pub(super) struct Connection(BufReader<TcpStream>);

impl Connection {
    /// Connects.
    pub(super) fn to(address: &str) -> Result<Self, Failure> {
        let stream =
            TcpStream::connect(address).map_err(Failure::machine(format!("reach {address}")))?;
        stream
            .set_nodelay(true)
            .and_then(|()| stream.set_read_timeout(Some(PATIENCE)))
            .map_err(Failure::machine("set up a connection"))?;
        Ok(Self(BufReader::with_capacity(64 * 1024, stream)))
    }

    /// Sends a request, and reads its answer: status and body.
    pub(super) fn send(&mut self, request: &[u8]) -> Result<(u16, Vec<u8>), Failure> {
        self.0.get_mut().write_all(request).map_err(Failure::machine("send a request"))?;
        self.answer().map_err(Failure::machine("read an answer"))
    }

    /// As [`Self::send`], for what must succeed.
    pub(super) fn ask(&mut self, request: &[u8]) -> Result<Vec<u8>, Failure> {
        match self.send(request)? {
            (200..300, body) => Ok(body),
            (status, body) => {
                let line = request.split(|byte| *byte == b'\r').next().unwrap_or_default();
                Err(Failure::unexpected(
                    format!("success of {}", String::from_utf8_lossy(line)),
                    format!("{status}\n{}", String::from_utf8_lossy(&body)),
                ))
            }
        }
    }

    fn answer(&mut self) -> std::io::Result<(u16, Vec<u8>)> {
        let (mut status, mut length, mut line) = (0, 0, String::new());
        loop {
            line.clear();
            if self.0.read_line(&mut line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let line = line.trim_end();
            if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
                status = rest.get(..3).and_then(|code| code.parse().ok()).unwrap_or_default();
            } else if line.is_empty() {
                break;
            } else if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap_or_default();
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        Ok((status, body))
    }
}

/// A GET without a body, as bytes.
pub(super) fn get(target: &str, authorization: &str) -> Vec<u8> {
    let accept = "application/vnd.oci.image.manifest.v1+json";
    format!(
        "GET {target} HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\n\
         Authorization: {authorization}\r\n\r\n"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::thread;

    #[test]
    fn several_requests_cross_one_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for status in [200, 404] {
                let mut seen = Vec::new();
                while !seen.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    stream.read_exact(&mut byte).unwrap();
                    seen.extend_from_slice(&byte);
                }
                let answer = format!("HTTP/1.1 {status} x\r\nContent-Length: 2\r\n\r\nok");
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        let mut connection = Connection::to(&address).unwrap();
        assert_eq!(connection.ask(&get("/a", "Basic x")).unwrap(), b"ok");
        let refused = connection.ask(&get("/b", "Basic x")).unwrap_err().to_string();
        assert!(refused.contains("GET /b") && refused.contains("404"), "{refused}");
        server.join().unwrap();
    }
}
