//! A stream whose writes may wait only so long: a client that asks and does not read, or hardly,
//! holds an open file, and a place, that others wait for. It also tells which version of HTTP the
//! other end begins with.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf as _, Bytes};
use prometheus_client::metrics::counter::Counter;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::Doing;
use crate::limits::Patience;

/// What a client of HTTP/2 begins with (RFC 9113 §3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A version of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    One,
    Two,
}

/// The stream.
pub(crate) struct Patient<S> {
    stream: S,
    patience: Patience,
    /// Bytes that came, and that went.
    traffic: (Counter, Counter),
    doing: Doing,
    /// What was read before its time.
    ahead: Bytes,
    /// Until when enough of what waits to be written must have gone.
    waiting: Option<Pin<Box<Sleep>>>,
    /// How much of it has.
    went: u64,
}

impl<S> Patient<S> {
    pub(crate) const fn new(
        stream: S,
        patience: Patience,
        traffic: (Counter, Counter),
        doing: Doing,
    ) -> Self {
        Self { stream, patience, traffic, doing, ahead: Bytes::new(), waiting: None, went: 0 }
    }

    fn sent(&mut self, written: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(bytes)) = written {
            self.traffic.1.inc_by(*bytes as u64);
            self.went += *bytes as u64;
            if self.went >= self.patience.bytes {
                self.nothing_waits();
            }
        }
    }

    /// All that waited to be written has gone, or enough of it.
    fn nothing_waits(&mut self) {
        self.went = 0;
        if self.waiting.take().is_some() {
            self.doing.is_blocked(false);
            self.doing.goes_on();
        }
    }

    fn judge<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            return written;
        }
        let patience = self.patience.time;
        let waiting = self.waiting.get_or_insert_with(|| {
            self.doing.is_blocked(true);
            Box::pin(tokio::time::sleep(patience))
        });
        match waiting.as_mut().poll(context) {
            Poll::Ready(()) => {
                waiting.as_mut().reset(Instant::now() + patience);
                Poll::Ready(Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "the client does not read",
                )))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> Patient<S> {
    /// The version that the other end begins with. Nothing of what it says is lost by asking.
    pub(crate) async fn version(&mut self) -> io::Result<Version> {
        let mut said = Vec::with_capacity(PREFACE.len());
        while PREFACE.starts_with(&said) && said.len() < PREFACE.len() {
            let mut rest = [0; PREFACE.len()];
            let room = PREFACE.len() - said.len();
            let read = self.read(rest.get_mut(..room).unwrap_or_default()).await?;
            if read == 0 {
                break;
            }
            said.extend(rest.iter().take(read));
        }
        let two = said == PREFACE;
        self.ahead = said.into();
        Ok(if two { Version::Two } else { Version::One })
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let length = self.ahead.len().min(buffer.remaining());
            buffer.put_slice(self.ahead.get(..length).unwrap_or_default());
            self.ahead.advance(length);
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.traffic.0.inc_by(buffer.filled().len().saturating_sub(before) as u64);
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.sent(&written);
        self.judge(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.sent(&written);
        self.judge(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if flushed.is_ready() {
            self.nothing_waits();
        }
        self.judge(flushed, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ended = Pin::new(&mut self.stream).poll_shutdown(context);
        self.judge(ended, context)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncWriteExt as _, DuplexStream};

    use super::*;
    use crate::listen::doing::Stands;

    const SHORT: Duration = Duration::from_millis(100);

    /// Writes to somebody who reads a byte now and then; what comes of it, and what was done then.
    async fn write(bytes: usize, patience: Patience) -> (io::Result<()>, Stands) {
        let (stream, client) = tokio::io::duplex(16);
        let doing = Doing::new();
        let mut stream = Patient::new(stream, patience, Default::default(), doing.clone());
        let reading = tokio::spawn(read_on(client));
        let written = async {
            stream.write_all(&vec![0; bytes]).await?;
            stream.flush().await
        };
        let written = written.await;
        let stands = doing.stands(Instant::now());
        reading.abort();
        (written, stands)
    }

    async fn read_on(mut client: DuplexStream) {
        let mut every = tokio::time::interval(SHORT / 20);
        while client.read(&mut [0]).await.is_ok() {
            every.tick().await;
        }
    }

    #[tokio::test]
    async fn whoever_takes_a_byte_now_and_then_takes_nothing() {
        let (written, stands) = write(4 << 10, Patience { time: SHORT, bytes: 2 << 10 }).await;
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(matches!(stands, Stands::Still(_)), "{stands:?}");
    }

    #[tokio::test]
    async fn whoever_takes_enough_each_time_is_waited_for() {
        let (written, stands) = write(400, Patience { time: SHORT * 10, bytes: 8 }).await;
        written.unwrap();
        assert!(matches!(stands, Stands::Idle(_)), "{stands:?}");
    }

    #[tokio::test]
    async fn what_a_client_begins_with_tells_its_version_and_is_not_lost() {
        for (said, version) in [
            (&b"GET / HTTP/1.1\r\n\r\n"[..], Version::One),
            (b"PRI * HTTP/1.1\r\n\r\n", Version::One),
            (b"G", Version::One),
            (b"PRI * HT", Version::One),
            (b"", Version::One),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nmore", Version::Two),
        ] {
            let (stream, mut client) = tokio::io::duplex(64);
            client.write_all(said).await.unwrap();
            drop(client);
            let patience = Patience { time: SHORT, bytes: 1 };
            let mut stream = Patient::new(stream, patience, Default::default(), Doing::new());
            assert_eq!(stream.version().await.unwrap(), version, "{said:?}");
            let mut all = Vec::new();
            stream.read_to_end(&mut all).await.unwrap();
            assert_eq!(all, said);
        }
    }
}
