//! The access list of an access token: what it may do, as its `access` claim says it.

use naru_oci::RepositoryName;
use serde::{Deserialize, Serialize};

use crate::{Action, Rule, ScopeKind};

/// One entry of an access list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessEntry {
    /// `repository` or `registry` (or whatever was asked for).
    #[serde(rename = "type")]
    pub kind: String,
    /// The repository, or `catalog`.
    pub name: String,
    /// What is granted, in the order asked; empty where nothing is.
    pub actions: Vec<String>,
    /// What was asked for, where less is granted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<String>,
    /// The rules that the actions rest on, in the same order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
}

/// What an access token lists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccessList(pub Vec<AccessEntry>);

impl AccessList {
    /// The rule recorded for an action, where the list has it. Without a repository, the place is
    /// the registry's catalog.
    pub fn rule_for(&self, action: Action, repository: Option<&RepositoryName>) -> Option<Rule> {
        self.entries(repository).find_map(|entry| {
            let at = entry.actions.iter().position(|word| word == action.word())?;
            let recorded = entry.rules.get(at).cloned().unwrap_or_default();
            Some(Rule::Recorded(recorded))
        })
    }

    /// Whether the list has the action.
    pub fn lists(&self, action: Action, repository: Option<&RepositoryName>) -> bool {
        let word = action.word();
        self.entries(repository).any(|entry| entry.actions.iter().any(|listed| listed == word))
    }

    /// Whether the action was asked for when the token was fetched, granted or not.
    pub fn was_asked(&self, action: Action, repository: Option<&RepositoryName>) -> bool {
        let word = action.word();
        self.entries(repository)
            .any(|entry| entry.actions.iter().chain(&entry.asked).any(|asked| asked == word))
    }

    fn entries(&self, repository: Option<&RepositoryName>) -> impl Iterator<Item = &AccessEntry> {
        let (kind, name) = match repository {
            Some(repository) => ("repository", repository.as_str()),
            None => (ScopeKind::Catalog.type_name(), "catalog"),
        };
        self.0.iter().filter(move |entry| entry.kind == kind && entry.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_claim_has_the_shape_that_clients_read() {
        let text = r#"[{"type":"repository","name":"team/app","actions":["pull"]}]"#;
        let list: AccessList = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&list).unwrap(), text);
        let app = "team/app".parse().unwrap();
        assert!(list.lists(Action::Pull, Some(&app)));
        assert!(!list.lists(Action::Push, Some(&app)));
        assert!(!list.lists(Action::Catalog, None));
        assert!(!list.lists(Action::Pull, Some(&"team".parse().unwrap())));
    }

    #[test]
    fn a_reduced_entry_keeps_what_was_asked() {
        let text = r#"[{"type":"repository","name":"a","actions":["pull"],"asked":["pull","push"],
                        "rules":["role:AcrPull:1"]}]"#;
        let list: AccessList = serde_json::from_str(text).unwrap();
        let a = "a".parse().unwrap();
        assert!(list.was_asked(Action::Push, Some(&a)) && !list.lists(Action::Push, Some(&a)));
        let rule = list.rule_for(Action::Pull, Some(&a)).unwrap();
        assert_eq!(rule.to_string(), "role:AcrPull:1");
    }
}
