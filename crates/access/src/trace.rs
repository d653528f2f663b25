//! The trace of a decision: each rule that it looked at, and why that one did not give the action.
//!
//! [`considered`] is the one list of rules. A decision takes the first that gives the action, a
//! trace shows them all: so the two cannot disagree.

use naru_oci::RepositoryName;

use crate::{
    Action, ActionSet, Holder, Pattern, RegistryPolicy, Rights, RoleAssignment, Rule, ScopeMap,
    ScopeMapRule, ScopePath,
};

/// A rule that a decision looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Considered {
    /// The rule.
    pub rule: Rule,
    /// Why it does not give the action; none where it does.
    pub why_not: Option<WhyNot>,
}

/// Why a rule does not give an action. `S` is the scope of a role assignment: owned in a trace, and
/// lent where a decision looks at hundreds of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhyNot<S = ScopePath> {
    /// The role has other actions.
    Action {
        /// Azure's action string that would give it.
        needs: &'static str,
    },
    /// The role assignment has a condition, and none is understood in registry mode.
    Condition,
    /// The catalog takes a rule for everything.
    Everything,
    /// The rule covers the repository, and gives other actions there.
    Gives(ActionSet),
    /// The setting is off.
    Off,
    /// The rule does not cover the repository.
    Pattern(Nearness),
    /// Anonymous pull gives reading alone.
    ReadsAlone,
    /// The role assignment holds somewhere else.
    Scope(S),
}

impl WhyNot<&ScopePath> {
    fn owned(self) -> WhyNot {
        match self {
            Self::Action { needs } => WhyNot::Action { needs },
            Self::Condition => WhyNot::Condition,
            Self::Everything => WhyNot::Everything,
            Self::Gives(actions) => WhyNot::Gives(actions),
            Self::Off => WhyNot::Off,
            Self::Pattern(nearness) => WhyNot::Pattern(nearness),
            Self::ReadsAlone => WhyNot::ReadsAlone,
            Self::Scope(path) => WhyNot::Scope(path.clone()),
        }
    }
}

/// How near a pattern came that does not cover a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nearness {
    /// `team/*` for `team-app` or `teams/app`: it begins alike, and goes on without a slash.
    Alike,
    /// `team/app` for `team/app/base`: a name covers itself alone.
    Below,
    /// Not at all.
    Far,
    /// `team/*` for `team`: what is below, and not the name itself.
    Itself,
}

/// A rule that could give an action, not yet looked at.
#[derive(Clone, Copy)]
enum Candidate<'a> {
    Admin,
    AnonymousPull,
    LocalSocket,
    Role(&'a RoleAssignment),
    ScopeMap(&'a ScopeMap, &'a ScopeMapRule),
}

/// Every rule that somebody has at a registry, in the order in which they are looked at.
pub(crate) fn considered<'a>(
    holder: &'a Holder,
    registry: &'a RegistryPolicy,
    action: Action,
    repository: Option<&'a RepositoryName>,
) -> impl Iterator<Item = Looked<'a>> {
    let (alone, roles, map) = match &holder.rights {
        Rights::Admin => (Some(Candidate::Admin), &[][..], None),
        Rights::None => (None, &[][..], None),
        Rights::Operator => (Some(Candidate::LocalSocket), &[][..], None),
        Rights::Roles(assignments) => (None, &**assignments, None),
        Rights::ScopeMap(map) => (None, &[][..], Some(&**map)),
    };
    let rules =
        map.into_iter().flat_map(|map| map.rules.iter().map(move |r| Candidate::ScopeMap(map, r)));
    // What anonymous pull grants it grants to everybody, so that a login never loses it.
    let candidates = alone
        .into_iter()
        .chain(roles.iter().map(Candidate::Role))
        .chain(rules)
        .chain([Candidate::AnonymousPull]);
    candidates.map(move |candidate| Looked {
        candidate,
        why_not: candidate.why_not(registry, action, repository),
    })
}

/// A rule that was looked at.
pub(crate) struct Looked<'a> {
    candidate: Candidate<'a>,
    why_not: Option<WhyNot<&'a ScopePath>>,
}

impl Looked<'_> {
    /// The rule, where it gives the action.
    pub(crate) fn given(self) -> Option<Rule> {
        self.why_not.is_none().then(|| self.candidate.rule())
    }
}

impl From<Looked<'_>> for Considered {
    fn from(Looked { candidate, why_not }: Looked<'_>) -> Self {
        Self { rule: candidate.rule(), why_not: why_not.map(WhyNot::owned) }
    }
}

impl<'a> Candidate<'a> {
    fn rule(self) -> Rule {
        match self {
            Self::Admin => Rule::Admin,
            Self::AnonymousPull => Rule::AnonymousPull,
            Self::LocalSocket => Rule::LocalSocket,
            Self::Role(assigned) => role_rule(assigned),
            Self::ScopeMap(map, rule) => {
                Rule::ScopeMap { map: map.name.clone(), pattern: rule.pattern.to_string() }
            }
        }
    }

    fn why_not(
        self,
        registry: &RegistryPolicy,
        action: Action,
        repository: Option<&RepositoryName>,
    ) -> Option<WhyNot<&'a ScopePath>> {
        match self {
            Self::Admin | Self::LocalSocket => None,
            Self::AnonymousPull if !action.is_anonymous() => Some(WhyNot::ReadsAlone),
            Self::AnonymousPull => (!registry.anonymous_pull).then_some(WhyNot::Off),
            Self::Role(assigned) => why_not_role(assigned, registry, action),
            Self::ScopeMap(_, rule) => why_not_rule(rule, action, repository),
        }
    }
}

pub(crate) fn role_rule(assigned: &RoleAssignment) -> Rule {
    Rule::Role { assignment: assigned.id, role: assigned.role.name.clone() }
}

fn why_not_role<'a>(
    assigned: &'a RoleAssignment,
    registry: &RegistryPolicy,
    action: Action,
) -> Option<WhyNot<&'a ScopePath>> {
    if !assigned.scope.covers(&registry.path) {
        return Some(WhyNot::Scope(&assigned.scope));
    }
    if assigned.condition.is_some() {
        return Some(WhyNot::Condition);
    }
    let needs = action.role_actions().first().copied().unwrap_or_default();
    (!assigned.role.content().contains(action)).then_some(WhyNot::Action { needs })
}

fn why_not_rule<S>(
    rule: &ScopeMapRule,
    action: Action,
    repository: Option<&RepositoryName>,
) -> Option<WhyNot<S>> {
    // The catalog comes with reading metadata everywhere.
    let due = if action == Action::Catalog { Action::MetadataRead } else { action };
    let covers = match repository {
        Some(_) if action == Action::Catalog => return Some(WhyNot::Everything),
        Some(repository) => match nearness(&rule.pattern, repository) {
            None => true,
            Some(near) => return Some(WhyNot::Pattern(near)),
        },
        None => action == Action::Catalog && rule.pattern == Pattern::All,
    };
    match covers {
        false => Some(WhyNot::Everything),
        true if rule.actions.contains(due) => None,
        true => Some(WhyNot::Gives(rule.actions)),
    }
}

/// How near a pattern comes to a repository; none where it covers it.
fn nearness(pattern: &Pattern, repository: &RepositoryName) -> Option<Nearness> {
    if pattern.covers(repository) {
        return None;
    }
    let after = |name: &RepositoryName| repository.as_str().strip_prefix(name.as_str());
    Some(match pattern {
        Pattern::All => Nearness::Far,
        Pattern::Below(name) => match after(name) {
            Some("") => Nearness::Itself,
            Some(_) => Nearness::Alike,
            None => Nearness::Far,
        },
        Pattern::Exactly(name) => match after(name) {
            Some(rest) if rest.starts_with('/') => Nearness::Below,
            Some(_) => Nearness::Alike,
            None => Nearness::Far,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_that_comes_near_says_how() {
        let near = |pattern: &str, repository: &str| {
            nearness(&pattern.parse().unwrap(), &repository.parse().unwrap())
        };
        assert_eq!(near("*", "team"), None);
        assert_eq!(near("team/*", "team/app"), None);
        assert_eq!(near("team/*", "team"), Some(Nearness::Itself));
        assert_eq!(near("team/*", "team-app"), Some(Nearness::Alike));
        assert_eq!(near("team/*", "teams/app"), Some(Nearness::Alike));
        assert_eq!(near("team/*", "other/app"), Some(Nearness::Far));
        assert_eq!(near("team/app", "team/app/base"), Some(Nearness::Below));
        assert_eq!(near("team/app", "team/application"), Some(Nearness::Alike));
        assert_eq!(near("team/app", "team"), Some(Nearness::Far));
    }

    #[test]
    fn the_catalog_needs_metadata_read_on_everything() {
        let with = |pattern: &str, action| {
            let actions = ActionSet::default().with(action);
            let rule = ScopeMapRule { pattern: pattern.parse().unwrap(), actions };
            why_not_rule::<ScopePath>(&rule, Action::Catalog, None)
        };
        let pull = ActionSet::default().with(Action::Pull);
        assert_eq!(with("*", Action::MetadataRead), None);
        assert_eq!(with("*", Action::Pull), Some(WhyNot::Gives(pull)));
        assert_eq!(with("team/*", Action::MetadataRead), Some(WhyNot::Everything));
    }
}
