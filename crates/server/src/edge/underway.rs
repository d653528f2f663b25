//! One piece of an answer on its way at a time.
//!
//! HTTP/1.1 queues what it is given for a connection up to the size of its buffer, however slowly that is
//! taken: of a client that reads nothing it would hold half a megabyte, in as many pieces as that
//! takes. So the next piece is given only once all of the last one is gone.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

/// What is on its way.
#[derive(Clone, Default)]
pub(crate) struct Underway(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// Whether a piece is.
    piece: bool,
    /// Who waits until it is gone.
    waits: Option<Waker>,
}

/// A piece, which says when it is gone.
struct Piece {
    bytes: Bytes,
    underway: Underway,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        let waits = self.underway.state(|state| {
            state.piece = false;
            state.waits.take()
        });
        if let Some(waits) = waits {
            waits.wake();
        }
    }
}

impl Underway {
    /// Waits until nothing is.
    pub(crate) fn poll_gone(&self, context: &Context<'_>) -> Poll<()> {
        self.state(|state| {
            if !state.piece {
                return Poll::Ready(());
            }
            state.waits = Some(context.waker().clone());
            Poll::Pending
        })
    }

    /// Sends a piece on its way.
    pub(crate) fn send(&self, bytes: Bytes) -> Bytes {
        self.state(|state| state.piece = true);
        Bytes::from_owner(Piece { bytes, underway: self.clone() })
    }

    fn state<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    #[tokio::test]
    async fn the_next_piece_waits_until_all_of_the_last_one_is_gone() {
        let underway = Underway::default();
        let gone = || poll_fn(|context| underway.poll_gone(context));
        gone().await;
        let mut piece = underway.send(Bytes::from_static(b"piece"));
        let part = piece.split_to(2);
        let mut waiting = std::pin::pin!(gone());
        drop(piece);
        assert!(is_pending(waiting.as_mut()).await);
        let part = tokio::spawn(async move { drop(part) });
        waiting.await;
        part.await.unwrap();
        gone().await;
    }

    /// Whether a future is not ready.
    async fn is_pending(mut future: std::pin::Pin<&mut impl Future<Output = ()>>) -> bool {
        poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_pending())).await
    }
}
