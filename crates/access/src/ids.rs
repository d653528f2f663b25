//! Identifiers, one type for each kind, so that none is taken for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($( $(#[doc = $doc:literal])+ $name:ident; )+) => { $(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The bytes, as a store keeps them.
            pub const fn bytes(&self) -> [u8; 16] {
                self.0.into_bytes()
            }

            /// From the bytes that a store kept.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    )+ };
}

ids! {
    /// A role assignment.
    AssignmentId;
    /// One secret or password, with its own life.
    CredentialId;
    /// A user, service principal, token, admin user: whoever can hold rights.
    PrincipalId;
    /// A registry.
    RegistryId;
    /// A role definition.
    RoleId;
    /// A tenant: a directory, and what belongs to it.
    TenantId;
}
