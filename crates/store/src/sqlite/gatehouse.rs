//! What the gate reads: registries, credentials, standings and rights.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use async_trait::async_trait;
use naru_access::{
    Action, AssignmentId, CredentialId, DefaultAction, InRegistry, InRepository, NetworkRule,
    Principal, PrincipalId, PrincipalKind, RegistryId, Rights, RoleAssignment, RoleDefinition,
    RoleId, ScopeMap, ScopeMapRule, TenantId,
};
use naru_identity::Tag;
use rusqlite::Row;
use uuid::Uuid;

use super::Sqlite;
use super::audit::record_event;
use super::repositories::find;
use super::session::{Session, guid_at, optional_time_at, parsed_at, time_at};
use crate::error::StoreError;
use crate::freshness::Freshness;
use crate::metadata::Gatehouse;
use crate::record::{
    Account, Attributes, Denials, EventEntry, HumanAccount, Recorded, Registry, RegistrySettings,
    Standing,
};

#[async_trait]
impl Gatehouse for Sqlite {
    fn freshness(&self) -> &Freshness {
        &self.freshness
    }

    async fn registries(&self) -> Result<Vec<Registry>, StoreError> {
        self.read(registries).await
    }

    async fn account_by_secret(
        &self,
        tenant: TenantId,
        secret: Tag,
    ) -> Result<Option<Account>, StoreError> {
        self.read(move |session| {
            let sql = "SELECT p.id, p.kind, p.login_name, p.tenant, p.registry, s.id, p.enabled, \
                       p.stamp, s.stamp, s.expires FROM secret s JOIN principal p ON p.id = s.principal \
                       WHERE s.form = 'generated' AND s.verifier = ?1 AND p.tenant = ?2";
            session.row(sql, (secret.0, tenant.bytes()), account)
        })
        .await
    }

    async fn account_by_name(
        &self,
        place: InRegistry,
        login_key: &str,
    ) -> Result<Option<HumanAccount>, StoreError> {
        let login_key = login_key.to_owned();
        self.read(move |session| {
            let sql = "SELECT p.id, p.kind, p.login_name, p.tenant, p.registry, s.id, p.enabled, \
                       p.stamp, s.stamp, s.expires, s.verifier FROM principal p \
                       JOIN secret s ON s.principal = p.id WHERE p.tenant = ?1 AND p.login_key = ?2 \
                       AND (p.registry IS NULL OR p.registry = ?3) AND s.form = 'human'";
            let params = (place.tenant.bytes(), login_key, place.registry.bytes());
            session.row(sql, params, |row| {
                let verifier: Vec<u8> = row.get(10)?;
                let password_hash = String::from_utf8_lossy(&verifier).into_owned();
                Ok(HumanAccount { account: account(row)?, password_hash })
            })
        })
        .await
    }

    async fn standing(
        &self,
        principal: PrincipalId,
        credential: CredentialId,
    ) -> Result<Option<Standing>, StoreError> {
        self.read(move |session| {
            let sql = "SELECT p.enabled, p.stamp, s.stamp, s.expires FROM secret s \
                       JOIN principal p ON p.id = s.principal WHERE s.id = ?1 AND p.id = ?2";
            session.row(sql, (credential.bytes(), principal.bytes()), |row| standing(row, 0))
        })
        .await
    }

    async fn rights(&self, principal: PrincipalId) -> Result<Rights, StoreError> {
        self.read(move |session| rights(session, principal)).await
    }

    async fn attributes(&self, place: &InRepository) -> Result<Attributes, StoreError> {
        let place = place.clone();
        self.read(move |session| {
            Ok(find(session, &place)?.map(|found| found.attributes).unwrap_or_default())
        })
        .await
    }

    async fn record_events(&self, entries: Vec<EventEntry>) -> Result<Vec<Recorded>, StoreError> {
        self.write(move |session| {
            entries.iter().map(|entry| record_event(session, entry)).collect()
        })
        .await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        // Through the writer too: a database that cannot be written is not ready.
        self.write(|session| session.exists("SELECT 1 FROM tenant LIMIT 1", ()).map(drop)).await
    }
}

/// An account from columns 0 to 9.
fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        principal: Principal {
            id: PrincipalId(guid_at(row, 0)?),
            kind: parsed_at(row, 1, PrincipalKind::from_word)?,
            name: row.get(2)?,
            tenant: TenantId(guid_at(row, 3)?),
        },
        registry: row.get::<_, Option<[u8; 16]>>(4)?.map(RegistryId::from_bytes),
        credential: CredentialId(guid_at(row, 5)?),
        standing: standing(row, 6)?,
    })
}

fn standing(row: &Row<'_>, first: usize) -> rusqlite::Result<Standing> {
    Ok(Standing {
        enabled: row.get(first)?,
        principal_stamp: row.get(first + 1)?,
        credential_stamp: row.get(first + 2)?,
        expires: optional_time_at(row, first + 3)?,
    })
}

pub(super) fn registries(session: &Session<'_>) -> Result<Vec<Registry>, StoreError> {
    let mut rules: BTreeMap<Uuid, Vec<NetworkRule>> = BTreeMap::new();
    let sql = "SELECT registry, range FROM network_rule ORDER BY registry, range";
    let read = |row: &Row<'_>| Ok((guid_at(row, 0)?, parsed_at(row, 1, |t| t.parse().ok())?));
    for (registry, rule) in session.rows(sql, (), read)? {
        rules.entry(registry).or_default().push(rule);
    }
    let sql = "SELECT r.id, r.tenant, t.subscription, r.name, p.enabled, r.anonymous_pull, \
               r.public_network, r.default_action, r.denials, r.sparse_manifests, \
               r.anonymous_stamp, r.created FROM registry r JOIN tenant t ON t.id = r.tenant \
               JOIN principal p ON p.registry = r.id AND p.kind = 'admin' ORDER BY r.created, r.id";
    session.rows(sql, (), |row| {
        let id = guid_at(row, 0)?;
        let settings = RegistrySettings {
            admin_enabled: row.get(4)?,
            anonymous_pull: row.get(5)?,
            public_network: row.get(6)?,
            default_action: parsed_at(row, 7, default_action)?,
            denials: parsed_at(row, 8, denials)?,
            sparse_manifests: row.get(9)?,
        };
        Ok(Registry {
            id: RegistryId(id),
            tenant: TenantId(guid_at(row, 1)?),
            subscription: guid_at(row, 2)?,
            name: row.get(3)?,
            settings,
            network_rules: rules.remove(&id).unwrap_or_default(),
            anonymous_stamp: row.get(10)?,
            created: time_at(row, 11)?,
        })
    })
}

fn default_action(word: &str) -> Option<DefaultAction> {
    match word {
        "Allow" => Some(DefaultAction::Allow),
        "Deny" => Some(DefaultAction::Deny),
        _ => None,
    }
}

fn denials(word: &str) -> Option<Denials> {
    match word {
        "azure" => Some(Denials::Azure),
        "explained" => Some(Denials::Explained),
        _ => None,
    }
}

fn rights(session: &Session<'_>, principal: PrincipalId) -> Result<Rights, StoreError> {
    let sql = "SELECT kind, scope_map FROM principal WHERE id = ?1";
    let found = session.row(sql, (principal.bytes(),), |row| {
        let kind = parsed_at(row, 0, PrincipalKind::from_word)?;
        Ok((kind, row.get::<_, Option<[u8; 16]>>(1)?))
    })?;
    Ok(match found {
        Some((PrincipalKind::Admin, _)) => Rights::Admin,
        Some((PrincipalKind::Token, Some(map))) => {
            Rights::ScopeMap(Arc::new(scope_map(session, map)?))
        }
        Some((PrincipalKind::ServicePrincipal | PrincipalKind::User, _)) => {
            Rights::Roles(role_assignments(session, principal)?.into())
        }
        Some(_) | None => Rights::None,
    })
}

fn scope_map(session: &Session<'_>, id: [u8; 16]) -> Result<ScopeMap, StoreError> {
    let sql = "SELECT name FROM scope_map WHERE id = ?1";
    let name = session.row(sql, (id,), |row| row.get(0))?.unwrap_or_default();
    Ok(ScopeMap { name, rules: scope_map_rules(session, id)? })
}

fn scope_map_rules(session: &Session<'_>, id: [u8; 16]) -> Result<Vec<ScopeMapRule>, StoreError> {
    let sql = "SELECT pattern, actions FROM scope_map_rule WHERE scope_map = ?1 ORDER BY position";
    session.rows(sql, (id,), |row| scope_map_rule(row, 0))
}

/// A rule of a scope map from the columns pattern and actions.
pub(super) fn scope_map_rule(row: &Row<'_>, first: usize) -> rusqlite::Result<ScopeMapRule> {
    Ok(ScopeMapRule {
        pattern: parsed_at(row, first, |text| text.parse().ok())?,
        actions: parsed_at(row, first + 1, |text| {
            text.split_ascii_whitespace().map(Action::from_scope_map_word).collect()
        })?,
    })
}

pub(super) fn role_assignments(
    session: &Session<'_>,
    principal: PrincipalId,
) -> Result<Vec<RoleAssignment>, StoreError> {
    let sql = "SELECT a.id, a.scope, a.condition, d.id, d.name, d.actions, d.not_actions, \
               d.data_actions, d.not_data_actions FROM role_assignment a \
               JOIN role_definition d ON d.id = a.role WHERE a.principal = ?1 \
               ORDER BY a.created, a.id";
    // Many assignments are of few roles.
    let mut roles: BTreeMap<Uuid, Arc<RoleDefinition>> = BTreeMap::new();
    session.rows(sql, (principal.bytes(),), |row| {
        let role = match roles.entry(guid_at(row, 3)?) {
            Entry::Occupied(known) => Arc::clone(known.get()),
            Entry::Vacant(place) => Arc::clone(place.insert(Arc::new(role_definition(row, 3)?))),
        };
        Ok(RoleAssignment {
            id: AssignmentId(guid_at(row, 0)?),
            role,
            scope: parsed_at(row, 1, |text| text.parse().ok())?,
            condition: row.get(2)?,
        })
    })
}

/// A role from six columns, the first of them its id.
fn role_definition(row: &Row<'_>, first: usize) -> rusqlite::Result<RoleDefinition> {
    let list = |column| parsed_at(row, first + column, |text| serde_json::from_str(text).ok());
    let (id, name) = (RoleId(guid_at(row, first)?), row.get(first + 1)?);
    Ok(RoleDefinition::new(id, name, list(2)?, list(3)?, list(4)?, list(5)?))
}
