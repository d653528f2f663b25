//! Events.

use async_trait::async_trait;
use naru_access::{Access, InRegistry, operation as op};
use naru_codes::Cause;
use rusqlite::{Row, ToSql};

use super::Sqlite;
use super::session::{Session, guid_at, size_at, size_key, time_at};
use crate::error::StoreError;
use crate::metadata::Audit;
use crate::record::{EventFilter, LoginEvent, RepositoryEvent, RequestFacts};

#[async_trait]
impl Audit for Sqlite {
    async fn login_events(
        &self,
        access: &Access<op::ReadEvents>,
        filter: EventFilter,
    ) -> Result<Vec<LoginEvent>, StoreError> {
        let place = *access.place();
        self.read(move |session| login_events(session, place, &filter)).await
    }

    async fn repository_events(
        &self,
        access: &Access<op::ReadEvents>,
        filter: EventFilter,
    ) -> Result<Vec<RepositoryEvent>, StoreError> {
        let place = *access.place();
        self.read(move |session| repository_events(session, place, &filter)).await
    }
}

/// Writes a login event.
pub(super) fn insert_login_event(
    session: &Session<'_>,
    event: &LoginEvent,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO login_event (tenant, registry, time, correlation_id, operation, \
               identity, credential, caller_ip, result, reason, detail, jwt_id, repository, \
               action, rule, login_server, user_agent, client_request_id, duration_ms, count, \
               last_time) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, \
               ?15, ?16, ?17, ?18, ?19, ?20, ?21)";
    let request = &event.request;
    let (tenant, registry) = (event.place.tenant.bytes(), event.place.registry.bytes());
    let (time, last) = (request.time.as_millisecond(), event.last_time.as_millisecond());
    let correlation = request.correlation_id.into_bytes();
    let reason = event.reason.map(Cause::code);
    let count = size_key(event.count);
    let params: [&dyn ToSql; 21] = [
        &tenant,
        &registry,
        &time,
        &correlation,
        &event.operation,
        &request.identity,
        &request.credential,
        &request.caller_ip,
        &event.result,
        &reason,
        &event.detail,
        &event.jwt_id,
        &event.repository,
        &event.action,
        &event.rule,
        &request.login_server,
        &request.user_agent,
        &request.client_request_id,
        &request.duration_ms,
        &count,
        &last,
    ];
    session.execute(sql, params).map(drop)
}

/// Writes a repository event.
pub(super) fn insert_repository_event(
    session: &Session<'_>,
    event: &RepositoryEvent,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO repository_event (tenant, registry, time, correlation_id, operation, \
               identity, credential, caller_ip, result, repository, tag, digest, media_type, \
               artifact_type, size, rule, login_server, user_agent, client_request_id, \
               duration_ms, last_time) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, \
               ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?3)";
    let request = &event.request;
    let (tenant, registry) = (event.place.tenant.bytes(), event.place.registry.bytes());
    let (time, size) = (request.time.as_millisecond(), event.size.map(size_key));
    let correlation = request.correlation_id.into_bytes();
    let params: [&dyn ToSql; 20] = [
        &tenant,
        &registry,
        &time,
        &correlation,
        &event.operation,
        &request.identity,
        &request.credential,
        &request.caller_ip,
        &event.result,
        &event.repository,
        &event.tag,
        &event.digest,
        &event.media_type,
        &event.artifact_type,
        &size,
        &event.rule,
        &request.login_server,
        &request.user_agent,
        &request.client_request_id,
        &request.duration_ms,
    ];
    session.execute(sql, params).map(drop)
}

/// The columns that both kinds of event begin with, for [`request_facts`].
const REQUEST: &str = "time, duration_ms, correlation_id, client_request_id, caller_ip, \
                       user_agent, login_server, identity, credential";

fn request_facts(row: &Row<'_>) -> rusqlite::Result<RequestFacts> {
    Ok(RequestFacts {
        time: time_at(row, 0)?,
        duration_ms: row.get(1)?,
        correlation_id: guid_at(row, 2)?,
        client_request_id: row.get(3)?,
        caller_ip: row.get(4)?,
        user_agent: row.get(5)?,
        login_server: row.get(6)?,
        identity: row.get(7)?,
        credential: row.get(8)?,
    })
}

/// The condition of a filter, with the reason in a column that the table may not have.
fn condition(with_reason: bool) -> String {
    let reason = if with_reason { "AND (?6 IS NULL OR reason = ?6)" } else { "AND ?6 IS NULL" };
    format!(
        "WHERE registry = ?1 AND (?2 = 0 OR result NOT BETWEEN 200 AND 299) AND time >= ?3 \
         AND (?4 IS NULL OR identity = ?4) AND (?5 IS NULL OR caller_ip = ?5) {reason} \
         ORDER BY time DESC, id DESC LIMIT ?7"
    )
}

type FilterParams<'a> =
    ([u8; 16], bool, i64, &'a Option<String>, &'a Option<String>, Option<&'static str>, i64);

fn parameters(place: InRegistry, filter: &EventFilter) -> FilterParams<'_> {
    (
        place.registry.bytes(),
        filter.failed,
        filter.since.map_or(i64::MIN, jiff::Timestamp::as_millisecond),
        &filter.identity,
        &filter.caller_ip,
        filter.reason.map(Cause::code),
        i64::try_from(filter.limit).unwrap_or(i64::MAX),
    )
}

fn login_events(
    session: &Session<'_>,
    place: InRegistry,
    filter: &EventFilter,
) -> Result<Vec<LoginEvent>, StoreError> {
    let sql = format!(
        "SELECT {REQUEST}, operation, result, reason, detail, jwt_id, repository, action, rule, \
         count, last_time FROM login_event {}",
        condition(true)
    );
    session.rows(&sql, parameters(place, filter), |row| {
        let reason: Option<String> = row.get(11)?;
        Ok(LoginEvent {
            place,
            request: request_facts(row)?,
            operation: row.get(9)?,
            result: row.get(10)?,
            reason: reason.as_deref().and_then(Cause::from_code),
            detail: row.get(12)?,
            jwt_id: row.get(13)?,
            repository: row.get(14)?,
            action: row.get(15)?,
            rule: row.get(16)?,
            count: size_at(row, 17)?,
            last_time: time_at(row, 18)?,
        })
    })
}

fn repository_events(
    session: &Session<'_>,
    place: InRegistry,
    filter: &EventFilter,
) -> Result<Vec<RepositoryEvent>, StoreError> {
    let sql = format!(
        "SELECT {REQUEST}, operation, result, repository, tag, digest, media_type, artifact_type, \
         size, rule FROM repository_event {}",
        condition(false)
    );
    session.rows(&sql, parameters(place, filter), |row| {
        let size: Option<i64> = row.get(16)?;
        Ok(RepositoryEvent {
            place,
            request: request_facts(row)?,
            operation: row.get(9)?,
            result: row.get(10)?,
            repository: row.get(11)?,
            tag: row.get(12)?,
            digest: row.get(13)?,
            media_type: row.get(14)?,
            artifact_type: row.get(15)?,
            size: size.and_then(|size| u64::try_from(size).ok()),
            rule: row.get(17)?,
        })
    })
}
