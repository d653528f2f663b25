//! Which lock it is that keeps something from being deleted or pulled. That one does is decided
//! where the deed is done, in its own transaction; this is for who wants to lift it.

use naru_oci::{Digest, Tag};

use super::repositories::Found;
use super::session::{Session, digest_at, digest_key};
use crate::error::StoreError;
use crate::record::{Deed, Item};

/// The first that is locked of the repository, the manifest and the tags that a deed takes.
pub(super) fn first(
    session: &Session<'_>,
    repository: Found,
    item: &Item,
    against: Deed,
) -> Result<Option<Item>, StoreError> {
    if repository.attributes.locks() & against.locks() != 0 {
        return Ok(Some(Item::Repository));
    }
    let manifest = manifest(session, repository.id, item, against)?;
    Ok(match manifest {
        Some(manifest) => Some(Item::Manifest(manifest)),
        None => tag(session, repository.id, item, against)?.map(Item::Tag),
    })
}

fn manifest(
    session: &Session<'_>,
    repository: i64,
    item: &Item,
    against: Deed,
) -> Result<Option<Digest>, StoreError> {
    const LOCKED: &str = "SELECT m.digest FROM manifest m \
        WHERE m.repository = ?1 AND m.locks & ?2 <> 0";
    let locks = against.locks();
    let digest = |row: &rusqlite::Row<'_>| digest_at(row, 0);
    match (item, against) {
        (Item::Repository, _) => session.row(LOCKED, (repository, locks), digest),
        (Item::Manifest(of), _) => {
            let sql = format!("{LOCKED} AND m.digest = ?3");
            session.row(&sql, (repository, locks, digest_key(of)), digest)
        }
        // Its manifest stays when a tag goes.
        (Item::Tag(_), Deed::Delete) => Ok(None),
        (Item::Tag(of), Deed::Pull) => {
            let sql = format!(
                "{LOCKED} AND m.id = (SELECT t.manifest FROM tag t WHERE t.repository = ?1 \
                 AND t.name_key = lower(?3) AND t.name = ?3)"
            );
            session.row(&sql, (repository, locks, of.as_str()), digest)
        }
    }
}

fn tag(
    session: &Session<'_>,
    repository: i64,
    item: &Item,
    against: Deed,
) -> Result<Option<Tag>, StoreError> {
    const LOCKED: &str = "SELECT t.name FROM tag t WHERE t.repository = ?1 AND t.locks & ?2 <> 0";
    const ORDER: &str = "ORDER BY t.name_key, t.name LIMIT 1";
    let locks = against.locks();
    let name =
        |row: &rusqlite::Row<'_>| super::session::parsed_at(row, 0, |text| text.parse().ok());
    match (item, against) {
        (Item::Repository, _) => {
            session.row(&format!("{LOCKED} {ORDER}"), (repository, locks), name)
        }
        (Item::Manifest(of), Deed::Delete) => {
            let sql = format!(
                "{LOCKED} AND t.manifest = (SELECT m.id FROM manifest m \
                 WHERE m.repository = ?1 AND m.digest = ?3) {ORDER}"
            );
            session.row(&sql, (repository, locks, digest_key(of)), name)
        }
        // By its digest it is pulled whatever its tags say.
        (Item::Manifest(_), Deed::Pull) => Ok(None),
        (Item::Tag(of), _) => {
            let sql = format!("{LOCKED} AND t.name_key = lower(?3) AND t.name = ?3");
            session.row(&sql, (repository, locks, of.as_str()), name)
        }
    }
}
