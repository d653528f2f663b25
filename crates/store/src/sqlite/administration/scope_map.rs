//! Scope maps of a registry: the five of the system, which nobody changes, and others.

use std::collections::BTreeMap;

use jiff::Timestamp;
use naru_access::{Action, InRegistry, Pattern, ScopeMapRule, SystemMap, system_maps};
use naru_identity::names::login_key;
use rusqlite::Row;
use uuid::Uuid;

use crate::error::{AdminError, StoreError};
use crate::record::{NewRegistry, NewScopeMap, ScopeMapPatch, ScopeMapRecord};
use crate::sqlite::gatehouse::scope_map_rule;
use crate::sqlite::session::{Session, guid_at, time_at};

/// The most scope maps of a registry, those of the system not counted.
const MAX_MAPS: i64 = 50_000;
/// The most repositories, and the most actions on them, in a map.
const MAX_RULES: usize = 500;

const WHAT: &str = "scope map";

/// The maps of a registry, by name.
pub(super) fn list(
    session: &Session<'_>,
    place: InRegistry,
) -> Result<Vec<ScopeMapRecord>, AdminError> {
    let mut rules = rules(session, place)?;
    let sql = "SELECT id, name, description, system, created FROM scope_map \
               WHERE tenant = ?1 AND registry = ?2 ORDER BY name_key";
    let params = (place.tenant.bytes(), place.registry.bytes());
    let maps = session.rows(sql, params, |row| {
        let id = guid_at(row, 0)?;
        Ok(ScopeMapRecord {
            id,
            name: row.get(1)?,
            description: row.get(2)?,
            system: row.get(3)?,
            rules: rules.remove(&id).unwrap_or_default(),
            created: time_at(row, 4)?,
        })
    })?;
    Ok(maps)
}

/// Creates a map.
pub(super) fn create(
    session: &Session<'_>,
    place: InRegistry,
    new: &NewScopeMap,
) -> Result<(), AdminError> {
    if find(session, place, &new.name)?.is_some() {
        return Err(AdminError::Exists { what: WHAT, name: new.name.clone() });
    }
    let sql = "SELECT count(*) FROM scope_map WHERE tenant = ?1 AND registry = ?2 AND system = 0";
    let params = (place.tenant.bytes(), place.registry.bytes());
    let count: Option<i64> = session.row(sql, params, |row| row.get(0))?;
    if count.is_some_and(|count| count >= MAX_MAPS) {
        return Err(AdminError::Limit("a registry has at most 50,000 scope maps"));
    }
    check_rules(&new.rules)?;
    let (description, created) = (new.description.as_deref(), new.created);
    insert(session, place, new.id, &new.name, description, false, created)?;
    insert_rules(session, new.id, &new.rules)
}

/// Creates the maps of the system in a new registry.
pub(super) fn create_system_maps(
    session: &Session<'_>,
    registry: &NewRegistry,
) -> Result<(), AdminError> {
    let maps = system_maps();
    if registry.system_maps.len() != maps.len() {
        let text = "a new registry came without an id for each system scope map";
        return Err(StoreError::Damaged(text.to_owned()).into());
    }
    let place = InRegistry { tenant: registry.tenant, registry: registry.id };
    for (SystemMap { name, description, actions }, id) in maps.iter().zip(&registry.system_maps) {
        insert(session, place, *id, name, Some(description), true, registry.created)?;
        let actions = actions.iter().copied().collect();
        insert_rules(session, *id, &[ScopeMapRule { pattern: Pattern::All, actions }])?;
    }
    Ok(())
}

/// Changes a map. The rules that its tokens have change with their next access token.
pub(super) fn update(
    session: &Session<'_>,
    place: InRegistry,
    name: &str,
    patch: &ScopeMapPatch,
) -> Result<(), AdminError> {
    let id = find_own(session, place, name)?;
    if let Some(description) = &patch.description {
        let sql = "UPDATE scope_map SET description = nullif(?2, '') WHERE id = ?1";
        session.execute(sql, (id.into_bytes(), description))?;
    }
    if let Some(rules) = &patch.rules {
        check_rules(rules)?;
        session.execute("DELETE FROM scope_map_rule WHERE scope_map = ?1", (id.into_bytes(),))?;
        insert_rules(session, id, rules)?;
    }
    Ok(())
}

/// Deletes a map that no token uses.
pub(super) fn delete(
    session: &Session<'_>,
    place: InRegistry,
    name: &str,
) -> Result<(), AdminError> {
    let id = find_own(session, place, name)?;
    let sql = "SELECT min(login_name), count(*) FROM principal WHERE scope_map = ?1";
    let read = |row: &Row<'_>| Ok((row.get::<_, Option<String>>(0)?, row.get::<_, i64>(1)?));
    if let Some((Some(token), count)) = session.row(sql, (id.into_bytes(),), read)? {
        let by = match count {
            1 => format!("token `{token}`"),
            _ => format!("token `{token}` and {} more", count - 1),
        };
        return Err(AdminError::InUse { what: WHAT, name: name.to_owned(), by });
    }
    session.execute("DELETE FROM scope_map WHERE id = ?1", (id.into_bytes(),))?;
    Ok(())
}

/// The id of a map of the registry, for a token that is to use it.
pub(super) fn id_of(
    session: &Session<'_>,
    place: InRegistry,
    name: &str,
) -> Result<Uuid, AdminError> {
    let found = find(session, place, name)?.map(|(id, _)| id);
    found.ok_or_else(|| AdminError::NotFound { what: WHAT, name: name.to_owned() })
}

/// The id of a map that may be changed.
fn find_own(session: &Session<'_>, place: InRegistry, name: &str) -> Result<Uuid, AdminError> {
    match find(session, place, name)? {
        Some((id, false)) => Ok(id),
        Some((_, true)) => Err(AdminError::System(name.to_owned())),
        None => Err(AdminError::NotFound { what: WHAT, name: name.to_owned() }),
    }
}

/// The id of a map, and whether it is one of the system's.
fn find(
    session: &Session<'_>,
    place: InRegistry,
    name: &str,
) -> Result<Option<(Uuid, bool)>, StoreError> {
    let sql = "SELECT id, system FROM scope_map \
               WHERE tenant = ?1 AND registry = ?2 AND name_key = ?3";
    let params = (place.tenant.bytes(), place.registry.bytes(), login_key(name));
    session.row(sql, params, |row| Ok((guid_at(row, 0)?, row.get(1)?)))
}

fn insert(
    session: &Session<'_>,
    place: InRegistry,
    id: Uuid,
    name: &str,
    description: Option<&str>,
    system: bool,
    created: Timestamp,
) -> Result<(), AdminError> {
    let sql = "INSERT INTO scope_map (id, tenant, registry, name, name_key, description, system, \
               created) VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, ''), ?7, ?8)";
    let params = (
        id.into_bytes(),
        place.tenant.bytes(),
        place.registry.bytes(),
        name,
        login_key(name),
        description,
        system,
        created.as_millisecond(),
    );
    session.execute(sql, params)?;
    Ok(())
}

fn insert_rules(
    session: &Session<'_>,
    map: Uuid,
    rules: &[ScopeMapRule],
) -> Result<(), AdminError> {
    let sql = "INSERT INTO scope_map_rule (scope_map, position, pattern, actions) \
               VALUES (?1, ?2, ?3, ?4)";
    for (position, rule) in (0_i64..).zip(rules) {
        let words: Vec<_> = rule.actions.iter().filter_map(Action::scope_map_word).collect();
        let params = (map.into_bytes(), position, rule.pattern.to_string(), words.join(" "));
        session.execute(sql, params)?;
    }
    Ok(())
}

fn check_rules(rules: &[ScopeMapRule]) -> Result<(), AdminError> {
    let actions: usize = rules.iter().map(|rule| rule.actions.iter().count()).sum();
    if rules.len() > MAX_RULES {
        Err(AdminError::Limit("a scope map has at most 500 repositories"))
    } else if actions > MAX_RULES {
        Err(AdminError::Limit("a scope map has at most 500 actions, counted by repository"))
    } else {
        Ok(())
    }
}

/// The rules of all maps of a registry, by map.
fn rules(
    session: &Session<'_>,
    place: InRegistry,
) -> Result<BTreeMap<Uuid, Vec<ScopeMapRule>>, StoreError> {
    let sql = "SELECT m.id, r.pattern, r.actions FROM scope_map m \
               JOIN scope_map_rule r ON r.scope_map = m.id \
               WHERE m.tenant = ?1 AND m.registry = ?2 ORDER BY m.id, r.position";
    let params = (place.tenant.bytes(), place.registry.bytes());
    let read = |row: &Row<'_>| Ok((guid_at(row, 0)?, scope_map_rule(row, 1)?));
    let mut rules: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (map, rule) in session.rows(sql, params, read)? {
        rules.entry(map).or_default().push(rule);
    }
    Ok(rules)
}
