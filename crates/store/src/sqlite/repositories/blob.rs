//! Blobs and their links.
//!
//! A blob's bytes are there once a tenant; a link is what makes them a repository's. A lease is
//! the last time that somebody could still be about to name the blob in a manifest, and only ever
//! moves forward: on the link for the repository's sake, on the blob for everybody's. What is
//! neither named nor leased is taken away by collection, not here.

use bytes::Bytes;
use jiff::Timestamp;
use naru_access::{InRegistry, InRepository, TenantId};
use naru_oci::{Digest, RepositoryName};

use super::super::audit::insert_repository_event;
use super::super::session::{
    Session, digest_at, digest_key, parsed_at, size_at, size_key, time_at,
};
use super::{key, open_for_write};
use crate::error::{Missing, StoreError};
use crate::record::{
    Attributes, Barred, Blob, BlobBody, BlobStat, Linked, Location, RepositoryEvent, Sealed,
    SealedBody, UnlinkRefusal,
};

pub(super) const READ: &str = "SELECT b.size, b.location, c.bytes, r.locks, b.damaged IS NOT NULL \
    FROM repository r \
    JOIN blob b ON b.tenant = r.tenant AND b.digest = ?4 \
    JOIN blob_link l ON l.repository = r.id AND l.blob = b.id \
    LEFT JOIN blob_content c ON c.blob = b.id \
    WHERE r.tenant = ?1 AND r.registry = ?2 AND r.name = ?3";

pub(super) const STAT: &str = "SELECT b.size, l.lease, EXISTS (SELECT 1 FROM manifest_reference n \
    WHERE n.repository = r.id AND n.digest = b.digest AND n.kind = 'blob'), r.locks, b.location, \
    b.damaged IS NOT NULL FROM repository r \
    JOIN blob b ON b.tenant = r.tenant AND b.digest = ?4 \
    JOIN blob_link l ON l.repository = r.id AND l.blob = b.id \
    WHERE r.tenant = ?1 AND r.registry = ?2 AND r.name = ?3";

pub(super) const LINKED: &str = "SELECT r.id, b.id, r.locks FROM repository r \
    JOIN blob b ON b.tenant = r.tenant AND b.digest = ?4 \
    JOIN blob_link l ON l.repository = r.id AND l.blob = b.id \
    WHERE r.tenant = ?1 AND r.registry = ?2 AND r.name = ?3";

/// From the blob's links to their repositories, never the other way round: links are fewer. In the
/// order of the links, so that a blob that thousands of repositories link costs no more.
pub(super) const HOLDERS: &str = "SELECT r.name FROM blob b CROSS JOIN blob_link l \
    CROSS JOIN repository r WHERE b.tenant = ?1 AND b.digest = ?3 AND l.blob = b.id \
    AND r.id = l.repository AND r.tenant = ?1 AND r.registry = ?2 ORDER BY l.repository LIMIT ?4";

pub(super) const NAMED_BY: &str = "SELECT m.digest FROM manifest_reference n \
    JOIN manifest m ON m.id = n.manifest \
    WHERE n.repository = ?1 AND n.digest = ?2 AND n.kind = 'blob' ORDER BY n.manifest LIMIT 1";

pub(in crate::sqlite) const LOCATION: &str = "SELECT 1 FROM blob WHERE location = ?1";

/// A blob that is to be linked.
pub(super) struct NewBlob {
    digest: Digest,
    size: u64,
    inline: Option<Bytes>,
    location: Option<String>,
}

impl NewBlob {
    pub(super) fn of(sealed: &Sealed) -> Self {
        let Sealed { digest, size, body, _held: _ } = sealed;
        let (inline, location) = match body {
            SealedBody::Inline(bytes) => (Some(bytes.clone()), None),
            SealedBody::Stored(Location(name)) => (None, Some(name.clone())),
        };
        Self { digest: *digest, size: *size, inline, location }
    }
}

pub(super) fn read(
    session: &Session<'_>,
    place: &InRepository,
    digest: &Digest,
) -> Result<Result<Blob, Barred>, StoreError> {
    let (tenant, registry, name) = key(place);
    let found = session.row(READ, (tenant, registry, name, digest_key(digest)), |row| {
        let (location, bytes) = (row.get(1)?, row.get::<_, Option<Vec<u8>>>(2)?);
        let attributes = Attributes::from_locks(row.get(3)?);
        Ok((size_at(row, 0)?, location, bytes, attributes, row.get::<_, bool>(4)?))
    })?;
    let Some((size, location, bytes, attributes, damaged)) = found else {
        return Ok(Err(Missing::Content.into()));
    };
    if !attributes.read_enabled {
        return Ok(Err(Barred::Locked));
    }
    let body = match (location, bytes) {
        (Some(_), None) if damaged => {
            return Err(StoreError::Damaged(format!(
                "the bytes of `{digest}` are others, as a verification found"
            )));
        }
        (Some(name), None) => BlobBody::Stored(Location(name)),
        // The pages of a database carry no checksum: so little is checked each time.
        (None, Some(bytes)) if bytes.len() as u64 == size && digest.is_of(&bytes) => {
            BlobBody::Inline(bytes.into())
        }
        (None, Some(_)) => {
            return Err(StoreError::Damaged(format!("the bytes of `{digest}` are others")));
        }
        _ => {
            return Err(StoreError::Damaged(format!("`{digest}` must lie in one place")));
        }
    };
    Ok(Ok(Blob { size, body }))
}

pub(super) fn stat(
    session: &Session<'_>,
    place: &InRepository,
    digest: &Digest,
) -> Result<Result<BlobStat, Barred>, StoreError> {
    let (tenant, registry, name) = key(place);
    let found = session.row(STAT, (tenant, registry, name, digest_key(digest)), |row| {
        let (lease, named) = (time_at(row, 1)?, row.get(2)?);
        if !Attributes::from_locks(row.get(3)?).read_enabled {
            return Ok(Err(Barred::Locked));
        }
        // Its client is to send it again.
        if row.get(5)? {
            return Ok(Err(Missing::Content.into()));
        }
        let leased = if named { None } else { Some(lease) };
        let location = row.get::<_, Option<String>>(4)?.map(Location);
        Ok(Ok(BlobStat { size: size_at(row, 0)?, location, leased }))
    })?;
    Ok(found.unwrap_or(Err(Barred::Missing(Missing::Content))))
}

pub(super) fn renew(
    session: &Session<'_>,
    place: &InRepository,
    digest: &Digest,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(linked) = linked(session, place, digest)? else { return Ok(false) };
    renew_link(session, linked.repository, linked.blob, now)?;
    Ok(true)
}

pub(super) fn link(
    session: &Session<'_>,
    place: &InRepository,
    new: &NewBlob,
    now: Timestamp,
) -> Result<Result<Linked, Barred>, StoreError> {
    let repository = match open_for_write(session, place, now)? {
        Ok(repository) => repository,
        Err(barred) => return Ok(Err(barred)),
    };
    let (tenant, digest) = (place.registry.tenant.bytes(), digest_key(&new.digest));
    let sql =
        "SELECT id, location, damaged IS NOT NULL FROM blob WHERE tenant = ?1 AND digest = ?2";
    let known = session.row(sql, (tenant, &digest), |row| {
        Ok((row.get(0)?, row.get::<_, Option<String>>(1)?.map(Location), row.get(2)?))
    })?;
    if let Some((blob, location, damaged)) = known {
        insert_link(session, repository, blob, now)?;
        let damaged = match (&location, &new.inline) {
            (None, Some(bytes)) => restore(session, blob, bytes, damaged).map(|()| false)?,
            _ => damaged,
        };
        return Ok(Ok(Linked::Known { location, damaged }));
    }
    let sql =
        "INSERT INTO blob (tenant, digest, size, location, lease) VALUES (?1, ?2, ?3, ?4, ?5)";
    let size = size_key(new.size);
    let blob = session.insert(sql, (tenant, &digest, size, &new.location, now.as_millisecond()))?;
    if let Some(bytes) = &new.inline {
        let sql = "INSERT INTO blob_content (blob, bytes) VALUES (?1, ?2)";
        session.execute(sql, (blob, bytes.as_ref()))?;
    }
    insert_link(session, repository, blob, now)?;
    Ok(Ok(Linked::New))
}

/// Puts the right bytes beside the row of a blob, where others lie there.
fn restore(
    session: &Session<'_>,
    blob: i64,
    bytes: &Bytes,
    damaged: bool,
) -> Result<(), StoreError> {
    let sql = "SELECT 1 FROM blob_content WHERE blob = ?1 AND bytes = ?2";
    if !session.exists(sql, (blob, bytes.as_ref()))? {
        let sql = "INSERT INTO blob_content (blob, bytes) VALUES (?1, ?2) \
                   ON CONFLICT (blob) DO UPDATE SET bytes = excluded.bytes";
        session.execute(sql, (blob, bytes.as_ref()))?;
    }
    if damaged {
        session.execute("UPDATE blob SET damaged = NULL WHERE id = ?1", (blob,))?;
    }
    Ok(())
}

pub(super) fn mend(
    session: &Session<'_>,
    tenant: TenantId,
    digest: &Digest,
) -> Result<(), StoreError> {
    let sql = "UPDATE blob SET damaged = NULL WHERE tenant = ?1 AND digest = ?2";
    session.execute(sql, (tenant.bytes(), digest_key(digest))).map(drop)
}

pub(super) fn holders(
    session: &Session<'_>,
    registry: InRegistry,
    digest: &Digest,
    limit: usize,
) -> Result<Vec<RepositoryName>, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let params = (registry.tenant.bytes(), registry.registry.bytes(), digest_key(digest), limit);
    session.rows(HOLDERS, params, |row| parsed_at(row, 0, |name| name.parse().ok()))
}

pub(super) fn mount(
    session: &Session<'_>,
    place: &InRepository,
    source: &InRepository,
    digest: &Digest,
    now: Timestamp,
) -> Result<Result<bool, Barred>, StoreError> {
    // Bytes are shared within a tenant alone.
    if place.registry.tenant != source.registry.tenant {
        return Ok(Ok(false));
    }
    // What may not be pulled is not mounted either.
    let from = linked(session, source, digest)?.filter(|from| from.attributes.read_enabled);
    let Some(from) = from else { return Ok(Ok(false)) };
    let repository = match open_for_write(session, place, now)? {
        Ok(repository) => repository,
        Err(barred) => return Ok(Err(barred)),
    };
    renew_link(session, from.repository, from.blob, now)?;
    insert_link(session, repository, from.blob, now)?;
    Ok(Ok(true))
}

pub(super) fn unlink(
    session: &Session<'_>,
    place: &InRepository,
    digest: &Digest,
    event: &RepositoryEvent,
) -> Result<Result<(), UnlinkRefusal>, StoreError> {
    let Some(Link { repository, blob, attributes }) = linked(session, place, digest)? else {
        return Ok(Err(UnlinkRefusal::Missing));
    };
    if !attributes.may_delete() {
        return Ok(Err(UnlinkRefusal::Locked));
    }
    let params = (repository, digest_key(digest));
    if let Some(manifest) = session.row(NAMED_BY, params, |row| digest_at(row, 0))? {
        return Ok(Err(UnlinkRefusal::NamedBy(manifest)));
    }
    let sql = "DELETE FROM blob_link WHERE repository = ?1 AND blob = ?2";
    session.execute(sql, (repository, blob))?;
    // The bytes stay for collection, which counts from when they were last needed.
    renew_blob(session, blob, event.request.time)?;
    insert_repository_event(session, event)?;
    Ok(Ok(()))
}

pub(super) fn has_location(session: &Session<'_>, location: &Location) -> Result<bool, StoreError> {
    session.exists(LOCATION, (&location.0,))
}

/// Moves the leases of a linked blob forward.
pub(super) fn renew_link(
    session: &Session<'_>,
    repository: i64,
    blob: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE blob_link SET lease = ?3 WHERE repository = ?1 AND blob = ?2 AND lease < ?3";
    session.execute(sql, (repository, blob, now.as_millisecond()))?;
    renew_blob(session, blob, now)
}

fn renew_blob(session: &Session<'_>, blob: i64, now: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE blob SET lease = ?2 WHERE id = ?1 AND lease < ?2";
    session.execute(sql, (blob, now.as_millisecond())).map(drop)
}

fn insert_link(
    session: &Session<'_>,
    repository: i64,
    blob: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO blob_link (repository, blob, lease) VALUES (?1, ?2, ?3) \
               ON CONFLICT (repository, blob) DO UPDATE SET lease = max(lease, excluded.lease)";
    session.execute(sql, (repository, blob, now.as_millisecond()))?;
    renew_blob(session, blob, now)
}

/// A repository and a blob that it links.
struct Link {
    repository: i64,
    blob: i64,
    /// The repository's.
    attributes: Attributes,
}

fn linked(
    session: &Session<'_>,
    place: &InRepository,
    digest: &Digest,
) -> Result<Option<Link>, StoreError> {
    let (tenant, registry, name) = key(place);
    let params = (tenant, registry, name, digest_key(digest));
    session.row(LINKED, params, |row| {
        let attributes = Attributes::from_locks(row.get(2)?);
        Ok(Link { repository: row.get(0)?, blob: row.get(1)?, attributes })
    })
}
