//! Service principals of the directory, and their secrets.

use naru_access::{CredentialId, PrincipalId, PrincipalKind, TenantId};
use naru_identity::names::login_key;
use rusqlite::Row;
use uuid::Uuid;

use super::{credential, principal};
use crate::error::AdminError;
use crate::record::{NewSecret, NewServicePrincipal, ServicePrincipalRecord};
use crate::sqlite::session::{Session, guid_at, time_at};

const WHAT: &str = "service principal";

/// The service principals of a tenant, by their names for people; the secrets of each, the oldest
/// first.
pub(super) fn list(
    session: &Session<'_>,
    tenant: TenantId,
) -> Result<Vec<ServicePrincipalRecord>, AdminError> {
    let mut secrets = credential::of_all(session, tenant, PrincipalKind::ServicePrincipal)?;
    let sql = "SELECT id, login_name, display_name, enabled, created FROM principal \
               WHERE tenant = ?1 AND kind = 'service-principal' \
               ORDER BY lower(display_name), created, id";
    let principals = session.rows(sql, (tenant.bytes(),), |row| {
        let id = guid_at(row, 0)?;
        let mut secrets = secrets.remove(&id).unwrap_or_default();
        secrets.sort_by_key(|secret| secret.created);
        Ok(ServicePrincipalRecord {
            id: PrincipalId(id),
            app_id: row.get(1)?,
            display_name: row.get(2)?,
            enabled: row.get(3)?,
            secrets,
            created: time_at(row, 4)?,
        })
    })?;
    Ok(principals)
}

/// Creates a service principal with its first secret. It logs in with its application id; its name
/// for people need not be the only one.
pub(super) fn create(
    session: &Session<'_>,
    tenant: TenantId,
    new: &NewServicePrincipal,
) -> Result<(), AdminError> {
    let app_id = new.app_id.to_string();
    let service_principal = principal::NewPrincipal {
        id: new.id,
        tenant,
        registry: None,
        kind: PrincipalKind::ServicePrincipal,
        login_name: &app_id,
        display_name: &new.display_name,
        enabled: true,
        scope_map: None,
        created: new.created,
    };
    principal::insert(session, &service_principal)?;
    credential::insert(session, new.id, &new.secret)
}

/// Enables or disables a service principal.
pub(super) fn update(
    session: &Session<'_>,
    tenant: TenantId,
    name: &str,
    enabled: bool,
) -> Result<(), AdminError> {
    principal::set_enabled(session, find(session, tenant, name)?, enabled)
}

/// Deletes a service principal, with its secrets and role assignments.
pub(super) fn delete(
    session: &Session<'_>,
    tenant: TenantId,
    name: &str,
) -> Result<(), AdminError> {
    principal::delete(session, find(session, tenant, name)?)
}

/// Adds a secret; unless `append`, the others die.
pub(super) fn add_secret(
    session: &Session<'_>,
    tenant: TenantId,
    name: &str,
    secret: &NewSecret,
    append: bool,
) -> Result<(), AdminError> {
    let principal = find(session, tenant, name)?;
    if !append {
        credential::delete_all(session, principal)?;
    }
    credential::insert(session, principal, secret)
}

/// Deletes one secret.
pub(super) fn delete_secret(
    session: &Session<'_>,
    tenant: TenantId,
    name: &str,
    secret: CredentialId,
) -> Result<(), AdminError> {
    let principal = find(session, tenant, name)?;
    let sql = "DELETE FROM secret WHERE principal = ?1 AND id = ?2";
    if session.execute(sql, (principal.bytes(), secret.bytes()))? == 0 {
        return Err(AdminError::NotFound { what: "client secret", name: secret.to_string() });
    }
    Ok(())
}

/// The service principal that a name means. Ids come first: another one's name for people, which
/// may be anything, must not keep a service principal from being disabled by its id.
fn find(session: &Session<'_>, tenant: TenantId, name: &str) -> Result<PrincipalId, AdminError> {
    let (key, id) = (login_key(name), name.parse().ok().map(Uuid::into_bytes));
    let sql = "SELECT id FROM principal WHERE tenant = ?1 AND kind = 'service-principal' \
               AND (login_key = ?2 OR id = ?3) ORDER BY login_key <> ?2 LIMIT 1";
    let read = |row: &Row<'_>| guid_at(row, 0).map(PrincipalId);
    if let Some(found) = session.row(sql, (tenant.bytes(), &key, id), read)? {
        return Ok(found);
    }
    let sql = "SELECT id FROM principal WHERE tenant = ?1 AND kind = 'service-principal' \
               AND lower(display_name) = ?2 LIMIT 2";
    match session.rows(sql, (tenant.bytes(), &key), read)?.as_slice() {
        [one] => Ok(*one),
        [] => Err(AdminError::NotFound { what: WHAT, name: name.to_owned() }),
        _ => Err(AdminError::Ambiguous { what: WHAT, name: name.to_owned() }),
    }
}
