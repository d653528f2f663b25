//! Whether the database holds together: its own check, the bytes that lie in it, and what
//! manifests name.

use std::collections::BTreeSet;

use jiff::Timestamp;
use naru_oci::{Digest, Manifest};
use rusqlite::Row;

use super::super::session::{Session, digest_at, digest_key, size_at};
use crate::error::StoreError;
use crate::record::{
    BlobId, BlobRow, BlobRowBody, Concerned, Fault, FaultKind, Location, ManifestPage,
};

/// How many blobs are read in one snapshot. With all of them beside their rows that is 4 MiB.
const BLOBS: i64 = 64;

/// How many manifests are read in one snapshot.
const MANIFESTS: usize = 32;

/// The most tags that are named with a fault, in one repository.
const TAGS: i64 = 100;

/// The most repositories that are named with one.
const REPOSITORIES: i64 = 100;

const TABLES: &str = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name \
    LIMIT 1 OFFSET ?1";

const DANGLING_TAGS: &str = "SELECT g.name, r.name, t.name FROM tag t \
    JOIN repository r ON r.id = t.repository JOIN registry g ON g.id = r.registry \
    LEFT JOIN manifest m ON m.id = t.manifest AND m.repository = t.repository WHERE m.id IS NULL";

pub(super) const BLOBS_AFTER: &str = "SELECT b.id, b.digest, b.size, b.location, c.bytes, \
    b.damaged IS NOT NULL FROM blob b LEFT JOIN blob_content c ON c.blob = b.id WHERE b.id > ?1 ORDER BY b.id LIMIT ?2";

pub(super) const LINKING: &str = "SELECT r.id, g.name, r.name FROM blob_link l \
    JOIN repository r ON r.id = l.repository JOIN registry g ON g.id = r.registry \
    WHERE l.blob = ?1 ORDER BY g.name, r.name LIMIT ?2";

pub(super) const MANIFESTS_AFTER: &str = "SELECT m.id, m.repository, m.digest, m.media_type, \
    m.subject, c.bytes, r.tenant, r.name, g.name, g.sparse_manifests FROM manifest m \
    JOIN repository r ON r.id = m.repository JOIN registry g ON g.id = r.registry \
    LEFT JOIN manifest_content c ON c.manifest = m.id WHERE m.id > ?1 ORDER BY m.id LIMIT ?2";

pub(super) const REFERENCES: &str = "SELECT digest, kind FROM manifest_reference \
    WHERE manifest = ?1 AND repository = ?2";

/// The tags that lead to any of these manifests, also through the indexes that list them.
macro_rules! tags_above {
    ($these:literal) => {
        concat!(
            "WITH RECURSIVE above (id) AS (",
            $these,
            " UNION SELECT n.manifest FROM above a JOIN manifest m ON m.id = a.id \
             JOIN manifest_reference n ON n.repository = m.repository AND n.digest = m.digest) \
             SELECT t.name FROM above a JOIN tag t ON t.manifest = a.id \
             ORDER BY t.name_key, t.name LIMIT ?1"
        )
    };
}

pub(super) const TAGS_OF_MANIFEST: &str = tags_above!("SELECT ?2");

pub(super) const TAGS_OF_BLOB: &str =
    tags_above!("SELECT manifest FROM manifest_reference WHERE repository = ?2 AND digest = ?3");

pub(super) fn check_table(
    session: &Session<'_>,
    number: u64,
) -> Result<Option<Vec<Fault>>, StoreError> {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    let table = session.row(TABLES, (number,), |row| row.get::<_, String>(0))?;
    let Some(table) = table else { return Ok(None) };
    let damaged = |text: String| Fault {
        detail: Some(format!("{table}: {text}")),
        ..Fault::of(FaultKind::DatabaseDamaged)
    };
    let sql = "SELECT * FROM pragma_integrity_check(?1)";
    let told = session.rows(sql, (&table,), |row| row.get::<_, String>(0))?;
    let mut faults: Vec<_> = told.into_iter().filter(|text| text != "ok").map(&damaged).collect();
    if table == "tag" {
        faults.extend(session.rows(DANGLING_TAGS, (), dangling)?);
    }
    let sql = "SELECT rowid, parent FROM pragma_foreign_key_check(?1)";
    let told = session.rows(sql, (&table,), |row| {
        let (id, parent) = (row.get::<_, Option<i64>>(0)?, row.get::<_, String>(1)?);
        let row = id.map_or_else(|| "a row".to_owned(), |id| format!("row {id}"));
        Ok(format!("{row} refers to nothing in {parent}"))
    })?;
    faults.extend(told.into_iter().map(&damaged));
    Ok(Some(faults))
}

fn dangling(row: &Row<'_>) -> rusqlite::Result<Fault> {
    let (registry, repository) = (row.get(0)?, row.get(1)?);
    let concerned = Concerned { registry, repository, tags: vec![row.get(2)?] };
    Ok(Fault { concerned: vec![concerned], ..Fault::of(FaultKind::TagDangling) })
}

pub(super) fn blobs(session: &Session<'_>, after: BlobId) -> Result<Vec<BlobRow>, StoreError> {
    session.rows(BLOBS_AFTER, (after.0, BLOBS), |row| {
        let (digest, size) = (digest_at(row, 1)?, size_at(row, 2)?);
        let (location, bytes) =
            (row.get::<_, Option<String>>(3)?, row.get_ref(4)?.as_blob_or_null()?);
        let body = match (location, bytes) {
            (Some(name), None) => BlobRowBody::Stored(Location(name)),
            (None, None) => BlobRowBody::Inline(Some(FaultKind::BlobMissing)),
            (None, Some(bytes)) if bytes.len() as u64 == size && digest.is_of(bytes) => {
                BlobRowBody::Inline(None)
            }
            // Such as what lies in two places: it is served from neither.
            (_, Some(_)) => BlobRowBody::Inline(Some(FaultKind::BlobDamaged)),
        };
        Ok(BlobRow { id: BlobId(row.get(0)?), digest, size, damaged: row.get(5)?, body })
    })
}

/// The row of a blob, if it is still there as it was: an id may be another blob's by now.
macro_rules! still {
    ($what:literal) => {
        concat!($what, " WHERE id = ?1 AND digest = ?2 AND (?3 IS NULL OR location = ?3)")
    };
}

/// What [`still`] is asked with.
fn as_it_was(blob: &BlobRow) -> (i64, Vec<u8>, Option<&String>) {
    let location = match &blob.body {
        BlobRowBody::Inline(_) => None,
        BlobRowBody::Stored(Location(name)) => Some(name),
    };
    (blob.id.0, digest_key(&blob.digest), location)
}

pub(super) fn mark(
    session: &Session<'_>,
    blob: &BlobRow,
    damaged: Option<Timestamp>,
) -> Result<(), StoreError> {
    let (id, digest, location) = as_it_was(blob);
    let sql = still!("UPDATE blob SET damaged = ?4");
    let damaged = damaged.map(Timestamp::as_millisecond);
    session.execute(sql, (id, digest, location, damaged)).map(drop)
}

pub(super) fn concerned(
    session: &Session<'_>,
    blob: &BlobRow,
) -> Result<Option<Vec<Concerned>>, StoreError> {
    if !session.exists(still!("SELECT 1 FROM blob"), as_it_was(blob))? {
        return Ok(None);
    }
    let (id, key) = (blob.id, digest_key(&blob.digest));
    let repositories = session.rows(LINKING, (id.0, REPOSITORIES), |row| {
        Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?))
    })?;
    let repositories = repositories.into_iter().map(|(id, registry, repository)| {
        let params = (TAGS, id, &key);
        let tags = session.rows(TAGS_OF_BLOB, params, |row| row.get(0))?;
        Ok(Concerned { registry, repository, tags })
    });
    repositories.collect::<Result<_, _>>().map(Some)
}

pub(super) fn manifests(session: &Session<'_>, after: i64) -> Result<ManifestPage, StoreError> {
    let limit = i64::try_from(MANIFESTS).unwrap_or(i64::MAX);
    let rows = session.rows(MANIFESTS_AFTER, (after, limit), |row| {
        Ok(ManifestRow {
            id: row.get(0)?,
            repository: row.get(1)?,
            digest: digest_at(row, 2)?,
            media_type: row.get(3)?,
            subject: row.get(4)?,
            bytes: row.get::<_, Option<Vec<u8>>>(5)?.unwrap_or_default(),
            tenant: row.get(6)?,
            names: (row.get(8)?, row.get(7)?),
            sparse: row.get(9)?,
        })
    })?;
    let mut page = ManifestPage {
        manifests: rows.len() as u64,
        next: rows.last().map(|row| row.id),
        ..ManifestPage::default()
    };
    for row in rows {
        let mut faults = row.check(session)?;
        if !faults.is_empty() {
            let tags = session.rows(TAGS_OF_MANIFEST, (TAGS, row.id), |tag| tag.get(0))?;
            let (registry, repository) = row.names;
            let concerned = Concerned { registry, repository, tags };
            for fault in &mut faults {
                fault.concerned = vec![concerned.clone()];
            }
        }
        page.faults.append(&mut faults);
    }
    Ok(page)
}

struct ManifestRow {
    id: i64,
    repository: i64,
    digest: Digest,
    media_type: String,
    subject: Option<Vec<u8>>,
    bytes: Vec<u8>,
    tenant: [u8; 16],
    names: (String, String),
    sparse: bool,
}

impl ManifestRow {
    fn check(&self, session: &Session<'_>) -> Result<Vec<Fault>, StoreError> {
        let own = |kind, detail: Option<String>| {
            Ok(vec![Fault { digest: Some(self.digest), detail, ..Fault::of(kind) }])
        };
        if !self.digest.is_of(&self.bytes) {
            return own(FaultKind::ManifestDamaged, None);
        }
        let manifest = match Manifest::parse(Some(&self.media_type), &self.bytes) {
            Ok(manifest) => manifest,
            Err(error) => return own(FaultKind::ManifestDamaged, Some(error.to_string())),
        };
        let kept = session.rows(REFERENCES, (self.id, self.repository), |row| {
            Ok((digest_key(&digest_at(row, 0)?), row.get::<_, String>(1)?))
        })?;
        let named = manifest.blobs.iter().chain(&manifest.manifests);
        let named: BTreeSet<_> = named.map(digest_key).collect();
        let rows: BTreeSet<_> = kept.iter().map(|(digest, _)| digest.clone()).collect();
        if named != rows || manifest.subject.as_ref().map(digest_key) != self.subject {
            return own(FaultKind::ReferencesWrong, None);
        }
        let mut faults = Vec::new();
        if self.sparse {
            return Ok(faults);
        }
        let mut absent = |digest: &Digest, kind| {
            let (digest, manifest) = (Some(*digest), Some(self.digest));
            faults.push(Fault { digest, manifest, ..Fault::of(kind) });
        };
        for blob in &manifest.blobs {
            if !self.links(session, blob)? {
                absent(blob, FaultKind::BlobUnlinked);
            }
        }
        for listed in &manifest.manifests {
            // What an index lists may be a blob (see `repositories::manifest`).
            let key = digest_key(listed);
            let as_blob = kept.iter().any(|(digest, kind)| *digest == key && kind == "blob");
            if !self.has(session, listed)? && !self.links(session, listed)? {
                let kind =
                    if as_blob { FaultKind::BlobUnlinked } else { FaultKind::ManifestAbsent };
                absent(listed, kind);
            }
        }
        if let Some(subject) = &manifest.subject
            && !self.has(session, subject)?
        {
            absent(subject, FaultKind::SubjectAbsent);
        }
        Ok(faults)
    }

    fn has(&self, session: &Session<'_>, digest: &Digest) -> Result<bool, StoreError> {
        session.exists(super::super::repositories::FIND, (self.repository, digest_key(digest)))
    }

    fn links(&self, session: &Session<'_>, digest: &Digest) -> Result<bool, StoreError> {
        let params = (self.repository, self.tenant, digest_key(digest));
        session.exists(super::super::repositories::LINKED_BLOB, params)
    }
}
