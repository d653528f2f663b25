//! One upload in progress: in memory while it is small, then in a file.

use std::path::PathBuf;

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

/// Where the bytes of an upload are.
pub(super) enum UploadBody {
    Memory(Vec<u8>),
    File(Box<dyn DiskFile>),
    /// A write failed halfway: what is there is not known any more.
    Broken,
}

impl Upload {
    pub(super) fn new(key: UploadKey, path: PathBuf, algorithm: Algorithm, now: Timestamp) -> Self {
        Self {
            key,
            touched: now,
            body: UploadBody::Memory(Vec::new()),
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
        match &mut self.body {
            UploadBody::Memory(memory) if memory.len() + bytes.len() <= INLINE_LIMIT => {
                memory.extend_from_slice(bytes);
                self.hasher.update(bytes);
                self.received += bytes.len() as u64;
                true
            }
            UploadBody::Memory(_) | UploadBody::File(_) | UploadBody::Broken => false,
        }
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
            let kept = Bytes::from(std::mem::take(memory));
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
            UploadBody::Memory(memory) => Ok(Digest::of(algorithm, memory)),
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
