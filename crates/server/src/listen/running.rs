//! The requests of a connection that are being answered: without any for too long, it ends.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use naru_store::StoreError;
use tokio::sync::watch;

use crate::edge::Body;

/// How many requests of a connection are being answered.
#[derive(Clone)]
pub(crate) struct Running(watch::Sender<usize>);

/// One of them, until its answer is sent.
pub(crate) struct Request(watch::Sender<usize>);

/// The body of an answer, with the request that it belongs to.
pub(crate) struct Answering {
    body: Body,
    _request: Request,
}

impl Running {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    /// One more.
    pub(crate) fn begin(&self) -> Request {
        self.0.send_modify(|count| *count += 1);
        Request(self.0.clone())
    }

    /// Waits until there was none for so long.
    pub(crate) async fn idle(&self, patience: Duration) {
        let mut count = self.0.subscribe();
        loop {
            // The sender is here, so there is no error.
            let _none = count.wait_for(|count| *count == 0).await.map(|count| *count);
            if tokio::time::timeout(patience, count.changed()).await.is_err() {
                return;
            }
        }
    }
}

impl Request {
    /// The answer's body, with whose end the request ends.
    pub(crate) fn answered_with(self, body: Body) -> Answering {
        Answering { body, _request: self }
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

impl HttpBody for Answering {
    type Data = Bytes;
    type Error = StoreError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StoreError>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
}
