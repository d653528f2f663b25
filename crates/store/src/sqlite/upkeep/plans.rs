//! How SQLite goes about the statements of upkeep: by index, so that a page costs the same at its
//! first and its last row.

use super::super::repositories::plans::{database, plan};
use super::{garbage, verification};

#[test]
fn no_statement_looks_at_a_whole_table() {
    let connection = database();
    let statements = [
        garbage::SUSPECTS,
        garbage::BLOB,
        garbage::UNNAMED_LINKS,
        garbage::UNLINK,
        garbage::FORGET,
        verification::BLOBS_AFTER,
        verification::LINKING,
        verification::MANIFESTS_AFTER,
        verification::REFERENCES,
    ];
    for sql in statements {
        let steps = plan(&connection, sql);
        assert!(!steps.is_empty(), "{sql}");
        assert!(!steps.iter().any(|step| step.starts_with("SCAN")), "{sql}\n{steps:#?}");
    }
}

#[test]
fn tags_are_found_from_what_they_lead_to() {
    let connection = database();
    for sql in [verification::TAGS_OF_MANIFEST, verification::TAGS_OF_BLOB] {
        let steps = plan(&connection, sql);
        // Of what was collected so far alone.
        let scan = |step: &&String| {
            step.starts_with("SCAN") && *step != "SCAN a" && *step != "SCAN CONSTANT ROW"
        };
        assert!(steps.iter().find(scan).is_none(), "{sql}\n{steps:#?}");
        assert!(steps.iter().any(|step| step.contains("tag_manifest")), "{sql}\n{steps:#?}");
    }
}

#[test]
fn a_page_of_blobs_ends_where_it_ends() {
    let steps = plan(&database(), garbage::LAST_OF_PAGE);
    assert!(steps.iter().any(|step| step.starts_with("SEARCH blob USING")), "{steps:#?}");
}
