//! Stored credentials: which file, entry and helper a container tool takes for a registry.
//!
//! [`places`] knows the files of each tool in their order, [`file`] reads one, [`helper`] runs a
//! `docker-credential-*`; [`look_up`] does what the tool would do, and tells each step.

pub mod file;
pub mod helper;
pub mod places;

use std::path::PathBuf;

use crate::ambient::Surroundings;
use crate::name::LoginServer;
use crate::secret::Secret;
use file::{CredentialFile, Entry, Malformed};
use helper::HelperError;
use places::Tool;

/// A credential as a tool has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The user name.
    pub username: String,
    /// The secret.
    pub secret: Secret,
    /// What kind of secret it is.
    pub kind: Kind,
}

/// What a stored secret is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A refresh token, sent where tokens are fetched.
    IdentityToken,
    /// A password, whatever it is made of.
    Password,
    /// An access token, sent as it is.
    RegistryToken,
}

/// Where a credential came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An entry of a file.
    File {
        /// The file.
        path: PathBuf,
        /// The entry's key.
        key: String,
    },
    /// A helper that a file names.
    Helper {
        /// The file that names it.
        path: PathBuf,
        /// The helper's program.
        program: String,
    },
}

/// What a tool finds for a registry.
#[derive(Clone, Debug)]
pub enum Found {
    /// A credential.
    Credential {
        /// Itself.
        stored: Stored,
        /// Where it is.
        origin: Origin,
    },
    /// An entry that cannot be read.
    Malformed {
        /// What is wrong with it.
        fault: Malformed,
        /// Where it is.
        origin: Origin,
    },
    /// A helper that does not help.
    Helper {
        /// What happened.
        error: HelperError,
        /// Where it is named.
        origin: Origin,
    },
    /// Nothing.
    Nothing,
}

/// What a tool's search came to.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// The tool.
    pub tool: Tool,
    /// The files that it looks into, in its order, up to where it found something.
    pub searched: Vec<PathBuf>,
    /// What it finds.
    pub found: Found,
    /// Keys of the same host that do not fit: another port, other letters.
    pub near: Vec<(PathBuf, String)>,
}

/// Does what a tool does when it needs a credential for a registry.
pub async fn look_up(
    tool: Tool,
    surroundings: &Surroundings,
    files: &[CredentialFile],
    server: &LoginServer,
    repository: Option<&str>,
) -> Lookup {
    let mut lookup = Lookup { tool, searched: Vec::new(), found: Found::Nothing, near: Vec::new() };
    for path in places::files(tool, surroundings) {
        lookup.searched.push(path.clone());
        let file = files.iter().find(|file| file.path == path);
        let Some(config) = file.and_then(|file| file.content.as_ref().ok()?.as_ref()) else {
            continue;
        };
        let near = config.near(server);
        lookup.near.extend(near.into_iter().map(|key| (path.clone(), key)));
        let key = server.key();
        let global = (tool == Tool::Docker).then_some(config.creds_store.as_ref()).flatten();
        if let Some(name) = config.cred_helpers.get(&key).or(global) {
            let program = format!("docker-credential-{name}");
            let origin = Origin::Helper { path, program: program.clone() };
            match helper::get(surroundings, &program, &key).await {
                Ok(Some(stored)) => {
                    lookup.found = Found::Credential { stored, origin };
                    return lookup;
                }
                // Docker asks nowhere else; podman goes on to the next file.
                Ok(None) if tool == Tool::Docker => return lookup,
                Ok(None) => continue,
                Err(error) => {
                    lookup.found = Found::Helper { error, origin };
                    return lookup;
                }
            }
        }
        if let Some((key, entry)) = config.entry(tool, server, repository) {
            lookup.found = of_entry(entry, Origin::File { path, key: key.to_owned() });
            return lookup;
        }
    }
    lookup
}

fn of_entry(entry: &Entry, origin: Origin) -> Found {
    match entry.stored() {
        Ok(Some(stored)) => Found::Credential { stored, origin },
        Ok(None) => Found::Nothing,
        Err(fault) => Found::Malformed { fault, origin },
    }
}

#[cfg(test)]
mod tests;
