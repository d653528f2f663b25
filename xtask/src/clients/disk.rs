//! A disk that is full soon: a file system in memory of a few MiB, which only root may mount.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::process::Invocation;
use crate::tools;

/// Room for the registry's database and its journal, and for no image of twelve MiB.
const SIZE: &str = "size=8m";

/// A mounted disk.
pub(super) struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Mounts one at `folder`; `None` where that is not this user's to do.
    pub(super) fn mount(folder: &Path) -> Result<Option<Self>, Failure> {
        if tools::need_root("mount").is_err() {
            return Ok(None);
        }
        fs::create_dir_all(folder).map_err(Failure::machine("make a folder for a small disk"))?;
        Invocation::new("mount")
            .args(["-t", "tmpfs", "-o", SIZE, "naru-clients"])
            .args([folder])
            .succeed()?;
        Ok(Some(Self { folder: folder.to_owned() }))
    }

    /// Where it is mounted.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // What still runs in it, if anything, is not worth keeping.
        let _ = Invocation::new("umount").args(["--lazy"]).args([&self.folder]).run();
    }
}
