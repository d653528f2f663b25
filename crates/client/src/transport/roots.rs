//! The authorities that are trusted here: the system's, and those that docker and podman are told
//! of for one registry (`certs.d/HOST/*.crt`).

use std::fs;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::ambient::Surroundings;
use crate::name::LoginServer;

/// The authorities that are trusted.
#[derive(Clone, Debug)]
pub struct Roots {
    /// The authorities themselves.
    pub store: RootCertStore,
    /// The files, beside the system's, that some of them came from.
    pub files: Vec<PathBuf>,
    /// What could not be read.
    pub unreadable: Vec<String>,
}

impl Roots {
    /// Nobody is trusted.
    pub fn none() -> Self {
        Self { store: RootCertStore::empty(), files: Vec::new(), unreadable: Vec::new() }
    }

    /// Whom the tools on this machine trust for a registry; `more` is a file that was given.
    pub fn of_this_machine(
        surroundings: &Surroundings,
        server: Option<&LoginServer>,
        more: Option<&Path>,
    ) -> Self {
        let mut roots = Self::none();
        let (file, folder) =
            (surroundings.path("SSL_CERT_FILE"), surroundings.path("SSL_CERT_DIR"));
        let loaded = if file.is_some() || folder.is_some() {
            rustls_native_certs::load_certs_from_paths(file.as_deref(), folder.as_deref())
        } else {
            rustls_native_certs::load_native_certs()
        };
        roots.unreadable.extend(loaded.errors.iter().map(ToString::to_string));
        roots.store.add_parsable_certificates(loaded.certs);
        let folders = server.map(|server| folders(surroundings, server)).unwrap_or_default();
        let mut files: Vec<PathBuf> =
            folders.iter().flat_map(|folder| certificates(folder)).collect();
        files.sort();
        files.extend(more.map(Path::to_owned));
        for file in files {
            roots.add(file);
        }
        roots
    }

    /// Trusts what stands in a file.
    pub fn add(&mut self, file: PathBuf) {
        let read: Result<Vec<_>, _> = match CertificateDer::pem_file_iter(&file) {
            Ok(certificates) => certificates.collect(),
            Err(error) => Err(error),
        };
        match read {
            Ok(certificates) => {
                let (added, _) = self.store.add_parsable_certificates(certificates);
                if added > 0 {
                    self.files.push(file);
                }
            }
            Err(error) => self.unreadable.push(format!("{}: {error}", file.display())),
        }
    }
}

/// The folders in which docker (rootful, rootless, Desktop) and podman look for a registry's
/// authorities.
pub fn folders(surroundings: &Surroundings, server: &LoginServer) -> Vec<PathBuf> {
    let name = server.to_lower_case().to_string();
    let mut bases = vec![PathBuf::from("/etc/docker"), PathBuf::from("/etc/containers")];
    if let Some(config) = surroundings.config_home() {
        bases.extend([config.join("docker"), config.join("containers")]);
    }
    if let Some(home) = &surroundings.home {
        bases.push(home.join(".docker"));
    }
    bases.into_iter().map(|base| base.join("certs.d").join(&name)).collect()
}

fn certificates(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "crt")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_that_a_tool_was_told_of_is_trusted_for_its_registry_alone() {
        let home = tempfile::tempdir().unwrap();
        let surroundings =
            Surroundings { home: Some(home.path().to_owned()), ..Surroundings::default() };
        let server = LoginServer::parse("Registry.example.com:5000").unwrap();
        let folder = home.path().join(".config/containers/certs.d/registry.example.com:5000");
        fs::create_dir_all(&folder).unwrap();
        let authority = rcgen::generate_simple_self_signed(["ca".to_owned()]).unwrap();
        fs::write(folder.join("ca.crt"), authority.cert.pem()).unwrap();
        fs::write(folder.join("client.key"), "not looked at").unwrap();
        let roots = Roots::of_this_machine(&surroundings, Some(&server), None);
        assert_eq!(roots.files, [folder.join("ca.crt")]);
        let other = LoginServer::parse("registry.example.com").unwrap();
        assert!(Roots::of_this_machine(&surroundings, Some(&other), None).files.is_empty());
    }

    #[test]
    fn a_file_that_is_no_certificate_is_told() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("ca.pem");
        let mut roots = Roots::none();
        roots.add(file.clone());
        assert_eq!(roots.unreadable.len(), 1, "{:?}", roots.unreadable);
        assert!(roots.store.is_empty() && roots.files.is_empty());
    }
}
