//! Where docker's engine is, as the docker command decides it: `DOCKER_HOST`, else the context that
//! `DOCKER_CONTEXT` or the configuration names, else the socket of this machine.

use std::fs;
use std::path::{Path, PathBuf};

use naru_client::ambient::Surroundings;
use naru_client::credential::file::CredentialFile;
use naru_client::credential::places::docker_folder;
use naru_oci::Digest;
use serde_json::Value;

/// Where the engine is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Whereabouts {
    /// Behind a socket.
    Socket(PathBuf),
    /// At an address.
    Address(String),
    /// Where docker alone gets: by ssh, or through a pipe of Windows.
    Elsewhere(String),
    /// A context is named that is not there.
    NoContext(String),
}

/// Where it is, and whether somebody said so.
pub(super) fn find(surroundings: &Surroundings) -> (Whereabouts, bool) {
    if let Some(url) = surroundings.variable("DOCKER_HOST") {
        return (Whereabouts::of(url), true);
    }
    match context(surroundings) {
        Some(Ok(url)) => (Whereabouts::of(&url), true),
        Some(Err(name)) => (Whereabouts::NoContext(name), true),
        None => {
            let socket = default_socket(surroundings.path("XDG_RUNTIME_DIR"));
            let there = socket.exists();
            (Whereabouts::Socket(socket), there)
        }
    }
}

impl Whereabouts {
    fn of(url: &str) -> Self {
        if let Some(path) = url.strip_prefix("unix://") {
            Self::Socket(PathBuf::from(path))
        } else if let Some(address) = url.strip_prefix("tcp://") {
            Self::Address(address.trim_end_matches('/').to_owned())
        } else {
            Self::Elsewhere(url.to_owned())
        }
    }
}

/// The URL of the context that is in use, or the name of one that is not there; none where it is
/// the default one.
fn context(surroundings: &Surroundings) -> Option<Result<String, String>> {
    let folder = docker_folder(surroundings)?;
    let configured = || {
        let file = CredentialFile::read(&folder.join("config.json"));
        file.content.ok().flatten()?.current_context
    };
    let name = surroundings.variable("DOCKER_CONTEXT").map(str::to_owned).or_else(configured)?;
    if name.is_empty() || name == "default" {
        return None;
    }
    let digest = Digest::sha256(name.as_bytes()).to_string();
    let hash = digest.trim_start_matches("sha256:");
    let file = folder.join("contexts/meta").join(hash).join("meta.json");
    let text = fs::read(file).ok().unwrap_or_default();
    let meta: Option<Value> = serde_json::from_slice(&text).ok();
    let host = meta.as_ref().and_then(|meta| meta.pointer("/Endpoints/docker/Host")?.as_str());
    Some(host.map(str::to_owned).ok_or(name))
}

/// The socket of a rootless engine, where there is one; else that of the machine's.
fn default_socket(runtime: Option<PathBuf>) -> PathBuf {
    let rootless = runtime.map(|folder| folder.join("docker.sock")).filter(|path| path.exists());
    rootless.unwrap_or_else(|| Path::new("/var/run/docker.sock").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surroundings(home: &Path, variables: &[(&str, &str)]) -> Surroundings {
        let variables =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let (variables, home) = (variables.collect(), Some(home.to_owned()));
        Surroundings { variables, home, user_id: 1000 }
    }

    #[test]
    fn a_context_says_where_the_engine_is_unless_a_variable_does() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(".docker");
        // The name of a context's folder is the SHA-256 of its own: printf work | sha256sum
        let hash = "00e13ed7af55b27622f1d6eab5bec0147e68efe28dc2b12461117afa1a5ed40e";
        let meta = folder.join("contexts/meta").join(hash);
        fs::create_dir_all(&meta).unwrap();
        let text = r#"{"Name":"work","Endpoints":{"docker":{"Host":"tcp://10.0.0.5:2375"}}}"#;
        fs::write(meta.join("meta.json"), text).unwrap();
        fs::write(folder.join("config.json"), r#"{"currentContext":"work"}"#).unwrap();
        let found = |variables: &[(&str, &str)]| find(&surroundings(home.path(), variables)).0;
        assert_eq!(found(&[]), Whereabouts::Address("10.0.0.5:2375".to_owned()));
        assert_eq!(found(&[("DOCKER_CONTEXT", "gone")]), Whereabouts::NoContext("gone".to_owned()));
        assert_eq!(
            found(&[("DOCKER_HOST", "ssh://me@far"), ("DOCKER_CONTEXT", "work")]),
            Whereabouts::Elsewhere("ssh://me@far".to_owned())
        );
        let socket = Whereabouts::Socket("/x.sock".into());
        assert_eq!(found(&[("DOCKER_HOST", "unix:///x.sock")]), socket);
        let machine = Whereabouts::Socket("/var/run/docker.sock".into());
        assert_eq!(found(&[("DOCKER_CONTEXT", "default")]), machine);
    }
}
