//! Roles as data: Azure's action strings, and the roles that are built in.

use std::sync::Arc;

use uuid::{Uuid, uuid};

use crate::{Action, ActionSet, AssignmentId, RoleId, ScopePath};

/// A role: action strings with wildcards, and those it leaves out.
#[derive(Clone, Debug)]
pub struct RoleDefinition {
    /// Its id; the built-in roles have Azure's.
    pub id: RoleId,
    /// Its name.
    pub name: String,
    /// What it allows, as in `Microsoft.ContainerRegistry/registries/pull/read` or `*/read`.
    pub actions: Vec<String>,
    /// What it leaves out of `actions`.
    pub not_actions: Vec<String>,
    /// What it allows to repositories' content, in the mode of conditions (ABAC).
    pub data_actions: Vec<String>,
    /// What it leaves out of `data_actions`.
    pub not_data_actions: Vec<String>,
    /// The content actions that follow from `actions` in registry mode.
    content: ActionSet,
}

impl RoleDefinition {
    /// A role from its lists.
    pub fn new(
        id: RoleId,
        name: String,
        actions: Vec<String>,
        not_actions: Vec<String>,
        data_actions: Vec<String>,
        not_data_actions: Vec<String>,
    ) -> Self {
        let content = ActionSet::default();
        let mut role =
            Self { id, name, actions, not_actions, data_actions, not_data_actions, content };
        let held = |action: &Action| action.role_actions().iter().any(|name| role.allows(name));
        role.content = Action::ALL.into_iter().filter(held).collect();
        role
    }

    /// Whether it allows an action string.
    pub fn allows(&self, action: &str) -> bool {
        self.actions.iter().any(|pattern| matches(pattern, action))
            && !self.not_actions.iter().any(|pattern| matches(pattern, action))
    }

    /// What it gives on content in registry mode.
    pub const fn content(&self) -> ActionSet {
        self.content
    }
}

/// Whether an action string falls under a pattern, in which `*` stands for any characters.
/// Compared without case, as Azure does.
fn matches(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_ascii_lowercase(), action.to_ascii_lowercase());
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| action.strip_prefix(first)) else {
        return false;
    };
    let mut pieces = pieces.peekable();
    if pieces.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        match rest.find(piece) {
            Some(at) => rest = rest.get(at + piece.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}

/// A role given to a principal for a scope.
#[derive(Clone, Debug)]
pub struct RoleAssignment {
    /// The assignment's id.
    pub id: AssignmentId,
    /// The role.
    pub role: Arc<RoleDefinition>,
    /// Where it holds.
    pub scope: ScopePath,
    /// A condition on the repository. None is understood in registry mode, so an assignment that
    /// has one gives nothing.
    pub condition: Option<String>,
}

impl RoleAssignment {
    /// Whether it holds for the resource.
    pub fn applies_to(&self, resource: &ScopePath) -> bool {
        self.condition.is_none() && self.scope.covers(resource)
    }
}

/// The roles that exist from the start, with Azure's ids and action strings.
pub fn built_in_roles() -> Vec<RoleDefinition> {
    const PREFIX: &str = "Microsoft.ContainerRegistry/registries/";
    let role = |id: Uuid, name: &str, actions: &[&str], not_actions: &[&str]| {
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        let (actions, not_actions) = (owned(actions), owned(not_actions));
        let (data, not_data) = (Vec::new(), Vec::new());
        RoleDefinition::new(RoleId(id), name.to_owned(), actions, not_actions, data, not_data)
    };
    let (pull, push) = (format!("{PREFIX}pull/read"), format!("{PREFIX}push/write"));
    let delete = format!("{PREFIX}artifacts/delete");
    vec![
        role(uuid!("7f951dda-4ed3-4680-a7ca-43fe172d538d"), "AcrPull", &[&pull], &[]),
        role(uuid!("8311e382-0749-4cb8-b61a-304f252e45ec"), "AcrPush", &[&pull, &push], &[]),
        role(uuid!("c2f4ef07-c644-48eb-af81-4b1b4947fb11"), "AcrDelete", &[&delete], &[]),
        role(uuid!("acdd72a7-3385-48ef-bd42-f606fba81ae7"), "Reader", &["*/read"], &[]),
        role(
            uuid!("b24988ac-6180-42a0-ab88-20f7382dd24c"),
            "Contributor",
            &["*"],
            &[
                "Microsoft.Authorization/*/Delete",
                "Microsoft.Authorization/*/Write",
                "Microsoft.Authorization/elevateAccess/Action",
            ],
        ),
        role(uuid!("8e3af657-a8ff-443c-a75c-2fe8c4bcb635"), "Owner", &["*"], &[]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn patterns_match_as_in_azure() {
        let pull = "Microsoft.ContainerRegistry/registries/pull/read";
        assert!(matches("*", pull));
        assert!(matches("*/read", pull));
        assert!(matches("microsoft.containerregistry/REGISTRIES/pull/read", pull));
        assert!(matches("Microsoft.ContainerRegistry/*/read", pull));
        assert!(!matches("*/write", pull));
        assert!(!matches("Microsoft.ContainerRegistry/registries/pull", pull));
        assert!(!matches("", pull));
        assert!(matches("a*b*c", "a-b-b-c"));
        assert!(!matches("a*b*c", "a-c-b"));
    }

    #[test]
    fn the_built_in_roles_give_what_the_table_says() {
        use Action::{Catalog, Delete, MetadataRead, MetadataWrite, Pull, Push};
        let all = [Pull, Push, Delete, MetadataRead, MetadataWrite, Catalog];
        let expected: [(&str, &[Action]); 6] = [
            ("AcrPull", &[Pull, MetadataRead, Catalog]),
            ("AcrPush", &[Pull, Push, MetadataRead, Catalog]),
            ("AcrDelete", &[Delete]),
            ("Reader", &[Pull, MetadataRead, Catalog]),
            ("Contributor", &all),
            ("Owner", &all),
        ];
        for (role, (name, actions)) in built_in_roles().iter().zip(expected) {
            assert_eq!(role.name, name);
            assert_eq!(role.content(), actions.iter().copied().collect(), "{name}");
        }
    }

    #[test]
    fn contributors_assign_no_roles() {
        let roles = built_in_roles();
        let allows = |name: &str, action: &str| {
            roles.iter().find(|role| role.name == name).unwrap().allows(action)
        };
        let assign = "Microsoft.Authorization/roleAssignments/write";
        assert!(allows("Owner", assign) && !allows("Contributor", assign));
        assert!(allows("Contributor", "Microsoft.Authorization/roleAssignments/read"));
        assert!(!allows("Reader", "Microsoft.ContainerRegistry/registries/tokens/write"));
    }

    proptest! {
        #[test]
        fn a_star_in_front_matches_every_ending(head in "[a-z/.]{0,12}", tail in "[a-z/]{0,6}") {
            let text = format!("{head}{tail}");
            let pattern = format!("*{tail}");
            prop_assert!(matches(&pattern, &text));
        }
    }
}
