//! The words for a server that does not start: what is in the way, and what to do about it.

use std::io;
use std::path::Path;

use naru_codes::{Language, texts};
use naru_server::{KeyFileError, PairError, StartError};
use naru_store::sqlite::MigrateError;
use naru_store::{AdminError, DataDirError, OpenError, StoreError};

use crate::words::Words;

/// The id of a text, with its arguments.
type Text = (&'static str, Vec<(&'static str, String)>);

/// What is in the way.
pub(super) fn message(error: &StartError, language: Language) -> String {
    filled(problem(error, language), language)
}

/// What to do about it.
pub(super) fn hint(error: &StartError, language: Language) -> Option<String> {
    remedy(error).map(|text| filled(text, language))
}

fn filled((id, arguments): Text, language: Language) -> String {
    let arguments: Vec<_> = arguments.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Words(language).get(id, &arguments)
}

fn problem(error: &StartError, language: Language) -> Text {
    let why = |error: &io::Error| ("why", reason(error, language));
    match error {
        StartError::DataDir(DataDirError::InUse { path, process: None }) => {
            ("start-in-use", vec![("path", shown(path))])
        }
        StartError::DataDir(DataDirError::InUse { path, process: Some(process) }) => {
            ("start-in-use-by", vec![("path", shown(path)), ("process", process.to_string())])
        }
        StartError::DataDir(DataDirError::Unusable { path, error }) => {
            ("start-data-dir", vec![("path", shown(path)), why(error)])
        }
        StartError::Keys(KeyFileError::Exposed { path }) => {
            ("start-keys-exposed", vec![("path", shown(path))])
        }
        StartError::Keys(KeyFileError::File { path, error }) => {
            ("start-keys-file", vec![("path", shown(path)), why(error)])
        }
        StartError::Keys(KeyFileError::Keys { path, .. }) => {
            ("start-keys-broken", vec![("path", shown(path))])
        }
        StartError::Store(OpenError::Database(MigrateError::Newer { found, known })) => {
            let (found, known) = (found.to_string(), known.to_string());
            ("start-database-newer", vec![("found", found), ("known", known)])
        }
        StartError::Store(OpenError::Database(MigrateError::Foreign)) => {
            ("start-database-foreign", vec![])
        }
        StartError::Store(
            OpenError::Database(MigrateError::Store(error)) | OpenError::Content(error),
        )
        | StartError::Bootstrap(AdminError::Store(error)) => store(error),
        StartError::Bootstrap(error) => ("start-bootstrap", vec![("why", error.to_string())]),
        StartError::Name(error) => ("failure-name-registry", vec![("given", error.given.clone())]),
        StartError::Password(_) => ("start-password", vec![]),
        StartError::TokenAsPassword => ("start-token-as-password", vec![]),
        StartError::Listen { address, error } => {
            ("start-listen", vec![("address", address.clone()), why(error)])
        }
        StartError::Certificate(error) => of_pair(error, language),
        StartError::Tls { directory, reason } => {
            ("start-tls", vec![("path", shown(directory)), ("why", reason.clone())])
        }
    }
}

/// Why a certificate and its key cannot be used.
pub(crate) fn pair(error: &PairError, language: Language) -> String {
    filled(of_pair(error, language), language)
}

fn of_pair(error: &PairError, language: Language) -> Text {
    let file = |path: &Path| ("file", shown(path));
    match error {
        PairError::Certificate { file: path, reason } => {
            ("pair-certificate", vec![file(path), ("reason", reason.clone())])
        }
        PairError::Mismatch { certificate, key } => {
            ("pair-mismatch", vec![("certificate", shown(certificate)), ("key", shown(key))])
        }
        PairError::NoCertificate { file: path } => ("pair-no-certificate", vec![file(path)]),
        PairError::NoKey { file: path } => ("pair-no-key", vec![file(path)]),
        PairError::Pem { file: path } => ("pair-pem", vec![file(path)]),
        PairError::Read { file: path, error } => {
            ("settings-file", vec![("path", shown(path)), ("error", reason(error, language))])
        }
    }
}

fn store(error: &StoreError) -> Text {
    match error {
        StoreError::Damaged(why) => ("start-store-damaged", vec![("why", why.clone())]),
        StoreError::Full => ("start-store-full", vec![]),
        StoreError::Unavailable(why) => ("start-store", vec![("why", why.clone())]),
    }
}

fn remedy(error: &StartError) -> Option<Text> {
    match error {
        StartError::DataDir(DataDirError::InUse { .. }) => Some(("hint-start-in-use", vec![])),
        StartError::DataDir(DataDirError::Unusable { path, error })
        | StartError::Keys(KeyFileError::File { path, error }) => of_file(path, error),
        StartError::Keys(KeyFileError::Exposed { path }) => {
            Some(("hint-start-keys-exposed", vec![("path", shown(path))]))
        }
        StartError::Keys(KeyFileError::Keys { .. }) => Some(("hint-start-keys-broken", vec![])),
        StartError::Store(OpenError::Database(MigrateError::Newer { .. })) => {
            Some(("hint-start-database-newer", vec![]))
        }
        StartError::Store(OpenError::Database(MigrateError::Foreign)) => {
            Some(("hint-start-no-directory", vec![]))
        }
        StartError::Store(
            OpenError::Database(MigrateError::Store(StoreError::Full))
            | OpenError::Content(StoreError::Full),
        )
        | StartError::Bootstrap(AdminError::Store(StoreError::Full)) => {
            Some(("hint-start-full", vec![]))
        }
        StartError::Listen { error, .. } => match error.kind() {
            io::ErrorKind::AddrInUse => Some(("hint-listen", vec![])),
            io::ErrorKind::InvalidData => Some(("hint-listen-no-socket", vec![])),
            io::ErrorKind::AddrNotAvailable => Some(("hint-listen-elsewhere", vec![])),
            io::ErrorKind::PermissionDenied => Some(("hint-listen-denied", vec![])),
            _ => None,
        },
        StartError::Password(_) | StartError::TokenAsPassword => {
            Some(("hint-start-password", vec![]))
        }
        StartError::Bootstrap(_)
        | StartError::Certificate(_)
        | StartError::Name(_)
        | StartError::Store(_)
        | StartError::Tls { .. } => None,
    }
}

/// What to do about a file or directory that cannot be used.
fn of_file(path: &Path, error: &io::Error) -> Option<Text> {
    let named = || vec![("path", shown(path))];
    match error.kind() {
        io::ErrorKind::PermissionDenied => Some(("hint-start-denied", named())),
        io::ErrorKind::ReadOnlyFilesystem => Some(("hint-start-read-only", named())),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Some(("hint-start-full", vec![]))
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            Some(("hint-start-no-directory", vec![]))
        }
        _ => None,
    }
}

/// Why the system does not do something: in words where they are ours, else in its own.
fn reason(error: &io::Error, language: Language) -> String {
    let id = match error.kind() {
        io::ErrorKind::AddrInUse => "system-address-in-use",
        io::ErrorKind::AddrNotAvailable => "system-address-elsewhere",
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => "system-no-directory",
        io::ErrorKind::InvalidData => "system-no-socket",
        io::ErrorKind::PermissionDenied => "system-denied",
        io::ErrorKind::ReadOnlyFilesystem => "system-read-only",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "system-full",
        _ => return error.to_string(),
    };
    texts().get(language, id, &[])
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
