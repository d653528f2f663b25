//! The decision itself: a function of values.

use std::sync::Arc;

use naru_codes::Cause;
use naru_oci::RepositoryName;

use crate::action::Place;
use crate::capability::Grant;
use crate::denial::{Denial, Evidence, NearMiss, Wanted};
use crate::trace::{Considered, Looked, considered, role_rule};
use crate::{
    Access, AccessEntry, AccessList, Action, ActionSet, DataAction, ManagementAction, Principal,
    PrincipalKind, RegistryPolicy, Requested, RoleAssignment, Rule, Scope, ScopeKind, ScopeMap,
    ScopePath,
};

/// The rights that somebody has at present. They may be many, and a clone shares them.
#[derive(Clone, Debug)]
pub enum Rights {
    /// Everything on content: the admin user.
    Admin,
    /// None of its own.
    None,
    /// Everything: whoever may open the server's own socket.
    Operator,
    /// By role assignments.
    Roles(Arc<[RoleAssignment]>),
    /// By a scope map.
    ScopeMap(Arc<ScopeMap>),
}

/// Somebody who asks, with the rights that they have.
#[derive(Clone, Debug)]
pub struct Holder {
    /// Who it is.
    pub principal: Principal,
    /// What they may do at present.
    pub rights: Rights,
    /// What the access token lists that served as their password: nothing goes beyond it.
    pub ceiling: Option<AccessList>,
}

/// An access token that was verified.
#[derive(Clone, Copy, Debug)]
pub struct TokenRights<'a> {
    /// Whose token it is.
    pub principal: &'a Principal,
    /// What it lists. This list *is* the grant, with the rules recorded when it was minted.
    pub access: &'a AccessList,
}

/// Decides by present rights.
pub fn decide<A: DataAction>(
    holder: &Holder,
    registry: &RegistryPolicy,
    place: A::Place,
) -> Result<Access<A>, Denial> {
    let grant = judge(holder, registry, (A::ACTION, A::INSTEAD), place.repository())?;
    Ok(Access::new(grant, place, holder.principal.clone()))
}

/// What [`decide`] would say, without its leading to anything; and all that it looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The rule that it would rest on, or why it would be denied.
    pub verdict: Result<Rule, Denial>,
    /// Each rule that was looked at, in order.
    pub trace: Vec<Considered>,
}

/// Tells what would be decided about an action. No capability comes of it.
pub fn explain(
    holder: &Holder,
    registry: &RegistryPolicy,
    action: Action,
    repository: Option<&RepositoryName>,
) -> Explained {
    let verdict = judge(holder, registry, (action, None), repository).map(|grant| grant.rule);
    let trace = considered(holder, registry, action, repository).map(Considered::from).collect();
    Explained { verdict, trace }
}

fn judge(
    holder: &Holder,
    registry: &RegistryPolicy,
    (action, instead): (Action, Option<Action>),
    repository: Option<&RepositoryName>,
) -> Result<Grant, Denial> {
    let beneath = holder.ceiling.as_ref().is_none_or(|ceiling| {
        ceiling.lists(action, repository)
            || instead.is_some_and(|action| ceiling.lists(action, repository))
    });
    let near = match held(holder, registry, action, repository) {
        Some(grant) if beneath => return Ok(grant),
        Some(_) => Some(NearMiss::Ceiling),
        None => None,
    };
    Err(deny(holder, registry, action, repository, near))
}

/// Decides by what an access token lists, without reading any policy: the fast path. `None` where
/// it does not list the action; what then is for [`decide_beyond_token`] to say.
pub fn decide_by_token<A: DataAction>(
    token: TokenRights<'_>,
    place: &A::Place,
) -> Option<Access<A>> {
    let rule = token.access.rule_for(A::ACTION, place.repository())?;
    Some(Access::new(Grant { rule }, place.clone(), token.principal.clone()))
}

/// Decides about an action that an access token does not list, by what its holder may do at
/// present: either a token with a wider scope would do, or nothing would.
pub fn decide_beyond_token<A: DataAction>(
    token: TokenRights<'_>,
    holder: &Holder,
    registry: &RegistryPolicy,
    place: A::Place,
) -> Result<Access<A>, Denial> {
    let repository = place.repository().cloned();
    let access = decide::<A>(holder, registry, place)?;
    if A::INSTEAD.is_some_and(|action| token.access.lists(action, repository.as_ref())) {
        return Ok(access);
    }
    let denial = Denial::new(Cause::PermissionInsufficientScope);
    let wanted = vec![Wanted { action: A::ACTION, repository }];
    Err(denial.to_holder(token.principal.clone()).with_wanted(wanted))
}

/// Decides about administration. It reaches the registry at `path`, or with the whole tenant as
/// its place everything.
pub fn decide_management<A: ManagementAction>(
    holder: &Holder,
    path: &ScopePath,
    place: A::Place,
) -> Result<Access<A>, Denial> {
    let root = ScopePath::root();
    let resource = if A::TENANT { &root } else { path };
    let rule = match &holder.rights {
        Rights::Operator => Some(Rule::LocalSocket),
        Rights::Roles(assignments) if holder.ceiling.is_none() => assignments
            .iter()
            .find(|assigned| assigned.applies_to(resource) && assigned.role.allows(A::ACTION))
            .map(role_rule),
        Rights::Admin | Rights::None | Rights::Roles(_) | Rights::ScopeMap(_) => None,
    };
    match rule {
        Some(rule) => Ok(Access::new(Grant { rule }, place, holder.principal.clone())),
        None => Err(Denial::new(Cause::PermissionManagement)
            .to_holder(holder.principal.clone())
            .with_evidence(Evidence::Operation(A::ACTION))),
    }
}

/// What of the scopes asked for is held: the access list of a token. Asking for more than is held
/// is no error; the entry stays, with less or nothing in it, and keeps what was asked.
pub fn reduce(holder: &Holder, registry: &RegistryPolicy, scopes: &[Scope]) -> AccessList {
    AccessList(scopes.iter().map(|scope| reduce_one(holder, registry, scope)).collect())
}

/// Whether somebody holds nothing at all on the registry.
pub fn holds_nothing(holder: &Holder, registry: &RegistryPolicy) -> bool {
    let own = match &holder.rights {
        Rights::Admin | Rights::Operator => true,
        Rights::None => false,
        Rights::Roles(assignments) => assignments.iter().any(|a| a.applies_to(&registry.path)),
        Rights::ScopeMap(map) => map.rules.iter().any(|rule| !rule.actions.is_empty()),
    };
    !own && !registry.anonymous_pull
}

fn reduce_one(holder: &Holder, registry: &RegistryPolicy, scope: &Scope) -> AccessEntry {
    let repository = match &scope.resource {
        ScopeKind::Repository(name) => Some(name),
        ScopeKind::Catalog | ScopeKind::Other { .. } => None,
    };
    let mut granted: Vec<(Action, Rule)> = Vec::new();
    let mut reduced = false;
    for asked in &scope.actions {
        let (actions, all) = match asked {
            Requested::All => (ActionSet::from_iter(Action::ALL), true),
            Requested::One(action) => (ActionSet::default().with(*action), false),
            Requested::Unknown => (ActionSet::default(), false),
        };
        for action in actions.iter().filter(|action| scope.resource.takes(*action)) {
            let beneath =
                holder.ceiling.as_ref().is_none_or(|ceiling| ceiling.lists(action, repository));
            match held(holder, registry, action, repository).filter(|_| beneath) {
                Some(_) if granted.iter().any(|(known, _)| *known == action) => {}
                Some(grant) => granted.push((action, grant.rule)),
                None => reduced |= !all,
            }
        }
    }
    let asked = scope.actions.iter().filter_map(|asked| match asked {
        Requested::One(action) if reduced => Some(action.word().to_owned()),
        Requested::All | Requested::One(_) | Requested::Unknown => None,
    });
    AccessEntry {
        kind: scope.resource.type_name().to_owned(),
        name: scope.resource.name().to_owned(),
        asked: asked.collect(),
        actions: granted.iter().map(|(action, _)| action.word().to_owned()).collect(),
        rules: granted.iter().map(|(_, rule)| rule.to_string()).collect(),
    }
}

impl ScopeKind {
    /// Whether an action can be done to such a resource at all.
    fn takes(&self, action: Action) -> bool {
        match self {
            Self::Catalog => action == Action::Catalog,
            Self::Other { .. } => false,
            Self::Repository(_) => action != Action::Catalog,
        }
    }
}

/// The grant of an action by present rights, whatever a ceiling says.
fn held(
    holder: &Holder,
    registry: &RegistryPolicy,
    action: Action,
    repository: Option<&RepositoryName>,
) -> Option<Grant> {
    considered(holder, registry, action, repository)
        .find_map(Looked::given)
        .map(|rule| Grant { rule })
}

fn deny(
    holder: &Holder,
    registry: &RegistryPolicy,
    action: Action,
    repository: Option<&RepositoryName>,
    near: Option<NearMiss>,
) -> Denial {
    let near = near.unwrap_or_else(|| nearest(holder, registry, repository));
    let cause = cause(&holder.principal, &near, action);
    Denial::new(cause)
        .to_holder(holder.principal.clone())
        .with_wanted(vec![Wanted { action, repository: repository.cloned() }])
        .with_evidence(Evidence::Near(near))
}

/// The rule that came nearest.
fn nearest(
    holder: &Holder,
    registry: &RegistryPolicy,
    repository: Option<&RepositoryName>,
) -> NearMiss {
    match (&holder.rights, repository) {
        (Rights::Roles(assignments), _) => {
            let mut roles: Vec<String> = Vec::new();
            for assigned in assignments.iter().filter(|a| a.applies_to(&registry.path)) {
                if !roles.contains(&assigned.role.name) {
                    roles.push(assigned.role.name.clone());
                }
            }
            if roles.is_empty() { NearMiss::Nothing } else { NearMiss::Roles { roles } }
        }
        (Rights::ScopeMap(map), Some(repository)) => {
            let covering = map.rules.iter().find(|rule| rule.pattern.covers(repository));
            let gives = map.actions_on(repository);
            match covering {
                Some(rule) => NearMiss::RuleActions {
                    map: map.name.clone(),
                    pattern: rule.pattern.to_string(),
                    gives: gives
                        .iter()
                        .filter_map(Action::scope_map_word)
                        .collect::<Vec<_>>()
                        .join(" "),
                },
                None => NearMiss::RulePattern {
                    map: map.name.clone(),
                    pattern: map.nearest_rule(repository).map(|rule| rule.pattern.to_string()),
                },
            }
        }
        (Rights::ScopeMap(map), None) => {
            NearMiss::RulePattern { map: map.name.clone(), pattern: None }
        }
        (Rights::Admin | Rights::None | Rights::Operator, _) => NearMiss::Nothing,
    }
}

/// Which cause it is: by who asks, what is missing, and what they do have.
fn cause(principal: &Principal, near: &NearMiss, action: Action) -> Cause {
    let by_action = match action {
        Action::Catalog => Cause::PermissionCatalog,
        Action::Delete => Cause::PermissionDelete,
        Action::MetadataRead => Cause::PermissionMetadataRead,
        Action::MetadataWrite => Cause::PermissionMetadataWrite,
        Action::Pull => Cause::PermissionPull,
        Action::Push => Cause::PermissionPush,
    };
    match (principal.kind, near, action) {
        (_, NearMiss::Ceiling, _) => by_action,
        (PrincipalKind::Anonymous, _, Action::Push | Action::Delete | Action::MetadataWrite) => {
            Cause::PermissionAnonymousWrite
        }
        (PrincipalKind::User | PrincipalKind::ServicePrincipal, NearMiss::Nothing, _) => {
            Cause::PermissionNoRole
        }
        (PrincipalKind::Token, NearMiss::RulePattern { .. }, _) if action != Action::Catalog => {
            Cause::PermissionScopeMap
        }
        // A token that may pull here, and lacks only the right to list tags, is told just that.
        (PrincipalKind::Token, NearMiss::RuleActions { gives, .. }, Action::MetadataRead)
            if gives.contains("content/read") =>
        {
            by_action
        }
        (PrincipalKind::Token, NearMiss::RuleActions { .. }, _) => Cause::PermissionScopeMap,
        (
            PrincipalKind::Admin
            | PrincipalKind::Anonymous
            | PrincipalKind::Operator
            | PrincipalKind::ServicePrincipal
            | PrincipalKind::Token
            | PrincipalKind::User,
            _,
            _,
        ) => by_action,
    }
}

#[cfg(test)]
mod tests;
