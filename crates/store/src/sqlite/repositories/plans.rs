//! How SQLite goes about the statements: by index, each of them.

use rusqlite::Connection;

use super::super::migrate::migrate;
use super::{REPOSITORY, blob, list, manifest};

/// The steps of a statement.
pub(in crate::sqlite) fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    // Parameters are left unbound: a plan does not depend on them.
    let mut rows = statement.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get(3).unwrap());
    }
    steps
}

pub(in crate::sqlite) fn database() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    connection.pragma_update(None, "foreign_keys", true).unwrap();
    migrate(&mut connection).unwrap();
    connection
}

#[test]
fn no_statement_looks_at_a_whole_table() {
    let connection = database();
    let statements = [
        REPOSITORY,
        blob::READ,
        blob::STAT,
        blob::LINKED,
        blob::HOLDERS,
        blob::NAMED_BY,
        blob::LOCATION,
        manifest::STAT_BY_DIGEST,
        manifest::STAT_BY_TAG,
        manifest::READ_BY_DIGEST,
        manifest::READ_BY_TAG,
        manifest::LINKED_BLOB,
        manifest::FIND,
        manifest::TAGS_OF,
        manifest::NAMED_BLOBS,
        manifest::DELETE,
        manifest::DELETE_TAG,
        list::TAGS,
        list::CATALOG,
        list::REFERRERS,
    ];
    for sql in statements {
        let steps = plan(&connection, sql);
        assert!(!steps.is_empty(), "{sql}");
        let scan = |step: &String| step.starts_with("SCAN") && step != "SCAN CONSTANT ROW";
        assert!(!steps.iter().any(scan), "{sql}\n{steps:#?}");
    }
}

#[test]
fn a_page_is_read_in_the_order_of_an_index_from_where_it_starts() {
    let connection = database();
    let expected = [
        (list::TAGS, "SEARCH t USING PRIMARY KEY (repository=? AND (name_key,name)>(?,?)"),
        (list::CATALOG, "SEARCH repository USING INDEX repository_listed (registry=? AND name>?)"),
        (
            list::REFERRERS,
            "SEARCH m USING INDEX manifest_subject (repository=? AND subject=? AND id>?)",
        ),
    ];
    for (sql, step) in expected {
        let steps = plan(&connection, sql);
        assert!(steps.iter().any(|found| found.starts_with(step)), "{sql}\n{steps:#?}");
        assert!(!steps.iter().any(|found| found.contains("TEMP B-TREE")), "{sql}\n{steps:#?}");
    }
}

#[test]
fn a_mount_without_a_source_goes_by_the_links_of_the_blob() {
    let steps = plan(&database(), blob::HOLDERS);
    let link = "SEARCH l USING COVERING INDEX blob_link_blob (blob=?)";
    assert!(steps.iter().any(|step| step == link), "{steps:#?}");
}
