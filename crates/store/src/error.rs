//! What can go wrong in the store, split by who must act.

use std::io;

/// The store itself cannot do its work: for the operator to act on. Towards a client it is always
/// "unavailable", never a wrong password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// What is stored cannot be what was written.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// There is no room.
    #[error("the disk is full")]
    Full,
    /// It does not answer, or answers with an error.
    #[error("the store is not available: {0}")]
    Unavailable(String),
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

/// What was asked for is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The repository is there, and has no such content.
    Content,
    /// There is no such repository.
    Repository,
}

/// An administrative change cannot be made: for the caller to act on, but for the first.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdminError {
    /// The store itself cannot.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Several things have this name, and only an id tells them apart.
    #[error("`{name}` names more than one {what}: give the object id of the one that is meant")]
    Ambiguous {
        /// What kind of thing.
        what: &'static str,
        /// The name that was given.
        name: String,
    },
    /// The caller's right to assign roles ends below this scope.
    #[error("the right to assign roles does not reach the scope `{0}`")]
    Beyond(String),
    /// It is there already.
    #[error("{what} `{name}` exists already")]
    Exists {
        /// What kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// Something else depends on it.
    #[error("{what} `{name}` is in use by {by}")]
    InUse {
        /// What kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
        /// Who uses it.
        by: String,
    },
    /// More than is allowed.
    #[error("{0}")]
    Limit(&'static str),
    /// Login names are one namespace, and this one is taken.
    #[error(
        "the login name `{name}` is taken by {by}: users, application ids, tokens and the admin user share one namespace"
    )]
    NameTaken {
        /// The name.
        name: String,
        /// What has it, as in `a user`.
        by: String,
    },
    /// It is not there.
    #[error("there is no {what} `{name}`")]
    NotFound {
        /// What kind of thing.
        what: &'static str,
        /// The name that was asked for.
        name: String,
    },
    /// It is part of the system.
    #[error("`{0}` is a system scope map and cannot be changed")]
    System(String),
}
