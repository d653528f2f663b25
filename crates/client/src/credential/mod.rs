//! Stored credentials: which file, entry and helper a container tool takes for a registry.
//!
//! [`places`] knows the files of each tool in their order, [`file`] reads one, [`registries`] what
//! podman reads beside them, [`helper`] runs a `docker-credential-*`; [`look_up`] does what the tool would do, and tells each step.

pub mod file;
pub mod helper;
pub mod places;
pub mod registries;
pub mod words;

use std::path::PathBuf;

use crate::ambient::Surroundings;
use crate::name::LoginServer;
use crate::secret::Secret;
use file::{CredentialFile, Entry, Malformed};
use helper::HelperError;
use places::Tool;
use registries::Source;

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
    let configs = files.iter().filter_map(|file| file.content.as_ref().ok()?.as_ref());
    let known = configs.flat_map(file::Config::secrets).collect();
    let search = Search { tool, surroundings, files, server, repository, known };
    let mut lookup = Lookup { tool, searched: Vec::new(), found: Found::Nothing, near: Vec::new() };
    match tool {
        Tool::Docker => search.in_files(&mut lookup).await,
        Tool::Podman => {
            let mut stumbled = None;
            for source in registries::read(surroundings).sources {
                match source {
                    Source::Files => search.in_files(&mut lookup).await,
                    Source::Helper { program, path } => {
                        let origin = Origin::Helper { path, program };
                        lookup.found = search.with_helper(origin).await.unwrap_or(Found::Nothing);
                    }
                }
                match &lookup.found {
                    Found::Credential { .. } => return lookup,
                    Found::Nothing => {}
                    // Podman goes on, and complains at the end where nothing comes of it.
                    Found::Malformed { .. } | Found::Helper { .. } => {
                        stumbled.get_or_insert_with(|| lookup.found.clone());
                    }
                }
            }
            lookup.found = stumbled.unwrap_or(Found::Nothing);
        }
    }
    lookup
}

/// A search for the credential of a registry.
struct Search<'a> {
    tool: Tool,
    surroundings: &'a Surroundings,
    files: &'a [CredentialFile],
    server: &'a LoginServer,
    repository: Option<&'a str>,
    known: Vec<Secret>,
}

impl Search<'_> {
    /// In the tool's files, up to the first that has something.
    async fn in_files(&self, lookup: &mut Lookup) {
        let (tool, key) = (self.tool, self.server.key());
        for path in places::files(tool, self.surroundings) {
            lookup.searched.push(path.clone());
            let file = self.files.iter().find(|file| file.path == path);
            let Some(config) = file.and_then(|file| file.content.as_ref().ok()?.as_ref()) else {
                continue;
            };
            let near = config.near(self.server);
            lookup.near.extend(near.into_iter().map(|key| (path.clone(), key)));
            let global = (tool == Tool::Docker).then_some(config.creds_store.as_ref()).flatten();
            if let Some(name) = config.cred_helpers.get(&key).or(global) {
                let program = format!("docker-credential-{name}");
                match self.with_helper(Origin::Helper { path, program }).await {
                    // Docker asks nowhere else; podman goes on to the next file.
                    None if tool == Tool::Podman => continue,
                    found => {
                        lookup.found = found.unwrap_or(Found::Nothing);
                        return;
                    }
                }
            }
            if let Some((key, entry)) = config.entry(tool, self.server, self.repository) {
                lookup.found = of_entry(entry, Origin::File { path, key: key.to_owned() });
                return;
            }
        }
        lookup.found = Found::Nothing;
    }

    /// With a helper; nothing where it has none.
    async fn with_helper(&self, origin: Origin) -> Option<Found> {
        let Origin::Helper { program, .. } = &origin else { return None };
        let key = self.server.key();
        match helper::get(self.surroundings, program, &key, &self.known).await {
            Ok(stored) => stored.map(|stored| Found::Credential { stored, origin }),
            Err(error) => Some(Found::Helper { error, origin }),
        }
    }
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
