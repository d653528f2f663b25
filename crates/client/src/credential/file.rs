//! A credential file: docker's `config.json` and podman's `auth.json`, which has the same form.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};

use super::places::Tool;
use super::{Kind, Stored};
use crate::name::LoginServer;
use crate::secret::Secret;

/// The longest file that is read.
const LONGEST: u64 = 4 * 1024 * 1024;

/// A file, as it was found.
#[derive(Clone, Debug)]
pub struct CredentialFile {
    /// Where it is.
    pub path: PathBuf,
    /// What is in it; nothing where it is not there.
    pub content: Result<Option<Config>, FileError>,
}

/// Why a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// It is no JSON, or of another form. What stands there is not told: it may be a secret.
    #[error("line {line}, column {column}: {problem}")]
    Invalid {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
        /// What is wrong there.
        problem: &'static str,
    },
}

/// What a file says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Config {
    /// Credentials by registry.
    #[serde(default, deserialize_with = "or_default")]
    pub auths: BTreeMap<String, Entry>,
    /// The helper for everything (docker alone).
    #[serde(default, deserialize_with = "or_none")]
    pub creds_store: Option<String>,
    /// Helpers by registry.
    #[serde(default, deserialize_with = "or_default")]
    pub cred_helpers: BTreeMap<String, String>,
    /// The context that docker uses.
    #[serde(default)]
    pub current_context: Option<String>,
}

/// A credential in a file.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Entry {
    #[serde(default, deserialize_with = "secret")]
    auth: Option<Secret>,
    #[serde(default)]
    username: Option<String>,
    #[serde(default, deserialize_with = "secret")]
    password: Option<Secret>,
    #[serde(default, deserialize_with = "secret")]
    identitytoken: Option<Secret>,
    #[serde(default, deserialize_with = "secret")]
    registrytoken: Option<Secret>,
}

/// What is wrong with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// `auth` is no base64.
    NotBase64,
    /// `auth` has no colon between name and password.
    NoColon,
    /// The password is empty.
    Empty,
}

impl CredentialFile {
    /// Reads a file.
    pub fn read(path: &Path) -> Self {
        Self { path: path.to_owned(), content: read(path) }
    }
}

fn read(path: &Path) -> Result<Option<Config>, FileError> {
    let unreadable = |error: io::Error| FileError::Unreadable(error.to_string());
    match fs::metadata(path) {
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(unreadable(error)),
        Ok(found) if found.len() > LONGEST => {
            return Err(FileError::Unreadable("it is larger than 4 MiB".to_owned()));
        }
        Ok(_) => {}
    }
    Config::parse(&fs::read(path).map_err(unreadable)?).map(Some)
}

impl Config {
    /// Reads what stands in a file. An empty one says nothing.
    pub fn parse(text: &[u8]) -> Result<Self, FileError> {
        if text.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self::default());
        }
        serde_json::from_slice(text).map_err(|error| FileError::Invalid {
            line: error.line(),
            // What ends with its line ends in its column 0.
            column: error.column().max(1),
            problem: match error.classify() {
                serde_json::error::Category::Eof => "the text ends too early",
                serde_json::error::Category::Syntax => "this is not JSON",
                serde_json::error::Category::Data => "this is not what belongs here",
                serde_json::error::Category::Io => "it cannot be read",
            },
        })
    }

    /// The entry that a tool takes for a registry, with its key.
    pub fn entry(
        &self,
        tool: Tool,
        server: &LoginServer,
        repository: Option<&str>,
    ) -> Option<(&str, &Entry)> {
        let key = server.key();
        let find = |key: &str| self.auths.get_key_value(key);
        let mut found = None;
        if let (Tool::Podman, Some(repository)) = (tool, repository) {
            // The most specific namespace first.
            let mut path = format!("{server}/{repository}");
            while found.is_none() && path.len() > server.to_string().len() {
                found = find(&path);
                path.truncate(path.rfind('/').unwrap_or_default());
            }
        }
        let found = found.or_else(|| find(&key)).or_else(|| {
            let same = |other: &str| host_of(other) == host_of(&key);
            self.auths.iter().find(|(other, _)| same(other))
        });
        found.map(|(key, entry)| (key.as_str(), entry))
    }

    /// Every secret in it, in each form in which it stands there.
    pub fn secrets(&self) -> Vec<Secret> {
        self.auths.values().flat_map(Entry::secrets).collect()
    }

    /// Keys of the same host that do not fit: with another port, or in other letters.
    pub fn near(&self, server: &LoginServer) -> Vec<String> {
        let wanted = server.key();
        let exact = |key: &str| host_of(key) == host_of(&wanted);
        let near = |key: &&String| {
            let other = LoginServer::parse(host_of(key));
            other.is_ok_and(|other| other.host() == server.host()) && !exact(key)
        };
        self.auths.keys().chain(self.cred_helpers.keys()).filter(near).cloned().collect()
    }
}

/// Docker's `ConvertToHostname`: without scheme and path.
fn host_of(key: &str) -> &str {
    let rest = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    rest.split('/').next().unwrap_or(rest)
}

impl Entry {
    /// The credential in it; nothing where the entry only says that a helper has it.
    pub fn stored(&self) -> Result<Option<Stored>, Malformed> {
        let some = |secret: &Option<Secret>| secret.clone().filter(|secret| !secret.is_empty());
        let name = self.username.clone().unwrap_or_default();
        if let Some(secret) = some(&self.registrytoken) {
            return Ok(Some(Stored { username: name, secret, kind: Kind::RegistryToken }));
        }
        let decoded = some(&self.auth).map(|auth| decode(&auth)).transpose()?;
        if let Some(secret) = some(&self.identitytoken) {
            let username = decoded.map_or(name, |(name, _)| name);
            return Ok(Some(Stored { username, secret, kind: Kind::IdentityToken }));
        }
        let pair = decoded.or_else(|| Some((self.username.clone()?, self.password.clone()?)));
        match pair {
            None => Ok(None),
            Some((_, secret)) if secret.is_empty() => Err(Malformed::Empty),
            Some((username, secret)) => Ok(Some(Stored { username, secret, kind: Kind::Password })),
        }
    }
}

impl Entry {
    fn secrets(&self) -> Vec<Secret> {
        let fields = [&self.auth, &self.password, &self.identitytoken, &self.registrytoken];
        let decoded =
            self.auth.as_ref().and_then(|auth| decode(auth).ok()).map(|(_, secret)| secret);
        fields.into_iter().flatten().cloned().chain(decoded).collect()
    }
}

fn decode(auth: &Secret) -> Result<(String, Secret), Malformed> {
    let bytes = STANDARD.decode(auth.expose()).map_err(|_| Malformed::NotBase64)?;
    let text = String::from_utf8(bytes).map_err(|_| Malformed::NotBase64)?;
    let (name, password) = text.split_once(':').ok_or(Malformed::NoColon)?;
    // Docker cuts the padding that older versions wrote.
    let password = password.trim_matches('\0').to_owned();
    Ok((name.to_owned(), Secret::new(password)))
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(Secret::new))
}

fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

fn or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty()))
}
