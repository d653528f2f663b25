//! What is of no use to anybody.
//!
//! A link is, where no manifest of its repository names the blob and its lease has run out; bytes
//! are, where nothing links them and theirs has. A manifest is never garbage, tagged or not. The
//! same judgement is made twice: while looking, and in the transaction that takes away.

use jiff::Timestamp;
use naru_oci::Digest;

use super::super::session::{Session, digest_at, size_at, time_at};
use crate::error::StoreError;
use crate::record::{BlobId, Collected, Location, Reason, Verdict};

/// How many blobs are looked at in one snapshot.
const PAGE: i64 = 1024;

/// The most links of one blob that go in one transaction.
const LINKS: usize = 256;

pub(super) const LAST_OF_PAGE: &str = "SELECT max(id), count(*) FROM \
    (SELECT id FROM blob WHERE id > ?1 ORDER BY id LIMIT ?2)";

pub(super) const SUSPECTS: &str = "SELECT b.id FROM blob b WHERE b.id > ?1 AND b.id <= ?2 AND ( \
    (b.lease <= ?3 AND NOT EXISTS (SELECT 1 FROM blob_link l WHERE l.blob = b.id)) \
    OR EXISTS (SELECT 1 FROM blob_link l WHERE l.blob = b.id AND l.lease <= ?3 \
        AND NOT EXISTS (SELECT 1 FROM manifest_reference n \
            WHERE n.repository = l.repository AND n.digest = b.digest))) ORDER BY b.id";

pub(super) const BLOB: &str = "SELECT b.digest, b.size, b.location, b.lease, \
    (SELECT count(*) FROM blob_link l WHERE l.blob = b.id) FROM blob b WHERE b.id = ?1";

pub(super) const UNNAMED_LINKS: &str = "SELECT l.repository, g.name, r.name FROM blob b \
    JOIN blob_link l ON l.blob = b.id JOIN repository r ON r.id = l.repository \
    JOIN registry g ON g.id = r.registry WHERE b.id = ?1 AND l.lease <= ?2 \
    AND NOT EXISTS (SELECT 1 FROM manifest_reference n \
        WHERE n.repository = l.repository AND n.digest = b.digest) \
    ORDER BY l.repository LIMIT ?3";

pub(super) const UNLINK: &str = "DELETE FROM blob_link WHERE repository = ?1 AND blob = ?2";

pub(super) const FORGET: &str = "DELETE FROM blob WHERE id = ?1";

pub(super) fn suspects(
    session: &Session<'_>,
    expired: Timestamp,
    after: BlobId,
) -> Result<Option<(Vec<BlobId>, u64, BlobId)>, StoreError> {
    let end = session.row(LAST_OF_PAGE, (after.0, PAGE), |row| {
        Ok((row.get::<_, Option<i64>>(0)?, size_at(row, 1)?))
    })?;
    let Some((Some(last), scanned)) = end else { return Ok(None) };
    let params = (after.0, last, expired.as_millisecond());
    let found = session.rows(SUSPECTS, params, |row| row.get(0).map(BlobId))?;
    Ok(Some((found, scanned, BlobId(last))))
}

pub(super) fn judge(
    session: &Session<'_>,
    expired: Timestamp,
    blobs: &[BlobId],
) -> Result<Vec<Verdict>, StoreError> {
    let judged = blobs.iter().map(|&blob| judge_one(session, expired, blob, usize::MAX));
    let judged = judged.filter_map(Result::transpose);
    judged.map(|judged| judged.map(|judged| judged.verdict(true))).collect()
}

pub(super) fn remove(
    session: &Session<'_>,
    expired: Timestamp,
    blobs: &[(BlobId, bool)],
) -> Result<Vec<Verdict>, StoreError> {
    let mut verdicts = Vec::new();
    for &(blob, bytes) in blobs {
        let Some(judged) = judge_one(session, expired, blob, LINKS)? else { continue };
        for link in &judged.links {
            session.execute(UNLINK, (link.repository, blob.0))?;
        }
        let verdict = judged.verdict(bytes);
        if verdict.bytes {
            // Bytes that lie beside the row go with it.
            session.execute(FORGET, (blob.0,))?;
        }
        verdicts.push(verdict);
    }
    Ok(verdicts)
}

pub(super) fn unnamed(
    session: &Session<'_>,
    locations: Vec<Location>,
) -> Result<Vec<Location>, StoreError> {
    let mut unnamed = Vec::new();
    for location in locations {
        let sql = super::super::repositories::LOCATION;
        if !session.exists(sql, (&location.0,))? {
            unnamed.push(location);
        }
    }
    Ok(unnamed)
}

/// A blob of which something is of no use.
struct Judged {
    blob: BlobId,
    digest: Digest,
    size: u64,
    location: Option<Location>,
    /// The links that nobody needs.
    links: Vec<Link>,
    /// Whether nothing else holds the bytes.
    alone: bool,
    /// Whether more links than these may have to go.
    more: bool,
}

struct Link {
    repository: i64,
    names: (String, String),
}

fn judge_one(
    session: &Session<'_>,
    expired: Timestamp,
    blob: BlobId,
    limit: usize,
) -> Result<Option<Judged>, StoreError> {
    let row = session.row(BLOB, (blob.0,), |row| {
        let location = row.get::<_, Option<String>>(2)?.map(Location);
        Ok((digest_at(row, 0)?, size_at(row, 1)?, location, time_at(row, 3)?, size_at(row, 4)?))
    })?;
    let Some((digest, size, location, lease, all)) = row else { return Ok(None) };
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let params = (blob.0, expired.as_millisecond(), limit);
    let links = session.rows(UNNAMED_LINKS, params, |row| {
        Ok(Link { repository: row.get(0)?, names: (row.get(1)?, row.get(2)?) })
    })?;
    let others = all > links.len() as u64;
    let alone = !others && lease <= expired;
    if links.is_empty() && !alone {
        return Ok(None);
    }
    let more = others && i64::try_from(links.len()) == Ok(limit);
    Ok(Some(Judged { blob, digest, size, location, links, alone, more }))
}

impl Judged {
    fn verdict(self, may_bytes: bool) -> Verdict {
        let Self { blob, digest, size, location, links, alone, more } = self;
        let bytes = alone && may_bytes;
        let file = location.as_ref().map(|location| location.0.clone()).filter(|_| bytes);
        let mut collected: Vec<_> = links
            .into_iter()
            .map(|Link { names: (registry, repository), .. }| Collected {
                reason: Reason::Unnamed,
                registry: Some(registry),
                repository: Some(repository),
                digest: Some(digest),
                file: None,
                bytes: 0,
            })
            .collect();
        if bytes && collected.is_empty() {
            collected.push(Collected {
                reason: Reason::Unlinked,
                registry: None,
                repository: None,
                digest: Some(digest),
                file: None,
                bytes: 0,
            });
        }
        // The last to go frees the bytes.
        if let Some(last) = collected.last_mut().filter(|_| bytes) {
            last.bytes = size;
            last.file = file;
        }
        Verdict { blob, collected, bytes, location, more: more || (alone && !may_bytes) }
    }
}
