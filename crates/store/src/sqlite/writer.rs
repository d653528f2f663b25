//! The writer thread: whatever waits commits together, then everybody is answered.
//!
//! A commit costs one sync of the log, however many writes are in it, so under load the sync is
//! shared and idle it is not waited for. Each write stands in a savepoint of its own: one that
//! fails takes nothing of the others with it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::migrate::MigrateError;
use super::session::Session;
use crate::error::StoreError;
use crate::freshness::Freshness;

/// The most writes in one transaction.
const BATCH: usize = 512;

/// What a write changes, for those who keep something in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Repositories and events.
    Content,
    /// Registries, principals, credentials, rights.
    Policy,
}

/// A write that waits for the thread.
trait Work: Send {
    /// Does it; whether it is to be kept.
    fn run(&mut self, session: &Session<'_>) -> bool;
    /// Tells whoever waits for it.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Job<T, E, F> {
    work: Option<F>,
    result: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Work for Job<T, E, F>
where
    T: Send,
    E: From<StoreError> + Send,
    F: FnOnce(&Session<'_>) -> Result<T, E> + Send,
{
    fn run(&mut self, session: &Session<'_>) -> bool {
        let Some(work) = self.work.take() else { return false };
        let result = catch_unwind(AssertUnwindSafe(|| work(session)))
            .unwrap_or_else(|panic| Err(StoreError::Damaged(describe(&*panic)).into()));
        let keep = result.is_ok();
        self.result = Some(result);
        keep
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let result = match (committed, self.result) {
            // A write that was refused is told its own reason, whatever became of the others.
            (_, Some(Err(error))) => Err(error),
            (Ok(()), Some(Ok(value))) => Ok(value),
            (Err(error), _) => Err(error.into()),
            (Ok(()), None) => Err(StoreError::Unavailable("the write was lost".to_owned()).into()),
        };
        // Whoever asked may have gone away; the write stands all the same.
        let _gone = self.answer.send(result);
    }
}

/// Sends writes to the thread.
pub(super) struct Writer {
    queue: mpsc::Sender<(Effect, Box<dyn Work>)>,
}

impl Writer {
    /// Starts the thread. It ends when the writer is dropped and all that waits is done.
    pub(super) fn start(
        connection: Connection,
        freshness: Freshness,
        statements: Arc<AtomicU64>,
    ) -> Result<Self, MigrateError> {
        let (queue, waiting) = mpsc::channel(2 * BATCH);
        let run = move || write_all(connection, waiting, &freshness, &statements);
        let thread = thread::Builder::new().name("naru-writer".to_owned()).spawn(run);
        thread.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(Self { queue })
    }

    /// How many writes wait for the thread.
    pub(super) fn waiting(&self) -> usize {
        self.queue.max_capacity().saturating_sub(self.queue.capacity())
    }

    /// Does a write, and returns when it is durable.
    pub(super) async fn submit<T, E, F>(&self, effect: Effect, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&Session<'_>) -> Result<T, E> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(Job { work: Some(work), result: None, answer });
        let stopped = || StoreError::Unavailable("the writer has stopped".to_owned());
        self.queue.send((effect, job)).await.map_err(|_| stopped())?;
        answered.await.unwrap_or_else(|_| Err(stopped().into()))
    }
}

fn write_all(
    mut connection: Connection,
    mut waiting: mpsc::Receiver<(Effect, Box<dyn Work>)>,
    freshness: &Freshness,
    statements: &AtomicU64,
) {
    let mut batch = Vec::with_capacity(BATCH);
    while let Some(first) = waiting.blocking_recv() {
        batch.push(first);
        while batch.len() < BATCH
            && let Ok(next) = waiting.try_recv()
        {
            batch.push(next);
        }
        let policy = batch.iter().any(|(effect, _)| *effect == Effect::Policy);
        let begun = connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let (begun, committed) = match begun {
            Ok(transaction) => (true, commit(transaction, &mut batch, statements)),
            Err(error) => (false, Err(error.into())),
        };
        if policy {
            // Also where the commit failed: it costs a reading, and is never wrong.
            freshness.advance();
        }
        for (_, work) in batch.drain(..) {
            work.answer(committed.clone());
        }
        if !begun {
            // Another process has the database, and kept this one waiting. Who came meanwhile has
            // waited too, and does not wait for a second time.
            while let Ok((_, work)) = waiting.try_recv() {
                work.answer(committed.clone());
            }
        }
    }
}

fn commit(
    transaction: Transaction<'_>,
    batch: &mut [(Effect, Box<dyn Work>)],
    statements: &AtomicU64,
) -> Result<(), StoreError> {
    let alone = batch.len() == 1;
    let mut any = false;
    for (_, work) in batch {
        if !alone {
            transaction.prepare_cached("SAVEPOINT work")?.execute([])?;
        }
        let keep = work.run(&Session::new(&transaction, statements));
        if transaction.is_autocommit() {
            // The engine gave the whole transaction up by itself, as it does on a full disk.
            return Err(StoreError::Full);
        }
        if !keep && !alone {
            transaction.prepare_cached("ROLLBACK TO work")?.execute([])?;
        }
        if !alone {
            transaction.prepare_cached("RELEASE work")?.execute([])?;
        }
        any |= keep;
    }
    let ended = if any { transaction.commit() } else { transaction.rollback() };
    Ok(ended?)
}

fn describe(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("a write panicked: {}", text.unwrap_or("without a reason"))
}
