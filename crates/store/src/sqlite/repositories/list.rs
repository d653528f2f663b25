//! Lists: tags, repositories, referrers. A page starts in the index where the one before it ended,
//! so the last costs what the first does.

use std::collections::BTreeMap;

use naru_access::{InRegistry, InRepository};
use naru_oci::{Digest, Referrer};
use rusqlite::Row;

use super::super::session::{Session, digest_at, digest_key, parsed_at, size_at};
use super::key;
use crate::error::{Missing, StoreError};
use crate::record::{Listing, Page};

/// No row is no repository, a row of nulls an empty page.
pub(super) const TAGS: &str = "SELECT t.name FROM repository r \
    LEFT JOIN tag t ON t.repository = r.id AND (t.name_key, t.name) > (lower(?4), ?4) \
    AND t.locks & 8 = 0 \
    WHERE r.tenant = ?1 AND r.registry = ?2 AND r.name = ?3 \
    ORDER BY t.name_key, t.name LIMIT ?5";

pub(super) const CATALOG: &str = "SELECT name FROM repository \
    WHERE tenant = ?1 AND registry = ?2 AND listed = 1 AND locks & 8 = 0 AND name > ?3 ORDER BY name LIMIT ?4";

pub(super) const REFERRERS: &str = "SELECT m.id, m.media_type, m.digest, m.size, m.artifact_type, \
    m.annotations FROM repository r \
    JOIN manifest m ON m.repository = r.id AND m.subject = ?4 AND m.id > ?5 \
    WHERE r.tenant = ?1 AND r.registry = ?2 AND r.name = ?3 \
    AND (?6 IS NULL OR m.artifact_type = ?6) ORDER BY m.id LIMIT ?7";

pub(super) fn tags(
    session: &Session<'_>,
    place: &InRepository,
    page: &Page,
) -> Result<Result<Listing<String>, Missing>, StoreError> {
    let (tenant, registry, name) = key(place);
    let after = page.after.as_deref().unwrap_or_default();
    let params = (tenant, registry, name, after, one_more(page));
    let rows: Vec<Option<String>> = session.rows(TAGS, params, |row| row.get(0))?;
    if rows.is_empty() {
        return Ok(Err(Missing::Repository));
    }
    Ok(Ok(names(rows.into_iter().flatten().collect(), page)))
}

pub(super) fn catalog(
    session: &Session<'_>,
    registry: InRegistry,
    page: &Page,
) -> Result<Listing<String>, StoreError> {
    let after = page.after.as_deref().unwrap_or_default();
    let params = (registry.tenant.bytes(), registry.registry.bytes(), after, one_more(page));
    Ok(names(session.rows(CATALOG, params, |row| row.get(0))?, page))
}

pub(super) fn referrers(
    session: &Session<'_>,
    place: &InRepository,
    subject: &Digest,
    artifact_type: Option<&str>,
    page: &Page,
) -> Result<Listing<Referrer>, StoreError> {
    let (tenant, registry, name) = key(place);
    // What never was a position in the list is none to go on from: it starts at the beginning.
    let after: i64 = page.after.as_deref().and_then(|id| id.parse().ok()).unwrap_or_default();
    let subject = digest_key(subject);
    let params = (tenant, registry, name, subject, after, artifact_type, one_more(page));
    let rows = session.rows(REFERRERS, params, referrer)?;
    let (mut positions, mut entries): (Vec<i64>, Vec<_>) = rows.into_iter().unzip();
    let more = entries.len() > page.limit;
    positions.truncate(page.limit);
    entries.truncate(page.limit);
    let next = positions.last().filter(|_| more).map(i64::to_string);
    Ok(Listing { entries, next })
}

/// How many rows to ask for, so that it shows whether there is a further page.
fn one_more(page: &Page) -> i64 {
    i64::try_from(page.limit).unwrap_or(i64::MAX).saturating_add(1)
}

/// A page of a list that is ordered by its entries.
fn names(mut entries: Vec<String>, page: &Page) -> Listing<String> {
    let more = entries.len() > page.limit;
    entries.truncate(page.limit);
    let next = entries.last().filter(|_| more).cloned();
    Listing { entries, next }
}

fn referrer(row: &Row<'_>) -> rusqlite::Result<(i64, Referrer)> {
    let annotations = match row.get_ref(5)? {
        rusqlite::types::ValueRef::Null => BTreeMap::new(),
        _ => parsed_at(row, 5, |text| serde_json::from_str(text).ok())?,
    };
    let referrer = Referrer {
        media_type: row.get(1)?,
        digest: digest_at(row, 2)?,
        size: size_at(row, 3)?,
        artifact_type: row.get(4)?,
        annotations,
    };
    Ok((row.get(0)?, referrer))
}
