//! Events: what happened to whom, from where, and why; and how many of the like a row stands for.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use naru_access::{InRegistry, PrincipalKind};
use naru_codes::Cause;
use uuid::Uuid;

/// What every event tells of the request that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestFacts {
    /// When the request came.
    pub time: Timestamp,
    /// How long it took until the event was written.
    pub duration_ms: i64,
    /// The id that the answer carries.
    pub correlation_id: Uuid,
    /// The id that the client gave it, if it did.
    pub client_request_id: Option<String>,
    /// The address that it came from, as the network rules saw it.
    pub caller_ip: String,
    /// The client's own name for itself: a hint, never an identity.
    pub user_agent: String,
    /// The registry's canonical login server.
    pub login_server: String,
    /// Who it was, as far as it is known.
    pub identity: String,
    /// What kind of principal that is; none where the name is no more than a claim.
    pub identity_kind: Option<PrincipalKind>,
    /// The kind of credential that came.
    pub credential: String,
}

/// A row of `ContainerRegistryLoginEvents`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginEvent {
    /// The registry.
    pub place: InRegistry,
    /// The request.
    pub request: RequestFacts,
    /// What was tried.
    pub operation: String,
    /// The status of the answer.
    pub result: u16,
    /// Why it was refused.
    pub reason: Option<Cause>,
    /// More about that, for the operator alone.
    pub detail: Option<String>,
    /// The id of the token that came, or that was given out.
    pub jwt_id: Option<String>,
    /// The repository that it was about.
    pub repository: Option<String>,
    /// The action that was missing.
    pub action: Option<String>,
    /// The rule that it rests on, or that came nearest.
    pub rule: Option<String>,
    /// How many like it this row stands for.
    pub tally: Tally,
}

/// A row of `ContainerRegistryRepositoryEvents`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryEvent {
    /// The registry.
    pub place: InRegistry,
    /// The request.
    pub request: RequestFacts,
    /// What was done.
    pub operation: String,
    /// The status of the answer.
    pub result: u16,
    /// Why it was not done.
    pub reason: Option<Cause>,
    /// To which repository; empty where it was the registry as a whole.
    pub repository: String,
    /// By which tag.
    pub tag: Option<String>,
    /// To which digest.
    pub digest: Option<String>,
    /// Its media type.
    pub media_type: Option<String>,
    /// Its artifact type.
    pub artifact_type: Option<String>,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// The rule that it rested on.
    pub rule: Option<String>,
    /// How many like it this row stands for.
    pub tally: Tally,
}

/// How many requests a row stands for. Its other columns are those of the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub count: u64,
    /// In what they may differ.
    pub spread: Spread,
    /// When the last of them came.
    pub last_time: Timestamp,
    /// Who that was, where it may be somebody else.
    pub last_identity: Option<String>,
    /// From where, where it may be another place.
    pub last_caller_ip: Option<String>,
}

/// In what the requests of a row may differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Spread {
    /// Same cause, principal and address (or, of what was allowed, same deed).
    #[default]
    Same,
    /// Same cause and address; more principals than get rows of their own.
    Principals,
    /// Same cause; more addresses than get rows of their own.
    Addresses,
}

impl Spread {
    /// Its word in the store and in views.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Principals => "principals",
            Self::Addresses => "addresses",
        }
    }

    /// The spread of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Same, Self::Principals, Self::Addresses].into_iter().find(|one| one.word() == word)
    }
}

impl Tally {
    /// One request.
    pub const fn one(time: Timestamp) -> Self {
        Self {
            count: 1,
            spread: Spread::Same,
            last_time: time,
            last_identity: None,
            last_caller_ip: None,
        }
    }
}

/// An event of either kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A login, or a refusal.
    Login(LoginEvent),
    /// Something done to a repository.
    Repository(RepositoryEvent),
}

impl Event {
    /// Where its row is.
    pub const fn table(&self) -> EventTable {
        match self {
            Self::Login(_) => EventTable::Login,
            Self::Repository(_) => EventTable::Repository,
        }
    }

    /// The registry.
    pub const fn place(&self) -> InRegistry {
        match self {
            Self::Login(event) => event.place,
            Self::Repository(event) => event.place,
        }
    }

    /// The request.
    pub const fn request(&self) -> &RequestFacts {
        match self {
            Self::Login(event) => &event.request,
            Self::Repository(event) => &event.request,
        }
    }

    /// Why it was refused.
    pub const fn reason(&self) -> Option<Cause> {
        match self {
            Self::Login(event) => event.reason,
            Self::Repository(event) => event.reason,
        }
    }

    /// How many it stands for.
    pub const fn tally(&self) -> &Tally {
        match self {
            Self::Login(event) => &event.tally,
            Self::Repository(event) => &event.tally,
        }
    }

    /// How many it stands for, to be changed.
    pub const fn tally_mut(&mut self) -> &mut Tally {
        match self {
            Self::Login(event) => &mut event.tally,
            Self::Repository(event) => &mut event.tally,
        }
    }
}

/// The two tables of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventTable {
    /// `ContainerRegistryLoginEvents`
    Login,
    /// `ContainerRegistryRepositoryEvents`
    Repository,
}

impl EventTable {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Login, Self::Repository];

    /// Azure's name for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Login => "ContainerRegistryLoginEvents",
            Self::Repository => "ContainerRegistryRepositoryEvents",
        }
    }
}

/// A row that counts: known to the store once the first of its events is written. A row that was
/// lost with its transaction is noticed, and another takes its place.
#[derive(Clone, Debug, Default)]
pub struct CountingRow(Arc<Mutex<Option<(u64, Uuid)>>>);

impl CountingRow {
    /// Whether both are the same row.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The row's number, and the correlation id that it must have.
    pub(crate) fn known(&self) -> Option<(u64, Uuid)> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn learn(&self, row: u64, correlation_id: Uuid) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((row, correlation_id));
    }
}

/// An event to be written: as a row of its own, or into one that counts.
#[derive(Clone, Debug)]
pub struct EventEntry {
    /// The event; its tally says how many it adds.
    pub event: Event,
    /// The row that counts it.
    pub counting: Option<CountingRow>,
}

/// Where an event was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The table.
    pub table: EventTable,
    /// The row's number: never used twice.
    pub row: u64,
    /// The how-manieth of its row it was.
    pub ordinal: u64,
}

/// An event with the number of its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored<E> {
    /// The row's number.
    pub row: u64,
    /// The event.
    pub event: E,
}

/// Which events are wanted.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Only those that were refused.
    pub failed: bool,
    /// Only those since then.
    pub since: Option<Timestamp>,
    /// Only those of this identity, without case.
    pub identity: Option<String>,
    /// Only those from this address.
    pub caller_ip: Option<String>,
    /// Only those with this reason.
    pub reason: Option<Cause>,
    /// In the order of their rows, after this one; else the latest first.
    pub after: Option<u64>,
    /// At most so many.
    pub limit: usize,
}

/// Whom the events show to have been let in, lately.
#[derive(Clone, Debug, Default)]
pub struct SeenFilter {
    /// Only this one, without case.
    pub identity: Option<(PrincipalKind, String)>,
    /// Only since then.
    pub since: Option<Timestamp>,
    /// At most so many, those that were last seen first.
    pub limit: usize,
}

/// Somebody who was let in from an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Who.
    pub identity: String,
    /// The kind of principal, where it was proved.
    pub kind: Option<PrincipalKind>,
    /// From where.
    pub address: String,
    /// When last.
    pub last_time: Timestamp,
    /// How often.
    pub count: u64,
}
