//! The keys of this server: in a file of their own, never in the database.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use naru_identity::secret::Secret;
use naru_identity::{Entropy, KeyError, KeyRing, KeyUse};

/// After so long a signing key gets a successor.
const ROTATION: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Why the keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file cannot be read or written.
    #[error("the key file {} cannot be used: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// What is in it is not what it should be.
    #[error("{error}: {}", path.display())]
    Keys {
        /// The file.
        path: PathBuf,
        /// Why.
        error: KeyError,
    },
    /// Others may read it.
    #[error("the key file {0} may be read by others than its owner: chmod 600 {0}", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
    },
}

/// The keys, as they are at present.
pub(crate) struct Keys {
    path: PathBuf,
    ring: RwLock<Arc<KeyRing>>,
    /// One change at a time, or the later would undo the earlier.
    turn: Mutex<()>,
}

impl Keys {
    /// Reads the key file, or makes it at a first start; keys whose time has come get successors.
    pub(crate) fn open(
        path: PathBuf,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Result<Self, KeyFileError> {
        let file = |error| KeyFileError::File { path: path.clone(), error };
        let broken = |error| KeyFileError::Keys { path: path.clone(), error };
        let ring = match fs::read_to_string(&path) {
            Ok(text) => {
                let mode = fs::metadata(&path).map_err(file)?.permissions().mode();
                if mode & 0o077 != 0 {
                    return Err(KeyFileError::Exposed { path });
                }
                KeyRing::from_json(Secret::new(text).expose()).map_err(broken)?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let ring = KeyRing::generate(entropy, now).map_err(broken)?;
                write(&path, &ring).map_err(file)?;
                ring
            }
            Err(error) => return Err(file(error)),
        };
        let keys = Self { path, ring: RwLock::new(Arc::new(ring)), turn: Mutex::new(()) };
        keys.rotate(now)?;
        Ok(keys)
    }

    /// The keys at present.
    pub(crate) fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Gives a successor to each key whose time has come.
    pub(crate) fn rotate(&self, now: Timestamp) -> Result<(), KeyFileError> {
        self.change(|ring| ring.rotated(ROTATION, now)).map(drop)
    }

    /// Gives a successor to the keys of some uses now.
    pub(crate) fn succeed(&self, uses: &[KeyUse], now: Timestamp) -> Result<(), KeyFileError> {
        let successors = |ring: &KeyRing| {
            let mut ring = ring.clone();
            for usage in uses {
                ring = ring.with_successor(*usage, now)?;
            }
            Ok(Some(ring))
        };
        self.change(successors).map(drop)
    }

    /// Revokes a key: what it signed does not hold any more. `false` where there is none.
    pub(crate) fn revoke(&self, id: &str, now: Timestamp) -> Result<bool, KeyFileError> {
        self.change(|ring| ring.without(id, now))
    }

    /// Changes the ring, if there is anything to change: in the file, and then in memory.
    fn change(
        &self,
        change: impl FnOnce(&KeyRing) -> Result<Option<KeyRing>, KeyError>,
    ) -> Result<bool, KeyFileError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let broken = |error| KeyFileError::Keys { path: self.path.clone(), error };
        let Some(ring) = change(&self.ring()).map_err(broken)? else { return Ok(false) };
        // Before it signs anything: a token must not outlive the memory of its key.
        write(&self.path, &ring)
            .map_err(|error| KeyFileError::File { path: self.path.clone(), error })?;
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
        Ok(true)
    }
}

/// Writes the ring durably: a new file, synced, takes the place of the old one.
fn write(path: &Path, ring: &KeyRing) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(ring.to_json().as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    path.parent().map_or(Ok(()), |directory| fs::File::open(directory)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambient::SystemEntropy;

    #[test]
    fn the_keys_are_the_owners_alone_and_survive() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys.json");
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let keys = Keys::open(path.clone(), &SystemEntropy, now).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = Keys::open(path.clone(), &SystemEntropy, now).unwrap();
        assert_eq!(keys.ring().to_json(), again.ring().to_json());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let exposed = Keys::open(path, &SystemEntropy, now);
        assert!(matches!(exposed, Err(KeyFileError::Exposed { .. })));
    }

    #[test]
    fn old_keys_get_successors_and_are_still_known() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys.json");
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let old = Keys::open(path.clone(), &SystemEntropy, now).unwrap().ring();
        let later = now + SignedDuration::from_hours(31 * 24);
        let new = Keys::open(path, &SystemEntropy, later).unwrap().ring();
        assert_ne!(old.to_json(), new.to_json());
        let usage = KeyUse::Registry;
        assert!(new.find(&old.signing(usage, now).unwrap().id).is_some());
        assert_ne!(new.signing(usage, later).unwrap().id, old.signing(usage, now).unwrap().id);
    }

    #[test]
    fn a_change_that_cannot_be_written_is_not_made_and_a_rest_of_one_does_no_harm() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys.json");
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let keys = Keys::open(path.clone(), &SystemEntropy, now).unwrap();
        let before = keys.ring().to_json();
        // What a crash in the middle of writing leaves.
        fs::write(directory.path().join("keys.new"), "{\"version\":1,").unwrap();
        let again = Keys::open(path.clone(), &SystemEntropy, now).unwrap();
        assert_eq!(again.ring().to_json(), before);
        // Where the new file cannot be, nobody is told that there are new keys.
        fs::remove_file(directory.path().join("keys.new")).unwrap();
        fs::create_dir(directory.path().join("keys.new")).unwrap();
        let id = keys.ring().signing(KeyUse::Registry, now).unwrap().id.clone();
        assert!(matches!(keys.succeed(&KeyUse::ALL, now), Err(KeyFileError::File { .. })));
        assert!(matches!(keys.revoke(&id, now), Err(KeyFileError::File { .. })));
        assert_eq!(keys.ring().to_json(), before);
        assert_eq!(fs::read_to_string(&path).unwrap(), *before);
        fs::remove_dir(directory.path().join("keys.new")).unwrap();
        keys.succeed(&KeyUse::ALL, now).unwrap();
        assert!(keys.revoke(&id, now).unwrap() && !keys.revoke(&id, now).unwrap());
        let again = Keys::open(path.clone(), &SystemEntropy, now).unwrap();
        assert_eq!(again.ring().to_json(), keys.ring().to_json());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
