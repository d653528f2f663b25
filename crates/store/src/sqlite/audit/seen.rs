//! Who was let in from where: both tables of events, added up.

use jiff::Timestamp;
use naru_access::{InRegistry, PrincipalKind};

use super::super::session::{Session, size_at, size_key, time_at};
use crate::error::StoreError;
use crate::record::{Seen, SeenFilter};

/// What is read of each table. A row that counts may stand for several addresses; the last is told.
const ROWS: &str = "SELECT identity, identity_kind, coalesce(last_caller_ip, caller_ip) AS address, \
                    last_time, count FROM";

/// Which rows: let in, of the registry, lately, and of the one who is meant.
const WHICH: &str = "WHERE registry = ?1 AND result < 400 AND reason IS NULL AND last_time >= ?2 \
                     AND (?3 IS NULL OR (identity_kind = ?3 AND identity = ?4 COLLATE NOCASE))";

pub(super) fn seen(
    session: &Session<'_>,
    place: InRegistry,
    filter: &SeenFilter,
) -> Result<Vec<Seen>, StoreError> {
    let sql = format!(
        "SELECT identity, identity_kind, address, max(last_time), sum(count) FROM \
         ({ROWS} login_event {WHICH} UNION ALL {ROWS} repository_event {WHICH}) \
         GROUP BY identity, identity_kind, address ORDER BY max(last_time) DESC, identity, address \
         LIMIT ?5"
    );
    let since = filter.since.map_or(i64::MIN, Timestamp::as_millisecond);
    let kind = filter.identity.as_ref().map(|(kind, _)| kind.word());
    let name = filter.identity.as_ref().map(|(_, name)| name.as_str());
    let params = (place.registry.bytes(), since, kind, name, size_key(filter.limit as u64));
    session.rows(&sql, params, |row| {
        let kind: Option<String> = row.get(1)?;
        Ok(Seen {
            identity: row.get(0)?,
            kind: kind.as_deref().and_then(PrincipalKind::from_word),
            address: row.get(2)?,
            last_time: time_at(row, 3)?,
            count: size_at(row, 4)?,
        })
    })
}
