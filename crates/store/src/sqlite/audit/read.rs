//! Reading events back.

use jiff::{SignedDuration, Timestamp};
use naru_access::{InRegistry, PrincipalKind};
use naru_codes::Cause;
use rusqlite::Row;
use uuid::Uuid;

use super::super::session::{Session, guid_at, parsed_at, size_at, size_key, time_at};
use crate::error::StoreError;
use crate::record::{
    Event, EventFilter, EventTable, LoginEvent, RepositoryEvent, RequestFacts, Spread, Stored,
    Tally,
};

/// The columns that both tables have, in the order in which [`request`] and [`tally`] read them.
const COMMON: &str = "id, time, duration_ms, correlation_id, client_request_id, caller_ip, \
                      user_agent, login_server, identity, identity_kind, credential, operation, \
                      result, reason, repository, rule, count, spread, last_time, last_identity, \
                      last_caller_ip";

/// Those of login events alone.
const LOGIN: &str = "detail, jwt_id, action";

/// Those of repository events alone.
const REPOSITORY: &str = "tag, digest, media_type, artifact_type, size";

/// Rows count for so long at most; a row that began before a time may go on after it.
const LONGEST_ROW: SignedDuration = SignedDuration::from_mins(10);

pub(super) fn login_events(
    session: &Session<'_>,
    place: InRegistry,
    filter: &EventFilter,
) -> Result<Vec<Stored<LoginEvent>>, StoreError> {
    let sql = format!("SELECT {COMMON}, {LOGIN} FROM login_event {}", condition(filter));
    session.rows(&sql, parameters(place, filter), |row| stored(row, login_event(row, place)?))
}

pub(super) fn repository_events(
    session: &Session<'_>,
    place: InRegistry,
    filter: &EventFilter,
) -> Result<Vec<Stored<RepositoryEvent>>, StoreError> {
    let sql = format!("SELECT {COMMON}, {REPOSITORY} FROM repository_event {}", condition(filter));
    session.rows(&sql, parameters(place, filter), |row| stored(row, repository_event(row, place)?))
}

pub(super) fn event_in(
    session: &Session<'_>,
    place: InRegistry,
    table: EventTable,
    row: u64,
) -> Result<Option<Event>, StoreError> {
    let condition = "WHERE id = ?1 AND registry = ?2";
    let found = some(session, place, table, condition, (size_key(row), place.registry.bytes()))?;
    Ok(found.into_iter().next())
}

pub(super) fn events_between(
    session: &Session<'_>,
    place: InRegistry,
    (first, last): (Uuid, Uuid),
    limit: usize,
) -> Result<Vec<Event>, StoreError> {
    let condition = "WHERE correlation_id BETWEEN ?1 AND ?2 AND registry = ?3 \
                     ORDER BY correlation_id, id LIMIT ?4";
    let mut found = Vec::new();
    for table in EventTable::ALL {
        let (first, last) = (first.into_bytes(), last.into_bytes());
        let params = (first, last, place.registry.bytes(), size_key(limit as u64));
        found.extend(some(session, place, table, condition, params)?);
    }
    Ok(found)
}

/// The events of a table that a condition picks.
fn some(
    session: &Session<'_>,
    place: InRegistry,
    table: EventTable,
    condition: &str,
    params: impl rusqlite::Params,
) -> Result<Vec<Event>, StoreError> {
    match table {
        EventTable::Login => {
            let sql = format!("SELECT {COMMON}, {LOGIN} FROM login_event {condition}");
            session.rows(&sql, params, |row| login_event(row, place).map(Event::Login))
        }
        EventTable::Repository => {
            let sql = format!("SELECT {COMMON}, {REPOSITORY} FROM repository_event {condition}");
            session.rows(&sql, params, |row| repository_event(row, place).map(Event::Repository))
        }
    }
}

/// The condition and order of a filter.
fn condition(filter: &EventFilter) -> String {
    let order = match filter.after {
        Some(_) => "ORDER BY id",
        None => "ORDER BY time DESC, id DESC",
    };
    // The second condition on time is there for the index, and never decides.
    format!(
        "WHERE registry = ?1 AND (?2 = 0 OR result >= 400) AND last_time >= ?3 AND time >= ?8 \
         AND (?4 IS NULL OR identity = ?4 COLLATE NOCASE OR last_identity = ?4 COLLATE NOCASE) \
         AND (?5 IS NULL OR caller_ip = ?5 OR last_caller_ip = ?5) \
         AND (?6 IS NULL OR reason = ?6) AND id > ?9 {order} LIMIT ?7"
    )
}

type FilterParams<'a> = (
    [u8; 16],
    bool,
    i64,
    &'a Option<String>,
    &'a Option<String>,
    Option<&'static str>,
    i64,
    i64,
    i64,
);

fn parameters(place: InRegistry, filter: &EventFilter) -> FilterParams<'_> {
    let since = filter.since.map_or(i64::MIN, Timestamp::as_millisecond);
    let longest = i64::try_from(LONGEST_ROW.as_millis()).unwrap_or(i64::MAX);
    (
        place.registry.bytes(),
        filter.failed,
        since,
        &filter.identity,
        &filter.caller_ip,
        filter.reason.map(Cause::code),
        size_key(filter.limit as u64),
        since.saturating_sub(longest),
        size_key(filter.after.unwrap_or_default()),
    )
}

fn stored<E>(row: &Row<'_>, event: E) -> rusqlite::Result<Stored<E>> {
    Ok(Stored { row: size_at(row, 0)?, event })
}

/// From columns 1 to 10.
fn request(row: &Row<'_>) -> rusqlite::Result<RequestFacts> {
    let kind: Option<String> = row.get(9)?;
    Ok(RequestFacts {
        time: time_at(row, 1)?,
        duration_ms: row.get(2)?,
        correlation_id: guid_at(row, 3)?,
        client_request_id: row.get(4)?,
        caller_ip: row.get(5)?,
        user_agent: row.get(6)?,
        login_server: row.get(7)?,
        identity: row.get(8)?,
        identity_kind: kind.as_deref().and_then(PrincipalKind::from_word),
        credential: row.get(10)?,
    })
}

/// From column 13.
fn reason(row: &Row<'_>) -> rusqlite::Result<Option<Cause>> {
    let code: Option<String> = row.get(13)?;
    Ok(code.as_deref().and_then(Cause::from_code))
}

/// From columns 16 to 20.
fn tally(row: &Row<'_>) -> rusqlite::Result<Tally> {
    Ok(Tally {
        count: size_at(row, 16)?,
        spread: parsed_at(row, 17, Spread::from_word)?,
        last_time: time_at(row, 18)?,
        last_identity: row.get(19)?,
        last_caller_ip: row.get(20)?,
    })
}

fn login_event(row: &Row<'_>, place: InRegistry) -> rusqlite::Result<LoginEvent> {
    Ok(LoginEvent {
        place,
        request: request(row)?,
        operation: row.get(11)?,
        result: row.get(12)?,
        reason: reason(row)?,
        repository: row.get(14)?,
        rule: row.get(15)?,
        tally: tally(row)?,
        detail: row.get(21)?,
        jwt_id: row.get(22)?,
        action: row.get(23)?,
    })
}

fn repository_event(row: &Row<'_>, place: InRegistry) -> rusqlite::Result<RepositoryEvent> {
    let size: Option<i64> = row.get(25)?;
    Ok(RepositoryEvent {
        place,
        request: request(row)?,
        operation: row.get(11)?,
        result: row.get(12)?,
        reason: reason(row)?,
        repository: row.get(14)?,
        rule: row.get(15)?,
        tally: tally(row)?,
        tag: row.get(21)?,
        digest: row.get(22)?,
        media_type: row.get(23)?,
        artifact_type: row.get(24)?,
        size: size.and_then(|size| u64::try_from(size).ok()),
    })
}
