//! Login and repository events: lists, whole tables, and the story of one of them ([`show`]).

mod facts;
mod ids;
mod remedy;
mod show;
mod story;
mod view;

use std::net::IpAddr;
use std::str::FromStr;

use jiff::Timestamp;
use naru_access::operation as op;
use naru_codes::Cause;
use naru_store::{Event, EventFilter, Registry, Stored};
use serde::{Deserialize, Serialize};

use super::{Caller, Failure, Fault, Span, allow, metadata, nearest, now};
use crate::state::App;
pub use remedy::Remedy;
pub use show::{CauseView, ShowRequest, ShownEvent, show};
pub use story::Story;
pub use view::{AnyEventView, EventView, LoginEventView, RepositoryEventView};

/// How many events are shown where nothing is said.
const DEFAULT_TOP: usize = 50;

/// The most that are shown at once.
const MOST: usize = 10_000;

/// How many events a page of an export has.
const PAGE: usize = 1_000;

/// Which events are wanted.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListRequest {
    /// Only those that were refused.
    #[serde(default)]
    pub failed: bool,
    /// Only those since then: so long ago, or a time (RFC 3339).
    pub since: Option<String>,
    /// Only those of this identity.
    pub identity: Option<String>,
    /// Only those from this address.
    pub ip: Option<String>,
    /// Only those with this reason.
    pub reason: Option<String>,
    /// At most so many, the latest first.
    pub top: Option<usize>,
}

/// A table of events, page by page.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportRequest {
    /// Which table.
    pub table: Table,
    /// Which events; `top` does not count here.
    pub filter: ListRequest,
    /// The `next` of the page before.
    pub after: Option<u64>,
}

/// A table of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Table {
    /// `ContainerRegistryLoginEvents`
    Login,
    /// `ContainerRegistryRepositoryEvents`
    Repository,
}

/// A page of an export, in the order in which the events were written.
#[derive(Clone, Debug, Serialize)]
pub struct ExportPage {
    /// The events.
    pub events: Vec<AnyEventView>,
    /// Where the next page begins; null after the last.
    pub next: Option<u64>,
}

/// Lists login events, the latest first.
pub async fn login(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: ListRequest,
) -> Result<Vec<LoginEventView>, Failure> {
    let access = allow::<op::ReadEvents>(caller, registry)?;
    let filter = filter(app, request)?;
    app.flush_events_for_reader().await;
    let events = metadata(app).login_events(&access, filter).await?;
    Ok(events.into_iter().map(|stored| LoginEventView::of(registry, stored.event)).collect())
}

/// Lists repository events, the latest first.
pub async fn repository(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: ListRequest,
) -> Result<Vec<RepositoryEventView>, Failure> {
    let access = allow::<op::ReadEvents>(caller, registry)?;
    let filter = filter(app, request)?;
    app.flush_events_for_reader().await;
    let events = metadata(app).repository_events(&access, filter).await?;
    Ok(events.into_iter().map(|stored| RepositoryEventView::of(registry, stored.event)).collect())
}

/// A page of a table, in the order in which it was written.
pub async fn export(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: ExportRequest,
) -> Result<ExportPage, Failure> {
    let access = allow::<op::ReadEvents>(caller, registry)?;
    let after = Some(request.after.unwrap_or_default());
    let filter = EventFilter { after, limit: PAGE, ..filter(app, request.filter)? };
    app.flush_events_for_reader().await;
    let metadata = metadata(app);
    let stored: Vec<Stored<Event>> = match request.table {
        Table::Login => {
            let events = metadata.login_events(&access, filter).await?.into_iter();
            events.map(|Stored { row, event }| Stored { row, event: Event::Login(event) }).collect()
        }
        Table::Repository => {
            let events = metadata.repository_events(&access, filter).await?.into_iter();
            let wrap = |Stored { row, event }| Stored { row, event: Event::Repository(event) };
            events.map(wrap).collect()
        }
    };
    let last = stored.last().map(|stored| stored.row);
    let next = last.filter(|_| stored.len() == PAGE);
    let view = |stored: Stored<Event>| AnyEventView::of(registry, stored.event);
    Ok(ExportPage { events: stored.into_iter().map(view).collect(), next })
}

fn filter(app: &App, request: ListRequest) -> Result<EventFilter, Failure> {
    let since = request.since.map(|text| match Timestamp::from_str(&text) {
        Ok(time) => Ok(time),
        Err(_) => text.parse::<Span>()?.before(now(app)),
    });
    let reason = request.reason.map(|code| {
        Cause::from_code(&code).ok_or_else(|| {
            let nearest = nearest(&code, Cause::ALL.iter().map(|cause| cause.code()));
            Fault::Reason { given: code, nearest }
        })
    });
    // As events have it: `2001:DB8::0:1` is `2001:db8::1` there.
    let address = |text: String| match text.parse::<IpAddr>() {
        Ok(address) => Ok(address.to_canonical().to_string()),
        Err(_) => Err(Fault::Address { given: text }),
    };
    Ok(EventFilter {
        failed: request.failed,
        since: since.transpose()?,
        identity: request.identity,
        caller_ip: request.ip.map(address).transpose()?,
        reason: reason.transpose()?,
        after: None,
        limit: request.top.unwrap_or(DEFAULT_TOP).min(MOST),
    })
}
