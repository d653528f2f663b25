//! Telling a caller how far something long is, while it runs.

use std::fmt;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame};
use naru_store::Progress;
use serde::Serialize;
use tokio::sync::mpsc;

/// How many lines wait for a client that reads slowly; what is more of progress is left out.
const WAITING: usize = 16;

/// Where a caller listens.
#[derive(Clone)]
pub struct Watch(mpsc::Sender<Bytes>);

/// Lines of JSON, as they come.
pub(crate) struct Lines(mpsc::Receiver<Bytes>);

#[derive(Serialize)]
struct ProgressLine {
    progress: Progress,
}

/// Both ends.
pub(crate) fn lines() -> (Watch, Lines) {
    let (sender, receiver) = mpsc::channel(WAITING);
    (Watch(sender), Lines(receiver))
}

impl Watch {
    /// Tells how far it is; whether anybody still listens.
    pub(crate) fn tell(&self, progress: Progress) -> ControlFlow<()> {
        let line = line(&ProgressLine { progress });
        match self.0.try_send(line) {
            Err(mpsc::error::TrySendError::Closed(_)) => ControlFlow::Break(()),
            Ok(()) | Err(mpsc::error::TrySendError::Full(_)) => ControlFlow::Continue(()),
        }
    }

    /// Sends the last line.
    pub(crate) async fn end(self, last: &impl Serialize) {
        // Whoever asked may have gone away.
        let _gone = self.0.send(line(last)).await;
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}

impl Body for Lines {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.get_mut().0.poll_recv(context).map(|line| line.map(|line| Ok(Frame::data(line))))
    }
}

fn line(value: &impl Serialize) -> Bytes {
    let mut text = serde_json::to_vec(value).unwrap_or_default();
    text.push(b'\n');
    text.into()
}
