//! What lies in the directory of finished content, whether a row names it or not.

use std::fs::{self, DirEntry};
use std::io;
use std::path::Path;

use jiff::Timestamp;

use super::UploadKey;
use super::directory::location;
use crate::record::Location;

/// A directory for each value of the first two digits of a key, and what lies beside those.
pub(super) const PARTS: u64 = 257;

/// A file in the content store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Where it lies, below the content store.
    pub name: String,
    /// Its location; none where it has no name that the store gives.
    pub location: Option<Location>,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written to.
    pub modified: Timestamp,
}

/// The files of a part.
pub(super) fn list(blobs: &Path, part: u64) -> io::Result<Vec<Listed>> {
    let Ok(shard) = u8::try_from(part) else {
        return read(blobs, "", |name| !is_shard(name));
    };
    let name = format!("{shard:02x}");
    read(&blobs.join(&name), &format!("{name}/"), |_| true)
}

fn read(directory: &Path, prefix: &str, wanted: impl Fn(&str) -> bool) -> io::Result<Vec<Listed>> {
    let mut listed = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // One that goes while this looks is none.
        if wanted(&name)
            && let Some(found) = describe(&entry, prefix, &name)?
        {
            listed.push(found);
        }
    }
    listed.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(listed)
}

fn describe(entry: &DirEntry, prefix: &str, name: &str) -> io::Result<Option<Listed>> {
    let metadata = match entry.metadata() {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let modified = metadata.modified()?;
    let full = format!("{prefix}{name}");
    let ours = UploadKey::from_hex(name).map(location);
    Ok(Some(Listed {
        location: ours.filter(|location| location.0 == full && metadata.is_file()),
        name: full,
        size: if metadata.is_file() { metadata.len() } else { 0 },
        modified: Timestamp::try_from(modified).unwrap_or(Timestamp::MAX),
    }))
}

fn is_shard(name: &str) -> bool {
    let digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    name.len() == 2 && name.chars().all(digit)
}
