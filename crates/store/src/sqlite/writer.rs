//! The writer thread: whatever waits commits together, then everybody is answered.
//!
//! A commit costs one sync of the log, however many writes are in it, so under load the sync is
//! shared and idle it is not waited for. One that fails takes nothing of the others with it: where
//! it had written something already, all are done again, each in a savepoint of its own. That is
//! rare, and savepoints copy every page that they see changed.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::migrate::MigrateError;
use super::recent::{Counter, Turns};
use super::session::Session;
use super::transaction::{Begin, Transaction};
use crate::error::StoreError;
use crate::freshness::Freshness;

/// The most writes in one transaction.
const BATCH: usize = 512;

/// What a write changes, for those who keep something in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing of it: events, leases, and content that was not there before.
    Nothing,
    /// What is in a repository.
    Repository(Counter),
    /// What is in any repository.
    Repositories,
    /// Registries, principals, credentials, rights, attributes; and with them all of the above.
    Policy,
}

/// Those who keep something in memory.
pub(super) struct Keepers {
    pub(super) policy: Freshness,
    pub(super) content: Turns,
}

impl Keepers {
    /// Tells them what a commit changed. Also where it failed: that costs a reading, and is never
    /// wrong.
    fn learn(&self, effect: Effect) {
        match effect {
            Effect::Nothing => {}
            Effect::Repository(counter) => self.content.end(counter),
            Effect::Repositories => self.content.end_all(),
            Effect::Policy => {
                self.policy.advance();
                self.content.end_all();
            }
        }
    }
}

/// A write that waits for the thread.
trait Work: Send {
    /// Does it; whether it is to be kept. What was done may be undone, and then it is done again.
    fn run(&mut self, session: &Session<'_>) -> bool;
    /// Tells whoever waits for it.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Job<T, E, F> {
    work: F,
    result: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Work for Job<T, E, F>
where
    T: Send,
    E: From<StoreError> + Send,
    F: Fn(&Session<'_>) -> Result<T, E> + Send,
{
    fn run(&mut self, session: &Session<'_>) -> bool {
        let result = catch_unwind(AssertUnwindSafe(|| (self.work)(session)))
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
        keepers: Keepers,
        statements: Arc<AtomicU64>,
    ) -> Result<Self, MigrateError> {
        let (queue, waiting) = mpsc::channel(2 * BATCH);
        let run = move || write_all(&connection, waiting, &keepers, &statements);
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
        F: Fn(&Session<'_>) -> Result<T, E> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(Job { work, result: None, answer });
        let stopped = || StoreError::Unavailable("the writer has stopped".to_owned());
        self.queue.send((effect, job)).await.map_err(|_| stopped())?;
        answered.await.unwrap_or_else(|_| Err(stopped().into()))
    }
}

fn write_all(
    connection: &Connection,
    mut waiting: mpsc::Receiver<(Effect, Box<dyn Work>)>,
    keepers: &Keepers,
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
        let begun = Transaction::begin(connection, Begin::Writing);
        let (begun, committed) = match begun {
            Ok(transaction) => (true, commit(transaction, connection, &mut batch, statements)),
            Err(error) => (false, Err(error.into())),
        };
        // Before anybody is told of the commit.
        for (effect, _) in &batch {
            keepers.learn(*effect);
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
    connection: &Connection,
    batch: &mut [(Effect, Box<dyn Work>)],
    statements: &AtomicU64,
) -> Result<(), StoreError> {
    if let Some(any) = do_all(connection, batch, statements)? {
        return Ok(if any { transaction.commit() } else { transaction.roll_back() }?);
    }
    transaction.roll_back()?;
    let transaction = Transaction::begin(connection, Begin::Writing)?;
    for (_, work) in batch {
        connection.prepare_cached("SAVEPOINT work")?.execute([])?;
        let keep = work.run(&Session::new(connection, statements));
        whole(connection)?;
        if !keep {
            connection.prepare_cached("ROLLBACK TO work")?.execute([])?;
        }
        connection.prepare_cached("RELEASE work")?.execute([])?;
    }
    Ok(transaction.commit()?)
}

/// Does all of them; whether there is anything to commit. Nothing where one of several failed that
/// had written something, which has to be undone.
fn do_all(
    connection: &Connection,
    batch: &mut [(Effect, Box<dyn Work>)],
    statements: &AtomicU64,
) -> Result<Option<bool>, StoreError> {
    let alone = batch.len() == 1;
    let mut any = false;
    for (_, work) in batch {
        let before = connection.total_changes();
        let keep = work.run(&Session::new(connection, statements));
        whole(connection)?;
        if !keep && !alone && connection.total_changes() != before {
            return Ok(None);
        }
        any |= keep;
    }
    Ok(Some(any))
}

/// Fails where the engine gave the whole transaction up by itself, as it does on a full disk.
fn whole(connection: &Connection) -> Result<(), StoreError> {
    if connection.is_autocommit() { Err(StoreError::Full) } else { Ok(()) }
}

fn describe(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("a write panicked: {}", text.unwrap_or("without a reason"))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Asked = (Effect, Box<dyn Work>);
    type Answered = oneshot::Receiver<Result<(), StoreError>>;

    fn job(
        work: impl Fn(&Session<'_>) -> Result<(), StoreError> + Send + 'static,
    ) -> (Asked, Answered) {
        let (answer, answered) = oneshot::channel();
        ((Effect::Nothing, Box::new(Job { work, result: None, answer })), answered)
    }

    fn insert(value: i64) -> (Asked, Answered) {
        job(move |session| session.execute("INSERT INTO kept VALUES (?1)", (value,)).map(drop))
    }

    fn failing_after(value: i64) -> (Asked, Answered) {
        job(move |session| {
            session.execute("INSERT INTO kept VALUES (?1)", (value,))?;
            Err(StoreError::Damaged("for a test".to_owned()))
        })
    }

    /// What is kept of a batch, and who was told that it is.
    fn written(batch: Vec<(Asked, Answered)>) -> (Vec<i64>, Vec<bool>) {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE kept (it)").unwrap();
        let (mut jobs, answers): (Vec<Asked>, Vec<Answered>) = batch.into_iter().unzip();
        let begun = Transaction::begin(&connection, Begin::Writing).unwrap();
        let committed = commit(begun, &connection, &mut jobs, &AtomicU64::new(0));
        assert!(connection.is_autocommit());
        for (_, work) in jobs {
            work.answer(committed.clone());
        }
        let told = answers.into_iter().map(|mut answer| answer.try_recv().unwrap().is_ok());
        let told = told.collect();
        let mut statement = connection.prepare("SELECT it FROM kept ORDER BY it").unwrap();
        let kept = statement.query_map([], |row| row.get(0)).unwrap();
        (kept.map(Result::unwrap).collect(), told)
    }

    #[test]
    fn one_that_fails_after_it_wrote_takes_nothing_of_the_others_with_it() {
        let batch = vec![insert(1), failing_after(2), insert(3), failing_after(4)];
        assert_eq!(written(batch), (vec![1, 3], vec![true, false, true, false]));
    }

    #[test]
    fn one_that_fails_before_it_wrote_is_nothing_to_undo() {
        let refused = || job(|_| Err(StoreError::Damaged("for a test".to_owned())));
        assert_eq!(
            written(vec![insert(1), refused(), insert(3)]),
            (vec![1, 3], vec![true, false, true])
        );
        assert_eq!(written(vec![refused()]), (vec![], vec![false]));
    }

    #[test]
    fn one_alone_that_fails_leaves_nothing() {
        assert_eq!(written(vec![failing_after(1)]), (vec![], vec![false]));
    }

    #[test]
    fn one_that_panics_is_answered_as_one_that_fails() {
        let panics = job(|session| {
            session.execute("INSERT INTO kept VALUES (2)", ())?;
            panic!("for a test")
        });
        assert_eq!(
            written(vec![insert(1), panics, insert(3)]),
            (vec![1, 3], vec![true, false, true])
        );
    }
}
