//! Who can hold rights, and what a registry says about rights as a whole.

use std::fmt;

use crate::capability::InRegistry;
use crate::{PrincipalId, ScopePath, TenantId};

/// The kinds of principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PrincipalKind {
    /// A registry's admin user.
    Admin,
    /// Nobody in particular.
    Anonymous,
    /// Whoever may open the server's own socket.
    Operator,
    /// A service principal of the directory.
    ServicePrincipal,
    /// A repository token of a registry.
    Token,
    /// A user of the directory.
    User,
}

impl PrincipalKind {
    /// Its word in stores and events.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Anonymous => "anonymous",
            Self::Operator => "operator",
            Self::ServicePrincipal => "service-principal",
            Self::Token => "token",
            Self::User => "user",
        }
    }

    /// The kind of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        [
            Self::Admin,
            Self::Anonymous,
            Self::Operator,
            Self::ServicePrincipal,
            Self::Token,
            Self::User,
        ]
        .into_iter()
        .find(|kind| kind.word() == word)
    }
}

impl fmt::Display for PrincipalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Somebody who can hold rights. That they are who they say was proved before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// What kind of principal.
    pub kind: PrincipalKind,
    /// Its id; nil for the anonymous caller and the operator.
    pub id: PrincipalId,
    /// The name it logs in with: a user name, an application id, a token's name.
    pub name: String,
    /// Its tenant.
    pub tenant: TenantId,
}

impl Principal {
    /// Nobody in particular.
    pub fn anonymous(tenant: TenantId) -> Self {
        let id = PrincipalId(uuid::Uuid::nil());
        Self { kind: PrincipalKind::Anonymous, id, name: String::new(), tenant }
    }

    /// Whoever may open the server's own socket.
    pub fn operator(tenant: TenantId) -> Self {
        let id = PrincipalId(uuid::Uuid::nil());
        Self { kind: PrincipalKind::Operator, id, name: "local".to_owned(), tenant }
    }
}

/// What a registry's settings say about rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryPolicy {
    /// The registry.
    pub place: InRegistry,
    /// Its path as a resource, against which the scopes of role assignments are held.
    pub path: ScopePath,
    /// Whether everybody may pull.
    pub anonymous_pull: bool,
}
