//! Unix sockets: binding in the place of one that a dead process left, and never in another's.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, PermissionsExt as _};
use std::path::Path;

use tokio::net::UnixListener;

/// Binds a socket for clients. A file that is there is replaced only where it is a socket at which
/// nobody answers.
pub(crate) fn bind(path: &Path, mode: u32) -> io::Result<UnixListener> {
    let there = match fs::symlink_metadata(path) {
        Ok(metadata) => Some(metadata.file_type()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    match there {
        Some(kind) if !kind.is_socket() => {
            let text = "there is a file, which is no socket";
            Err(io::Error::new(io::ErrorKind::InvalidData, text))
        }
        // A blocking connect to a local socket ends at once, in whichever way.
        Some(_) if std::os::unix::net::UnixStream::connect(path).is_ok() => {
            Err(io::Error::from(io::ErrorKind::AddrInUse))
        }
        Some(_) | None => replace(path, mode),
    }
}

/// Takes the place of whatever is there. The socket is never open to more than `mode` says, not
/// even for a moment: it is made in a directory that only this user may enter, and moved.
pub(crate) fn replace(path: &Path, mode: u32) -> io::Result<UnixListener> {
    let private = path.parent().unwrap_or(Path::new(".")).join(".new");
    let made = private.join("s");
    match fs::remove_dir_all(&private) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => DirBuilder::new().mode(0o700).create(&private)?,
    }
    let listener = UnixListener::bind(&made)?;
    fs::set_permissions(&made, Permissions::from_mode(mode))?;
    fs::rename(&made, path)?;
    fs::remove_dir(&private)?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn a_dead_servers_socket_is_replaced_a_living_ones_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("registry.sock");
        let living = bind(&path, 0o660).unwrap();
        assert_eq!(mode(&path), 0o660);
        assert_eq!(bind(&path, 0o660).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        drop(living);
        assert!(path.exists());
        let _again = bind(&path, 0o600).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn what_is_no_socket_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notes.txt");
        fs::write(&path, "mine").unwrap();
        assert_eq!(bind(&path, 0o660).unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }
}
