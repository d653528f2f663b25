//! Tenants, registries, their settings and network rules.

use jiff::Timestamp;
use naru_access::{DefaultAction, InRegistry, NetworkRule, PrincipalKind, ScopePath};
use naru_identity::names::login_key;

use super::{credential, principal, role_assignment, scope_map, user};
use crate::error::AdminError;
use crate::record::{
    Denials, NewRegistry, NewRoleAssignment, NewTenant, NewUser, Registry, RegistryPatch,
};
use crate::sqlite::gatehouse;
use crate::sqlite::session::Session;

/// Creates the first tenant with its registry and owner. `false` where there is a tenant already.
pub(super) fn bootstrap(
    session: &Session<'_>,
    tenant: NewTenant,
    registry: &NewRegistry,
    owner: &NewUser,
    role: &NewRoleAssignment,
) -> Result<bool, AdminError> {
    if session.exists("SELECT 1 FROM tenant LIMIT 1", ())? {
        return Ok(false);
    }
    let sql = "INSERT INTO tenant (id, subscription, created) VALUES (?1, ?2, ?3)";
    let created = registry.created.as_millisecond();
    session.execute(sql, (tenant.id.bytes(), tenant.subscription.into_bytes(), created))?;
    create(session, registry)?;
    user::create(session, tenant.id, owner)?;
    role_assignment::insert(session, tenant.id, role)?;
    Ok(true)
}

/// Creates a registry with its admin user, who is off, and the system scope maps.
pub(super) fn create(session: &Session<'_>, new: &NewRegistry) -> Result<(), AdminError> {
    let tenant = new.tenant.bytes();
    if !session.exists("SELECT 1 FROM tenant WHERE id = ?1", (tenant,))? {
        return Err(AdminError::NotFound { what: "tenant", name: new.tenant.to_string() });
    }
    let key = login_key(&new.name);
    if session.exists("SELECT 1 FROM registry WHERE name_key = ?1", (&key,))? {
        return Err(AdminError::Exists { what: "registry", name: new.name.clone() });
    }
    let sql = "INSERT INTO registry (id, tenant, name, name_key, created) \
               VALUES (?1, ?2, ?3, ?4, ?5)";
    let created = new.created.as_millisecond();
    session.execute(sql, (new.id.bytes(), tenant, &new.name, &key, created))?;
    let admin = principal::NewPrincipal {
        id: new.admin,
        tenant: new.tenant,
        registry: Some(new.id),
        kind: PrincipalKind::Admin,
        login_name: &new.name,
        display_name: &new.name,
        enabled: false,
        scope_map: None,
        created: new.created,
    };
    principal::insert(session, &admin)?;
    for password in &new.admin_passwords {
        credential::insert(session, new.admin, password)?;
    }
    scope_map::create_system_maps(session, new)
}

/// Changes settings. What ends with a setting takes a new stamp.
pub(super) fn update(
    session: &Session<'_>,
    place: InRegistry,
    patch: RegistryPatch,
) -> Result<(), AdminError> {
    let sql = "UPDATE registry SET \
               anonymous_stamp = anonymous_stamp \
                 + CASE WHEN anonymous_pull = 1 AND ?3 = 0 THEN 1 ELSE 0 END, \
               anonymous_pull = coalesce(?3, anonymous_pull), \
               public_network = coalesce(?4, public_network), \
               default_action = coalesce(?5, default_action), \
               denials = coalesce(?6, denials), \
               sparse_manifests = coalesce(?7, sparse_manifests) \
               WHERE tenant = ?1 AND id = ?2";
    let (tenant, registry) = (place.tenant.bytes(), place.registry.bytes());
    let params = (
        tenant,
        registry,
        patch.anonymous_pull,
        patch.public_network,
        patch.default_action.map(default_action_word),
        patch.denials.map(denials_word),
        patch.sparse_manifests,
    );
    if session.execute(sql, params)? == 0 {
        return Err(not_found(place));
    }
    if let Some(enabled) = patch.admin_enabled {
        let sql = "UPDATE principal SET enabled = ?3, stamp = stamp + 1 WHERE tenant = ?1 \
                   AND registry = ?2 AND kind = 'admin' AND enabled <> ?3";
        session.execute(sql, (tenant, registry, enabled))?;
    }
    Ok(())
}

/// Lets a range speak.
pub(super) fn add_network_rule(
    session: &Session<'_>,
    place: InRegistry,
    rule: NetworkRule,
    now: Timestamp,
) -> Result<(), AdminError> {
    let sql = "INSERT INTO network_rule (registry, range, created) \
               SELECT id, ?3, ?4 FROM registry WHERE tenant = ?1 AND id = ?2 \
               ON CONFLICT (registry, range) DO UPDATE SET range = excluded.range";
    let (tenant, registry) = (place.tenant.bytes(), place.registry.bytes());
    let params = (tenant, registry, rule.to_string(), now.as_millisecond());
    if session.execute(sql, params)? == 0 {
        return Err(not_found(place));
    }
    Ok(())
}

/// Takes a range back.
pub(super) fn remove_network_rule(
    session: &Session<'_>,
    place: InRegistry,
    rule: NetworkRule,
) -> Result<(), AdminError> {
    let sql = "DELETE FROM network_rule WHERE range = ?3 AND registry = \
               (SELECT id FROM registry WHERE tenant = ?1 AND id = ?2)";
    let range = rule.to_string();
    let params = (place.tenant.bytes(), place.registry.bytes(), &range);
    if session.execute(sql, params)? == 0 {
        return Err(AdminError::NotFound { what: "network rule", name: range });
    }
    Ok(())
}

/// The registry's path as a resource.
pub(super) fn path(session: &Session<'_>, place: InRegistry) -> Result<ScopePath, AdminError> {
    let registries = gatehouse::registries(session)?;
    let registry = registries.iter().find(|registry| registry.place() == place);
    registry.map(Registry::path).ok_or_else(|| not_found(place))
}

fn not_found(place: InRegistry) -> AdminError {
    AdminError::NotFound { what: "registry", name: place.registry.to_string() }
}

/// As the gatehouse reads it.
const fn default_action_word(action: DefaultAction) -> &'static str {
    match action {
        DefaultAction::Allow => "Allow",
        DefaultAction::Deny => "Deny",
    }
}

/// As the gatehouse reads it.
const fn denials_word(denials: Denials) -> &'static str {
    match denials {
        Denials::Azure => "azure",
        Denials::Explained => "explained",
    }
}
