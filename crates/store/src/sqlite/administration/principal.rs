//! Principals of every kind: the one namespace of login names, and whether they are enabled.
//!
//! What is particular to a kind is in its own module; what it may do is not decided here.

use jiff::Timestamp;
use naru_access::{InRegistry, PrincipalId, PrincipalKind, RegistryId, TenantId};
use naru_identity::names::login_key;
use rusqlite::Row;
use uuid::Uuid;

use crate::error::AdminError;
use crate::sqlite::session::{Session, guid_at, parsed_at};

/// A principal that is to be.
pub(super) struct NewPrincipal<'a> {
    pub(super) id: PrincipalId,
    pub(super) tenant: TenantId,
    pub(super) registry: Option<RegistryId>,
    pub(super) kind: PrincipalKind,
    pub(super) login_name: &'a str,
    pub(super) display_name: &'a str,
    pub(super) enabled: bool,
    pub(super) scope_map: Option<Uuid>,
    pub(super) created: Timestamp,
}

/// Where principals of a kind belong: to a registry, or to the tenant as a whole.
#[derive(Clone, Copy)]
pub(super) struct Home {
    tenant: TenantId,
    registry: Option<RegistryId>,
}

impl Home {
    /// The parameters of a condition `tenant = ? AND registry IS ?`.
    pub(super) fn keys(self) -> ([u8; 16], Option<[u8; 16]>) {
        (self.tenant.bytes(), self.registry.map(|registry| registry.bytes()))
    }
}

impl From<InRegistry> for Home {
    fn from(place: InRegistry) -> Self {
        Self { tenant: place.tenant, registry: Some(place.registry) }
    }
}

impl From<TenantId> for Home {
    fn from(tenant: TenantId) -> Self {
        Self { tenant, registry: None }
    }
}

/// Writes a principal, if nobody has its login name.
pub(super) fn insert(session: &Session<'_>, new: &NewPrincipal<'_>) -> Result<(), AdminError> {
    check_login_name(session, new)?;
    let sql = "INSERT INTO principal (id, tenant, registry, kind, login_name, login_key, \
               display_name, enabled, scope_map, created) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let (tenant, registry) = Home { tenant: new.tenant, registry: new.registry }.keys();
    let params = (
        new.id.bytes(),
        tenant,
        registry,
        new.kind.word(),
        new.login_name,
        login_key(new.login_name),
        new.display_name,
        new.enabled,
        new.scope_map.map(Uuid::into_bytes),
        new.created.as_millisecond(),
    );
    session.execute(sql, params)?;
    Ok(())
}

/// The principal of a kind that logs in with a name.
pub(super) fn find(
    session: &Session<'_>,
    home: impl Into<Home>,
    kind: PrincipalKind,
    name: &str,
) -> Result<PrincipalId, AdminError> {
    let sql = "SELECT id FROM principal WHERE tenant = ?1 AND registry IS ?2 AND kind = ?3 \
               AND login_key = ?4";
    let (tenant, registry) = home.into().keys();
    let params = (tenant, registry, kind.word(), login_key(name));
    let found = session.row(sql, params, |row| guid_at(row, 0).map(PrincipalId))?;
    found.ok_or_else(|| AdminError::NotFound { what: noun(kind), name: name.to_owned() })
}

/// Enables or disables a principal. Its tokens die where that changes anything.
pub(super) fn set_enabled(
    session: &Session<'_>,
    principal: PrincipalId,
    enabled: bool,
) -> Result<(), AdminError> {
    let sql = "UPDATE principal SET enabled = ?2, stamp = stamp + 1 \
               WHERE id = ?1 AND enabled <> ?2";
    session.execute(sql, (principal.bytes(), enabled))?;
    Ok(())
}

/// Deletes a principal with its secrets and role assignments.
pub(super) fn delete(session: &Session<'_>, principal: PrincipalId) -> Result<(), AdminError> {
    session.execute("DELETE FROM principal WHERE id = ?1", (principal.bytes(),))?;
    Ok(())
}

/// What people call a kind.
pub(super) const fn noun(kind: PrincipalKind) -> &'static str {
    match kind {
        PrincipalKind::Admin => "admin user",
        PrincipalKind::Anonymous => "anonymous caller",
        PrincipalKind::Operator => "operator",
        PrincipalKind::ServicePrincipal => "service principal",
        PrincipalKind::Token => "token",
        PrincipalKind::User => "user",
    }
}

/// A name of the tenant must differ from those of all its registries, a registry's from the
/// tenant's and its own.
fn check_login_name(session: &Session<'_>, new: &NewPrincipal<'_>) -> Result<(), AdminError> {
    let sql = "SELECT kind, registry FROM principal WHERE tenant = ?1 AND login_key = ?2 \
               AND (?3 IS NULL OR registry IS NULL OR registry = ?3) LIMIT 1";
    let registry = new.registry.map(|registry| registry.bytes());
    let params = (new.tenant.bytes(), login_key(new.login_name), registry);
    let read = |row: &Row<'_>| {
        let kind = parsed_at(row, 0, PrincipalKind::from_word)?;
        Ok((kind, row.get::<_, Option<[u8; 16]>>(1)?))
    };
    let name = new.login_name.to_owned();
    match session.row(sql, params, read)? {
        None => Ok(()),
        Some((kind, at)) if kind == new.kind && at == registry => {
            Err(AdminError::Exists { what: noun(kind), name })
        }
        Some((kind, _)) => {
            let article = if kind == PrincipalKind::Admin { "an" } else { "a" };
            Err(AdminError::NameTaken { name, by: format!("{article} {}", noun(kind)) })
        }
    }
}
