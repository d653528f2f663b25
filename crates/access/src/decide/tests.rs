//! Examples of each kind of holder, and the properties that no policy may break.

use std::sync::Arc;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    AssignmentId, InRegistry, InRepository, ListTags, PrincipalId, Pull, Push, RegistryId,
    ScopeMapRule, TenantId, WriteMetadata, built_in_roles, operation, parse_scopes,
};

const TENANT: TenantId = TenantId(Uuid::from_u128(1));
const PLACE: InRegistry = InRegistry { tenant: TENANT, registry: RegistryId(Uuid::from_u128(2)) };

fn registry(anonymous_pull: bool) -> RegistryPolicy {
    let path = "/subscriptions/1/resourceGroups/naru/providers/x/registries/registry";
    RegistryPolicy { place: PLACE, path: path.parse().unwrap(), anonymous_pull }
}

fn holder(kind: PrincipalKind, rights: Rights) -> Holder {
    let id = PrincipalId(Uuid::from_u128(3));
    let principal = Principal { kind, id, name: "alice".to_owned(), tenant: TENANT };
    Holder { principal, rights, ceiling: None }
}

fn user(roles: &[&str]) -> Holder {
    let built_in = built_in_roles();
    let assigned = |name: &&str| RoleAssignment {
        id: AssignmentId(Uuid::from_u128(4)),
        role: Arc::new(built_in.iter().find(|role| role.name == **name).unwrap().clone()),
        scope: registry(false).path,
        condition: None,
    };
    holder(PrincipalKind::User, Rights::Roles(roles.iter().map(assigned).collect()))
}

fn token(rules: &[(&str, &[Action])]) -> Holder {
    let rule = |(pattern, actions): &(&str, &[Action])| ScopeMapRule {
        pattern: pattern.parse().unwrap(),
        actions: actions.iter().copied().collect(),
    };
    let map = ScopeMap { name: "team".to_owned(), rules: rules.iter().map(rule).collect() };
    holder(PrincipalKind::Token, Rights::ScopeMap(Arc::new(map)))
}

fn at(repository: &str) -> InRepository {
    InRepository { registry: PLACE, repository: repository.parse().unwrap() }
}

fn cause_of<A: DataAction>(holder: &Holder, place: A::Place) -> Option<Cause> {
    decide::<A>(holder, &registry(false), place).err().map(|denial| denial.cause)
}

#[test]
fn a_grant_names_the_rule_that_it_rests_on() {
    let access = decide::<Pull>(&user(&["AcrPull"]), &registry(false), at("team/app")).unwrap();
    assert!(access.rule().to_string().starts_with("role:AcrPull:"), "{access:?}");
    let token = token(&[("team/*", &[Action::Pull])]);
    let access = decide::<Pull>(&token, &registry(false), at("team/app")).unwrap();
    assert_eq!(access.rule().to_string(), "scope-map:team:team/*");
    assert_eq!(access.repository().as_str(), "team/app");
}

#[test]
fn a_denial_names_what_is_missing_and_what_came_nearest() {
    let denial = decide::<Push>(&user(&["AcrPull"]), &registry(false), at("team/app")).unwrap_err();
    assert_eq!(denial.cause, Cause::PermissionPush);
    let roles = vec!["AcrPull".to_owned()];
    assert_eq!(denial.evidence, Evidence::Near(NearMiss::Roles { roles }));
    assert_eq!(denial.wanted[0].action, Action::Push);
}

#[test]
fn without_any_role_that_is_the_cause() {
    assert_eq!(cause_of::<Pull>(&user(&[]), at("a")), Some(Cause::PermissionNoRole));
    let mut elsewhere = user(&["Owner"]);
    if let Rights::Roles(assigned) = &mut elsewhere.rights {
        Arc::make_mut(assigned)[0].scope = "/subscriptions/other".parse().unwrap();
    }
    assert_eq!(cause_of::<Pull>(&elsewhere, at("a")), Some(Cause::PermissionNoRole));
    assert!(holds_nothing(&elsewhere, &registry(false)));
    assert!(!holds_nothing(&elsewhere, &registry(true)));
}

#[test]
fn metadata_is_changed_by_contributors_and_by_tokens_that_may() {
    for role in ["Contributor", "Owner"] {
        assert_eq!(cause_of::<WriteMetadata>(&user(&[role]), at("team/app")), None, "{role}");
    }
    for role in ["AcrPull", "AcrPush", "AcrDelete", "Reader"] {
        let missing = cause_of::<WriteMetadata>(&user(&[role]), at("team/app"));
        assert_eq!(missing, Some(Cause::PermissionMetadataWrite), "{role}");
    }
    let writer = token(&[("team/*", &[Action::MetadataWrite])]);
    assert_eq!(cause_of::<WriteMetadata>(&writer, at("team/app")), None);
}

#[test]
fn an_assignment_with_a_condition_gives_nothing_in_registry_mode() {
    let mut conditional = user(&["Owner"]);
    if let Rights::Roles(assigned) = &mut conditional.rights {
        Arc::make_mut(assigned)[0].condition =
            Some("@Request[…] StringEquals 'team/app'".to_owned());
    }
    assert_eq!(cause_of::<Pull>(&conditional, at("team/app")), Some(Cause::PermissionNoRole));
}

#[test]
fn a_token_learns_whether_repository_or_action_is_missing() {
    let reader = token(&[("team/*", &[Action::Pull])]);
    assert_eq!(cause_of::<Push>(&reader, at("team/app")), Some(Cause::PermissionScopeMap));
    assert_eq!(cause_of::<Pull>(&reader, at("team")), Some(Cause::PermissionScopeMap));
    assert_eq!(cause_of::<ListTags>(&reader, at("team/app")), Some(Cause::PermissionMetadataRead));
    assert_eq!(cause_of::<ListTags>(&reader, at("other")), Some(Cause::PermissionScopeMap));
    assert_eq!(cause_of::<crate::Catalog>(&reader, PLACE), Some(Cause::PermissionCatalog));
    let all = token(&[("*", &[Action::MetadataRead])]);
    assert_eq!(cause_of::<crate::Catalog>(&all, PLACE), None);
}

#[test]
fn anonymous_pull_grants_to_everybody_and_nothing_but_reading() {
    let open = registry(true);
    for somebody in [holder(PrincipalKind::Anonymous, Rights::None), user(&[]), token(&[])] {
        let access = decide::<Pull>(&somebody, &open, at("a")).unwrap();
        assert_eq!(*access.rule(), Rule::AnonymousPull);
        assert!(decide::<ListTags>(&somebody, &open, at("a")).is_ok());
        assert!(decide::<Push>(&somebody, &open, at("a")).is_err());
        assert!(decide::<crate::Catalog>(&somebody, &open, PLACE).is_ok());
    }
    let anonymous = holder(PrincipalKind::Anonymous, Rights::None);
    assert_eq!(cause_of::<Push>(&anonymous, at("a")), Some(Cause::PermissionAnonymousWrite));
    assert_eq!(cause_of::<Pull>(&anonymous, at("a")), Some(Cause::PermissionPull));
}

#[test]
fn the_admin_user_does_everything_with_content_and_manages_nothing() {
    let admin = holder(PrincipalKind::Admin, Rights::Admin);
    assert_eq!(cause_of::<crate::Delete>(&admin, at("a")), None);
    assert_eq!(cause_of::<crate::Catalog>(&admin, PLACE), None);
    let path = registry(false).path;
    let denial = decide_management::<operation::WriteTokens>(&admin, &path, PLACE).unwrap_err();
    assert_eq!(denial.cause, Cause::PermissionManagement);
}

#[test]
fn a_role_on_a_registry_does_not_manage_the_directory() {
    let path = registry(false).path;
    let owner = user(&["Owner"]);
    assert!(decide_management::<operation::WriteTokens>(&owner, &path, PLACE).is_ok());
    assert!(decide_management::<operation::WriteDirectory>(&owner, &path, PLACE).is_err());
    let contributor = user(&["Contributor"]);
    let assign = decide_management::<operation::WriteRoleAssignments>(&contributor, &path, PLACE);
    assert!(assign.is_err());
    let reader = user(&["Reader"]);
    assert!(decide_management::<operation::ReadTokens>(&reader, &path, PLACE).is_ok());
    assert!(decide_management::<operation::DeleteTokens>(&reader, &path, PLACE).is_err());
}

#[test]
fn a_ceiling_takes_away_what_the_password_token_did_not_list() {
    let mut owner = user(&["Owner"]);
    let scopes = parse_scopes(["repository:a:pull"]).unwrap();
    owner.ceiling = Some(reduce(&owner, &registry(false), &scopes));
    assert_eq!(cause_of::<Pull>(&owner, at("a")), None);
    assert_eq!(cause_of::<Push>(&owner, at("a")), Some(Cause::PermissionPush));
    assert_eq!(cause_of::<Pull>(&owner, at("b")), Some(Cause::PermissionPull));
    assert_eq!(cause_of::<ListTags>(&owner, at("a")), None, "pull serves for listing tags");
}

#[test]
fn beyond_its_list_a_token_is_told_to_ask_again_or_that_it_may_not() {
    let owner = user(&["Owner"]);
    let scopes = parse_scopes(["repository:a:pull"]).unwrap();
    let access = reduce(&owner, &registry(false), &scopes);
    let rights = TokenRights { principal: &owner.principal, access: &access };
    assert!(decide_by_token::<Pull>(rights, &at("a")).is_some());
    assert!(decide_by_token::<Push>(rights, &at("a")).is_none());
    let beyond = |holder: &Holder| {
        let denial = decide_beyond_token::<Push>(rights, holder, &registry(false), at("a"));
        denial.unwrap_err().cause
    };
    assert_eq!(beyond(&owner), Cause::PermissionInsufficientScope);
    assert_eq!(beyond(&user(&["AcrPull"])), Cause::PermissionPush);
    let tags = decide_beyond_token::<ListTags>(rights, &owner, &registry(false), at("a"));
    assert!(tags.is_ok(), "a token that asked for pull lists tags while its holder may");
}

#[test]
fn over_asking_is_answered_with_what_is_held_in_the_order_asked() {
    let asked = ["repository:a:push,pull,delete repository:b:* registry:catalog:* registry:None:*"];
    let scopes = parse_scopes(asked).unwrap();
    let list = reduce(&user(&["AcrPush"]), &registry(false), &scopes);
    let shown: Vec<_> = list.0.iter().map(|e| (e.name.as_str(), e.actions.join(","))).collect();
    let expected =
        [("a", "push,pull"), ("b", "pull,push,metadata_read"), ("catalog", "*"), ("None", "")];
    assert_eq!(shown, expected.map(|(name, actions)| (name, actions.to_owned())));
    assert_eq!(list.0[0].asked, ["push", "pull", "delete"]);
    assert!(list.0[1].asked.is_empty() && list.0[2].asked.is_empty());
    let nothing = reduce(&user(&[]), &registry(false), &scopes);
    assert!(nothing.0.iter().all(|entry| entry.actions.is_empty()));
}

fn action() -> impl Strategy<Value = Action> {
    prop::sample::select(Action::ALL.to_vec())
}

fn repository() -> impl Strategy<Value = String> {
    "[ab]{1,2}(/[ab]{1,2}){0,2}"
}

fn rule() -> impl Strategy<Value = ScopeMapRule> {
    let pattern = prop_oneof![
        Just("*".to_owned()),
        repository(),
        repository().prop_map(|name| format!("{name}/*")),
    ];
    (pattern, prop::collection::vec(action(), 0..4)).prop_map(|(pattern, actions)| ScopeMapRule {
        pattern: pattern.parse().unwrap(),
        actions: actions.into_iter().filter(|a| *a != Action::Catalog).collect(),
    })
}

fn scope_map() -> impl Strategy<Value = ScopeMap> {
    prop::collection::vec(rule(), 0..5).prop_map(|rules| ScopeMap { name: "m".to_owned(), rules })
}

fn role() -> impl Strategy<Value = String> {
    prop::sample::select(built_in_roles().into_iter().map(|role| role.name).collect::<Vec<_>>())
}

fn rights() -> impl Strategy<Value = Holder> {
    prop_oneof![
        prop::collection::vec(role(), 0..3)
            .prop_map(|names| { user(&names.iter().map(String::as_str).collect::<Vec<_>>()) }),
        scope_map().prop_map(|map| holder(PrincipalKind::Token, Rights::ScopeMap(Arc::new(map)))),
        Just(holder(PrincipalKind::Admin, Rights::Admin)),
        Just(holder(PrincipalKind::Anonymous, Rights::None)),
    ]
}

/// Also with assignments that hold elsewhere or on a condition, and beneath a ceiling.
fn odd_rights() -> impl Strategy<Value = Holder> {
    let ceiling = prop::option::of(prop::collection::vec((repository(), action()), 0..3));
    (rights(), prop::collection::vec(0u8..3, 3), ceiling).prop_map(|(mut holder, odd, ceiling)| {
        if let Rights::Roles(assigned) = &mut holder.rights {
            for (assigned, odd) in Arc::make_mut(assigned).iter_mut().zip(odd) {
                match odd {
                    0 => assigned.scope = "/subscriptions/other".parse().unwrap(),
                    1 => assigned.condition = Some("x".to_owned()),
                    _ => {}
                }
            }
        }
        holder.ceiling = ceiling.map(|asked| {
            let text: Vec<_> =
                asked.iter().map(|(name, action)| format!("repository:{name}:{action}")).collect();
            let scopes = parse_scopes(text.iter().map(String::as_str)).unwrap();
            reduce(&holder, &registry(true), &scopes)
        });
        holder
    })
}

/// What is decided about an action, by its type.
fn decided(
    holder: &Holder,
    policy: &RegistryPolicy,
    action: Action,
    name: &str,
) -> Result<Rule, Denial> {
    fn rule<A: DataAction>(access: &Access<A>) -> Rule {
        access.rule().clone()
    }
    match action {
        Action::Pull => decide::<Pull>(holder, policy, at(name)).map(|it| rule(&it)),
        Action::Push => decide::<Push>(holder, policy, at(name)).map(|it| rule(&it)),
        Action::Delete => decide::<crate::Delete>(holder, policy, at(name)).map(|it| rule(&it)),
        Action::MetadataRead => {
            decide::<crate::ReadMetadata>(holder, policy, at(name)).map(|it| rule(&it))
        }
        Action::MetadataWrite => {
            decide::<WriteMetadata>(holder, policy, at(name)).map(|it| rule(&it))
        }
        Action::Catalog => decide::<crate::Catalog>(holder, policy, PLACE).map(|it| rule(&it)),
    }
}

fn may(holder: &Holder, open: bool, action: Action, repository: &str) -> bool {
    let name: RepositoryName = repository.parse().unwrap();
    let place = (action != Action::Catalog).then_some(&name);
    held(holder, &registry(open), action, place).is_some()
}

/// Renames every path component of a text, `a` to `x` and `b` to `y`.
fn renamed(text: &str) -> String {
    text.replace('a', "x").replace('b', "y")
}

proptest! {
    #[test]
    fn a_rule_more_takes_no_right_away(
        map in scope_map(), more in rule(), at in 0usize..6, action in action(), name in repository(),
    ) {
        let few = holder(PrincipalKind::Token, Rights::ScopeMap(Arc::new(map.clone())));
        let mut wider = map;
        wider.rules.insert(at.min(wider.rules.len()), more);
        let many = holder(PrincipalKind::Token, Rights::ScopeMap(Arc::new(wider)));
        prop_assert!(!may(&few, false, action, &name) || may(&many, false, action, &name));
    }

    #[test]
    fn a_role_more_takes_no_right_away(
        holder in rights(), role in role(), action in action(), name in repository(), open: bool,
    ) {
        let mut wider = holder.clone();
        if let Rights::Roles(assigned) = &mut wider.rights {
            let Rights::Roles(more) = user(&[&role]).rights else { unreachable!() };
            *assigned = assigned.iter().chain(more.iter()).cloned().collect();
        }
        prop_assert!(!may(&holder, open, action, &name) || may(&wider, open, action, &name));
    }

    #[test]
    fn opening_to_everybody_takes_no_right_away(
        holder in rights(), action in action(), name in repository(),
    ) {
        prop_assert!(!may(&holder, false, action, &name) || may(&holder, true, action, &name));
    }

    /// CVE-2026-31801 (zot): no name has a meaning of its own, `latest` and the like included.
    #[test]
    fn consistent_renaming_changes_nothing(
        map in scope_map(), action in action(), name in repository(),
    ) {
        let rename = |rule: &ScopeMapRule| ScopeMapRule {
            pattern: renamed(&rule.pattern.to_string()).parse().unwrap(),
            actions: rule.actions,
        };
        let rules = map.rules.iter().map(rename).collect();
        let other = ScopeMap { name: map.name.clone(), rules };
        let before = holder(PrincipalKind::Token, Rights::ScopeMap(Arc::new(map)));
        let after = holder(PrincipalKind::Token, Rights::ScopeMap(Arc::new(other)));
        let other = renamed(&name);
        prop_assert_eq!(may(&before, false, action, &name), may(&after, false, action, &other));
        prop_assert_eq!(cause_of::<Pull>(&before, at(&name)), cause_of::<Pull>(&after, at(&other)));
        let (tags, others) = (at(&name), at(&other));
        prop_assert_eq!(cause_of::<ListTags>(&before, tags), cause_of::<ListTags>(&after, others));
    }

    /// CVE-2025-68944 (Gitea): a token's rights are within those of what it was made from.
    #[test]
    fn a_token_never_lists_more_than_its_credential_has(
        holder in rights(), asked in prop::collection::vec((repository(), action()), 0..5), open: bool,
    ) {
        let text: Vec<_> =
            asked.iter().map(|(name, action)| format!("repository:{name}:{action},pull")).collect();
        let scopes = parse_scopes(text.iter().map(String::as_str)).unwrap();
        let list = reduce(&holder, &registry(open), &scopes);
        for entry in &list.0 {
            for word in &entry.actions {
                let action = Action::from_word(word).unwrap();
                prop_assert!(may(&holder, open, action, &entry.name), "{entry:?}");
            }
        }
        // A token made from that token lists no more than it does.
        let mut child = holder.clone();
        child.ceiling = Some(list.clone());
        let everything = parse_scopes(["repository:a:* repository:a/b:* repository:b:*"]).unwrap();
        for entry in reduce(&child, &registry(true), &everything).0 {
            let name: RepositoryName = entry.name.parse().unwrap();
            for word in &entry.actions {
                prop_assert!(list.lists(Action::from_word(word).unwrap(), Some(&name)));
            }
        }
    }

    #[test]
    fn a_trace_and_a_decision_agree(
        holder in odd_rights(), action in action(), name in repository(), open: bool,
    ) {
        let policy = registry(open);
        let repository: RepositoryName = name.parse().unwrap();
        let place = (action != Action::Catalog).then_some(&repository);
        let explained = explain(&holder, &policy, action, place);
        prop_assert_eq!(&explained.verdict, &decided(&holder, &policy, action, &name));
        // The verdict is what the trace shows: the first rule that gives it, or that none does.
        let given = explained.trace.iter().find(|looked| looked.why_not.is_none());
        match &explained.verdict {
            Ok(rule) => prop_assert_eq!(Some(rule), given.map(|looked| &looked.rule)),
            Err(denial) => {
                let beneath = denial.evidence == Evidence::Near(NearMiss::Ceiling);
                prop_assert_eq!(given.is_some(), beneath, "{:?}", explained);
            }
        }
    }

    #[test]
    fn a_decision_and_a_token_agree(holder in rights(), name in repository(), open: bool) {
        let policy = registry(open);
        let decided = decide::<Push>(&holder, &policy, at(&name)).is_ok();
        let scopes = parse_scopes([format!("repository:{name}:push").as_str()]).unwrap();
        let list = reduce(&holder, &policy, &scopes);
        let rights = TokenRights { principal: &holder.principal, access: &list };
        prop_assert_eq!(decided, decide_by_token::<Push>(rights, &at(&name)).is_some());
    }
}
