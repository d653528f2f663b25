//! Users of the directory.

use naru_access::{PrincipalId, PrincipalKind, TenantId};

use super::{credential, principal};
use crate::error::AdminError;
use crate::record::{NewSecret, NewUser, UserRecord};
use crate::sqlite::session::{Session, guid_at, time_at};

/// The users of a tenant, by name.
pub(super) fn list(session: &Session<'_>, tenant: TenantId) -> Result<Vec<UserRecord>, AdminError> {
    let sql = "SELECT id, login_name, enabled, \
               EXISTS (SELECT 1 FROM secret s WHERE s.principal = p.id), created \
               FROM principal p WHERE tenant = ?1 AND kind = 'user' ORDER BY login_key";
    let users = session.rows(sql, (tenant.bytes(),), |row| {
        Ok(UserRecord {
            id: PrincipalId(guid_at(row, 0)?),
            name: row.get(1)?,
            enabled: row.get(2)?,
            has_password: row.get(3)?,
            created: time_at(row, 4)?,
        })
    })?;
    Ok(users)
}

/// Creates a user, with or without a password.
pub(super) fn create(
    session: &Session<'_>,
    tenant: TenantId,
    new: &NewUser,
) -> Result<(), AdminError> {
    let user = principal::NewPrincipal {
        id: new.id,
        tenant,
        registry: None,
        kind: PrincipalKind::User,
        login_name: &new.name,
        display_name: &new.name,
        enabled: true,
        scope_map: None,
        created: new.created,
    };
    principal::insert(session, &user)?;
    new.password.iter().try_for_each(|password| credential::insert(session, new.id, password))
}

/// Enables or disables a user, or sets its password: it has one, and the old one dies.
pub(super) fn update(
    session: &Session<'_>,
    tenant: TenantId,
    name: &str,
    enabled: Option<bool>,
    password: Option<&NewSecret>,
) -> Result<(), AdminError> {
    let user = principal::find(session, tenant, PrincipalKind::User, name)?;
    if let Some(enabled) = enabled {
        principal::set_enabled(session, user, enabled)?;
    }
    if let Some(password) = password {
        credential::delete_all(session, user)?;
        credential::insert(session, user, password)?;
    }
    Ok(())
}

/// Deletes a user, with its role assignments.
pub(super) fn delete(
    session: &Session<'_>,
    tenant: TenantId,
    name: &str,
) -> Result<(), AdminError> {
    principal::delete(session, principal::find(session, tenant, PrincipalKind::User, name)?)
}
