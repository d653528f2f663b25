//! Registries and their settings.

use jiff::Timestamp;
use naru_access::{
    DefaultAction, InRegistry, NetworkRule, NetworkRules, PrincipalId, RegistryId, RegistryPolicy,
    ScopePath, TenantId,
};
use uuid::Uuid;

use super::NewSecret;

/// How a denied action is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Denials {
    /// As Azure does: 401 with `insufficient_scope`, on every route.
    Azure,
    /// With the reason, in the words that every client prints: 403.
    #[default]
    Explained,
}

/// What can be set on a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegistrySettings {
    /// Whether the admin user may log in.
    pub admin_enabled: bool,
    /// Whether everybody may pull.
    pub anonymous_pull: bool,
    /// Whether anybody may speak to it over the network.
    pub public_network: bool,
    /// What happens to an address that no rule names.
    pub default_action: DefaultAction,
    /// How a denied action is answered.
    pub denials: Denials,
    /// Whether manifests whose layers are missing are taken.
    pub sparse_manifests: bool,
}

/// A registry.
#[derive(Clone, Debug)]
pub struct Registry {
    /// Its id.
    pub id: RegistryId,
    /// Its tenant.
    pub tenant: TenantId,
    /// The tenant's subscription, a part of resource paths.
    pub subscription: Uuid,
    /// Its name, as it was written.
    pub name: String,
    /// Its settings.
    pub settings: RegistrySettings,
    /// The addresses that may speak to it.
    pub network_rules: Vec<NetworkRule>,
    /// Changes when anonymous pull is switched off, so that anonymous tokens end with it.
    pub anonymous_stamp: i64,
    /// When it was created.
    pub created: Timestamp,
}

impl Registry {
    /// Its name as it is compared, and as it stands in host names.
    pub fn key(&self) -> String {
        self.name.to_ascii_lowercase()
    }

    /// It as a place.
    pub fn place(&self) -> InRegistry {
        InRegistry { tenant: self.tenant, registry: self.id }
    }

    /// Its path as a resource.
    pub fn path(&self) -> ScopePath {
        let path = format!(
            "/subscriptions/{}/resourceGroups/naru/providers/Microsoft.ContainerRegistry/registries/{}",
            self.subscription, self.name
        );
        path.parse().unwrap_or_else(|_| ScopePath::root())
    }

    /// What its settings say about rights.
    pub fn policy(&self) -> RegistryPolicy {
        RegistryPolicy {
            place: self.place(),
            path: self.path(),
            anonymous_pull: self.settings.anonymous_pull,
        }
    }

    /// Its network rules.
    pub fn network(&self) -> NetworkRules {
        NetworkRules {
            public_access: self.settings.public_network,
            default_action: self.settings.default_action,
            rules: self.network_rules.clone(),
        }
    }
}

/// A change of settings; what is none stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct RegistryPatch {
    /// Whether the admin user may log in.
    pub admin_enabled: Option<bool>,
    /// Whether everybody may pull.
    pub anonymous_pull: Option<bool>,
    /// Whether anybody may speak to it over the network.
    pub public_network: Option<bool>,
    /// What happens to an address that no rule names.
    pub default_action: Option<DefaultAction>,
    /// How a denied action is answered.
    pub denials: Option<Denials>,
    /// Whether manifests whose layers are missing are taken.
    pub sparse_manifests: Option<bool>,
}

/// A tenant that is to be.
#[derive(Clone, Copy, Debug)]
pub struct NewTenant {
    /// Its id.
    pub id: TenantId,
    /// Its subscription.
    pub subscription: Uuid,
}

/// A registry that is to be, with its admin user, who is off.
#[derive(Clone, Debug)]
pub struct NewRegistry {
    /// Its id.
    pub id: RegistryId,
    /// Its tenant.
    pub tenant: TenantId,
    /// Its name.
    pub name: String,
    /// The admin user's id.
    pub admin: PrincipalId,
    /// The admin user's two passwords.
    pub admin_passwords: [NewSecret; 2],
    /// Ids for the system scope maps.
    pub system_maps: Vec<Uuid>,
    /// When.
    pub created: Timestamp,
}
