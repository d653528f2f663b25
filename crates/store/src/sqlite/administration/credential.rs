//! Secrets: written, replaced, listed; and the two passwords of the admin user.
//!
//! A token carries the id of the secret that it was made from. So whatever replaces a secret takes
//! a new id, and with the old row all that was made from it is dead, while its siblings live on.

use std::collections::BTreeMap;

use jiff::Timestamp;
use naru_access::{CredentialId, InRegistry, PrincipalId, PrincipalKind};
use rusqlite::Row;
use uuid::Uuid;

use super::principal::Home;
use crate::error::{AdminError, StoreError};
use crate::record::{NewSecret, SecretForm, SecretRecord};
use crate::sqlite::session::{Session, guid_at, optional_time_at, time_at};

/// Writes a secret.
pub(super) fn insert(
    session: &Session<'_>,
    principal: PrincipalId,
    secret: &NewSecret,
) -> Result<(), AdminError> {
    let sql = "INSERT INTO secret (id, principal, slot, form, verifier, hint, generation, \
               created, expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let (form, verifier) = match &secret.form {
        SecretForm::Generated(tag) => ("generated", tag.0.as_slice()),
        SecretForm::Human(hash) => ("human", hash.as_bytes()),
    };
    let params = (
        secret.id.bytes(),
        principal.bytes(),
        &secret.slot,
        form,
        verifier,
        &secret.hint,
        secret.generation,
        secret.created.as_millisecond(),
        secret.expires.map(Timestamp::as_millisecond),
    );
    session.execute(sql, params)?;
    Ok(())
}

/// Writes a secret in the place of the one in its slot, if there is one.
pub(super) fn replace(
    session: &Session<'_>,
    principal: PrincipalId,
    secret: &NewSecret,
) -> Result<(), AdminError> {
    delete_slot(session, principal, &secret.slot)?;
    insert(session, principal, secret)
}

/// Deletes the secret in a slot. `false` where there is none.
pub(super) fn delete_slot(
    session: &Session<'_>,
    principal: PrincipalId,
    slot: &str,
) -> Result<bool, AdminError> {
    let sql = "DELETE FROM secret WHERE principal = ?1 AND slot = ?2";
    Ok(session.execute(sql, (principal.bytes(), slot))? > 0)
}

/// Deletes all secrets of a principal.
pub(super) fn delete_all(session: &Session<'_>, principal: PrincipalId) -> Result<(), AdminError> {
    session.execute("DELETE FROM secret WHERE principal = ?1", (principal.bytes(),))?;
    Ok(())
}

/// The secrets of all principals of a kind, by principal, each in the order of their slots.
pub(super) fn of_all(
    session: &Session<'_>,
    home: impl Into<Home>,
    kind: PrincipalKind,
) -> Result<BTreeMap<Uuid, Vec<SecretRecord>>, StoreError> {
    let sql = "SELECT p.id, s.id, s.slot, s.hint, s.generation, s.created, s.expires \
               FROM secret s JOIN principal p ON p.id = s.principal \
               WHERE p.tenant = ?1 AND p.registry IS ?2 AND p.kind = ?3 ORDER BY p.id, s.slot";
    let (tenant, registry) = home.into().keys();
    let read = |row: &Row<'_>| Ok((guid_at(row, 0)?, secret(row, 1)?));
    let mut secrets: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (principal, secret) in session.rows(sql, (tenant, registry, kind.word()), read)? {
        secrets.entry(principal).or_default().push(secret);
    }
    Ok(secrets)
}

/// The two passwords of the admin user.
pub(super) fn admin_passwords(
    session: &Session<'_>,
    place: InRegistry,
) -> Result<Vec<SecretRecord>, AdminError> {
    let admins = of_all(session, place, PrincipalKind::Admin)?;
    Ok(admins.into_values().flatten().collect())
}

/// Renews one of the two passwords of the admin user.
pub(super) fn renew_admin_password(
    session: &Session<'_>,
    place: InRegistry,
    secret: &NewSecret,
) -> Result<(), AdminError> {
    let not_found = || AdminError::NotFound { what: "password", name: secret.slot.clone() };
    let sql = "SELECT id FROM principal WHERE tenant = ?1 AND registry = ?2 AND kind = 'admin'";
    let params = (place.tenant.bytes(), place.registry.bytes());
    let admin = session.row(sql, params, |row| guid_at(row, 0).map(PrincipalId))?;
    let admin = admin.ok_or_else(not_found)?;
    if !delete_slot(session, admin, &secret.slot)? {
        return Err(not_found());
    }
    insert(session, admin, secret)
}

/// A secret from the columns id, slot, hint, generation, created and expires.
fn secret(row: &Row<'_>, first: usize) -> rusqlite::Result<SecretRecord> {
    Ok(SecretRecord {
        id: CredentialId(guid_at(row, first)?),
        slot: row.get(first + 1)?,
        hint: row.get(first + 2)?,
        generation: row.get(first + 3)?,
        created: time_at(row, first + 4)?,
        expires: optional_time_at(row, first + 5)?,
    })
}
