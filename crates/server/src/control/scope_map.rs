//! Scope maps: what repository tokens may do.

use jiff::Timestamp;
use naru_access::{Access, Action, ActionSet, Pattern, ScopeMapRule, operation as op};
use naru_identity::names::NameKind;
use naru_store::{NewScopeMap, Registry, ScopeMapPatch, ScopeMapRecord};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::registry::ShowRequest;
use super::{Caller, Deleted, Failure, Fault, allow, metadata, not_found, now};
use crate::state::App;

/// Rules are changed by reading and writing them; two changes at once must not lose one.
static CHANGE: Mutex<()> = Mutex::const_new(());

/// Actions on the repositories of a pattern, as they are given: `team/*` and `content/read`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleGiven {
    /// The pattern.
    pub repository: String,
    /// The words of the actions.
    pub actions: Vec<String>,
}

/// A scope map that is to be.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateRequest {
    /// Its name.
    pub name: String,
    /// Its rules.
    pub repositories: Vec<RuleGiven>,
    /// What it is for.
    pub description: Option<String>,
}

/// Which scope map.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NameRequest {
    /// Its name.
    pub name: String,
}

/// What is to change.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateRequest {
    /// Which scope map.
    pub name: String,
    /// Rules to add.
    #[serde(default)]
    pub add_repositories: Vec<RuleGiven>,
    /// Rules to take away.
    #[serde(default)]
    pub remove_repositories: Vec<RuleGiven>,
    /// What it is for.
    pub description: Option<String>,
}

/// A scope map, in Azure's words.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScopeMapView {
    /// Its name.
    pub name: String,
    /// Its path as a resource.
    pub id: String,
    /// What it is for.
    pub description: Option<String>,
    /// `UserDefined` or `SystemDefined`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What it allows, as in `repositories/team/*/content/read`.
    pub actions: Vec<String>,
    /// When it was created.
    pub creation_date: Timestamp,
}

impl ScopeMapView {
    fn new(registry: &Registry, record: ScopeMapRecord) -> Self {
        let line = |rule: &ScopeMapRule| {
            let words = rule.actions.iter().filter_map(Action::scope_map_word);
            let line = |word| format!("repositories/{}/{word}", rule.pattern);
            words.map(line).collect::<Vec<_>>()
        };
        Self {
            id: path(registry, &record.name),
            name: record.name,
            description: record.description,
            kind: if record.system { "SystemDefined" } else { "UserDefined" },
            actions: record.rules.iter().flat_map(line).collect(),
            creation_date: record.created,
        }
    }
}

/// Creates a scope map.
pub async fn create(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: CreateRequest,
) -> Result<ScopeMapView, Failure> {
    let access = allow::<op::WriteScopeMaps>(caller, registry)?;
    let reading = allow::<op::ReadScopeMaps>(caller, registry)?;
    let map = new_map(app, &request.name, &request.repositories, request.description)?;
    metadata(app).create_scope_map(&access, map).await?;
    view(app, &reading, registry, &request.name).await
}

/// Lists the scope maps, those of the system among them.
pub async fn list(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    _request: ShowRequest,
) -> Result<Vec<ScopeMapView>, Failure> {
    let access = allow::<op::ReadScopeMaps>(caller, registry)?;
    let maps = metadata(app).scope_maps(&access).await?;
    Ok(maps.into_iter().map(|map| ScopeMapView::new(registry, map)).collect())
}

/// Shows a scope map.
pub async fn show(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: NameRequest,
) -> Result<ScopeMapView, Failure> {
    let access = allow::<op::ReadScopeMaps>(caller, registry)?;
    view(app, &access, registry, &request.name).await
}

/// Changes a scope map; its tokens have the new rights with their next access token.
pub async fn update(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: UpdateRequest,
) -> Result<ScopeMapView, Failure> {
    let access = allow::<op::WriteScopeMaps>(caller, registry)?;
    let reading = allow::<op::ReadScopeMaps>(caller, registry)?;
    let (add, remove) = (rules(&request.add_repositories)?, rules(&request.remove_repositories)?);
    if add.is_empty() && remove.is_empty() && request.description.is_none() {
        return Err(Fault::Nothing.into());
    }
    {
        let _turn = CHANGE.lock().await;
        let map = find(app, &reading, &request.name).await?;
        let changed =
            (!add.is_empty() || !remove.is_empty()).then(|| change(map.rules, &add, &remove));
        let patch = ScopeMapPatch { description: request.description, rules: changed.transpose()? };
        metadata(app).update_scope_map(&access, &request.name, patch).await?;
    }
    view(app, &reading, registry, &request.name).await
}

/// Deletes a scope map that no token uses.
pub async fn delete(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: NameRequest,
) -> Result<Deleted, Failure> {
    let access = allow::<op::DeleteScopeMaps>(caller, registry)?;
    metadata(app).delete_scope_map(&access, &request.name).await?;
    Ok(Deleted::named(request.name))
}

/// The words of actions.
pub(super) fn words() -> impl Iterator<Item = &'static str> {
    Action::ALL.into_iter().filter_map(Action::scope_map_word)
}

/// A scope map that is to be, from what was given.
pub(super) fn new_map(
    app: &App,
    name: &str,
    given: &[RuleGiven],
    description: Option<String>,
) -> Result<NewScopeMap, Failure> {
    NameKind::ScopeMap.check(name)?;
    if given.is_empty() {
        return Err(Fault::Combination("failure-no-repository").into());
    }
    Ok(NewScopeMap {
        id: app.guid(),
        name: name.to_owned(),
        description: description.filter(|text| !text.is_empty()),
        rules: rules(given)?,
        created: now(app),
    })
}

/// The path of a scope map as a resource.
pub(super) fn path(registry: &Registry, name: &str) -> String {
    format!("{}/scopeMaps/{name}", registry.path())
}

async fn find(
    app: &App,
    access: &Access<op::ReadScopeMaps>,
    name: &str,
) -> Result<ScopeMapRecord, Failure> {
    let maps = metadata(app).scope_maps(access).await?;
    let named = maps.into_iter().find(|map| map.name.eq_ignore_ascii_case(name));
    named.ok_or_else(|| not_found("scope map", name))
}

async fn view(
    app: &App,
    access: &Access<op::ReadScopeMaps>,
    registry: &Registry,
    name: &str,
) -> Result<ScopeMapView, Failure> {
    Ok(ScopeMapView::new(registry, find(app, access, name).await?))
}

/// Reads rules; those of the same pattern become one.
fn rules(given: &[RuleGiven]) -> Result<Vec<ScopeMapRule>, Failure> {
    let mut rules = Vec::new();
    for RuleGiven { repository, actions } in given {
        let pattern: Pattern = repository.parse()?;
        if actions.is_empty() {
            return Err(Fault::Combination("failure-no-action").into());
        }
        for word in actions {
            let action = Action::from_scope_map_word(word);
            let action = action.ok_or_else(|| Fault::Action { given: word.clone() })?;
            add_to(&mut rules, &pattern, [action].into_iter().collect());
        }
    }
    Ok(rules)
}

fn add_to(rules: &mut Vec<ScopeMapRule>, pattern: &Pattern, actions: ActionSet) {
    match rules.iter_mut().find(|rule| rule.pattern == *pattern) {
        Some(rule) => rule.actions = rule.actions.iter().chain(actions.iter()).collect(),
        None => rules.push(ScopeMapRule { pattern: pattern.clone(), actions }),
    }
}

/// Rules with some taken away and some added. What is to be taken away must be there: a slip in
/// a name must not leave a right where somebody believes it gone.
fn change(
    mut present: Vec<ScopeMapRule>,
    add: &[ScopeMapRule],
    remove: &[ScopeMapRule],
) -> Result<Vec<ScopeMapRule>, Failure> {
    for gone in remove {
        let rule = present.iter_mut().find(|rule| rule.pattern == gone.pattern);
        for action in gone.actions.iter() {
            if !rule.as_ref().is_some_and(|rule| rule.actions.contains(action)) {
                let word = action.scope_map_word().unwrap_or_default();
                return Err(not_found("rule", &format!("{} {word}", gone.pattern)));
            }
        }
        if let Some(rule) = rule {
            let stays = |action: &Action| !gone.actions.contains(*action);
            rule.actions = rule.actions.iter().filter(stays).collect();
        }
    }
    for rule in add {
        add_to(&mut present, &rule.pattern, rule.actions);
    }
    present.retain(|rule| !rule.actions.is_empty());
    Ok(present)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(repository: &str, actions: &[&str]) -> RuleGiven {
        let actions = actions.iter().map(|word| (*word).to_owned()).collect();
        RuleGiven { repository: repository.to_owned(), actions }
    }

    fn shown(rules: &[ScopeMapRule]) -> Vec<String> {
        let line = |rule: &ScopeMapRule| format!("{} {:?}", rule.pattern, rule.actions);
        rules.iter().map(line).collect()
    }

    #[test]
    fn rules_of_the_same_pattern_become_one() {
        let all = rules(&[
            given("team/app", &["content/read"]),
            given("team/*", &["content/read"]),
            given("team/app", &["content/write", "content/read"]),
        ]);
        assert_eq!(shown(&all.unwrap()), ["team/app {Pull, Push}", "team/* {Pull}"]);
    }

    #[test]
    fn a_change_adds_takes_away_and_drops_what_is_empty() {
        let present =
            rules(&[given("a", &["content/read", "content/write"]), given("b", &["content/read"])]);
        let add = rules(&[given("c", &["metadata/read"])]).unwrap();
        let remove =
            rules(&[given("b", &["content/read"]), given("a", &["content/write"])]).unwrap();
        let changed = change(present.unwrap(), &add, &remove).unwrap();
        assert_eq!(shown(&changed), ["a {Pull}", "c {MetadataRead}"]);
    }

    #[test]
    fn what_is_not_there_cannot_be_taken_away() {
        let present = rules(&[given("a", &["content/read"])]).unwrap();
        for (pattern, word) in [("b", "content/read"), ("a", "content/write")] {
            let remove = rules(&[given(pattern, &[word])]).unwrap();
            let failure = change(present.clone(), &[], &remove).unwrap_err();
            assert_eq!(failure, not_found("rule", &format!("{pattern} {word}")));
        }
    }

    #[test]
    fn an_unknown_action_is_refused() {
        let failure = rules(&[given("a", &["content/raed"])]).unwrap_err();
        assert_eq!(failure, Fault::Action { given: "content/raed".to_owned() }.into());
    }
}
