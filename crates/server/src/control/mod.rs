//! Administration: one use case for each verb, one noun a module.
//!
//! A use case takes a [`Caller`], decides by itself whether they may, and goes to the store with
//! the capability that the decision made: of management, or of content, where it is the same right
//! and the same decision as over HTTP. Whoever offers administration (the local socket in
//! [`socket`]; a management API and a portal later) only maps its words to these. [`TABLE`] names
//! them all. Requests and views are the JSON of the command line's contract.

pub mod can_i;
mod content;
pub mod credential;
pub mod events;
mod failure;
pub mod gc;
pub mod key;
mod last_use;
pub mod manifest;
mod nearest;
pub mod network_rule;
pub mod network_trial;
pub mod registry;
pub mod repository;
pub mod role_assignment;
pub mod scope_map;
mod secrets;
pub mod service_principal;
pub mod socket;
mod span;
mod table;
pub mod token;
pub mod token_credential;
pub mod user;
pub mod verify;
mod watch;

use std::ops::ControlFlow;

use jiff::Timestamp;
use naru_access::{Access, Holder, ManagementAction, decide_management};
use naru_codes::Language;
use naru_store::{AdminError, Metadata, Progress, Registry, StoreError};
use serde::Serialize;
use uuid::Uuid;

pub use content::{OrderBy, WhichRequest};
pub use failure::{Failure, Fault, Outcome, Running};
pub use last_use::LastUse;
pub use nearest::nearest;
pub use secrets::Disclosed;
pub use span::Span;
pub use table::{Answer, Row, TABLE};
pub use watch::Watch;

use crate::state::App;

/// Who wants something done.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who it is, and what they may do.
    pub holder: Holder,
    /// The id of the request.
    pub correlation_id: Uuid,
    /// When it came.
    pub time: Timestamp,
    /// The language of whoever reads the answer.
    pub language: Language,
    /// Where they hear how far it is, if they do.
    pub watch: Option<Watch>,
}

impl Caller {
    /// Tells how far something is; whether they still listen.
    fn tell(&self, progress: Progress) -> ControlFlow<()> {
        self.watch.as_ref().map_or(ControlFlow::Continue(()), |watch| watch.tell(progress))
    }
}

/// The most that a report lists.
const REPORTED: usize = 10_000;

/// Something is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deleted {
    /// What it was called.
    pub name: String,
    /// Always true.
    pub deleted: bool,
}

impl Deleted {
    fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), deleted: true }
    }
}

/// The registry that a request means: by its name without case, or the first one.
pub async fn find_registry(app: &App, name: Option<&str>) -> Result<Registry, Failure> {
    let registries = metadata(app).registries().await?;
    let meant = registries
        .into_iter()
        .find(|registry| name.is_none_or(|name| registry.name.eq_ignore_ascii_case(name)));
    meant.ok_or_else(|| not_found("registry", name.unwrap_or_default()))
}

/// Decides whether the caller may do `A` at the registry.
fn allow<A: ManagementAction>(caller: &Caller, registry: &Registry) -> Result<Access<A>, Failure> {
    decide_management::<A>(&caller.holder, &registry.path(), registry.place())
        .map_err(|denial| Failure::Denied(Box::new(denial)))
}

fn metadata(app: &App) -> &dyn Metadata {
    app.store.metadata()
}

/// The time, as exactly as the store keeps it: a view shows what will be shown again.
fn now(app: &App) -> Timestamp {
    let now = app.now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

fn not_found(what: &'static str, name: &str) -> Failure {
    Failure::Refused(AdminError::NotFound { what, name: name.to_owned() })
}

/// What was just written is not there any more: somebody else was faster.
fn gone(what: &'static str) -> Failure {
    let text = format!("the {what} was deleted at the same time");
    Failure::Refused(AdminError::Store(StoreError::Unavailable(text)))
}

#[cfg(test)]
mod tests;
