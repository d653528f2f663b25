//! What Azure's metadata calls show and change.
//!
//! Attributes are policy: a change of them starts a new generation, so that whoever keeps a
//! repository's locks in memory sees it at once.

use async_trait::async_trait;
use naru_access::{Access, Delete, InRepository, ReadMetadata, WriteMetadata};
use naru_oci::{Digest, Tag};
use rusqlite::{Row, ToSql};

use super::audit::insert_repository_event;
use super::repositories::{Found, find};
use super::session::{Session, digest_at, digest_key, size_at, time_at};
use super::{Sqlite, locks};
use crate::error::{Missing, StoreError};
use crate::metadata::Properties;
use crate::record::{
    Attributes, AttributesPatch, Barred, Deed, DeletedRepository, Item, Listing, ManifestRecord,
    Order, Page, RepositoryEvent, RepositoryRecord, TagRecord,
};

#[async_trait]
impl Properties for Sqlite {
    async fn repository(
        &self,
        access: &Access<ReadMetadata>,
    ) -> Result<Result<RepositoryRecord, Missing>, StoreError> {
        let place = access.place().clone();
        self.read(move |session| {
            let Some(found) = find(session, &place)? else { return Ok(Err(Missing::Repository)) };
            repository(session, found).map(Ok)
        })
        .await
    }

    async fn tag_record(
        &self,
        access: &Access<ReadMetadata>,
        tag: &Tag,
    ) -> Result<Result<TagRecord, Missing>, StoreError> {
        let (place, tag) = (access.place().clone(), tag.clone());
        self.read(move |session| {
            let Some(found) = find(session, &place)? else { return Ok(Err(Missing::Repository)) };
            let sql = format!("{TAG} AND t.name_key = lower(?2) AND t.name = ?2");
            let tag = session.row(&sql, (found.id, tag.as_str()), tag_at)?;
            Ok(tag.ok_or(Missing::Content))
        })
        .await
    }

    async fn tag_records(
        &self,
        access: &Access<ReadMetadata>,
        digest: Option<&Digest>,
        order: Order,
        page: &Page,
    ) -> Result<Result<Listing<TagRecord>, Missing>, StoreError> {
        let (place, digest, page) = (access.place().clone(), digest.copied(), page.clone());
        self.read(move |session| {
            let Some(found) = find(session, &place)? else { return Ok(Err(Missing::Repository)) };
            tags(session, found.id, digest, order, &page).map(Ok)
        })
        .await
    }

    async fn manifest_record(
        &self,
        access: &Access<ReadMetadata>,
        digest: &Digest,
    ) -> Result<Result<ManifestRecord, Missing>, StoreError> {
        let (place, digest) = (access.place().clone(), *digest);
        self.read(move |session| {
            let Some(found) = find(session, &place)? else { return Ok(Err(Missing::Repository)) };
            let sql = format!("{MANIFEST} AND m.digest = ?2");
            let row = session.row(&sql, (found.id, digest_key(&digest)), manifest_at)?;
            match row {
                Some((id, record)) => with_tags(session, id, record).map(Ok),
                None => Ok(Err(Missing::Content)),
            }
        })
        .await
    }

    async fn manifest_records(
        &self,
        access: &Access<ReadMetadata>,
        order: Order,
        page: &Page,
    ) -> Result<Result<Listing<ManifestRecord>, Missing>, StoreError> {
        let (place, page) = (access.place().clone(), page.clone());
        self.read(move |session| {
            let Some(found) = find(session, &place)? else { return Ok(Err(Missing::Repository)) };
            manifests(session, found.id, order, &page).map(Ok)
        })
        .await
    }

    async fn set_attributes(
        &self,
        access: &Access<WriteMetadata>,
        item: &Item,
        patch: AttributesPatch,
        event: RepositoryEvent,
    ) -> Result<Result<(), Missing>, StoreError> {
        let (place, item) = (access.place().clone(), item.clone());
        self.write_policy(move |session| set_attributes(session, &place, &item, patch, &event))
            .await
    }

    async fn locked(
        &self,
        access: &Access<ReadMetadata>,
        item: &Item,
        against: Deed,
    ) -> Result<Option<Item>, StoreError> {
        let (place, item) = (access.place().clone(), item.clone());
        self.read(move |session| match find(session, &place)? {
            Some(found) => locks::first(session, found, &item, against),
            None => Ok(None),
        })
        .await
    }

    async fn delete_repository(
        &self,
        access: &Access<Delete>,
        event: RepositoryEvent,
    ) -> Result<Result<DeletedRepository, Barred>, StoreError> {
        let place = access.place().clone();
        self.write_policy(move |session| delete_repository(session, &place, &event)).await
    }
}

const TAG: &str = "SELECT t.name, m.digest, t.created, t.updated, t.locks FROM tag t \
    JOIN manifest m ON m.id = t.manifest WHERE t.repository = ?1";

const MANIFEST: &str = "SELECT m.id, m.digest, m.media_type, m.config_media_type, \
    m.artifact_type, m.image_size, m.created, m.updated, m.locks, m.architecture, m.os \
    FROM manifest m WHERE m.repository = ?1";

fn repository(session: &Session<'_>, found: Found) -> Result<RepositoryRecord, StoreError> {
    let sql = "SELECT created, updated, manifests, tags FROM repository WHERE id = ?1";
    let record = session.row(sql, (found.id,), |row| {
        Ok(RepositoryRecord {
            created: time_at(row, 0)?,
            updated: time_at(row, 1)?,
            manifests: size_at(row, 2)?,
            tags: size_at(row, 3)?,
            attributes: found.attributes,
        })
    })?;
    record.ok_or_else(|| StoreError::Damaged("a repository is there and is not".to_owned()))
}

fn tags(
    session: &Session<'_>,
    repository: i64,
    digest: Option<Digest>,
    order: Order,
    page: &Page,
) -> Result<Listing<TagRecord>, StoreError> {
    let of_one = match digest {
        Some(_) => {
            "AND t.manifest = (SELECT id FROM manifest WHERE repository = ?1 AND digest = ?2)"
        }
        None => "AND ?2 IS NULL",
    };
    // The tags of one manifest are few, and are found by it: the plus keeps SQLite from going through
    // all of the repository in the order of time.
    let updated = if digest.is_some() { "+t.updated" } else { "t.updated" };
    let position_in = |sign| format!("({updated}, t.name_key, t.name) {sign} (?3, lower(?4), ?4)");
    let (after, sorted) = match order {
        Order::Name => {
            ("(t.name_key, t.name) > (lower(?4), ?4)".to_owned(), "t.name_key, t.name".to_owned())
        }
        Order::TimeAscending => (position_in(">"), format!("{updated}, t.name_key, t.name")),
        Order::TimeDescending => {
            (position_in("<"), format!("{updated} DESC, t.name_key DESC, t.name DESC"))
        }
    };
    let sql = format!("{TAG} AND t.locks & 8 = 0 {of_one} AND {after} ORDER BY {sorted} LIMIT ?5");
    let (time, name) = position(order, page);
    let digest = digest.as_ref().map(digest_key);
    let limit = one_more(page);
    // In the order of names the time is no part of the position.
    let params: [&dyn ToSql; 5] = [&repository, &digest, &time, &name, &limit];
    let rows = session.rows(&sql, params, tag_at)?;
    Ok(listing(rows, page, |tag| match order {
        Order::Name => tag.name.clone(),
        _ => format!("{}.{}", tag.updated.as_millisecond(), tag.name),
    }))
}

fn manifests(
    session: &Session<'_>,
    repository: i64,
    order: Order,
    page: &Page,
) -> Result<Listing<ManifestRecord>, StoreError> {
    let limit = one_more(page);
    let base = format!("{MANIFEST} AND m.locks & 8 = 0");
    let rows = match order {
        Order::Name => {
            let after: Option<Digest> = page.after.as_deref().and_then(|text| text.parse().ok());
            let after = after.as_ref().map(digest_key).unwrap_or_default();
            let sql = format!("{base} AND m.digest > ?2 ORDER BY m.digest LIMIT ?3");
            session.rows(&sql, (repository, after, limit), manifest_at)?
        }
        Order::TimeAscending | Order::TimeDescending => {
            let (time, id) = position(order, page);
            let ascending = order == Order::TimeAscending;
            let id: i64 = id.parse().unwrap_or(if ascending { i64::MIN } else { i64::MAX });
            let (sign, turn) = if ascending { (">", "") } else { ("<", "DESC") };
            let sql = format!(
                "{base} AND (m.updated, m.id) {sign} (?2, ?3) \
                 ORDER BY m.updated {turn}, m.id {turn} LIMIT ?4"
            );
            session.rows(&sql, (repository, time, id, limit), manifest_at)?
        }
    };
    let page_of = listing(rows, page, |(id, record)| match order {
        Order::Name => record.digest.to_string(),
        _ => format!("{}.{id}", record.updated.as_millisecond()),
    });
    let entries = page_of.entries.into_iter().map(|(id, record)| with_tags(session, id, record));
    Ok(Listing { entries: entries.collect::<Result<_, _>>()?, next: page_of.next })
}

/// Where a page starts, in lists that are ordered by time: after a time, and within it after a
/// name. A page that names no position starts at the beginning.
fn position(order: Order, page: &Page) -> (i64, String) {
    let after = page.after.as_deref().unwrap_or_default();
    let beginning = match order {
        Order::Name => return (0, after.to_owned()),
        Order::TimeAscending => i64::MIN,
        Order::TimeDescending => i64::MAX,
    };
    match after.split_once('.').map(|(time, name)| (time.parse(), name)) {
        Some((Ok(time), name)) => (time, name.to_owned()),
        _ => (beginning, String::new()),
    }
}

fn one_more(page: &Page) -> i64 {
    i64::try_from(page.limit).unwrap_or(i64::MAX).saturating_add(1)
}

fn listing<T>(mut entries: Vec<T>, page: &Page, position: impl Fn(&T) -> String) -> Listing<T> {
    let more = entries.len() > page.limit;
    entries.truncate(page.limit);
    let next = entries.last().filter(|_| more).map(position);
    Listing { entries, next }
}

fn tag_at(row: &Row<'_>) -> rusqlite::Result<TagRecord> {
    Ok(TagRecord {
        name: row.get(0)?,
        digest: digest_at(row, 1)?,
        created: time_at(row, 2)?,
        updated: time_at(row, 3)?,
        attributes: Attributes::from_locks(row.get(4)?),
    })
}

fn manifest_at(row: &Row<'_>) -> rusqlite::Result<(i64, ManifestRecord)> {
    let record = ManifestRecord {
        digest: digest_at(row, 1)?,
        media_type: row.get(2)?,
        config_media_type: row.get(3)?,
        artifact_type: row.get(4)?,
        image_size: size_at(row, 5)?,
        created: time_at(row, 6)?,
        updated: time_at(row, 7)?,
        attributes: Attributes::from_locks(row.get(8)?),
        architecture: row.get(9)?,
        os: row.get(10)?,
        tags: Vec::new(),
    };
    Ok((row.get(0)?, record))
}

fn with_tags(
    session: &Session<'_>,
    id: i64,
    record: ManifestRecord,
) -> Result<ManifestRecord, StoreError> {
    let sql = "SELECT name FROM tag WHERE manifest = ?1 AND locks & 8 = 0 ORDER BY name_key, name";
    let tags = session.rows(sql, (id,), |row| row.get(0))?;
    Ok(ManifestRecord { tags, ..record })
}

fn set_attributes(
    session: &Session<'_>,
    place: &InRepository,
    item: &Item,
    patch: AttributesPatch,
    event: &RepositoryEvent,
) -> Result<Result<(), Missing>, StoreError> {
    let Some(found) = find(session, place)? else { return Ok(Err(Missing::Repository)) };
    let patched = |locks| patch.applied_to(Attributes::from_locks(locks)).locks();
    let changed = match item {
        Item::Repository => {
            let locks = patched(found.attributes.locks());
            session.execute("UPDATE repository SET locks = ?2 WHERE id = ?1", (found.id, locks))?
        }
        Item::Manifest(digest) => {
            let key = digest_key(digest);
            let sql = "SELECT locks FROM manifest WHERE repository = ?1 AND digest = ?2";
            let Some(locks) = session.row(sql, (found.id, &key), |row| row.get(0))? else {
                return Ok(Err(Missing::Content));
            };
            let sql = "UPDATE manifest SET locks = ?3 WHERE repository = ?1 AND digest = ?2";
            session.execute(sql, (found.id, &key, patched(locks)))?
        }
        Item::Tag(tag) => {
            let name = tag.as_str();
            let locks =
                session.row(super::repositories::TAG_LOCKS, (found.id, name), |r| r.get(0))?;
            let Some(locks) = locks else { return Ok(Err(Missing::Content)) };
            let sql = "UPDATE tag SET locks = ?3 \
                       WHERE repository = ?1 AND name_key = lower(?2) AND name = ?2";
            session.execute(sql, (found.id, name, patched(locks)))?
        }
    };
    if changed == 0 {
        return Ok(Err(Missing::Content));
    }
    insert_repository_event(session, event)?;
    Ok(Ok(()))
}

fn delete_repository(
    session: &Session<'_>,
    place: &InRepository,
    event: &RepositoryEvent,
) -> Result<Result<DeletedRepository, Barred>, StoreError> {
    let Some(found) = find(session, place)? else { return Ok(Err(Missing::Repository.into())) };
    let kept = Deed::Delete.locks();
    let locked = |sql| session.exists(sql, (found.id, kept));
    if !found.attributes.may_delete()
        || locked("SELECT 1 FROM manifest WHERE repository = ?1 AND locks & ?2 <> 0")?
        || locked("SELECT 1 FROM tag WHERE repository = ?1 AND locks & ?2 <> 0")?
    {
        return Ok(Err(Barred::Locked));
    }
    let digests = "SELECT digest FROM manifest WHERE repository = ?1 ORDER BY digest";
    let tags = "SELECT name FROM tag WHERE repository = ?1 ORDER BY name_key, name";
    let deleted = DeletedRepository {
        manifests: session
            .rows(digests, (found.id,), |row| digest_at(row, 0).map(|digest| digest.to_string()))?,
        tags: session.rows(tags, (found.id,), |row| row.get(0))?,
    };
    // The bytes stay for collection, which counts from when they were last needed.
    let sql = "UPDATE blob SET lease = max(lease, ?2) \
               WHERE id IN (SELECT blob FROM blob_link WHERE repository = ?1)";
    session.execute(sql, (found.id, event.request.time.as_millisecond()))?;
    // Manifests, tags and links go with the row.
    session.execute("DELETE FROM repository WHERE id = ?1", (found.id,))?;
    insert_repository_event(session, event)?;
    Ok(Ok(deleted))
}
