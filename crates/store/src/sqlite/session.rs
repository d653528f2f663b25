//! A connection as the statements see it: every statement is prepared once, and counted.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use naru_oci::{Algorithm, Digest};
use rusqlite::{Connection, ErrorCode, Params, Row};
use uuid::Uuid;

use crate::error::StoreError;

/// A connection, within a snapshot or transaction.
pub(super) struct Session<'c> {
    connection: &'c Connection,
    statements: &'c AtomicU64,
}

impl<'c> Session<'c> {
    pub(super) fn new(connection: &'c Connection, statements: &'c AtomicU64) -> Self {
        Self { connection, statements }
    }

    /// The first row, if there is one.
    pub(super) fn row<T, P: Params>(
        &self,
        sql: &str,
        params: P,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        self.count(sql);
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        match rows.next()? {
            Some(row) => Ok(Some(read(row)?)),
            None => Ok(None),
        }
    }

    /// All rows.
    pub(super) fn rows<T, P: Params>(
        &self,
        sql: &str,
        params: P,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        self.count(sql);
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params, read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether there is a row.
    pub(super) fn exists<P: Params>(&self, sql: &str, params: P) -> Result<bool, StoreError> {
        Ok(self.row(sql, params, |_| Ok(()))?.is_some())
    }

    /// Changes rows; how many.
    pub(super) fn execute<P: Params>(&self, sql: &str, params: P) -> Result<usize, StoreError> {
        self.count(sql);
        Ok(self.connection.prepare_cached(sql)?.execute(params)?)
    }

    /// Inserts a row; its id.
    pub(super) fn insert<P: Params>(&self, sql: &str, params: P) -> Result<i64, StoreError> {
        self.execute(sql, params)?;
        Ok(self.connection.last_insert_rowid())
    }

    #[cfg_attr(not(test), expect(unused_variables, reason = "plans are looked at in tests"))]
    fn count(&self, sql: &str) {
        #[cfg(test)]
        super::read_path::observe(self.connection, sql);
        self.statements.fetch_add(1, Ordering::Relaxed);
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match &error {
            rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
                ErrorCode::DiskFull => Self::Full,
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                    Self::Damaged(error.to_string())
                }
                _ => Self::Unavailable(error.to_string()),
            },
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..) => Self::Damaged(error.to_string()),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

/// A digest as it is stored.
pub(super) fn digest_key(digest: &Digest) -> Vec<u8> {
    let algorithm = match digest.algorithm() {
        Algorithm::Sha256 => 1,
        Algorithm::Sha512 => 2,
    };
    let mut key = Vec::with_capacity(65);
    key.push(algorithm);
    key.extend_from_slice(digest.bytes());
    key
}

/// A column that holds a digest.
pub(super) fn digest_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Digest> {
    let key = row.get_ref(column)?.as_blob()?;
    let digest = match key.split_first() {
        Some((1, bytes)) => Digest::from_bytes(Algorithm::Sha256, bytes).ok(),
        Some((2, bytes)) => Digest::from_bytes(Algorithm::Sha512, bytes).ok(),
        _ => None,
    };
    digest.ok_or_else(|| damaged(column, rusqlite::types::Type::Blob, "not a digest"))
}

/// A column that holds a time.
pub(super) fn time_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    let millisecond = row.get(column)?;
    Timestamp::from_millisecond(millisecond)
        .map_err(|_| damaged(column, rusqlite::types::Type::Integer, "not a time"))
}

/// A column that may hold a time.
pub(super) fn optional_time_at(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<Option<Timestamp>> {
    match row.get_ref(column)? {
        rusqlite::types::ValueRef::Null => Ok(None),
        _ => time_at(row, column).map(Some),
    }
}

/// A column that holds a GUID.
pub(super) fn guid_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Uuid> {
    row.get(column).map(Uuid::from_bytes)
}

/// A column that holds a text with a meaning of its own.
pub(super) fn parsed_at<T>(
    row: &Row<'_>,
    column: usize,
    parse: impl FnOnce(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    parse(text).ok_or_else(|| damaged(column, rusqlite::types::Type::Text, "an unknown value"))
}

/// A column that holds a size.
pub(super) fn size_at(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(|size| u64::try_from(size).unwrap_or_default())
}

/// A size as it is stored.
pub(super) fn size_key(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

fn damaged(column: usize, kind: rusqlite::types::Type, what: &'static str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, kind, what.into())
}
