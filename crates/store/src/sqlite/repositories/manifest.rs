//! Manifests and tags.
//!
//! A manifest never changes: put again, it stays as it was first pushed, media type included, and
//! only tags move. Putting one keeps what it names for as long as it is there; deleting it starts
//! the leases of its blobs anew, since a client may have seen them a moment ago.

use jiff::Timestamp;
use naru_access::InRepository;
use naru_oci::{Digest, Reference, Tag};
use rusqlite::Row;
use rusqlite::types::{Value, ValueRef};

use super::super::audit::insert_repository_event;
use super::super::session::{Session, digest_at, digest_key, size_at, size_key};
use super::blob::renew_link;
use super::{find, key, open_for_write};
use crate::error::{Missing, StoreError};
use crate::record::{
    Attributes, Barred, ManifestPut, ManifestStat, NewManifest, PutRefusal, RepositoryEvent,
    StoredManifest,
};

macro_rules! select_manifest {
    ($bytes:literal, $manifest:literal, $content:literal) => {
        concat!(
            "SELECT m.digest, m.media_type, m.size, r.locks | m.locks",
            $bytes,
            " FROM repository r ",
            $manifest,
            $content,
            " WHERE r.tenant = ?1 AND r.registry = ?2 AND r.name = ?3"
        )
    };
    (by digest, $bytes:literal, $content:literal) => {
        select_manifest!(
            $bytes,
            "LEFT JOIN manifest m ON m.repository = r.id AND m.digest = ?4",
            $content
        )
    };
    (by tag, $bytes:literal, $content:literal) => {
        select_manifest!(
            $bytes,
            "LEFT JOIN tag t ON t.repository = r.id AND t.name_key = lower(?4) AND t.name = ?4 \
             LEFT JOIN manifest m ON m.id = t.manifest",
            $content
        )
    };
}

pub(super) const STAT_BY_DIGEST: &str = select_manifest!(by digest, "", "");
pub(super) const STAT_BY_TAG: &str = select_manifest!(by tag, " | t.locks", "");
pub(super) const READ_BY_DIGEST: &str = select_manifest!(
    by digest, ", c.bytes", " LEFT JOIN manifest_content c ON c.manifest = m.id"
);
pub(super) const READ_BY_TAG: &str = select_manifest!(
    by tag, " | t.locks, c.bytes", " LEFT JOIN manifest_content c ON c.manifest = m.id"
);

pub(in crate::sqlite) const LINKED_BLOB: &str = "SELECT b.id FROM blob b JOIN blob_link l \
    ON l.repository = ?1 AND l.blob = b.id WHERE b.tenant = ?2 AND b.digest = ?3";

pub(in crate::sqlite) const FIND: &str =
    "SELECT id, locks FROM manifest WHERE repository = ?1 AND digest = ?2";

pub(in crate::sqlite) const TAG_LOCKS: &str =
    "SELECT locks FROM tag WHERE repository = ?1 AND name_key = lower(?2) AND name = ?2";

pub(super) const TAGS_OF: &str =
    "SELECT name, locks FROM tag WHERE manifest = ?1 ORDER BY name_key, name";

const TOUCH: &str = "UPDATE manifest SET updated = ?2 WHERE id = ?1";

/// From its first manifest on a repository is listed.
pub(super) const TOUCH_REPOSITORY: &str =
    "UPDATE repository SET listed = 1, updated = ?2 WHERE id = ?1";

pub(super) const NAMED_BLOBS: &str = "SELECT b.id FROM manifest_reference n \
    JOIN blob b ON b.tenant = ?3 AND b.digest = n.digest \
    JOIN blob_link l ON l.repository = ?1 AND l.blob = b.id \
    WHERE n.manifest = ?2 AND n.repository = ?1 AND n.kind = 'blob'";

/// Keeps what the config says with the manifest, where it is small enough to lie in the database, as
/// they all are.
const DESCRIBE: &str = "UPDATE manifest SET (architecture, os) = ( \
    SELECT CAST(text ->> '$.architecture' AS TEXT), CAST(text ->> '$.os' AS TEXT) FROM ( \
        SELECT CAST(c.bytes AS TEXT) AS text FROM blob b \
        JOIN blob_link l ON l.repository = manifest.repository AND l.blob = b.id \
        JOIN blob_content c ON c.blob = b.id WHERE b.tenant = ?2 AND b.digest = manifest.config \
    ) WHERE json_valid(text)) WHERE id = ?1";

pub(super) const DELETE: &str = "DELETE FROM manifest WHERE id = ?1";

pub(super) const DELETE_TAG: &str =
    "DELETE FROM tag WHERE repository = ?1 AND name_key = lower(?2) AND name = ?2";

pub(super) fn read(
    session: &Session<'_>,
    place: &InRepository,
    reference: &Reference,
) -> Result<Result<StoredManifest, Barred>, StoreError> {
    let found = select(session, place, reference, READ_BY_DIGEST, READ_BY_TAG, |row| {
        Ok(StoredManifest { stat: stat_at(row)?, bytes: row.get::<_, Vec<u8>>(4)?.into() })
    })?;
    // The pages of a database carry no checksum: so little is checked each time.
    if let Ok(StoredManifest { stat, bytes }) = &found
        && !stat.digest.is_of(bytes)
    {
        return Err(StoreError::Damaged(format!("the bytes of `{}` are others", stat.digest)));
    }
    Ok(found)
}

pub(super) fn stat(
    session: &Session<'_>,
    place: &InRepository,
    reference: &Reference,
) -> Result<Result<ManifestStat, Barred>, StoreError> {
    select(session, place, reference, STAT_BY_DIGEST, STAT_BY_TAG, stat_at)
}

pub(super) fn put(
    session: &Session<'_>,
    place: &InRepository,
    new: &NewManifest,
    event: &RepositoryEvent,
) -> Result<Result<ManifestPut, PutRefusal>, StoreError> {
    let there = find(session, place)?;
    // Whoever may not write is not asked for more first.
    if there.as_ref().is_some_and(|found| !found.attributes.write_enabled) {
        return Ok(Err(PutRefusal::Locked));
    }
    let named = named(session, place, there.map(|found| found.id), new)?;
    let missing: Vec<Digest> =
        named.iter().filter(|name| !name.present).map(|name| name.digest).collect();
    if !new.sparse && !missing.is_empty() {
        return Ok(Err(PutRefusal::Missing(missing)));
    }
    let Ok(repository) = open_for_write(session, place, new.created)? else {
        return Ok(Err(PutRefusal::Locked));
    };
    let known = found(session, repository, &new.digest)?;
    if !may_overwrite(session, repository, known, &new.tags)? {
        return Ok(Err(PutRefusal::Locked));
    }
    let now = new.created.as_millisecond();
    session.execute(TOUCH_REPOSITORY, (repository, now))?;
    // What it names needs no lease from now on: that it is named keeps it.
    let manifest = match known {
        Some(known) => {
            session.execute(TOUCH, (known.id, now))?;
            known.id
        }
        None => insert(session, place, repository, new, &named)?,
    };
    for tag in &new.tags {
        let sql = "INSERT INTO tag (repository, name_key, name, manifest, created, updated) \
                   VALUES (?1, lower(?2), ?2, ?3, ?4, ?4) \
                   ON CONFLICT (repository, name_key, name) DO UPDATE \
                   SET manifest = excluded.manifest, updated = excluded.updated";
        session.execute(sql, (repository, tag.as_str(), manifest, now))?;
    }
    insert_repository_event(session, event)?;
    Ok(Ok(ManifestPut { new: known.is_none() }))
}

pub(super) fn delete(
    session: &Session<'_>,
    place: &InRepository,
    digest: &Digest,
    event: &RepositoryEvent,
) -> Result<Result<Vec<String>, Barred>, StoreError> {
    let Some(repository) = find(session, place)? else {
        return Ok(Err(Missing::Repository.into()));
    };
    let Some(manifest) = found(session, repository.id, digest)? else {
        return Ok(Err(Missing::Content.into()));
    };
    let tags = session.rows(TAGS_OF, (manifest.id,), |row| {
        Ok((row.get(0)?, Attributes::from_locks(row.get(1)?)))
    })?;
    let (tags, attributes): (Vec<String>, Vec<Attributes>) = tags.into_iter().unzip();
    if attributes.into_iter().any(|tag| !tag.may_delete())
        || !manifest.attributes.may_delete()
        || !repository.attributes.may_delete()
    {
        return Ok(Err(Barred::Locked));
    }
    let now = event.request.time;
    start_leases(session, place, repository.id, manifest.id, now)?;
    // Bytes, references and tags go with the row.
    session.execute(DELETE, (manifest.id,))?;
    session.execute(TOUCH_REPOSITORY, (repository.id, now.as_millisecond()))?;
    insert_repository_event(session, event)?;
    Ok(Ok(tags))
}

pub(super) fn delete_tag(
    session: &Session<'_>,
    place: &InRepository,
    tag: &Tag,
    event: &RepositoryEvent,
) -> Result<Result<(), Barred>, StoreError> {
    let Some(repository) = find(session, place)? else {
        return Ok(Err(Missing::Repository.into()));
    };
    let locks = session.row(TAG_LOCKS, (repository.id, tag.as_str()), |row| row.get(0))?;
    let Some(attributes) = locks.map(Attributes::from_locks) else {
        return Ok(Err(Missing::Content.into()));
    };
    if !attributes.may_delete() || !repository.attributes.may_delete() {
        return Ok(Err(Barred::Locked));
    }
    session.execute(DELETE_TAG, (repository.id, tag.as_str()))?;
    let now = event.request.time.as_millisecond();
    session.execute(TOUCH_REPOSITORY, (repository.id, now))?;
    insert_repository_event(session, event)?;
    Ok(Ok(()))
}

/// Reads the manifest that a reference means: no row is no repository, a row of nulls is a
/// repository that does not have it.
fn select<T>(
    session: &Session<'_>,
    place: &InRepository,
    reference: &Reference,
    by_digest: &str,
    by_tag: &str,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Result<T, Barred>, StoreError> {
    let (sql, wanted) = match reference {
        Reference::Digest(digest) => (by_digest, Value::Blob(digest_key(digest))),
        Reference::Tag(tag) => (by_tag, Value::Text(tag.as_str().to_owned())),
    };
    let (tenant, registry, name) = key(place);
    let found =
        session.row(sql, (tenant, registry, name, wanted), |row| match row.get_ref(0)? {
            ValueRef::Null => Ok(Err(Missing::Content.into())),
            _ if !Attributes::from_locks(row.get(3)?).read_enabled => Ok(Err(Barred::Locked)),
            _ => read(row).map(Ok),
        })?;
    Ok(found.unwrap_or(Err(Missing::Repository.into())))
}

fn stat_at(row: &Row<'_>) -> rusqlite::Result<ManifestStat> {
    Ok(ManifestStat { digest: digest_at(row, 0)?, media_type: row.get(1)?, size: size_at(row, 2)? })
}

/// The row of a manifest.
#[derive(Clone, Copy)]
pub(super) struct FoundManifest {
    pub(super) id: i64,
    pub(super) attributes: Attributes,
}

pub(super) fn found(
    session: &Session<'_>,
    repository: i64,
    digest: &Digest,
) -> Result<Option<FoundManifest>, StoreError> {
    session.row(FIND, (repository, digest_key(digest)), |row| {
        let attributes = Attributes::from_locks(row.get(1)?);
        Ok(FoundManifest { id: row.get(0)?, attributes })
    })
}

/// Whether neither the manifest, if it is there, nor any of the tags is locked against writing.
fn may_overwrite(
    session: &Session<'_>,
    repository: i64,
    known: Option<FoundManifest>,
    tags: &[Tag],
) -> Result<bool, StoreError> {
    if known.is_some_and(|known| !known.attributes.write_enabled) {
        return Ok(false);
    }
    for tag in tags {
        let locks = session.row(TAG_LOCKS, (repository, tag.as_str()), |row| row.get(0))?;
        if locks.map(Attributes::from_locks).is_some_and(|tag| !tag.write_enabled) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Something that a manifest names.
struct Named {
    digest: Digest,
    /// `blob` or `manifest`.
    kind: &'static str,
    present: bool,
}

/// What a manifest names, and whether the repository has it.
fn named(
    session: &Session<'_>,
    place: &InRepository,
    repository: Option<i64>,
    new: &NewManifest,
) -> Result<Vec<Named>, StoreError> {
    let tenant = place.registry.tenant.bytes();
    let linked = |digest: &Digest| -> Result<bool, StoreError> {
        let Some(repository) = repository else { return Ok(false) };
        session.exists(LINKED_BLOB, (repository, tenant, digest_key(digest)))
    };
    let mut named = Vec::with_capacity(new.manifest.blobs.len() + new.manifest.manifests.len());
    for &digest in &new.manifest.blobs {
        named.push(Named { digest, kind: "blob", present: linked(&digest)? });
    }
    for &digest in &new.manifest.manifests {
        let known = match repository {
            Some(repository) => session.exists(FIND, (repository, digest_key(&digest)))?,
            None => false,
        };
        // BuildKit exports its cache as an index that lists layers: blobs, not manifests.
        let layer = !known && linked(&digest)?;
        let kind = if layer { "blob" } else { "manifest" };
        named.push(Named { digest, kind, present: known || layer });
    }
    Ok(named)
}

/// Inserts a manifest, its bytes and its references.
fn insert(
    session: &Session<'_>,
    place: &InRepository,
    repository: i64,
    new: &NewManifest,
    named: &[Named],
) -> Result<i64, StoreError> {
    let sql = "INSERT INTO manifest (repository, digest, media_type, artifact_type, annotations, \
               subject, size, created, updated, config, config_media_type, image_size) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9, ?10, ?11)";
    let content = &new.manifest;
    let params = (
        repository,
        digest_key(&new.digest),
        &content.media_type,
        &content.artifact_type,
        annotations(new)?,
        content.subject.as_ref().map(digest_key),
        size_key(u64::try_from(new.bytes.len()).unwrap_or(u64::MAX)),
        new.created.as_millisecond(),
        content.config.as_ref().map(|config| digest_key(&config.digest)),
        content.config.as_ref().map(|config| &config.media_type),
        size_key(content.image_size),
    );
    let manifest = session.insert(sql, params)?;
    let sql = "INSERT INTO manifest_content (manifest, bytes) VALUES (?1, ?2)";
    session.execute(sql, (manifest, new.bytes.as_ref()))?;
    if content.config.is_some() {
        session.execute(DESCRIBE, (manifest, place.registry.tenant.bytes()))?;
    }
    for name in named {
        let sql = "INSERT INTO manifest_reference (repository, digest, manifest, kind) \
                   VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
        session.execute(sql, (repository, digest_key(&name.digest), manifest, name.kind))?;
    }
    Ok(manifest)
}

/// The annotations as they are stored: only a referrers list ever shows them.
fn annotations(new: &NewManifest) -> Result<Option<String>, StoreError> {
    if new.manifest.subject.is_none() || new.manifest.annotations.is_empty() {
        return Ok(None);
    }
    let text = serde_json::to_string(&new.manifest.annotations);
    text.map(Some).map_err(|error| StoreError::Unavailable(error.to_string()))
}

/// Starts the leases of what a manifest names, which it keeps no longer.
fn start_leases(
    session: &Session<'_>,
    place: &InRepository,
    repository: i64,
    manifest: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let params = (repository, manifest, place.registry.tenant.bytes());
    let blobs: Vec<i64> = session.rows(NAMED_BLOBS, params, |row| row.get(0))?;
    blobs.into_iter().try_for_each(|blob| renew_link(session, repository, blob, now))
}
