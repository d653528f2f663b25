//! SQLite: one writer thread with group commit, a few readers, WAL with `synchronous=FULL`.
//!
//! All SQL goes through [`session::Session`], all writes through [`writer`]. Where the statements
//! are: [`gatehouse`], [`repositories`], [`properties`], [`administration`], [`audit`], [`upkeep`]. The
//! lock on the data directory makes this process the sole writer, which is what lets [`Freshness`] be a counter.

mod administration;
mod audit;
mod gatehouse;
mod locks;
mod migrate;
mod properties;
#[cfg(test)]
mod read_path;
mod recent;
mod repositories;
mod session;
mod transaction;
mod upkeep;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use naru_access::InRepository;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

use crate::error::StoreError;
use crate::freshness::Freshness;
use crate::metadata::Metadata;
use crate::record::Load;
pub use migrate::MigrateError;
use recent::{Recent, Turns};
use session::Session;
use transaction::{Begin, Transaction};
use writer::{Effect, Keepers, Writer};

/// How many connections read at once.
const READERS: usize = 4;

/// The database of a data directory.
pub struct Sqlite {
    path: PathBuf,
    writer: Writer,
    idle: Arc<Mutex<Vec<Connection>>>,
    readers: Arc<Semaphore>,
    freshness: Freshness,
    recent: Recent,
    turns: Turns,
    statements: Arc<AtomicU64>,
}

impl Sqlite {
    /// Opens the database, makes it if it is not there, and brings its schema up to date.
    pub fn open(path: &Path) -> Result<Self, MigrateError> {
        let mut connection = Connection::open(path)?;
        connection.pragma_update(None, "page_size", 8192)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        tune(&connection)?;
        // Every commit is on the disk before its answer goes out.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", 1000)?;
        migrate::migrate(&mut connection)?;
        let (freshness, turns) = (Freshness::default(), Turns::default());
        let statements = Arc::new(AtomicU64::new(0));
        let keepers = Keepers { policy: freshness.clone(), content: turns.clone() };
        let writer = Writer::start(connection, keepers, Arc::clone(&statements))?;
        Ok(Self {
            path: path.to_owned(),
            writer,
            idle: Arc::default(),
            readers: Arc::new(Semaphore::new(READERS)),
            freshness,
            recent: Recent::new(turns.clone()),
            turns,
            statements,
        })
    }

    /// Reads in one snapshot, away from the async threads.
    async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&Session<'_>) -> Result<T, E> + Send + 'static,
    {
        let closed = |_| StoreError::Unavailable("the store is closed".to_owned());
        let permit = Arc::clone(&self.readers).acquire_owned().await.map_err(closed)?;
        let (idle, path) = (Arc::clone(&self.idle), self.path.clone());
        let statements = Arc::clone(&self.statements);
        let read = move || {
            let _permit = permit;
            let taken = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = match taken {
                Some(connection) => connection,
                None => open_reader(&path).map_err(StoreError::from)?,
            };
            let result = in_snapshot(&connection, &statements, work);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            result
        };
        match tokio::task::spawn_blocking(read).await {
            Ok(result) => result,
            Err(error) => Err(StoreError::Unavailable(error.to_string()).into()),
        }
    }

    /// Writes what nobody keeps in memory, in a transaction that commits together with whatever
    /// else waits.
    async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: Fn(&Session<'_>) -> Result<T, E> + Send + 'static,
    {
        self.writer.submit(Effect::Nothing, work).await
    }

    /// Moves or removes what is in a repository.
    async fn write_in<T, E, F>(&self, place: &InRepository, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: Fn(&Session<'_>) -> Result<T, E> + Send + 'static,
    {
        self.writer.submit(Effect::Repository(self.turns.counter(place)), work).await
    }

    /// Removes what is in any repository.
    async fn write_anywhere<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: Fn(&Session<'_>) -> Result<T, E> + Send + 'static,
    {
        self.writer.submit(Effect::Repositories, work).await
    }

    /// Writes policy, credentials, stamps or attributes: all that was kept in memory is stale
    /// afterwards.
    async fn write_policy<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: Fn(&Session<'_>) -> Result<T, E> + Send + 'static,
    {
        self.writer.submit(Effect::Policy, work).await
    }
}

impl Metadata for Sqlite {
    fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    fn load(&self) -> Load {
        let readers_busy = READERS.saturating_sub(self.readers.available_permits());
        Load { readers: READERS, readers_busy, writes_waiting: self.writer.waiting() }
    }
}

/// Several statements see one state of the database.
fn in_snapshot<T, E: From<StoreError>>(
    connection: &Connection,
    statements: &AtomicU64,
    work: impl FnOnce(&Session<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let snapshot = Transaction::begin(connection, Begin::Reading).map_err(StoreError::from)?;
    let read = work(&Session::new(connection, statements));
    // There is nothing to keep; but a snapshot that stays holds the log back.
    snapshot.roll_back().map_err(StoreError::from)?;
    read
}

fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    tune(&connection)?;
    Ok(connection)
}

/// What every connection is set to.
fn tune(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -4_096)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    // One plan for a statement, whatever is bound: else each that a partial index might serve is
    // prepared anew whenever it is run.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(())
}
