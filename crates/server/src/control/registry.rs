//! Registries: what they are set to, and setting it.

use jiff::Timestamp;
use naru_access::{DefaultAction, TenantId, operation as op};
use naru_store::{Denials, Registry, RegistryPatch};
use serde::{Deserialize, Serialize};

use super::network_rule::NetworkRuleView;
use super::{Caller, Failure, Fault, allow, gone, metadata};
use crate::config::Config;
use crate::edge::host::canonical;
use crate::listen::Address;
use crate::state::App;

/// Nothing more than which registry.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShowRequest {}

/// What is to change; what is none stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateRequest {
    /// Whether the admin user may log in.
    pub admin_enabled: Option<bool>,
    /// Whether everybody may pull.
    pub anonymous_pull_enabled: Option<bool>,
    /// Whether anybody may speak to it over the network.
    pub public_network_enabled: Option<bool>,
    /// What happens to an address that no rule names.
    pub default_action: Option<DefaultWord>,
    /// How a denied action is answered.
    pub denials: Option<DenialsWord>,
    /// Whether manifests whose layers are missing are taken.
    pub sparse_manifests_enabled: Option<bool>,
}

/// What happens to an address that no rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DefaultWord {
    /// It may speak.
    Allow,
    /// It may not.
    Deny,
}

/// How a denied action is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DenialsWord {
    /// As Azure does.
    Azure,
    /// With the reason.
    Explained,
}

/// A registry, in Azure's words where it has them.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistryView {
    /// Its path as a resource.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What clients call it.
    pub login_server: String,
    /// Whether the admin user may log in.
    pub admin_user_enabled: bool,
    /// Whether everybody may pull.
    pub anonymous_pull_enabled: bool,
    /// `Enabled` or `Disabled`.
    pub public_network_access: &'static str,
    /// The network rules.
    pub network_rule_set: NetworkRuleSetView,
    /// How rights are given.
    pub role_assignment_mode: &'static str,
    /// How a denied action is answered.
    pub denials: DenialsWord,
    /// Whether manifests whose layers are missing are taken.
    pub sparse_manifests_enabled: bool,
    /// Its tenant.
    pub tenant: TenantId,
    /// When it was created.
    pub creation_date: Timestamp,
}

/// The network rules of a registry.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkRuleSetView {
    /// `Allow` or `Deny`.
    pub default_action: &'static str,
    /// The addresses that may speak.
    pub ip_rules: Vec<NetworkRuleView>,
}

impl RegistryView {
    fn new(config: &Config, registry: &Registry) -> Self {
        let settings = &registry.settings;
        Self {
            id: registry.path().to_string(),
            name: registry.name.clone(),
            login_server: login_server(config, registry),
            admin_user_enabled: settings.admin_enabled,
            anonymous_pull_enabled: settings.anonymous_pull,
            public_network_access: if settings.public_network { "Enabled" } else { "Disabled" },
            network_rule_set: NetworkRuleSetView {
                default_action: match settings.default_action {
                    DefaultAction::Allow => "Allow",
                    DefaultAction::Deny => "Deny",
                },
                ip_rules: NetworkRuleView::all(registry),
            },
            role_assignment_mode: "LegacyRegistryPermissions",
            denials: match settings.denials {
                Denials::Azure => DenialsWord::Azure,
                Denials::Explained => DenialsWord::Explained,
            },
            sparse_manifests_enabled: settings.sparse_manifests,
            tenant: registry.tenant,
            creation_date: registry.created,
        }
    }
}

/// Shows a registry.
#[expect(clippy::unused_async, reason = "a use case is asynchronous, whatever it reads")]
pub async fn show(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    _request: ShowRequest,
) -> Result<RegistryView, Failure> {
    allow::<op::ReadRegistry>(caller, registry)?;
    Ok(RegistryView::new(&app.config, registry))
}

/// Lists the registries that the caller may look at. Whoever may look at none is told so.
pub async fn list(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    _request: ShowRequest,
) -> Result<Vec<RegistryView>, Failure> {
    let registries = metadata(app).registries().await?;
    let mut visible: Vec<_> = registries
        .iter()
        .filter(|other| other.tenant == registry.tenant)
        .filter(|other| allow::<op::ReadRegistry>(caller, other).is_ok())
        .map(|other| RegistryView::new(&app.config, other))
        .collect();
    if visible.is_empty() {
        allow::<op::ReadRegistry>(caller, registry)?;
    }
    visible.sort_by_key(|view| view.name.to_ascii_lowercase());
    Ok(visible)
}

/// Changes settings.
pub async fn update(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: UpdateRequest,
) -> Result<RegistryView, Failure> {
    let access = allow::<op::WriteRegistry>(caller, registry)?;
    if request == UpdateRequest::default() {
        return Err(Fault::Nothing.into());
    }
    let patch = RegistryPatch {
        admin_enabled: request.admin_enabled,
        anonymous_pull: request.anonymous_pull_enabled,
        public_network: request.public_network_enabled,
        default_action: request.default_action.map(|word| match word {
            DefaultWord::Allow => DefaultAction::Allow,
            DefaultWord::Deny => DefaultAction::Deny,
        }),
        denials: request.denials.map(|word| match word {
            DenialsWord::Azure => Denials::Azure,
            DenialsWord::Explained => Denials::Explained,
        }),
        sparse_manifests: request.sparse_manifests_enabled,
    };
    metadata(app).update_registry(&access, patch).await?;
    Ok(RegistryView::new(&app.config, &present(app, registry).await?))
}

/// The registry as it is now.
pub(super) async fn present(app: &App, registry: &Registry) -> Result<Registry, Failure> {
    let registries = metadata(app).registries().await?;
    let same = registries.into_iter().find(|other| other.id == registry.id);
    same.ok_or_else(|| gone("registry"))
}

/// What clients call a registry: its name under the domain, else the address that the server is
/// known by.
pub(super) fn login_server(config: &Config, registry: &Registry) -> String {
    if config.domain.is_some() {
        return canonical(config, &registry.key());
    }
    if let Some(url) = &config.public_url {
        let port = url.port.map(|port| format!(":{port}")).unwrap_or_default();
        return format!("{}{port}", url.host);
    }
    match config.listen.iter().find_map(Address::tcp) {
        Some(address) if address.ip().is_unspecified() => format!("localhost:{}", address.port()),
        Some(address) => address.to_string(),
        None => registry.key(),
    }
}
