//! What happened, for the operator: which events are written, when, and by which id each is found.
//!
//! A refusal is written before its answer goes out, as a row or counted in one ([`fold`]); the id
//! of one that is counted is the way to its row in disguise (`naru_identity::event_id`). What was
//! allowed is noted behind the answer ([`behind`]): a crash loses the last second of it, and
//! nothing else. How many refusals get log lines is in [`lines`]. The event of a write commits with
//! the write, and is not here. What an event says is decided in `gate/event.rs`, what the operator
//! reads of it in `control/events/`.

mod behind;
mod fold;
mod lines;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use naru_access::Maintenance;
use naru_codes::Cause;
use naru_identity::event_id::{Counted, EventIds};
use naru_identity::{KeyError, KeyRing};
use naru_store::{Event, EventEntry, EventTable, Metadata, Recorded, Spread, StoreError};
use uuid::Uuid;

use behind::Behind;
pub use fold::RowBounds;
use fold::{Fold, Place};
use lines::Lines;

/// How many rows are written, or forgotten, in one transaction: others wait no longer for the
/// writer than that takes.
const TOGETHER: usize = 500;

/// What is kept of what happened, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct EventSettings {
    /// Which events there are.
    pub record: EventsRecorded,
    /// How long they are kept.
    pub retention: SignedDuration,
    /// How many rows a minute refusals may make before they are counted.
    pub bounds: RowBounds,
}

impl Default for EventSettings {
    fn default() -> Self {
        Self {
            record: EventsRecorded::All,
            retention: SignedDuration::from_hours(90 * 24),
            bounds: RowBounds::default(),
        }
    }
}

/// Which events there are. Refusals and writes are always among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EventsRecorded {
    /// Also logins and reads that were allowed.
    #[default]
    All,
    /// No reads, and no logins that were allowed.
    Refusals,
}

/// The events of this process on their way to the store.
pub(crate) struct Audit {
    settings: EventSettings,
    ids: EventIds,
    fold: Mutex<Fold>,
    behind: Mutex<Behind>,
    lines: Mutex<Lines>,
    /// One flush at a time, so that whoever waits for one finds all that was noted before.
    flushing: tokio::sync::Mutex<()>,
}

impl Audit {
    pub(crate) fn new(settings: EventSettings, ring: &KeyRing) -> Result<Self, KeyError> {
        Ok(Self {
            settings,
            ids: EventIds::new(&ring.mac("events")).ok_or(KeyError::Generate)?,
            fold: Mutex::new(Fold::new(settings.bounds)),
            behind: Mutex::default(),
            lines: Mutex::new(Lines::new(settings.bounds)),
            flushing: tokio::sync::Mutex::default(),
        })
    }

    /// Whether what was allowed is noted at all.
    pub(crate) fn notes_what_is_allowed(&self) -> bool {
        self.settings.record == EventsRecorded::All
    }

    /// Writes a refusal, durably; the id that its answer is to carry.
    pub(crate) async fn refused(
        &self,
        metadata: &dyn Metadata,
        mut event: Event,
    ) -> Result<Uuid, StoreError> {
        let (own, time) = (event.request().correlation_id, event.request().time);
        let counting = match lock(&self.fold).place(&event, time) {
            Place::Row => None,
            Place::Counted(counting, how) => {
                spread(&mut event, how);
                Some(counting)
            }
        };
        let recorded = metadata.record_events(vec![EventEntry { event, counting }]).await?;
        Ok(recorded.first().and_then(|recorded| self.id_of(*recorded)).unwrap_or(own))
    }

    /// Whether a refusal that comes now gets a log line of its own.
    pub(crate) fn logs(&self, cause: Cause, address: IpAddr, now: Timestamp) -> bool {
        self.log_counts(now);
        lock(&self.lines).admit(cause, address)
    }

    /// Logs how many refusals had no line of their own in a minute that is over.
    pub(crate) fn log_counts(&self, now: Timestamp) {
        let unlogged = lock(&self.lines).over(now);
        log(&unlogged);
    }

    /// Logs how many had none so far, since the server ends.
    pub(crate) fn log_last_counts(&self) {
        let unlogged = lock(&self.lines).end();
        log(&unlogged);
    }

    /// Notes what was allowed.
    pub(crate) fn allowed(&self, event: Event) {
        lock(&self.behind).note(event);
    }

    /// Writes what was noted.
    pub(crate) async fn flush(
        &self,
        metadata: &dyn Metadata,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let _one_at_a_time = self.flushing.lock().await;
        let mut due = lock(&self.behind).take(now);
        while !due.is_empty() {
            let rest = due.split_off(due.len().min(TOGETHER));
            if let Err(error) = metadata.record_events(due.clone()).await {
                let mut behind = lock(&self.behind);
                behind.give_back(due);
                behind.give_back(rest);
                return Err(error);
            }
            due = rest;
        }
        Ok(())
    }

    /// Forgets what is older than the settings say.
    pub(crate) async fn expire(
        &self,
        metadata: &dyn Metadata,
        maintenance: &Maintenance,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Ok(before) = now.checked_sub(self.settings.retention) else { return Ok(()) };
        while metadata.expire_events(maintenance, before, TOGETHER).await? > 0 {}
        Ok(())
    }

    /// What an id stands for, where it is the way to a row that counts.
    pub(crate) fn find(&self, id: Uuid) -> Option<Recorded> {
        let Counted { table, row, ordinal } = self.ids.open(id)?;
        let table = EventTable::ALL.into_iter().nth(table.into())?;
        Some(Recorded { table, row, ordinal })
    }

    /// The id of one that was counted; the first of a row keeps its own.
    fn id_of(&self, Recorded { table, row, ordinal }: Recorded) -> Option<Uuid> {
        let table = match table {
            EventTable::Login => 0,
            EventTable::Repository => 1,
        };
        (ordinal > 1).then(|| self.ids.seal(Counted { table, row, ordinal }))?
    }
}

/// Makes an event one of a row whose requests may differ.
fn spread(event: &mut Event, how: Spread) {
    let request = event.request();
    let (identity, address) = (request.identity.clone(), request.caller_ip.clone());
    let tally = event.tally_mut();
    tally.spread = how;
    if how != Spread::Same {
        tally.last_identity = Some(identity);
    }
    if how == Spread::Addresses {
        tally.last_caller_ip = Some(address);
    }
}

fn log(unlogged: &BTreeMap<Cause, u64>) {
    for (cause, count) in unlogged {
        let cause = cause.code();
        tracing::info!(cause, count, "denied as well in that minute, each with its event");
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
pub(crate) mod example {
    //! An event, for tests.

    use naru_access::{InRegistry, RegistryId, TenantId};
    use naru_codes::Cause;
    use naru_store::{LoginEvent, RequestFacts, Tally};

    use super::*;

    pub(crate) const NOON: Timestamp = Timestamp::constant(1_795_608_000, 0);

    /// A refused login.
    pub(crate) fn refused(identity: &str, address: &str, cause: Cause) -> Event {
        let place = InRegistry {
            tenant: TenantId(Uuid::from_u128(1)),
            registry: RegistryId(Uuid::from_u128(2)),
        };
        Event::Login(LoginEvent {
            place,
            request: RequestFacts {
                time: NOON,
                duration_ms: 1,
                correlation_id: Uuid::from_u128(3),
                client_request_id: None,
                caller_ip: address.to_owned(),
                user_agent: "test".to_owned(),
                login_server: "registry".to_owned(),
                identity: identity.to_owned(),
                identity_kind: None,
                credential: "user-password".to_owned(),
            },
            operation: "GET /oauth2/token".to_owned(),
            result: 401,
            reason: Some(cause),
            detail: None,
            jwt_id: None,
            repository: None,
            action: None,
            rule: None,
            tally: Tally::one(NOON),
        })
    }
}
