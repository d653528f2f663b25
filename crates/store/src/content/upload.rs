//! One upload in progress: in memory while it is small, then in a file.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use jiff::Timestamp;
use naru_oci::{Algorithm, Digest, Hasher};

use super::disk::{Disk, DiskFile};
use super::{INLINE_LIMIT, UploadKey};
use crate::error::StoreError;

/// An upload in progress.
pub(super) struct Upload {
    pub(super) key: UploadKey,
    pub(super) touched: Timestamp,
    pub(super) body: UploadBody,
    path: PathBuf,
    received: u64,
    hasher: Hasher,
}

/// What all uploads together keep in memory; what is more goes to files, however small.
#[derive(Clone, Default)]
pub(super) struct Kept(Arc<AtomicUsize>);

/// The most that it may be.
const MOST_KEPT: usize = 32 << 20;

impl Kept {
    /// Whether so many bytes more may be kept, which they are from then on.
    fn add(&self, bytes: usize) -> bool {
        let kept = self.0.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if kept > MOST_KEPT {
            self.0.fetch_sub(bytes, Ordering::Relaxed);
        }
        kept <= MOST_KEPT
    }
}

/// The bytes of an upload that is in memory.
#[derive(Default)]
pub(super) struct Memory {
    bytes: Vec<u8>,
    kept: Kept,
}

impl Memory {
    /// Takes bytes in; `false` where they are too many.
    fn add(&mut self, bytes: &[u8]) -> bool {
        let fits = self.bytes.len() + bytes.len() <= INLINE_LIMIT && self.kept.add(bytes.len());
        if fits {
            self.bytes.extend_from_slice(bytes);
        }
        fits
    }

    /// The bytes, which are somebody else's then.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.kept.0.fetch_sub(self.bytes.len(), Ordering::Relaxed);
        std::mem::take(&mut self.bytes)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.take();
    }
}

/// Where the bytes of an upload are.
pub(super) enum UploadBody {
    Memory(Memory),
    File(Box<dyn DiskFile>),
    /// A write failed halfway: what is there is not known any more.
    Broken,
}

impl Upload {
    pub(super) fn new(
        key: UploadKey,
        path: PathBuf,
        algorithm: Algorithm,
        now: Timestamp,
        kept: &Kept,
    ) -> Self {
        Self {
            key,
            touched: now,
            body: UploadBody::Memory(Memory { bytes: Vec::new(), kept: kept.clone() }),
            path,
            received: 0,
            hasher: Hasher::new(algorithm),
        }
    }

    pub(super) const fn received(&self) -> u64 {
        self.received
    }

    pub(super) const fn path(&self) -> &PathBuf {
        &self.path
    }

    /// Takes bytes in without touching the disk; `false` where they are too many for that.
    pub(super) fn keep(&mut self, bytes: &Bytes) -> bool {
        let fits = match &mut self.body {
            UploadBody::Memory(memory) => memory.add(bytes),
            UploadBody::File(_) | UploadBody::Broken => false,
        };
        if fits {
            self.hasher.update(bytes);
            self.received += bytes.len() as u64;
        }
        fits
    }

    /// Writes bytes to the file, which is made with the first of them. Blocks.
    pub(super) fn write(&mut self, disk: &dyn Disk, bytes: &Bytes) -> Result<(), StoreError> {
        let written = self.try_write(disk, bytes);
        if written.is_err() {
            self.body = UploadBody::Broken;
        }
        written
    }

    fn try_write(&mut self, disk: &dyn Disk, bytes: &Bytes) -> Result<(), StoreError> {
        if let UploadBody::Memory(memory) = &mut self.body {
            let kept = Bytes::from(memory.take());
            let mut file = disk.create(&self.path)?;
            file.write(&kept)?;
            self.body = UploadBody::File(file);
        }
        match &mut self.body {
            UploadBody::File(file) => file.write(bytes)?,
            UploadBody::Memory(_) | UploadBody::Broken => {
                return Err(StoreError::Unavailable("the upload's file is broken".to_owned()));
            }
        }
        self.hasher.update(bytes);
        self.received += bytes.len() as u64;
        Ok(())
    }

    /// The digest of all that came, in the given algorithm. Blocks where the file has to be read
    /// again, because another algorithm was expected.
    pub(super) fn digest(&self, algorithm: Algorithm) -> Result<Digest, StoreError> {
        if algorithm == self.hasher.algorithm() {
            return Ok(self.hasher.clone().finish());
        }
        match &self.body {
            UploadBody::Memory(memory) => Ok(Digest::of(algorithm, &memory.bytes)),
            UploadBody::File(_) => {
                let mut hasher = Hasher::new(algorithm);
                let mut file = std::fs::File::open(&self.path)?;
                let mut buffer = vec![0; 1 << 20];
                loop {
                    match std::io::Read::read(&mut file, &mut buffer)? {
                        0 => return Ok(hasher.finish()),
                        read => hasher.update(buffer.get(..read).unwrap_or_default()),
                    }
                }
            }
            UploadBody::Broken => {
                Err(StoreError::Unavailable("the upload's file is broken".to_owned()))
            }
        }
    }
}
