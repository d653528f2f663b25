//! Events. How they are written is in [`write`], how they are read back in [`read`].

mod read;
mod seen;
mod write;

use async_trait::async_trait;
use jiff::Timestamp;
use naru_access::{Access, Maintenance, operation as op};
use uuid::Uuid;

use super::Sqlite;
use super::session::size_key;
use crate::error::StoreError;
use crate::metadata::Audit;
use crate::record::{
    Event, EventFilter, EventTable, LoginEvent, RepositoryEvent, Seen, SeenFilter, Stored,
};
pub(super) use write::{insert_repository_event, record_event};

#[async_trait]
impl Audit for Sqlite {
    async fn login_events(
        &self,
        access: &Access<op::ReadEvents>,
        filter: EventFilter,
    ) -> Result<Vec<Stored<LoginEvent>>, StoreError> {
        let place = *access.place();
        self.read(move |session| read::login_events(session, place, &filter)).await
    }

    async fn repository_events(
        &self,
        access: &Access<op::ReadEvents>,
        filter: EventFilter,
    ) -> Result<Vec<Stored<RepositoryEvent>>, StoreError> {
        let place = *access.place();
        self.read(move |session| read::repository_events(session, place, &filter)).await
    }

    async fn event_in(
        &self,
        access: &Access<op::ReadEvents>,
        table: EventTable,
        row: u64,
    ) -> Result<Option<Event>, StoreError> {
        let place = *access.place();
        self.read(move |session| read::event_in(session, place, table, row)).await
    }

    async fn events_between(
        &self,
        access: &Access<op::ReadEvents>,
        ids: (Uuid, Uuid),
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let place = *access.place();
        self.read(move |session| read::events_between(session, place, ids, limit)).await
    }

    async fn seen(
        &self,
        access: &Access<op::ReadEvents>,
        filter: SeenFilter,
    ) -> Result<Vec<Seen>, StoreError> {
        let place = *access.place();
        self.read(move |session| seen::seen(session, place, &filter)).await
    }

    async fn expire_events(
        &self,
        _maintenance: &Maintenance,
        before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        self.write(move |session| {
            let mut gone = 0;
            for table in EventTable::ALL.map(table_name) {
                let sql = format!(
                    "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE time < ?1 \
                     ORDER BY time LIMIT ?2)"
                );
                gone += session.execute(&sql, (before.as_millisecond(), size_key(limit as u64)))?;
            }
            Ok(gone)
        })
        .await
    }
}

const fn table_name(table: EventTable) -> &'static str {
    match table {
        EventTable::Login => "login_event",
        EventTable::Repository => "repository_event",
    }
}
