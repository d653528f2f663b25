//! Bodies: of answers, and of requests as a source of bytes for the store.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use naru_store::{Chunks, Source, SourceError, StoreError};
use tokio::time::Instant;

use super::underway::Underway;
use crate::limits::Patience;
use crate::listen::Doing;

/// The most that is read of a body whose request was refused already, and for how long, so that
/// the client gets to see the answer.
const DRAIN_BYTES: u64 = 16 << 20;
const DRAIN_TIME: Duration = Duration::from_secs(10);

/// The body of an answer.
pub(crate) enum Body {
    /// Nothing more to send.
    Empty,
    /// All of it at once.
    Full(Bytes),
    /// Content, as it is read.
    Stream { chunks: Chunks, remaining: u64, underway: Underway },
}

impl Body {
    /// So many bytes of content.
    pub(crate) fn stream(chunks: Chunks, length: u64) -> Self {
        Self::Stream { chunks, remaining: length, underway: Underway::default() }
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = StoreError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StoreError>>> {
        let body = self.get_mut();
        match body {
            Self::Empty | Self::Stream { remaining: 0, .. } => Poll::Ready(None),
            Self::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                *body = Self::Empty;
                Poll::Ready((!bytes.is_empty()).then_some(Ok(Frame::data(bytes))))
            }
            Self::Stream { chunks, remaining, underway } => {
                ready!(underway.poll_gone(context));
                match ready!(chunks.poll_next(context)) {
                    Some(Ok(bytes)) => {
                        *remaining = remaining.saturating_sub(bytes.len() as u64);
                        Poll::Ready(Some(Ok(Frame::data(underway.send(bytes)))))
                    }
                    Some(Err(error)) => {
                        tracing::error!(%error, "content could not be read to its end");
                        Poll::Ready(Some(Err(error)))
                    }
                    None => Poll::Ready(None),
                }
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self {
            Self::Empty => 0,
            Self::Full(bytes) => bytes.len() as u64,
            Self::Stream { remaining, .. } => *remaining,
        })
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Empty | Self::Stream { remaining: 0, .. })
    }
}

/// The body of a request, and how long it is waited for.
pub(crate) struct RequestBody {
    incoming: Incoming,
    patience: Patience,
    doing: Doing,
}

impl RequestBody {
    pub(crate) const fn new(incoming: Incoming, patience: Patience, doing: Doing) -> Self {
        Self { incoming, patience, doing }
    }

    /// Reads what is left of a refused request's body, within bounds, so that the client sees the
    /// answer and not a reset. Beyond them the connection ends.
    pub(crate) fn drain(mut self) {
        if self.incoming.is_end_stream() {
            return;
        }
        self.patience = Patience { time: DRAIN_TIME, bytes: 0 };
        tokio::spawn(tokio::time::timeout(DRAIN_TIME, async move {
            let mut source = RequestBytes::up_to(self, DRAIN_BYTES);
            while let Some(Ok(_)) = source.next().await {}
        }));
    }
}

/// The body of a request, as a source of bytes.
pub(crate) struct RequestBytes {
    body: RequestBody,
    /// How many more bytes may come.
    left: u64,
    /// Whether exactly so many must come.
    exact: bool,
    /// How long was waited since enough had come, and how much came since.
    waited: Duration,
    came: u64,
}

impl RequestBytes {
    /// All that comes, up to a bound.
    pub(crate) fn up_to(body: RequestBody, most: u64) -> Self {
        Self { body, left: most, exact: false, waited: Duration::ZERO, came: 0 }
    }

    /// The body, with what nobody read of it.
    pub(crate) fn into_rest(self) -> RequestBody {
        self.body
    }

    /// Exactly as many as were announced.
    pub(crate) fn exactly(body: RequestBody, size: u64) -> Self {
        Self { exact: true, ..Self::up_to(body, size) }
    }

    /// Waits for the next frame; `None` where it was waited for long enough. Time in which nobody
    /// asks for one is not the client's.
    async fn frame(&mut self) -> Option<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let RequestBody { incoming, patience, doing } = &mut self.body;
        let (begun, left) = (Instant::now(), patience.time.saturating_sub(self.waited));
        let waiting = doing.wait();
        let frame = tokio::time::timeout(left, incoming.frame()).await.ok()?;
        drop(waiting);
        self.waited += begun.elapsed();
        Some(frame)
    }

    /// Notes what came. An empty frame is nothing.
    fn came(&mut self, bytes: u64) {
        self.came += bytes;
        if self.came >= self.body.patience.bytes.max(1) {
            (self.waited, self.came) = Default::default();
            self.body.doing.goes_on();
        }
    }
}

#[async_trait]
impl Source for RequestBytes {
    async fn next(&mut self) -> Option<Result<Bytes, SourceError>> {
        loop {
            let Some(frame) = self.frame().await else {
                return Some(Err(SourceError::Stalled));
            };
            return match frame {
                None if self.exact && self.left > 0 => Some(Err(SourceError::Size)),
                None => None,
                Some(Err(_)) => Some(Err(SourceError::Broken)),
                Some(Ok(frame)) => {
                    // Trailers are no content.
                    let Ok(bytes) = frame.into_data() else { continue };
                    let size = bytes.len() as u64;
                    self.came(size);
                    match self.left.checked_sub(size) {
                        Some(left) => {
                            self.left = left;
                            Some(Ok(bytes))
                        }
                        None => Some(Err(SourceError::Size)),
                    }
                }
            };
        }
    }
}

/// Reads a request's body of at most `most` bytes whole. A larger one is left where it was, for
/// its rest to be drained.
pub(crate) async fn read_whole(
    body: &mut Option<RequestBody>,
    most: usize,
) -> Result<Bytes, SourceError> {
    let Some(taken) = body.take() else { return Ok(Bytes::new()) };
    let mut source = RequestBytes::up_to(taken, most as u64);
    // A copy of its own: what is kept of a request's frames would keep the connection's buffer.
    let mut whole = Vec::new();
    while let Some(bytes) = source.next().await {
        match bytes {
            Ok(bytes) => whole.extend_from_slice(&bytes),
            Err(error) => {
                *body = Some(source.into_rest());
                return Err(error);
            }
        }
    }
    Ok(Bytes::from(whole))
}
