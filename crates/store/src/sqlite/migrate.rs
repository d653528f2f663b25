//! Migrations: embedded in the binary, run at start, each in a transaction.

use rusqlite::{Connection, TransactionBehavior};

use super::session::Session;
use crate::error::StoreError;

/// Marks a database as ours (`naru` in ASCII).
const APPLICATION_ID: i32 = 0x6e61_7275;

const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001_first.sql"),
    include_str!("../../migrations/0002_attributes.sql"),
    include_str!("../../migrations/0003_verification.sql"),
    include_str!("../../migrations/0004_events.sql"),
    include_str!("../../migrations/0005_growth.sql"),
    include_str!("../../migrations/0006_damage.sql"),
    include_str!("../../migrations/0007_config.sql"),
];

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// It was written by a newer version.
    #[error(
        "the database has schema version {found}, and this version of naru knows versions up to \
         {known}: start the version that wrote it, or a newer one"
    )]
    Newer {
        /// The version that was found.
        found: usize,
        /// The newest that is known.
        known: usize,
    },
    /// It belongs to something else.
    #[error("the file is a database of another program")]
    Foreign,
    /// It cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for MigrateError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Brings a database up to date.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), MigrateError> {
    let application: i32 = connection.pragma_query_value(None, "application_id", |r| r.get(0))?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |r| r.get(0))?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION_ID && tables > 0 {
        return Err(MigrateError::Foreign);
    }
    let version = usize::try_from(version).unwrap_or(usize::MAX);
    let known = MIGRATIONS.len();
    let due = MIGRATIONS.get(version..).ok_or(MigrateError::Newer { found: version, known })?;
    for (number, sql) in (version + 1..).zip(due) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(sql)?;
        if number == 1 {
            let statements = std::sync::atomic::AtomicU64::new(0);
            super::administration::insert_built_in_roles(&Session::new(&transaction, &statements))?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(
            None,
            "user_version",
            i64::try_from(number).unwrap_or(i64::MAX),
        )?;
        transaction.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_of_a_newer_version_is_refused_in_words() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        migrate(&mut connection).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        let error = migrate(&mut connection).unwrap_err().to_string();
        assert!(error.contains("version 99") && error.contains("newer"), "{error}");
    }

    #[test]
    fn a_database_of_another_program_is_left_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE theirs (a)").unwrap();
        assert!(matches!(migrate(&mut connection), Err(MigrateError::Foreign)));
    }

    #[test]
    fn a_database_of_the_first_version_is_brought_up_to_date() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(MIGRATIONS[0]).unwrap();
        connection
            .execute_batch(
                "INSERT INTO tenant VALUES (x'01', x'02', 1);
                 INSERT INTO registry (id, tenant, name, name_key, created)
                     VALUES (x'03', x'01', 'registry', 'registry', 1);
                 INSERT INTO repository (id, tenant, registry, name, listed, created)
                     VALUES (1, x'01', x'03', 'app', 1, 5000);
                 INSERT INTO manifest (id, repository, digest, media_type, size, created)
                     VALUES (1, 1, x'01ff', 'x', 2, 6000);
                 INSERT INTO tag VALUES (1, 'v1', 'v1', 1, 6000, 7000);",
            )
            .unwrap();
        connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        migrate(&mut connection).unwrap();
        let sql = "SELECT r.locks, r.updated, m.locks, m.updated, t.locks FROM repository r \
                   JOIN manifest m ON m.repository = r.id JOIN tag t ON t.manifest = m.id";
        let row = connection.query_row(sql, [], |row| {
            Ok([row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?])
        });
        assert_eq!(row.unwrap(), [0, 5000, 0, 6000, 0]);
        assert_eq!(numbers(&connection), [1, 1, 0, 0, 1], "what was there is counted once");
    }

    /// Manifests and tags of the repository; blobs, bytes and manifests in all.
    fn numbers(connection: &Connection) -> [i64; 5] {
        let sql = "SELECT r.manifests, r.tags, s.blobs, s.bytes, s.manifests FROM stored s \
                   LEFT JOIN repository r";
        let read = |row: &rusqlite::Row<'_>| {
            let number = |at| row.get::<_, Option<i64>>(at).map(Option::unwrap_or_default);
            Ok([number(0)?, number(1)?, number(2)?, number(3)?, number(4)?])
        };
        connection.query_row(sql, [], read).unwrap()
    }

    #[test]
    fn numbers_follow_whatever_is_inserted_and_deleted() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        migrate(&mut connection).unwrap();
        let begin = "INSERT INTO tenant VALUES (x'01', x'02', 1);
            INSERT INTO registry (id, tenant, name, name_key, created) VALUES (x'03', x'01', 'r', 'r', 1);
            INSERT INTO repository (id, tenant, registry, name, created) VALUES (1, x'01', x'03', 'app', 1);
            INSERT INTO blob (id, tenant, digest, size, lease) VALUES (1, x'01', x'0a', 5, 0), (2, x'01', x'0b', 7, 0);
            INSERT INTO manifest (id, repository, digest, media_type, size, created)
                VALUES (1, 1, x'01', 'x', 2, 1), (2, 1, x'02', 'x', 2, 1);
            INSERT INTO tag (repository, name_key, name, manifest, created, updated)
                VALUES (1, 'a', 'a', 1, 1, 1), (1, 'b', 'b', 1, 1, 1), (1, 'c', 'c', 2, 1, 1);";
        connection.execute_batch(begin).unwrap();
        let after = |sql: &str| {
            connection.execute_batch(sql).unwrap();
            numbers(&connection)
        };
        assert_eq!(after(""), [2, 3, 2, 12, 2]);
        let moved = "INSERT INTO tag (repository, name_key, name, manifest, created, updated)
            VALUES (1, 'a', 'a', 2, 1, 1) ON CONFLICT DO UPDATE SET manifest = excluded.manifest";
        assert_eq!(after(moved), [2, 3, 2, 12, 2], "a tag that moves is no further one");
        assert_eq!(after("DELETE FROM manifest WHERE id = 1"), [1, 2, 2, 12, 1], "with its tag");
        assert_eq!(after("DELETE FROM blob WHERE id = 2"), [1, 2, 1, 5, 1]);
        assert_eq!(after("DELETE FROM repository"), [0, 0, 1, 5, 0], "with all that is in it");
    }

    #[test]
    fn what_the_configs_of_an_older_version_say_is_kept_with_their_manifests() {
        let mut connection = Connection::open_in_memory().unwrap();
        MIGRATIONS[..6].iter().for_each(|sql| connection.execute_batch(sql).unwrap());
        let rows = r#"INSERT INTO tenant VALUES (x'01', x'02', 1);
            INSERT INTO registry (id, tenant, name, name_key, created) VALUES (x'03', x'01', 'r', 'r', 1);
            INSERT INTO repository (id, tenant, registry, name, created) VALUES (1, x'01', x'03', 'app', 1);
            INSERT INTO blob (id, tenant, digest, size, lease)
                VALUES (1, x'01', x'0a', 5, 0), (2, x'01', x'0b', 5, 0), (3, x'01', x'0c', 5, 0);
            INSERT INTO blob_content VALUES (1, CAST('{"architecture":"arm64","os":"linux"}' AS BLOB)),
                (2, x'ff00'), (3, CAST('{"os":"linux"}' AS BLOB));
            INSERT INTO blob_link VALUES (1, 1, 0), (1, 2, 0);
            INSERT INTO manifest (id, repository, digest, media_type, size, created, config)
                VALUES (1, 1, x'01', 'x', 2, 1, x'0a'), (2, 1, x'02', 'x', 2, 1, x'0b'),
                    (3, 1, x'03', 'x', 2, 1, x'0c'), (4, 1, x'04', 'x', 2, 1, NULL);"#;
        connection.execute_batch(rows).unwrap();
        connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        connection.pragma_update(None, "user_version", 6).unwrap();
        migrate(&mut connection).unwrap();
        let sql = "SELECT concat_ws(' ', id, architecture, os) FROM manifest ORDER BY id";
        let mut statement = connection.prepare(sql).unwrap();
        let found: Result<Vec<String>, _> =
            statement.query_map([], |row| row.get(0)).unwrap().collect();
        // The second is no JSON, and the third is not of this repository.
        assert_eq!(found.unwrap(), ["1 arm64 linux", "2", "3", "4"]);
    }

    #[test]
    fn events_of_an_older_version_are_kept_and_their_row_numbers_never_come_again() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(MIGRATIONS[0]).unwrap();
        connection.execute_batch(MIGRATIONS[1]).unwrap();
        connection
            .execute_batch(
                "INSERT INTO login_event VALUES (7, x'01', x'03', 5, x'0a', 'GET /v2/', 'alice',
                     'user-password', '192.0.2.7', 401, 'credential-invalid', NULL, NULL, NULL,
                     NULL, NULL, 'registry', 'docker', NULL, 3, 1, 5);
                 INSERT INTO repository_event VALUES (9, x'01', x'03', 6, x'0b', 'Push', 'alice',
                     'user-password', '192.0.2.7', 201, 'app', 'v1', NULL, NULL, NULL, 2, 'admin',
                     'registry', 'docker', NULL, 3, 1, 6);",
            )
            .unwrap();
        connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        connection.pragma_update(None, "user_version", 2).unwrap();
        migrate(&mut connection).unwrap();
        for (table, id, who) in [("login_event", 7, "alice"), ("repository_event", 9, "alice")] {
            let sql = format!("SELECT id, identity, count, spread FROM {table}");
            let row = connection.query_row(&sql, [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            });
            let kept: (i64, String, i64, String) = row.unwrap();
            assert_eq!(kept, (id, who.to_owned(), 1, "same".to_owned()));
            connection.execute_batch(&format!("DELETE FROM {table}")).unwrap();
            let columns = "tenant, registry, time, correlation_id, operation, identity, \
                           credential, caller_ip, result, login_server, user_agent, duration_ms, \
                           last_time";
            let repository = if table == "repository_event" { ", repository" } else { "" };
            let value = if table == "repository_event" { ", 'app'" } else { "" };
            connection
                .execute_batch(&format!(
                    "INSERT INTO {table} ({columns}{repository}) VALUES (x'01', x'03', 8, x'0c', \
                     'x', 'x', 'x', 'x', 200, 'x', 'x', 0, 8{value})"
                ))
                .unwrap();
            assert!(connection.last_insert_rowid() > id, "{table}");
        }
    }
}
