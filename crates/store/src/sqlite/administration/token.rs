//! Repository tokens of a registry, and their passwords.

use naru_access::{InRegistry, PrincipalId, PrincipalKind};
use rusqlite::Row;
use uuid::Uuid;

use super::{credential, principal, scope_map};
use crate::error::AdminError;
use crate::record::{NewSecret, NewToken, TokenPatch, TokenRecord, TokenScope};
use crate::sqlite::session::{Session, guid_at, time_at};

/// The most tokens of a registry.
const MAX_TOKENS: i64 = 50_000;
/// The passwords that a token can have.
const SLOTS: [&str; 2] = ["password1", "password2"];

/// The tokens of a registry, by name.
pub(super) fn list(
    session: &Session<'_>,
    place: InRegistry,
) -> Result<Vec<TokenRecord>, AdminError> {
    let mut passwords = credential::of_all(session, place, PrincipalKind::Token)?;
    let sql = "SELECT p.id, p.login_name, p.enabled, m.name, p.created FROM principal p \
               JOIN scope_map m ON m.id = p.scope_map WHERE p.tenant = ?1 AND p.registry = ?2 \
               AND p.kind = 'token' ORDER BY p.login_key";
    let tokens = session.rows(sql, keys(place), |row| {
        let id = guid_at(row, 0)?;
        Ok(TokenRecord {
            id: PrincipalId(id),
            name: row.get(1)?,
            enabled: row.get(2)?,
            scope_map: row.get(3)?,
            passwords: passwords.remove(&id).unwrap_or_default(),
            created: time_at(row, 4)?,
        })
    })?;
    Ok(tokens)
}

/// Creates a token, with its scope map where that is new.
pub(super) fn create(
    session: &Session<'_>,
    place: InRegistry,
    new: &NewToken,
) -> Result<(), AdminError> {
    let sql = "SELECT count(*) FROM principal WHERE tenant = ?1 AND registry = ?2 \
               AND kind = 'token'";
    let read = |row: &Row<'_>| row.get::<_, i64>(0);
    if session.row(sql, keys(place), read)?.is_some_and(|count| count >= MAX_TOKENS) {
        return Err(AdminError::Limit("a registry has at most 50,000 tokens"));
    }
    let scope_map = match &new.scope {
        TokenScope::Existing(name) => scope_map::id_of(session, place, name)?,
        TokenScope::New(map) => {
            scope_map::create(session, place, map)?;
            map.id
        }
    };
    let token = principal::NewPrincipal {
        id: new.id,
        tenant: place.tenant,
        registry: Some(place.registry),
        kind: PrincipalKind::Token,
        login_name: &new.name,
        display_name: &new.name,
        enabled: new.enabled,
        scope_map: Some(scope_map),
        created: new.created,
    };
    principal::insert(session, &token)?;
    set_each(session, new.id, &new.passwords)
}

/// Enables or disables a token, or gives it another scope map.
pub(super) fn update(
    session: &Session<'_>,
    place: InRegistry,
    name: &str,
    patch: &TokenPatch,
) -> Result<(), AdminError> {
    let token = find(session, place, name)?;
    if let Some(enabled) = patch.enabled {
        principal::set_enabled(session, token, enabled)?;
    }
    if let Some(map) = &patch.scope_map {
        let map: Uuid = scope_map::id_of(session, place, map)?;
        let sql = "UPDATE principal SET scope_map = ?2 WHERE id = ?1";
        session.execute(sql, (token.bytes(), map.into_bytes()))?;
    }
    Ok(())
}

/// Deletes a token. Its scope map stays.
pub(super) fn delete(
    session: &Session<'_>,
    place: InRegistry,
    name: &str,
) -> Result<(), AdminError> {
    principal::delete(session, find(session, place, name)?)
}

/// Sets passwords of a token.
pub(super) fn set_passwords(
    session: &Session<'_>,
    place: InRegistry,
    name: &str,
    passwords: &[NewSecret],
) -> Result<(), AdminError> {
    set_each(session, find(session, place, name)?, passwords)
}

/// Deletes passwords of a token: those that there are, of the slots that are named.
pub(super) fn delete_passwords(
    session: &Session<'_>,
    place: InRegistry,
    name: &str,
    slots: &[String],
) -> Result<(), AdminError> {
    let token = find(session, place, name)?;
    let mut any = false;
    for slot in slots {
        any |= credential::delete_slot(session, token, slot)?;
    }
    match slots.first() {
        Some(slot) if !any => Err(no_password(slot)),
        _ => Ok(()),
    }
}

fn set_each(
    session: &Session<'_>,
    token: PrincipalId,
    passwords: &[NewSecret],
) -> Result<(), AdminError> {
    for password in passwords {
        if !SLOTS.contains(&password.slot.as_str()) {
            return Err(no_password(&password.slot));
        }
        credential::replace(session, token, password)?;
    }
    Ok(())
}

fn find(session: &Session<'_>, place: InRegistry, name: &str) -> Result<PrincipalId, AdminError> {
    principal::find(session, place, PrincipalKind::Token, name)
}

fn no_password(slot: &str) -> AdminError {
    AdminError::NotFound { what: "password", name: slot.to_owned() }
}

fn keys(place: InRegistry) -> ([u8; 16], [u8; 16]) {
    (place.tenant.bytes(), place.registry.bytes())
}
