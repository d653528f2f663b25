//! Role assignments, and the roles that are built in.
//!
//! Whoever may assign roles may do so as far as that right of theirs reaches, and no further: it is
//! held against the scope here, in the transaction, and not left to the caller.

use naru_access::{
    Access, AssignmentId, InRegistry, ManagementAction, Principal, PrincipalId, PrincipalKind,
    RoleAssignment, RoleId, Rule, ScopePath, TenantId, built_in_roles,
};
use naru_identity::names::login_key;
use rusqlite::Row;
use uuid::Uuid;

use super::registry;
use crate::error::{AdminError, StoreError};
use crate::record::{NewRoleAssignment, RoleAssignmentRecord};
use crate::sqlite::gatehouse;
use crate::sqlite::session::{Session, guid_at, parsed_at, time_at};

const WHAT: &str = "role assignment";

/// On whose authority roles are assigned or taken back.
pub(super) struct Authority {
    holder: Principal,
    rule: Rule,
    action: &'static str,
}

impl Authority {
    /// The authority that a capability stands for.
    pub(super) fn of<A: ManagementAction>(access: &Access<A>) -> Self {
        let (holder, rule) = (access.holder().clone(), access.rule().clone());
        Self { holder, rule, action: A::ACTION }
    }

    fn check(&self, session: &Session<'_>, scope: &ScopePath) -> Result<(), AdminError> {
        if self.rule == Rule::LocalSocket {
            return Ok(());
        }
        let held = gatehouse::role_assignments(session, self.holder.id)?;
        let gives = |held: &RoleAssignment| held.applies_to(scope) && held.role.allows(self.action);
        if held.iter().any(gives) { Ok(()) } else { Err(AdminError::Beyond(scope.to_string())) }
    }
}

/// The assignments that hold for a registry, and those below it, the oldest first.
pub(super) fn list(
    session: &Session<'_>,
    place: InRegistry,
) -> Result<Vec<RoleAssignmentRecord>, AdminError> {
    let path = registry::path(session, place)?;
    let sql = "SELECT a.id, a.scope, p.id, p.kind, p.login_name, d.id, d.name, a.created \
               FROM role_assignment a JOIN principal p ON p.id = a.principal \
               JOIN role_definition d ON d.id = a.role WHERE a.tenant = ?1 \
               ORDER BY a.created, a.id";
    let all = session.rows(sql, (place.tenant.bytes(),), |row| {
        let scope: ScopePath = parsed_at(row, 1, |text| text.parse().ok())?;
        let record = RoleAssignmentRecord {
            id: AssignmentId(guid_at(row, 0)?),
            scope: scope.to_string(),
            principal: PrincipalId(guid_at(row, 2)?),
            principal_kind: parsed_at(row, 3, PrincipalKind::from_word)?,
            principal_name: row.get(4)?,
            role: RoleId(guid_at(row, 5)?),
            role_name: row.get(6)?,
            created: time_at(row, 7)?,
        };
        Ok((scope, record))
    })?;
    let concerned = |scope: &ScopePath| scope.covers(&path) || path.covers(scope);
    Ok(all.into_iter().filter(|(scope, _)| concerned(scope)).map(|(_, record)| record).collect())
}

/// Assigns a role, on somebody's authority.
pub(super) fn create(
    session: &Session<'_>,
    place: InRegistry,
    authority: &Authority,
    new: &NewRoleAssignment,
) -> Result<(), AdminError> {
    authority.check(session, &new.scope)?;
    insert(session, place.tenant, new)
}

/// Writes an assignment.
pub(super) fn insert(
    session: &Session<'_>,
    tenant: TenantId,
    new: &NewRoleAssignment,
) -> Result<(), AdminError> {
    let principal = find_assignee(session, tenant, &new.assignee)?;
    let (role, role_name) = find_role(session, tenant, &new.role)?;
    let sql = "SELECT 1 FROM role_assignment WHERE principal = ?1 AND role = ?2 AND scope_key = ?3";
    let key = new.scope.key();
    if session.exists(sql, (principal.bytes(), role.bytes(), key))? {
        let name = format!("{role_name} for {} on {}", new.assignee, new.scope);
        return Err(AdminError::Exists { what: WHAT, name });
    }
    let sql = "INSERT INTO role_assignment (id, tenant, scope, scope_key, principal, role, \
               created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let params = (
        new.id.bytes(),
        tenant.bytes(),
        new.scope.as_str(),
        key,
        principal.bytes(),
        role.bytes(),
        new.created.as_millisecond(),
    );
    session.execute(sql, params)?;
    Ok(())
}

/// Takes assignments back, all of them or none. Only those that [`list`] shows are there.
pub(super) fn delete(
    session: &Session<'_>,
    place: InRegistry,
    authority: &Authority,
    ids: &[AssignmentId],
) -> Result<(), AdminError> {
    let path = registry::path(session, place)?;
    // All are checked before the first is gone: it may be what gives the right to the others.
    for id in ids {
        let sql = "SELECT scope FROM role_assignment WHERE id = ?1 AND tenant = ?2";
        let scope = session.row(sql, (id.bytes(), place.tenant.bytes()), |row| {
            parsed_at(row, 0, |text| text.parse::<ScopePath>().ok())
        })?;
        match scope {
            Some(scope) if scope.covers(&path) || path.covers(&scope) => {
                authority.check(session, &scope)?;
            }
            Some(_) | None => {
                return Err(AdminError::NotFound { what: WHAT, name: id.to_string() });
            }
        }
    }
    for id in ids {
        session.execute("DELETE FROM role_assignment WHERE id = ?1", (id.bytes(),))?;
    }
    Ok(())
}

/// Writes the built-in roles into a new database.
pub(in crate::sqlite) fn insert_built_in_roles(session: &Session<'_>) -> Result<(), StoreError> {
    let sql = "INSERT INTO role_definition (id, tenant, name, name_key, actions, not_actions, \
               data_actions, not_data_actions) VALUES (?1, NULL, ?2, ?3, ?4, ?5, ?6, ?7)";
    for role in built_in_roles() {
        let json = |list: &[String]| {
            let text = serde_json::to_string(list);
            text.map_err(|error| StoreError::Damaged(error.to_string()))
        };
        let params = (
            role.id.bytes(),
            &role.name,
            login_key(&role.name),
            json(&role.actions)?,
            json(&role.not_actions)?,
            json(&role.data_actions)?,
            json(&role.not_data_actions)?,
        );
        session.execute(sql, params)?;
    }
    Ok(())
}

/// Whom a name means: a user or service principal by the name that it logs in with or its object
/// id, or a service principal by its name for people, unless that has the form of an id. A right
/// must not go to somebody else of the same name, so a name that means two is refused.
fn find_assignee(
    session: &Session<'_>,
    tenant: TenantId,
    name: &str,
) -> Result<PrincipalId, AdminError> {
    let what = "user or service principal";
    let sql = "SELECT id FROM principal WHERE tenant = ?1 \
               AND kind IN ('service-principal', 'user') AND (login_key = ?2 OR id = ?3 OR (?3 IS NULL \
               AND kind = 'service-principal' AND lower(display_name) = ?2)) LIMIT 2";
    let params = (tenant.bytes(), login_key(name), name.parse().ok().map(Uuid::into_bytes));
    let found = session.rows(sql, params, |row| guid_at(row, 0).map(PrincipalId))?;
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(AdminError::NotFound { what, name: name.to_owned() }),
        _ => Err(AdminError::Ambiguous { what, name: name.to_owned() }),
    }
}

/// A role that the tenant has, by name or id, and its name.
fn find_role(
    session: &Session<'_>,
    tenant: TenantId,
    role: &str,
) -> Result<(RoleId, String), AdminError> {
    let sql = "SELECT id, name FROM role_definition WHERE (tenant IS NULL OR tenant = ?1) \
               AND (name_key = ?2 OR id = ?3) ORDER BY tenant IS NOT NULL LIMIT 1";
    let params = (tenant.bytes(), login_key(role), role.parse().ok().map(Uuid::into_bytes));
    let read = |row: &Row<'_>| Ok((RoleId(guid_at(row, 0)?), row.get(1)?));
    let found = session.row(sql, params, read)?;
    found.ok_or_else(|| AdminError::NotFound { what: "role", name: role.to_owned() })
}
