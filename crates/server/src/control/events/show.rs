//! One event, with its whole story: found by the id that its answer carried.

use naru_access::{PrincipalKind, ReadMetadata, operation as op};
use naru_codes::{Cause, Language, texts};
use naru_identity::names::login_key;
use naru_store::{AdminError, Deed, Event, Registry};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::facts::{Account, Facts};
use super::ids::{Named, named};
use super::remedy::{Remedy, remedies};
use super::story::{Story, Teller};
use super::view::AnyEventView;
use crate::control::content::{self, allow_content};
use crate::control::{Caller, Failure, Fault, allow, metadata, nearest, not_found};
use crate::state::App;

/// How many events the beginning of an id may name before it names none.
const FEW: usize = 2;

/// How many ids of a pasted text are looked for.
const MOST_IDS: usize = 10;

/// Which event.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShowRequest {
    /// The correlation id, or a text that has it in it.
    pub id: String,
    /// The language of the story: `en` or `ko`.
    pub language: Option<String>,
}

/// An event with its story.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownEvent {
    /// The id that was asked for.
    pub id: Uuid,
    /// The how-manieth of its row it was, where the row counts several and this was not the first.
    pub ordinal: Option<u64>,
    /// Why it was refused.
    pub cause: Option<CauseView>,
    /// The story, in a language.
    pub story: Story,
    /// What fixes it.
    pub remedies: Vec<Remedy>,
    /// The row.
    pub event: AnyEventView,
}

/// A cause.
#[derive(Clone, Debug, Serialize)]
pub struct CauseView {
    /// Its stable code.
    pub code: &'static str,
    /// It in a few words.
    pub title: String,
}

/// An event that was found, and where.
struct Found {
    id: Uuid,
    ordinal: Option<u64>,
    registry: Registry,
    event: Event,
}

/// Shows an event.
pub async fn show(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: ShowRequest,
) -> Result<ShownEvent, Failure> {
    let language = match request.language.as_deref() {
        None => Language::default(),
        Some(tag) => Language::from_tag(tag)
            .ok_or_else(|| Fault::Request(format!("`{tag}` is not a language: en or ko")))?,
    };
    allow::<op::ReadEvents>(caller, registry)?;
    let named = named(&request.id);
    if named.is_empty() {
        return Err(Fault::EventId { given: request.id }.into());
    }
    app.flush_events_for_reader().await;
    let registries = metadata(app).registries().await?;
    let default = registries.first().map(|first| first.id);
    // The registry that was asked first, and then each other one whose events they may read.
    let others = registries.into_iter().filter(|other| other.id != registry.id);
    let all: Vec<Registry> = std::iter::once(registry.clone()).chain(others).collect();
    for named in named.into_iter().take(MOST_IDS) {
        for registry in &all {
            if let Some(found) = find(app, caller, registry, named).await? {
                let default = default == Some(found.registry.id);
                return tell(app, caller, found, language, default).await;
            }
        }
    }
    Err(not_found("event", &request.id))
}

/// The event that an id names at a registry.
async fn find(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    named: Named,
) -> Result<Option<Found>, Failure> {
    let Ok(access) = allow::<op::ReadEvents>(caller, registry) else { return Ok(None) };
    let metadata = metadata(app);
    let found = |id, ordinal, event| Found { id, ordinal, registry: registry.clone(), event };
    let ids = match named {
        Named::Whole(id) => (id, id),
        Named::Beginning(first, last) => (first, last),
    };
    let mut events = metadata.events_between(&access, ids, FEW).await?;
    // A request that left two events was refused in one of them.
    events.sort_by_key(|event| event.reason().is_none());
    let mut its: Vec<Uuid> = events.iter().map(|event| event.request().correlation_id).collect();
    its.dedup();
    if its.len() > 1 {
        let name = ids.0.to_string();
        return Err(AdminError::Ambiguous { what: "event", name }.into());
    }
    if let Some(event) = events.into_iter().next() {
        return Ok(Some(found(event.request().correlation_id, None, event)));
    }
    let Named::Whole(id) = named else { return Ok(None) };
    let Some(counted) = app.audit.find(id) else { return Ok(None) };
    let event = metadata.event_in(&access, counted.table, counted.row).await?;
    // One that was counted after this row was shown to nobody.
    let event = event.filter(|event| event.tally().count >= counted.ordinal);
    Ok(event.map(|event| found(id, Some(counted.ordinal), event)))
}

async fn tell(
    app: &App,
    caller: &Caller,
    found: Found,
    language: Language,
    default_registry: bool,
) -> Result<ShownEvent, Failure> {
    let Found { id, ordinal, registry, event } = found;
    let claimed = event.reason() == Some(Cause::CredentialInvalid)
        && event.request().identity_kind.is_none()
        && !event.request().identity.is_empty();
    let accounts = if claimed { accounts(app, caller, &registry).await? } else { Vec::new() };
    let claim = &event.request().identity;
    let account = accounts.iter().find(|one| login_key(&one.name) == login_key(claim));
    let near = nearest(claim, accounts.iter().map(|account| account.name.as_str()));
    let locked = locked(app, caller, &registry, &event).await?;
    let facts = Facts::of(&event, (account, near, locked.as_ref()), default_registry);
    let story = Teller { language }.tell(&facts, &registry, ordinal);
    let remedies = remedies(&facts, &registry, language);
    let cause =
        |cause: Cause| CauseView { code: cause.code(), title: texts().title(language, cause) };
    let cause = event.reason().map(cause);
    Ok(ShownEvent {
        id,
        ordinal,
        cause,
        story,
        remedies,
        event: AnyEventView::of(&registry, event),
    })
}

/// What is locked at present, of what a client was kept from, as far as the caller may know it.
async fn locked(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    event: &Event,
) -> Result<Option<content::Named>, Failure> {
    let Event::Repository(event) = event else { return Ok(None) };
    if event.reason != Some(Cause::RegistryLocked) {
        return Ok(None);
    }
    let repository = event.repository.as_str();
    let named = match (&event.tag, &event.digest) {
        (Some(tag), _) => content::Named::image(app, registry, &format!("{repository}:{tag}")),
        (None, Some(digest)) => {
            content::Named::image(app, registry, &format!("{repository}@{digest}"))
        }
        (None, None) => content::Named::repository(registry, repository),
    };
    let Ok(named) = named else { return Ok(None) };
    let Ok(access) = allow_content::<ReadMetadata>(caller, registry, named.place.clone()) else {
        return Ok(None);
    };
    let deed = if event.operation == "Pull" { Deed::Pull } else { Deed::Delete };
    let found = metadata(app).locked(&access, &named.item, deed).await?;
    Ok(found.map(|item| named.beside(item)))
}

/// Everybody who logs in by name at a registry at present, as far as the caller may know them.
async fn accounts(
    app: &App,
    caller: &Caller,
    registry: &Registry,
) -> Result<Vec<Account>, Failure> {
    let metadata = metadata(app);
    let admin = registry.settings.admin_enabled;
    let mut all =
        vec![Account { name: registry.name.clone(), kind: PrincipalKind::Admin, enabled: admin }];
    if let Ok(access) = allow::<op::ReadTokens>(caller, registry) {
        let account = |name, enabled| Account { name, kind: PrincipalKind::Token, enabled };
        let tokens = metadata.tokens(&access).await?;
        all.extend(tokens.into_iter().map(|token| account(token.name, token.enabled)));
    }
    if let Ok(access) = allow::<op::ReadDirectory>(caller, registry) {
        let account = |name, enabled| Account { name, kind: PrincipalKind::User, enabled };
        let users = metadata.users(&access).await?;
        all.extend(users.into_iter().map(|user| account(user.name, user.enabled)));
        let application =
            |name, enabled| Account { name, kind: PrincipalKind::ServicePrincipal, enabled };
        let applications = metadata.service_principals(&access).await?.into_iter();
        all.extend(applications.map(|app| application(app.app_id, app.enabled)));
    }
    Ok(all)
}
