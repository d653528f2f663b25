//! Transactions by statements that are prepared once, as all others are: parsing `BEGIN` and `COMMIT`
//! anew costs a reading as much as its own statement.

use rusqlite::Connection;

/// How a transaction begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begin {
    /// It only reads.
    Reading,
    /// It writes, and takes the lock for that at once.
    Writing,
}

/// A transaction, rolled back unless it is committed.
pub(super) struct Transaction<'c> {
    connection: &'c Connection,
    open: bool,
}

impl<'c> Transaction<'c> {
    /// Begins one.
    pub(super) fn begin(connection: &'c Connection, how: Begin) -> rusqlite::Result<Self> {
        let sql = match how {
            Begin::Reading => "BEGIN DEFERRED",
            Begin::Writing => "BEGIN IMMEDIATE",
        };
        connection.prepare_cached(sql)?.execute([])?;
        Ok(Self { connection, open: true })
    }

    /// Keeps what was written.
    pub(super) fn commit(mut self) -> rusqlite::Result<()> {
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        self.open = false;
        Ok(())
    }

    /// Gives up what was written.
    pub(super) fn roll_back(mut self) -> rusqlite::Result<()> {
        self.open = false;
        self.end()
    }

    fn end(&self) -> rusqlite::Result<()> {
        // The engine ends one by itself, as it does on a full disk.
        if self.connection.is_autocommit() {
            return Ok(());
        }
        self.connection.prepare_cached("ROLLBACK")?.execute([]).map(drop)
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.open {
            // Whoever drops it has an error to tell already.
            let _ended = self.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE kept (it)").unwrap();
        connection
    }

    fn rows(connection: &Connection) -> i64 {
        connection.query_row("SELECT count(*) FROM kept", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn what_is_committed_stays_and_what_is_dropped_or_rolled_back_goes() {
        let connection = connection();
        let insert = || connection.execute("INSERT INTO kept VALUES (1)", []).unwrap();
        let begin = || Transaction::begin(&connection, Begin::Writing).unwrap();
        let first = begin();
        insert();
        first.commit().unwrap();
        let second = begin();
        insert();
        drop(second);
        let third = begin();
        insert();
        third.roll_back().unwrap();
        assert!(connection.is_autocommit());
        assert_eq!(rows(&connection), 1);
    }

    #[test]
    fn a_commit_that_fails_leaves_no_transaction_open() {
        let connection = connection();
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        let sql = "CREATE TABLE parent (id INTEGER PRIMARY KEY); CREATE TABLE child (of INTEGER \
                   REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)";
        connection.execute_batch(sql).unwrap();
        let transaction = Transaction::begin(&connection, Begin::Writing).unwrap();
        connection.execute("INSERT INTO child VALUES (7)", []).unwrap();
        assert!(transaction.commit().is_err());
        assert!(connection.is_autocommit());
    }
}
