//! The body of an answer on its way out, with the request that it ends; and the streams of HTTP/2,
//! each of which is given up where its client takes nothing of it.
//!
//! Over HTTP/1.1 what a client does not take stands in the connection, where [`super::patient`] sees
//! it. Over HTTP/2 a client opens a window for each answer by itself, and one that opens none holds
//! its answer while its connection is well.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::rt::Executor;
use naru_store::StoreError;
use tokio::time::{Instant, Sleep};

use super::doing::{Doing, Request, Waiting};
use crate::edge::Body;
use crate::limits::Patience;

/// The bounds of a piece, of which a client of HTTP/2 must take one in the time that it is given.
const SMALLEST: usize = 4 << 10;
const LARGEST: usize = 512 << 10;

tokio::task_local! {
    /// What is offered on the stream that this task answers.
    static OFFERED: Offered;
}

/// The body of an answer.
pub(crate) struct Answering {
    body: Body,
    /// Where it goes out on a stream.
    stream: Option<Stream>,
    _request: Request,
}

struct Stream {
    offered: Offered,
    piece: usize,
    /// What the body gave and was not offered yet.
    rest: Bytes,
}

/// Counts up where a piece is offered to a client, and where the next is asked for: odd while there
/// is one that was not taken.
#[derive(Clone)]
struct Offered(Arc<AtomicU64>);

/// Runs the streams of a connection.
#[derive(Clone)]
pub(crate) struct Streams {
    patience: Duration,
    doing: Doing,
}

impl Answering {
    /// An answer on a connection that has no streams.
    pub(crate) const fn new(body: Body, request: Request) -> Self {
        Self { body, stream: None, _request: request }
    }

    /// An answer on the stream that this task runs.
    pub(crate) fn on_stream(body: Body, request: Request, patience: Patience) -> Self {
        let offered = OFFERED.try_with(Offered::clone).ok();
        let piece = usize::try_from(patience.bytes).unwrap_or(LARGEST).clamp(SMALLEST, LARGEST);
        let stream = offered.map(|offered| Stream { offered, piece, rest: Bytes::new() });
        Self { body, stream, _request: request }
    }
}

impl Stream {
    /// The piece that was offered was taken.
    fn is_asked(&self) {
        let offered = &self.offered.0;
        if !offered.load(Ordering::Relaxed).is_multiple_of(2) {
            offered.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Offers a piece of what there is.
    fn offer(&mut self) -> Frame<Bytes> {
        self.offered.0.fetch_add(1, Ordering::Relaxed);
        Frame::data(self.rest.split_to(self.piece.min(self.rest.len())))
    }
}

impl HttpBody for Answering {
    type Data = Bytes;
    type Error = StoreError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StoreError>>> {
        let Self { body, stream, .. } = &mut *self;
        let Some(stream) = stream else { return Pin::new(body).poll_frame(context) };
        stream.is_asked();
        if stream.rest.is_empty() {
            match Pin::new(body).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    // An answer has no trailers.
                    stream.rest = frame.into_data().unwrap_or_default();
                }
                other => return other,
            }
        }
        Poll::Ready(Some(Ok(stream.offer())))
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.stream.as_ref().map_or(0, |stream| stream.rest.len() as u64);
        self.body
            .size_hint()
            .exact()
            .map_or_else(SizeHint::new, |size| SizeHint::with_exact(size + rest))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
            && self.stream.as_ref().is_none_or(|stream| stream.rest.is_empty())
    }
}

impl Streams {
    pub(crate) const fn new(patience: Patience, doing: Doing) -> Self {
        Self { patience: patience.time, doing }
    }
}

impl<F> Executor<F> for Streams
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        let Self { patience, doing } = self.clone();
        tokio::spawn(async move {
            let offered = Offered(Arc::default());
            let stream = OFFERED.scope(offered.clone(), stream);
            tokio::pin!(stream);
            let mut standing = Standing { doing: &doing, piece: 0, until: None, waiting: None };
            poll_fn(|context| {
                if stream.as_mut().poll(context).is_ready() {
                    return Poll::Ready(());
                }
                standing.look(offered.0.load(Ordering::Relaxed), patience, context)
            })
            .await;
        });
    }
}

/// The piece that a client was seen not to take, and until when it is to take it.
struct Standing<'d> {
    doing: &'d Doing,
    piece: u64,
    until: Option<Pin<Box<Sleep>>>,
    waiting: Option<Waiting<'d>>,
}

impl Standing<'_> {
    /// Looks at the piece that is offered. Ready where the client has let it stand for too long.
    fn look(&mut self, piece: u64, patience: Duration, context: &mut Context<'_>) -> Poll<()> {
        if piece.is_multiple_of(2) {
            self.waiting = None;
            return Poll::Pending;
        }
        self.waiting.get_or_insert_with(|| self.doing.wait());
        let until = self.until.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        if piece != self.piece {
            self.piece = piece;
            self.doing.goes_on();
            until.as_mut().reset(Instant::now() + patience);
        }
        until
            .as_mut()
            .poll(context)
            .map(|()| tracing::debug!("an answer is given up that nobody takes"))
    }
}
