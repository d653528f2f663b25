//! Repositories and what is in them.
//!
//! The statements are in [`blob`], [`manifest`] and [`list`]. Each names the repository by tenant,
//! registry and name, as the capability does, and reaches content by way of its row alone; there
//! is no statement that finds a blob without a link. A reading is one statement, so it sees one
//! state of the database whatever is written meanwhile.

mod blob;
mod list;
mod manifest;

pub(super) use blob::LOCATION;
pub(super) use manifest::{FIND, LINKED_BLOB, TAG_LOCKS};

use async_trait::async_trait;
use jiff::Timestamp;
use naru_access::{Access, Catalog, Delete, InRepository, ListTags, Maintenance, Pull, Push};
use naru_oci::{Digest, Reference, Referrer, RepositoryName, Tag};

use super::Sqlite;
use super::session::Session;
use crate::error::{Missing, StoreError};
use crate::metadata::Repositories;
use crate::record::{
    Attributes, Barred, Blob, BlobStat, Linked, Listing, Location, ManifestPut, ManifestStat,
    NewManifest, Page, PutRefusal, RepositoryEvent, Sealed, StoredManifest, UnlinkRefusal,
};

#[async_trait]
impl Repositories for Sqlite {
    async fn blob(
        &self,
        access: &Access<Pull>,
        digest: &Digest,
    ) -> Result<Result<Blob, Barred>, StoreError> {
        let (place, digest) = (access.place(), *digest);
        let turn = self.recent.turn(place);
        if let Some(blob) = self.recent.blob(turn, place, &digest) {
            return Ok(Ok(blob));
        }
        let read = {
            let place = place.clone();
            self.read(move |session| blob::read(session, &place, &digest)).await?
        };
        if let Ok(blob) = &read {
            self.recent.keep_blob(turn, place.clone(), digest, blob);
        }
        Ok(read)
    }

    async fn stat_blob(
        &self,
        access: &Access<Pull>,
        digest: &Digest,
    ) -> Result<Result<BlobStat, Barred>, StoreError> {
        let (place, digest) = (access.place().clone(), *digest);
        self.read(move |session| blob::stat(session, &place, &digest)).await
    }

    async fn renew_lease(
        &self,
        access: &Access<Pull>,
        digest: &Digest,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (place, digest) = (access.place().clone(), *digest);
        self.write(move |session| blob::renew(session, &place, &digest, now)).await
    }

    async fn link_blob(
        &self,
        access: &Access<Push>,
        sealed: &Sealed,
        now: Timestamp,
    ) -> Result<Result<Linked, Barred>, StoreError> {
        let (place, new) = (access.place().clone(), blob::NewBlob::of(sealed));
        self.write(move |session| blob::link(session, &place, &new, now)).await
    }

    async fn mend_blob(&self, access: &Access<Push>, digest: &Digest) -> Result<(), StoreError> {
        let (tenant, digest) = (access.registry().tenant, *digest);
        self.write(move |session| blob::mend(session, tenant, &digest)).await
    }

    async fn repositories_with(
        &self,
        access: &Access<Push>,
        digest: &Digest,
        limit: usize,
    ) -> Result<Vec<RepositoryName>, StoreError> {
        let (registry, digest) = (*access.registry(), *digest);
        self.read(move |session| blob::holders(session, registry, &digest, limit)).await
    }

    async fn mount_blob(
        &self,
        access: &Access<Push>,
        source: &Access<Pull>,
        digest: &Digest,
        now: Timestamp,
    ) -> Result<Result<bool, Barred>, StoreError> {
        let (place, source) = (access.place().clone(), source.place().clone());
        let digest = *digest;
        self.write(move |session| blob::mount(session, &place, &source, &digest, now)).await
    }

    async fn unlink_blob(
        &self,
        access: &Access<Delete>,
        digest: &Digest,
        event: RepositoryEvent,
    ) -> Result<Result<(), UnlinkRefusal>, StoreError> {
        let (place, digest) = (access.place().clone(), *digest);
        self.write_in(access.place(), move |session| blob::unlink(session, &place, &digest, &event))
            .await
    }

    async fn has_location(
        &self,
        _maintenance: &Maintenance,
        location: &Location,
    ) -> Result<bool, StoreError> {
        let location = location.clone();
        self.read(move |session| blob::has_location(session, &location)).await
    }

    async fn manifest(
        &self,
        access: &Access<Pull>,
        reference: &Reference,
    ) -> Result<Result<StoredManifest, Barred>, StoreError> {
        let place = access.place();
        let turn = self.recent.turn(place);
        if let Some(manifest) = self.recent.manifest(turn, place, reference) {
            return Ok(Ok(manifest));
        }
        let read = {
            let (place, reference) = (place.clone(), reference.clone());
            self.read(move |session| manifest::read(session, &place, &reference)).await?
        };
        if let Ok(manifest) = &read {
            self.recent.keep_manifest(turn, place.clone(), reference.clone(), manifest);
        }
        Ok(read)
    }

    async fn stat_manifest(
        &self,
        access: &Access<Pull>,
        reference: &Reference,
    ) -> Result<Result<ManifestStat, Barred>, StoreError> {
        let place = access.place();
        if let Some(manifest) = self.recent.manifest(self.recent.turn(place), place, reference) {
            return Ok(Ok(manifest.stat));
        }
        let (place, reference) = (place.clone(), reference.clone());
        self.read(move |session| manifest::stat(session, &place, &reference)).await
    }

    async fn put_manifest(
        &self,
        access: &Access<Push>,
        manifest: NewManifest,
        event: RepositoryEvent,
    ) -> Result<Result<ManifestPut, PutRefusal>, StoreError> {
        let place = access.place().clone();
        self.write_in(access.place(), move |session| {
            manifest::put(session, &place, &manifest, &event)
        })
        .await
    }

    async fn delete_manifest(
        &self,
        access: &Access<Delete>,
        digest: &Digest,
        event: RepositoryEvent,
    ) -> Result<Result<Vec<String>, Barred>, StoreError> {
        let (place, digest) = (access.place().clone(), *digest);
        self.write_in(access.place(), move |session| {
            manifest::delete(session, &place, &digest, &event)
        })
        .await
    }

    async fn delete_tag(
        &self,
        access: &Access<Delete>,
        tag: &Tag,
        event: RepositoryEvent,
    ) -> Result<Result<(), Barred>, StoreError> {
        let (place, tag) = (access.place().clone(), tag.clone());
        self.write_in(access.place(), move |session| {
            manifest::delete_tag(session, &place, &tag, &event)
        })
        .await
    }

    async fn tags(
        &self,
        access: &Access<ListTags>,
        page: &Page,
    ) -> Result<Result<Listing<String>, Missing>, StoreError> {
        let (place, page) = (access.place().clone(), page.clone());
        self.read(move |session| list::tags(session, &place, &page)).await
    }

    async fn catalog(
        &self,
        access: &Access<Catalog>,
        page: &Page,
    ) -> Result<Listing<String>, StoreError> {
        let (registry, page) = (*access.place(), page.clone());
        self.read(move |session| list::catalog(session, registry, &page)).await
    }

    async fn referrers(
        &self,
        access: &Access<Pull>,
        subject: &Digest,
        artifact_type: Option<&str>,
        page: &Page,
    ) -> Result<Listing<Referrer>, StoreError> {
        let (place, subject, page) = (access.place().clone(), *subject, page.clone());
        let artifact_type = artifact_type.map(str::to_owned);
        self.read(move |session| {
            list::referrers(session, &place, &subject, artifact_type.as_deref(), &page)
        })
        .await
    }
}

const REPOSITORY: &str =
    "SELECT id, locks FROM repository WHERE tenant = ?1 AND registry = ?2 AND name = ?3";

/// A repository as the statements name it, in their first three parameters.
fn key(place: &InRepository) -> ([u8; 16], [u8; 16], &str) {
    let InRepository { registry, repository } = place;
    (registry.tenant.bytes(), registry.registry.bytes(), repository.as_str())
}

/// The row of a repository.
#[derive(Clone, Copy)]
pub(super) struct Found {
    pub(super) id: i64,
    pub(super) attributes: Attributes,
}

/// The row of a repository, for a write: there nothing changes between two statements.
pub(super) fn find(
    session: &Session<'_>,
    place: &InRepository,
) -> Result<Option<Found>, StoreError> {
    session.row(REPOSITORY, key(place), |row| {
        Ok(Found { id: row.get(0)?, attributes: Attributes::from_locks(row.get(1)?) })
    })
}

/// The row of a repository that may be written to, made if it is not there.
fn open_for_write(
    session: &Session<'_>,
    place: &InRepository,
    now: Timestamp,
) -> Result<Result<i64, Barred>, StoreError> {
    match find(session, place)? {
        Some(found) if !found.attributes.write_enabled => return Ok(Err(Barred::Locked)),
        Some(found) => return Ok(Ok(found.id)),
        None => {}
    }
    let (tenant, registry, name) = key(place);
    let sql = "INSERT INTO repository (tenant, registry, name, created, updated) \
               VALUES (?1, ?2, ?3, ?4, ?4)";
    session.insert(sql, (tenant, registry, name, now.as_millisecond())).map(Ok)
}

#[cfg(test)]
pub(super) mod plans;
