//! The time of a server whose certificate is right in all but its dates.
//!
//! Whose clock is wrong, the server's certificate or this machine, only the server's own time can
//! tell. It is read over a handshake that forgives the dates and nothing else: who does not hold a
//! trusted certificate for this name is not asked. One fixed request goes over that connection, and
//! of the answer its `Date` alone is kept. Nothing that a caller has can be sent over it, since it
//! takes nothing from its caller but the endpoint.

use jiff::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::tls::{self, TlsStream};
use super::{Connector, Endpoint};

/// The most of an answer that is read.
const LONGEST: u64 = 16 * 1024;

/// A server's time, and this machine's when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerTime {
    /// The server's.
    pub theirs: Timestamp,
    /// This machine's.
    pub ours: Timestamp,
}

impl Connector {
    /// The time of a server whose certificate holds at another time than now. Nothing where its
    /// certificate is wrong in any other way, or where it does not say.
    pub async fn time_despite_dates(&self, endpoint: &Endpoint) -> Option<ServerTime> {
        let stream = self.open(endpoint).await.ok()?;
        let patience = self.patience * 2;
        let stream =
            tls::forgiving_dates(stream, endpoint, &self.roots, &self.clock, patience).await?;
        let head = timeout(patience, ask(stream, endpoint)).await.ok()??;
        let theirs = date(&head)?;
        Some(ServerTime { theirs, ours: self.clock.now() })
    }
}

async fn ask(mut stream: TlsStream, endpoint: &Endpoint) -> Option<Vec<u8>> {
    let request = format!(
        "HEAD /v2/ HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        endpoint.authority()
    );
    stream.write_all(request.as_bytes()).await.ok()?;
    stream.flush().await.ok()?;
    let mut answer = Vec::new();
    let mut limited = stream.take(LONGEST);
    // A server that hangs up without the end of TLS has answered all the same.
    while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
        match limited.read_buf(&mut answer).await {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
    }
    Some(answer)
}

fn date(head: &[u8]) -> Option<Timestamp> {
    let head = String::from_utf8_lossy(head);
    let lines = head.lines().take_while(|line| !line.is_empty());
    let (_, value) = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("date"))?;
    jiff::fmt::rfc2822::parse(value.trim()).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_the_head_counts_and_nothing_else() {
        let head = b"HTTP/1.1 401 Unauthorized\r\ndate: Wed, 25 Nov 2026 12:00:00 GMT\r\n\r\n";
        assert_eq!(date(head).unwrap().to_string(), "2026-11-25T12:00:00Z");
        for head in
            ["", "HTTP/1.1 200 OK\r\n\r\nDate: Wed, 25 Nov 2026 12:00:00 GMT\r\n", "Date: x\r\n"]
        {
            assert_eq!(date(head.as_bytes()), None, "{head}");
        }
    }
}
