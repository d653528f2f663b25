//! Writing events: each as a row of its own, or into one that counts.

use naru_access::PrincipalKind;
use naru_codes::Cause;
use rusqlite::ToSql;

use super::super::session::{Session, size_key};
use super::table_name;
use crate::error::StoreError;
use crate::record::{
    CountingRow, Event, EventEntry, LoginEvent, Recorded, RepositoryEvent, RequestFacts, Tally,
};

/// The columns that both tables have, in the order of [`Common`], come first.
macro_rules! insert {
    ($table:literal, $own:literal, $places:literal) => {
        concat!(
            "INSERT INTO ",
            $table,
            " (tenant, registry, time, correlation_id, operation, identity, identity_kind, \
             credential, caller_ip, result, reason, repository, rule, login_server, user_agent, \
             client_request_id, duration_ms, count, spread, last_time, last_identity, \
             last_caller_ip, ",
            $own,
            ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, \
             ?17, ?18, ?19, ?20, ?21, ?22, ",
            $places,
            ")"
        )
    };
}

const INSERT_LOGIN: &str = insert!("login_event", "detail, jwt_id, action", "?23, ?24, ?25");
const INSERT_REPOSITORY: &str = insert!(
    "repository_event",
    "tag, digest, media_type, artifact_type, size",
    "?23, ?24, ?25, ?26, ?27"
);

/// Writes an event; where.
pub(in super::super) fn record_event(
    session: &Session<'_>,
    entry: &EventEntry,
) -> Result<Recorded, StoreError> {
    let (event, table) = (&entry.event, entry.event.table());
    if let Some(counting) = &entry.counting
        && let Some((row, ordinal)) = count(session, event, counting)?
    {
        return Ok(Recorded { table, row, ordinal });
    }
    let row = match event {
        Event::Login(event) => insert_login_event(session, event)?,
        Event::Repository(event) => insert_repository_event(session, event)?,
    };
    if let Some(counting) = &entry.counting {
        counting.learn(row, event.request().correlation_id);
    }
    Ok(Recorded { table, row, ordinal: event.tally().count })
}

/// Adds an event to a row that counts, if that is there; the row and its count.
fn count(
    session: &Session<'_>,
    event: &Event,
    counting: &CountingRow,
) -> Result<Option<(u64, u64)>, StoreError> {
    let Some((row, correlation_id)) = counting.known() else { return Ok(None) };
    let tally = event.tally();
    // The correlation id tells a row that was rolled back from another with its number.
    let sql = format!(
        "UPDATE {} SET count = count + ?3, last_time = max(last_time, ?4), last_identity = ?5, \
         last_caller_ip = ?6 WHERE id = ?1 AND correlation_id = ?2 RETURNING count",
        table_name(event.table())
    );
    let params = (
        size_key(row),
        correlation_id.into_bytes(),
        size_key(tally.count),
        tally.last_time.as_millisecond(),
        &tally.last_identity,
        &tally.last_caller_ip,
    );
    let counted: Option<i64> = session.row(&sql, params, |row| row.get(0))?;
    Ok(counted.map(|count| (row, u64::try_from(count).unwrap_or_default())))
}

/// Writes a login event; its row.
fn insert_login_event(session: &Session<'_>, event: &LoginEvent) -> Result<u64, StoreError> {
    let common = Common {
        place: (event.place.tenant.bytes(), event.place.registry.bytes()),
        request: &event.request,
        operation: &event.operation,
        result: event.result,
        reason: event.reason,
        repository: event.repository.as_deref(),
        rule: event.rule.as_deref(),
        tally: &event.tally,
    };
    common.insert(session, INSERT_LOGIN, &[&event.detail, &event.jwt_id, &event.action])
}

/// Writes a repository event; its row.
pub(in super::super) fn insert_repository_event(
    session: &Session<'_>,
    event: &RepositoryEvent,
) -> Result<u64, StoreError> {
    let common = Common {
        place: (event.place.tenant.bytes(), event.place.registry.bytes()),
        request: &event.request,
        operation: &event.operation,
        result: event.result,
        reason: event.reason,
        repository: Some(&event.repository),
        rule: event.rule.as_deref(),
        tally: &event.tally,
    };
    let size = event.size.map(size_key);
    let own: [&dyn ToSql; 5] =
        [&event.tag, &event.digest, &event.media_type, &event.artifact_type, &size];
    common.insert(session, INSERT_REPOSITORY, &own)
}

/// What both tables have.
struct Common<'a> {
    place: ([u8; 16], [u8; 16]),
    request: &'a RequestFacts,
    operation: &'a str,
    result: u16,
    reason: Option<Cause>,
    repository: Option<&'a str>,
    rule: Option<&'a str>,
    tally: &'a Tally,
}

impl Common<'_> {
    fn insert(
        &self,
        session: &Session<'_>,
        sql: &str,
        own: &[&dyn ToSql],
    ) -> Result<u64, StoreError> {
        let Self { request, tally, .. } = self;
        let (time, last) = (request.time.as_millisecond(), tally.last_time.as_millisecond());
        let correlation = request.correlation_id.into_bytes();
        let kind = request.identity_kind.map(PrincipalKind::word);
        let reason = self.reason.map(Cause::code);
        let (count, spread) = (size_key(tally.count), tally.spread.word());
        let mut params: Vec<&dyn ToSql> = vec![
            &self.place.0,
            &self.place.1,
            &time,
            &correlation,
            &self.operation,
            &request.identity,
            &kind,
            &request.credential,
            &request.caller_ip,
            &self.result,
            &reason,
            &self.repository,
            &self.rule,
            &request.login_server,
            &request.user_agent,
            &request.client_request_id,
            &request.duration_ms,
            &count,
            &spread,
            &last,
            &tally.last_identity,
            &tally.last_caller_ip,
        ];
        params.extend(own);
        let row = session.insert(sql, params.as_slice())?;
        Ok(u64::try_from(row).unwrap_or_default())
    }
}
