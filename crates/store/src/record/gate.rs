//! What the gate reads in order to judge a credential.

use jiff::Timestamp;
use naru_access::{CredentialId, Principal, RegistryId};

/// A credential and whose it is.
#[derive(Clone, Debug)]
pub struct Account {
    /// Whose it is.
    pub principal: Principal,
    /// The registry that the principal belongs to; none for those of the tenant.
    pub registry: Option<RegistryId>,
    /// The credential.
    pub credential: CredentialId,
    /// What may have happened to it.
    pub standing: Standing,
}

/// The state of a principal and one of its credentials, as tokens are held against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether the principal is enabled.
    pub enabled: bool,
    /// The principal's stamp.
    pub principal_stamp: i64,
    /// The credential's stamp.
    pub credential_stamp: i64,
    /// When the credential ends.
    pub expires: Option<Timestamp>,
}

/// An account with a password that a person thought up.
#[derive(Clone, Debug)]
pub struct HumanAccount {
    /// The account.
    pub account: Account,
    /// The password's hash (PHC).
    pub password_hash: String,
}
