//! What a connection does at a moment: how many of its requests are being answered, whether it is
//! its client that they wait for, and since when. Written on the way of every request, so it is a
//! few numbers that nobody waits for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// What a connection does.
#[derive(Clone)]
pub(crate) struct Doing(Arc<State>);

struct State {
    began: Instant,
    /// Requests that are being answered.
    requests: AtomicUsize,
    /// Those of them that stand still until the client sends or takes something.
    waits: AtomicUsize,
    /// Whether the client takes nothing of what waits to be written.
    blocked: AtomicBool,
    /// When a request began or ended last, or enough of a body came or went: so many microseconds
    /// after it began.
    since: AtomicU64,
    /// Whether another is to have its place.
    leaves: AtomicBool,
    left: Notify,
}

/// A request, until its answer is sent.
pub(crate) struct Request(Doing);

/// A request that stands still until its client does something.
pub(crate) struct Waiting<'d>(&'d Doing);

/// What a connection is good for to those who find no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stands {
    /// The client has asked for nothing, for so long.
    Idle(Duration),
    /// It was waited for in all that it asked, and not enough came or went in so long a time.
    Still(Duration),
    /// Something is being done for it.
    Busy,
}

impl Doing {
    pub(crate) fn new() -> Self {
        Self(Arc::new(State {
            began: Instant::now(),
            requests: AtomicUsize::new(0),
            waits: AtomicUsize::new(0),
            blocked: AtomicBool::new(false),
            since: AtomicU64::new(0),
            leaves: AtomicBool::new(false),
            left: Notify::new(),
        }))
    }

    /// One request more.
    pub(crate) fn begin(&self) -> Request {
        self.goes_on();
        self.0.requests.fetch_add(1, Ordering::AcqRel);
        Request(self.clone())
    }

    /// A request waits for the client, until the end of what this returns.
    pub(crate) fn wait(&self) -> Waiting<'_> {
        self.0.waits.fetch_add(1, Ordering::AcqRel);
        Waiting(self)
    }

    /// Something of what waits to be written is not taken, or all of it was.
    pub(crate) fn is_blocked(&self, blocked: bool) {
        self.0.blocked.store(blocked, Ordering::Release);
    }

    /// Something of what was waited for has come or gone.
    pub(crate) fn goes_on(&self) {
        self.moved(Instant::now());
    }

    /// The same, at this moment.
    pub(super) fn moved(&self, now: Instant) {
        let since = now.saturating_duration_since(self.0.began).as_micros();
        self.0.since.store(u64::try_from(since).unwrap_or(u64::MAX), Ordering::Release);
    }

    /// What it does at this moment.
    pub(super) fn stands(&self, now: Instant) -> Stands {
        let (requests, waits) =
            (self.0.requests.load(Ordering::Acquire), self.0.waits.load(Ordering::Acquire));
        let blocked = self.0.blocked.load(Ordering::Acquire);
        let since = Duration::from_micros(self.0.since.load(Ordering::Acquire));
        let so_long = now.saturating_duration_since(self.0.began).saturating_sub(since);
        if blocked || waits > 0 && waits >= requests {
            Stands::Still(so_long)
        } else if requests == 0 {
            Stands::Idle(so_long)
        } else {
            Stands::Busy
        }
    }

    /// Waits until nothing was asked for so long.
    pub(crate) async fn idle(&self, patience: Duration) {
        loop {
            let left = self.left(Instant::now(), patience);
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left).await;
        }
    }

    /// How long it may go on before it was idle for so long.
    fn left(&self, now: Instant, patience: Duration) -> Duration {
        match self.stands(now) {
            Stands::Idle(so_long) => patience.saturating_sub(so_long),
            // What it does ends after this moment, and so does what is left then.
            Stands::Still(_) | Stands::Busy => patience,
        }
    }

    /// Asks it to give its place to another.
    pub(crate) fn leave(&self) {
        self.0.leaves.store(true, Ordering::Release);
        self.0.left.notify_one();
    }

    /// Whether it was asked to give its place to another.
    pub(crate) fn is_asked_to_leave(&self) -> bool {
        self.0.leaves.load(Ordering::Acquire)
    }

    /// Waits until another is to have its place.
    pub(crate) async fn leaves(&self) {
        self.0.left.notified().await;
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        self.0.goes_on();
        self.0.0.requests.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.0.waits.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn it_is_idle_from_its_start_and_from_its_last_answer() {
        let (doing, patience) = (Doing::new(), SECOND * 3);
        let began = doing.0.began;
        assert_eq!(doing.stands(began + SECOND), Stands::Idle(SECOND));
        assert_eq!(doing.left(began + SECOND, patience), SECOND * 2);
        let (one, two) = (doing.begin(), doing.begin());
        drop(one);
        assert_eq!(doing.stands(began + SECOND), Stands::Busy);
        assert_eq!(doing.left(began + SECOND * 9, patience), patience);
        drop(two);
        doing.moved(began + SECOND * 10);
        assert_eq!(doing.stands(began + SECOND * 12), Stands::Idle(SECOND * 2));
        assert_eq!(doing.left(began + SECOND * 12, patience), SECOND);
        assert_eq!(doing.left(began + SECOND * 13, patience), Duration::ZERO);
        doing.idle(Duration::ZERO).await;
    }

    #[test]
    fn it_stands_still_where_all_that_runs_waits_for_the_client() {
        let doing = Doing::new();
        let began = doing.0.began;
        let (one, two) = (doing.begin(), doing.begin());
        let waiting = doing.wait();
        assert_eq!(doing.stands(began), Stands::Busy);
        drop(two);
        doing.moved(began + SECOND);
        assert_eq!(doing.stands(began + SECOND * 2), Stands::Still(SECOND));
        drop(waiting);
        assert_eq!(doing.stands(began), Stands::Busy);
        doing.is_blocked(true);
        assert!(matches!(doing.stands(began), Stands::Still(_)));
        drop(one);
        assert!(matches!(doing.stands(began), Stands::Still(_)), "its last words are not read yet");
        doing.is_blocked(false);
        assert!(matches!(doing.stands(began), Stands::Idle(_)));
    }

    #[tokio::test]
    async fn whoever_is_asked_to_leave_hears_it_whenever_it_listens() {
        let doing = Doing::new();
        assert!(!doing.is_asked_to_leave());
        doing.leave();
        assert!(doing.is_asked_to_leave());
        doing.leaves().await;
    }
}
