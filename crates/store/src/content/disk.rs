//! The seam to the file system: every operation that durability depends on, and no other.
//!
//! A test puts a recording or failing disk in its place.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::num::NonZero;
use std::path::Path;

use bytes::Bytes;
use rustix::fs::{Advice, fadvise};

/// How much is written before the system is asked to write it back.
const STEP: u64 = 8 << 20;

/// A file system, as far as content is written to it.
pub trait Disk: Send + Sync + 'static {
    /// Creates a file that is not there yet.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// Creates a directory, unless it is there. Its name is durable once the one above is synced.
    fn create_directory(&self, path: &Path) -> io::Result<()>;
    /// Moves a file. The new name is durable once its directory is synced.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file, if it is there.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes the names in a directory durable.
    fn sync_directory(&self, path: &Path) -> io::Result<()>;
}

/// A file that is being written.
pub trait DiskFile: Send {
    /// Appends bytes.
    fn write(&mut self, bytes: &Bytes) -> io::Result<()>;
    /// Makes all that was written durable.
    fn sync(&mut self) -> io::Result<()>;
}

/// The file system of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalDisk;

impl Disk for LocalDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        Ok(Box::new(LocalFile { file, written: 0, on_its_way: 0 }))
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        match fs::create_dir(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }
}

/// A file of this machine.
struct LocalFile {
    file: File,
    written: u64,
    /// What the system was asked to write back already.
    on_its_way: u64,
}

impl DiskFile for LocalFile {
    fn write(&mut self, bytes: &Bytes) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.written += bytes.len() as u64;
        let waiting = self.written - self.on_its_way;
        if waiting >= STEP {
            // What is dirty is written back at once, while more is received: else all of it waits
            // for the sync, and small writes beside it too. Only advice: it may fail.
            let _ = fadvise(&self.file, self.on_its_way, NonZero::new(waiting), Advice::DontNeed);
            self.on_its_way = self.written;
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }
}
