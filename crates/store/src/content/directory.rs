//! Content in a directory: `uploads/` for what is in progress, `blobs/` for what is finished.
//!
//! A finished upload is synced, moved to a directory below `blobs/`, by the first two digits of its
//! key, and that directory is synced; then its row may commit. Between the move and the commit a
//! marker in `uploads/` names it, so that the next start finds what a crash left there without
//! reading all of `blobs/`.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use naru_access::PrincipalId;
use naru_oci::{Algorithm, Digest};
use tokio::sync::{OwnedMutexGuard, mpsc};
use tokio::task::spawn_blocking;

use super::disk::{Disk, LocalDisk};
use super::held::{Held, Holding};
use super::listing::{self, Listed};
use super::open::Uploads;
use super::reading::Chunks;
use super::upload::{Kept, Upload, UploadBody};
use super::{Content, Source, UploadError, UploadKey};
use crate::error::StoreError;
use crate::record::{Location, Sealed, SealedBody};

/// The most uploads that are open at once, where nothing else is said.
pub(crate) const MOST_UPLOADS: usize = 10_000;

/// Frames are handed to the writing thread in batches of about this size.
const BATCH: usize = 512 << 10;

/// And of at most so many, since each pins a buffer.
const BATCH_FRAMES: usize = 64;

const MARKER: &str = ".sealed";

/// What is begun, moved and removed to see that the directories can be written; no upload's name.
const PROBE: &str = "probe";

/// The content store of a data directory.
pub struct Directory {
    blobs: PathBuf,
    uploads: PathBuf,
    disk: Arc<dyn Disk>,
    open: Mutex<Uploads>,
    kept: Kept,
    holding: Holding,
    most_uploads: usize,
}

/// What a crash left behind: content that may have no row.
#[derive(Clone, Debug)]
pub struct Leftover {
    /// Where it would be.
    pub location: Location,
}

impl Directory {
    /// Opens the store, and removes the uploads that an earlier process left in progress. What it
    /// sealed, and perhaps did not get a row for, is returned for the caller to decide on.
    pub fn open(blobs: PathBuf, uploads: PathBuf) -> Result<(Self, Vec<Leftover>), StoreError> {
        Self::open_on(Arc::new(LocalDisk), blobs, uploads)
    }

    /// As [`Directory::open`], on another disk.
    pub fn open_on(
        disk: Arc<dyn Disk>,
        blobs: PathBuf,
        uploads: PathBuf,
    ) -> Result<(Self, Vec<Leftover>), StoreError> {
        make_directories(disk.as_ref(), &blobs, &uploads)?;
        let mut leftovers = Vec::new();
        for entry in std::fs::read_dir(&uploads)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_str().unwrap_or_default();
            match name.strip_suffix(MARKER) {
                Some(key) => leftovers.extend(
                    UploadKey::from_hex(key).map(|key| Leftover { location: location(key) }),
                ),
                None if UploadKey::from_hex(name).is_some() => disk.remove(&entry.path())?,
                // Not a name that we give: not ours to remove.
                None => {}
            }
        }
        let (open, kept, holding) = (Mutex::default(), Kept::default(), Holding::default());
        let most_uploads = MOST_UPLOADS;
        Ok((Self { blobs, uploads, disk, open, kept, holding, most_uploads }, leftovers))
    }

    /// The same store, with at most so many uploads at once.
    #[must_use]
    pub fn for_at_most(mut self, uploads: usize) -> Self {
        self.most_uploads = uploads;
        self
    }

    fn table(&self) -> MutexGuard<'_, Uploads> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn upload(&self, key: UploadKey) -> Result<OwnedMutexGuard<Upload>, UploadError> {
        let open = self.table().upload(key).ok_or(UploadError::Unknown)?;
        let upload = open.lock_owned().await;
        // It may have been finished or cancelled while this waited.
        if self.table().contains(key) { Ok(upload) } else { Err(UploadError::Unknown) }
    }

    fn path(&self, location: &Location) -> PathBuf {
        self.blobs.join(&location.0)
    }

    fn marker(&self, location: &Location) -> PathBuf {
        let key = location.0.rsplit('/').next().unwrap_or_default();
        self.uploads.join(format!("{key}{MARKER}"))
    }

    /// Drops the file of an upload that is no longer among those that are open.
    fn forget(&self, upload: OwnedMutexGuard<Upload>) {
        if matches!(upload.body, UploadBody::Memory(_)) {
            return;
        }
        let disk = Arc::clone(&self.disk);
        spawn_blocking(move || {
            if let Err(error) = disk.remove(upload.path()) {
                tracing::warn!(%error, "an upload that was given up could not be removed");
            }
        });
    }

    /// Drops an upload and its file.
    async fn discard(&self, upload: OwnedMutexGuard<Upload>) -> Result<(), StoreError> {
        self.table().remove(upload.key);
        if matches!(upload.body, UploadBody::Memory(_)) {
            return Ok(());
        }
        let disk = Arc::clone(&self.disk);
        blocking(move || Ok(disk.remove(upload.path())?)).await
    }
}

#[async_trait]
impl Content for Directory {
    fn begin(
        &self,
        upload: UploadKey,
        owner: PrincipalId,
        algorithm: Algorithm,
        now: Timestamp,
    ) -> Result<(), UploadError> {
        let path = self.uploads.join(upload.hex());
        let begun = Upload::new(upload, path, algorithm, now, &self.kept);
        let mut table = self.table();
        if table.len() >= self.most_uploads {
            let taken = table.take_from_who_has_most(owner).ok_or(UploadError::TooMany)?;
            self.forget(taken);
        }
        table.insert(owner, begun);
        Ok(())
    }

    async fn append(
        &self,
        upload: UploadKey,
        at: Option<u64>,
        source: &mut dyn Source,
        now: Timestamp,
    ) -> Result<u64, UploadError> {
        let mut upload = self.upload(upload).await?;
        upload.touched = now;
        if let Some(at) = at
            && at != upload.received()
        {
            return Err(UploadError::OutOfOrder(upload.received()));
        }
        loop {
            match source.next().await {
                None => return Ok(upload.received()),
                Some(Err(error)) => return Err(UploadError::Source(error)),
                Some(Ok(bytes)) if upload.keep(&bytes) => {}
                Some(Ok(bytes)) => break self.append_to_file(upload, bytes, source).await,
            }
        }
    }

    async fn received(&self, upload: UploadKey) -> Result<u64, UploadError> {
        Ok(self.upload(upload).await?.received())
    }

    async fn seal(&self, upload: UploadKey, digest: Digest) -> Result<Sealed, UploadError> {
        let mut upload = self.upload(upload).await?;
        if matches!(upload.body, UploadBody::Memory(_))
            && upload.digest(digest.algorithm())? != digest
        {
            return Err(UploadError::Digest);
        }
        if let UploadBody::Memory(memory) = &mut upload.body {
            let bytes = Bytes::from(memory.take());
            self.table().remove(upload.key);
            return Ok(Sealed {
                digest,
                size: bytes.len() as u64,
                body: SealedBody::Inline(bytes),
                _held: None,
            });
        }
        let location = location(upload.key);
        let (path, marker) = (self.path(&location), self.marker(&location));
        let disk = Arc::clone(&self.disk);
        let held = self.holding.hold(&location);
        let work = move || {
            let sealed = seal_file(disk.as_ref(), &mut upload, digest, &path, &marker);
            Ok((upload, sealed, held))
        };
        let (upload, sealed, held) = blocking(work).await?;
        match sealed {
            Ok(true) => {
                self.table().remove(upload.key);
                let body = SealedBody::Stored(location);
                Ok(Sealed { digest, size: upload.received(), body, _held: Some(held) })
            }
            Ok(false) => Err(UploadError::Digest),
            Err(error) => {
                // It may stand under either name: none of it is of use any more.
                self.table().remove(upload.key);
                let (disk, path) = (Arc::clone(&self.disk), self.path(&location));
                let cleaned = blocking(move || {
                    disk.remove(upload.path())?;
                    Ok(disk.remove(&path)?)
                });
                if let Err(cleaning) = cleaned.await {
                    tracing::warn!(%cleaning, "a failed upload could not be removed");
                }
                Err(error.into())
            }
        }
    }

    async fn cancel(&self, upload: UploadKey) -> Result<(), UploadError> {
        let upload = self.upload(upload).await?;
        Ok(self.discard(upload).await?)
    }

    fn uploads(&self) -> usize {
        self.table().len()
    }

    async fn expire(&self, since: Timestamp) {
        let open = self.table().all();
        for upload in open {
            // One that is locked is in use.
            let Ok(upload) = upload.try_lock_owned() else { continue };
            if upload.touched < since
                && let Err(error) = self.discard(upload).await
            {
                tracing::warn!(%error, "an expired upload could not be removed");
            }
        }
    }

    async fn condemn(&self, location: &Location) -> Result<Held, StoreError> {
        let (disk, marker) = (Arc::clone(&self.disk), self.marker(location));
        let held = self.holding.hold(location);
        blocking(move || match disk.create(&marker).map_err(|error| error.kind()) {
            // On a full disk room is needed more than the marker: without it, a crash in between
            // leaves the file to the next collection.
            Ok(_) | Err(io::ErrorKind::AlreadyExists | io::ErrorKind::StorageFull) => Ok(held),
            Err(kind) => Err(io::Error::from(kind).into()),
        })
        .await
    }

    async fn settle(&self, location: &Location) -> Result<(), StoreError> {
        let (disk, marker) = (Arc::clone(&self.disk), self.marker(location));
        blocking(move || Ok(disk.remove(&marker)?)).await
    }

    async fn replace(&self, old: &Location, new: &Location) -> Result<(), StoreError> {
        let (disk, marker) = (Arc::clone(&self.disk), self.marker(new));
        let (new, old) = (self.path(new), self.path(old));
        blocking(move || {
            disk.rename(&new, &old)?;
            disk.sync_directory(old.parent().unwrap_or(&old))?;
            Ok(disk.remove(&marker)?)
        })
        .await
    }

    async fn remove(&self, location: &Location) -> Result<(), StoreError> {
        let (disk, path, marker) =
            (Arc::clone(&self.disk), self.path(location), self.marker(location));
        blocking(move || {
            disk.remove(&path)?;
            Ok(disk.remove(&marker)?)
        })
        .await
    }

    async fn read(
        &self,
        location: &Location,
        size: u64,
        first: u64,
        length: u64,
    ) -> Result<Chunks, StoreError> {
        Chunks::open(&self.path(location), size, first, length).await
    }

    async fn probe(&self) -> Result<(), StoreError> {
        // The way of all content: a file among the uploads, which is moved. It stays empty.
        let (begun, moved) = (self.uploads.join(PROBE), self.blobs.join(PROBE));
        let disk = Arc::clone(&self.disk);
        blocking(move || {
            disk.remove(&begun)?;
            drop(disk.create(&begun)?);
            disk.rename(&begun, &moved)?;
            Ok(disk.remove(&moved)?)
        })
        .await
    }

    fn parts(&self) -> u64 {
        listing::PARTS
    }

    async fn list(&self, part: u64) -> Result<Vec<Listed>, StoreError> {
        let blobs = self.blobs.clone();
        let mut listed = blocking(move || Ok(listing::list(&blobs, part)?)).await?;
        // In this order: what was seen was held before, or whoever wants its row has asked for it.
        listed.retain(|file| !file.location.as_ref().is_some_and(|at| self.holding.holds(at)));
        Ok(listed)
    }

    async fn size(&self, location: &Location) -> Result<Option<u64>, StoreError> {
        let path = self.path(location);
        blocking(move || match std::fs::metadata(path) {
            Ok(found) => Ok(Some(found.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        })
        .await
    }
}

impl Directory {
    /// Appends what no longer fits into memory: this side receives, one blocking thread writes
    /// and hashes.
    async fn append_to_file(
        &self,
        mut upload: OwnedMutexGuard<Upload>,
        first: Bytes,
        source: &mut dyn Source,
    ) -> Result<u64, UploadError> {
        let disk = Arc::clone(&self.disk);
        let (batches, mut waiting) = mpsc::channel::<Vec<Bytes>>(2);
        let writing = spawn_blocking(move || {
            while let Some(batch) = waiting.blocking_recv() {
                for bytes in &batch {
                    if let Err(error) = upload.write(disk.as_ref(), bytes) {
                        return (upload, Err(error));
                    }
                }
            }
            (upload, Ok(()))
        });
        let (mut batch, mut size) = (vec![first], 0);
        let broken = loop {
            let end = match source.next().await {
                Some(Ok(bytes)) => {
                    size += bytes.len();
                    batch.push(bytes);
                    None
                }
                Some(Err(error)) => Some(Some(error)),
                None => Some(None),
            };
            if size >= BATCH || batch.len() >= BATCH_FRAMES || end.is_some() {
                size = 0;
                // The thread stops listening only where writing failed, which it reports itself.
                if batches.send(std::mem::take(&mut batch)).await.is_err() {
                    break None;
                }
            }
            if let Some(broken) = end {
                break broken;
            }
        };
        drop(batches);
        let written = writing.await;
        let (upload, written) =
            written.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        if let Err(error) = written {
            self.discard(upload).await?;
            return Err(error.into());
        }
        match broken {
            Some(error) => Err(UploadError::Source(error)),
            None => Ok(upload.received()),
        }
    }
}

/// Makes an upload's file durable under its final name; `false` where it has another digest.
fn seal_file(
    disk: &dyn Disk,
    upload: &mut Upload,
    digest: Digest,
    path: &Path,
    marker: &Path,
) -> Result<bool, StoreError> {
    if upload.digest(digest.algorithm())? != digest {
        return Ok(false);
    }
    let UploadBody::File(file) = &mut upload.body else {
        return Err(StoreError::Unavailable("the upload's file is broken".to_owned()));
    };
    file.sync()?;
    drop(disk.create(marker)?);
    disk.rename(upload.path(), path)?;
    disk.sync_directory(path.parent().unwrap_or(path))?;
    Ok(true)
}

/// Makes every directory that content will lie in, and their names durable; also of those that
/// are there, since an earlier process may have ended between the two.
fn make_directories(disk: &dyn Disk, blobs: &Path, uploads: &Path) -> Result<(), StoreError> {
    for directory in [blobs, uploads] {
        disk.create_directory(directory)?;
        disk.sync_directory(directory.parent().unwrap_or(directory))?;
    }
    for shard in 0..=u8::MAX {
        disk.create_directory(&blobs.join(format!("{shard:02x}")))?;
    }
    Ok(disk.sync_directory(blobs)?)
}

/// Where the upload of a key is moved to.
pub(super) fn location(key: UploadKey) -> Location {
    let hex = key.hex();
    Location(format!("{}/{hex}", hex.get(..2).unwrap_or_default()))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(StoreError::Unavailable(error.to_string())))
}
