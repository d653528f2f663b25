//! The actions of administration, one type for each, named by Azure's action strings.
//!
//! Those of the directory and of events have no Azure resource string of their own; they carry
//! the prefix `Naru.`.

use crate::capability::{Capability, InRegistry};

/// An action of administration: what an [`Access`](crate::Access) to it is good for.
pub trait ManagementAction: Capability<Place = InRegistry> {
    /// The action string that a role must allow.
    const ACTION: &'static str;
    /// Whether it reaches beyond one registry, to the whole tenant. Then a role on the registry
    /// does not give it.
    const TENANT: bool = false;
}

macro_rules! operations {
    ($( $(#[doc = $doc:literal])+ $name:ident = $action:literal $(, tenant $tenant:literal)?; )+) => {
        /// The actions of administration as types.
        pub mod operation {
            use super::{Capability, InRegistry, ManagementAction};
            $(
                $(#[doc = $doc])+
                #[derive(Clone, Copy, Debug)]
                pub enum $name {}

                impl crate::capability::Sealed for $name {}

                impl Capability for $name {
                    type Place = InRegistry;
                }

                impl ManagementAction for $name {
                    const ACTION: &'static str = $action;
                    $(const TENANT: bool = $tenant;)?
                }
            )+
        }
    };
}

operations! {
    /// Read the passwords of the admin user.
    ListCredentials = "Microsoft.ContainerRegistry/registries/listCredentials/action";
    /// Renew a password of the admin user.
    RegenerateCredential = "Microsoft.ContainerRegistry/registries/regenerateCredential/action";
    /// Make and delete passwords of tokens.
    GenerateCredentials = "Microsoft.ContainerRegistry/registries/generateCredentials/action";
    /// Look at a registry's settings and network rules.
    ReadRegistry = "Microsoft.ContainerRegistry/registries/read";
    /// Change a registry's settings and network rules.
    WriteRegistry = "Microsoft.ContainerRegistry/registries/write";
    /// Look at scope maps.
    ReadScopeMaps = "Microsoft.ContainerRegistry/registries/scopeMaps/read";
    /// Create and change scope maps.
    WriteScopeMaps = "Microsoft.ContainerRegistry/registries/scopeMaps/write";
    /// Delete scope maps.
    DeleteScopeMaps = "Microsoft.ContainerRegistry/registries/scopeMaps/delete";
    /// Look at tokens.
    ReadTokens = "Microsoft.ContainerRegistry/registries/tokens/read";
    /// Create and change tokens.
    WriteTokens = "Microsoft.ContainerRegistry/registries/tokens/write";
    /// Delete tokens.
    DeleteTokens = "Microsoft.ContainerRegistry/registries/tokens/delete";
    /// Look at role assignments.
    ReadRoleAssignments = "Microsoft.Authorization/roleAssignments/read";
    /// Assign roles.
    WriteRoleAssignments = "Microsoft.Authorization/roleAssignments/write";
    /// Take role assignments back.
    DeleteRoleAssignments = "Microsoft.Authorization/roleAssignments/delete";
    /// Look at the directory's users and service principals.
    ReadDirectory = "Naru.Directory/principals/read", tenant true;
    /// Create and change users and service principals, and their secrets.
    WriteDirectory = "Naru.Directory/principals/write", tenant true;
    /// Delete users and service principals.
    DeleteDirectory = "Naru.Directory/principals/delete", tenant true;
    /// Look at the signing keys, without their secrets.
    ReadKeys = "Naru.Server/keys/read", tenant true;
    /// Give signing keys successors, and revoke them.
    WriteKeys = "Naru.Server/keys/write", tenant true;
    /// Read login and repository events.
    ReadEvents = "Naru.Audit/events/read";
    /// Take away what nobody needs, from the store that a tenant's registries share.
    CollectGarbage = "Naru.Store/garbage/delete", tenant true;
    /// Read everything that is stored, to find out what is wrong with it.
    Verify = "Naru.Store/verification/action", tenant true;
}
