//! Whether the server is ready: the database takes writes, and the content store takes files.
//!
//! Anybody may ask, as often as they like. So it is looked at once a second at most, by one asker
//! for all, and within a time; which of the two fails is for the operator, in the log. A full disk
//! is no reason to send clients elsewhere: pulls go on, and a push is refused in words.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use naru_access::Maintenance;
use naru_store::{Store, StoreError};
use tokio::sync::Mutex;
use tokio::time::timeout;

/// How long an answer holds.
const HOLDS: SignedDuration = SignedDuration::from_secs(1);

/// How long each of the two may take: a disk that hangs is one that does not work.
const PATIENCE: Duration = Duration::from_secs(5);

/// What was seen last, and when.
#[derive(Debug, Default)]
pub(crate) struct Readiness(Mutex<Option<(Timestamp, bool)>>);

impl Readiness {
    /// Whether the server is ready.
    pub(crate) async fn look(
        &self,
        store: &Store,
        maintenance: &Maintenance,
        now: Timestamp,
    ) -> bool {
        let mut last = self.0.lock().await;
        if let Some((at, ready)) = *last
            && now.duration_since(at).abs() < HOLDS
        {
            return ready;
        }
        let database = timeout(PATIENCE, store.metadata().ping());
        let content = timeout(PATIENCE, store.probe_content(maintenance));
        let (database, content) = tokio::join!(database, content);
        let ready = [("database", database), ("content", content)]
            .map(|(part, probed)| match probed {
                Ok(Ok(())) => true,
                Ok(Err(error)) => failed(part, &error),
                Err(_) => failed(part, &StoreError::Unavailable("no answer in time".to_owned())),
            })
            .iter()
            .all(|works| *works);
        *last = Some((now, ready));
        ready
    }
}

fn failed(part: &'static str, error: &StoreError) -> bool {
    tracing::warn!(part, %error, "the server is not ready");
    false
}
