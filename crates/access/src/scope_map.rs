//! Scope maps: what a repository token may do, by repository patterns.

use std::fmt;
use std::str::FromStr;

use naru_oci::RepositoryName;

use crate::{Action, ActionSet};

/// Which repositories a rule covers: one name, everything below a prefix, or all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pattern {
    /// `*`: every repository, also those that do not exist yet.
    All,
    /// `team/*`: every repository below, at any depth; not `team` itself.
    Below(RepositoryName),
    /// `team/app`: that repository.
    Exactly(RepositoryName),
}

/// A text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{given}` is not a repository pattern: a name, a name that ends in /*, or *{}",
    suggestion.as_deref().map(|legal| format!("; the nearest legal form is `{legal}`")).unwrap_or_default()
)]
pub struct PatternError {
    /// What was given.
    pub given: String,
    /// The nearest form that is legal.
    pub suggestion: Option<String>,
}

impl Pattern {
    fn read(text: &str) -> Option<Self> {
        match (text, text.strip_suffix("/*")) {
            ("*", _) => Some(Self::All),
            (_, Some(prefix)) => prefix.parse().ok().map(Self::Below),
            (_, None) => text.parse().ok().map(Self::Exactly),
        }
    }

    /// Whether it covers the repository.
    pub fn covers(&self, repository: &RepositoryName) -> bool {
        match self {
            Self::All => true,
            Self::Below(prefix) => repository
                .as_str()
                .strip_prefix(prefix.as_str())
                .is_some_and(|rest| rest.starts_with('/')),
            Self::Exactly(name) => name == repository,
        }
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        Self::read(text)
            .ok_or_else(|| PatternError { given: text.to_owned(), suggestion: nearest(text) })
    }
}

/// The nearest legal pattern: lower case, and cut at the first wildcard.
fn nearest(text: &str) -> Option<String> {
    let text = text.trim().trim_matches('/').to_ascii_lowercase();
    let legal = match text.split_once('*') {
        Some((prefix, _)) => {
            let prefix = prefix.trim_end_matches(['/', '.', '_', '-']);
            if prefix.is_empty() { "*".to_owned() } else { format!("{prefix}/*") }
        }
        None => text,
    };
    Pattern::read(&legal).map(|pattern| pattern.to_string())
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Below(prefix) => write!(f, "{prefix}/*"),
            Self::Exactly(name) => name.fmt(f),
        }
    }
}

/// One rule: some actions on the repositories of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeMapRule {
    /// Which repositories.
    pub pattern: Pattern,
    /// Which actions.
    pub actions: ActionSet,
}

/// A scope map. Its rules add up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeMap {
    /// Its name.
    pub name: String,
    /// Its rules.
    pub rules: Vec<ScopeMapRule>,
}

impl ScopeMap {
    /// All that the map gives on a repository.
    pub fn actions_on(&self, repository: &RepositoryName) -> ActionSet {
        let covering = self.rules.iter().filter(|rule| rule.pattern.covers(repository));
        covering.flat_map(|rule| rule.actions.iter()).collect()
    }

    /// The rule whose pattern is most like the repository's name, of those that do not cover it.
    pub fn nearest_rule(&self, repository: &RepositoryName) -> Option<&ScopeMapRule> {
        let alike = |pattern: &Pattern| match pattern {
            Pattern::All => 0,
            Pattern::Below(name) | Pattern::Exactly(name) => {
                let pairs = name.as_str().bytes().zip(repository.as_str().bytes());
                pairs.take_while(|(a, b)| a == b).count()
            }
        };
        let others = self.rules.iter().filter(|rule| !rule.pattern.covers(repository));
        others.max_by_key(|rule| alike(&rule.pattern)).filter(|rule| alike(&rule.pattern) > 0)
    }
}

/// A scope map that every registry has, and nobody edits.
pub struct SystemMap {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// What it gives on every repository.
    pub actions: &'static [Action],
}

/// The five system maps, as in Azure.
pub fn system_maps() -> &'static [SystemMap] {
    use Action::{Delete, MetadataRead, MetadataWrite, Pull, Push};
    const MAPS: &[SystemMap] = &[
        SystemMap {
            name: "_repositories_admin",
            description: "Can perform all read, write and delete operations on the registry",
            actions: &[MetadataRead, MetadataWrite, Pull, Push, Delete],
        },
        SystemMap {
            name: "_repositories_pull",
            description: "Can pull any repository of the registry",
            actions: &[Pull],
        },
        SystemMap {
            name: "_repositories_pull_metadata_read",
            description: "Can perform all read operations on the registry",
            actions: &[Pull, MetadataRead],
        },
        SystemMap {
            name: "_repositories_push",
            description: "Can push to any repository of the registry",
            actions: &[Pull, Push],
        },
        SystemMap {
            name: "_repositories_push_metadata_write",
            description: "Can perform all read and write operations on the registry",
            actions: &[MetadataRead, MetadataWrite, Pull, Push],
        },
    ];
    MAPS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> RepositoryName {
        text.parse().unwrap()
    }

    #[test]
    fn a_pattern_covers_what_it_says() {
        let below: Pattern = "team/*".parse().unwrap();
        assert!(below.covers(&name("team/app")) && below.covers(&name("team/a/b")));
        assert!(!below.covers(&name("team")) && !below.covers(&name("teams/app")));
        assert!(Pattern::All.covers(&name("anything/at/all")));
        let exact: Pattern = "team/app".parse().unwrap();
        assert!(exact.covers(&name("team/app")) && !exact.covers(&name("team/app/x")));
    }

    #[test]
    fn other_wildcards_are_refused_with_the_nearest_legal_form() {
        for (given, suggestion) in [
            ("sample/*/teamA", Some("sample/*")),
            ("sample/teamA*", Some("sample/teama/*")),
            ("team*", Some("team/*")),
            ("**", Some("*")),
            ("/*", Some("*")),
            ("Team/App", Some("team/app")),
            ("team/", Some("team")),
            ("", None),
            ("?", None),
        ] {
            let error = given.parse::<Pattern>().unwrap_err();
            assert_eq!(error.suggestion.as_deref(), suggestion, "{given}");
            assert!(error.to_string().contains(given));
        }
    }

    #[test]
    fn the_nearest_rule_is_the_one_most_alike() {
        let rule = |pattern: &str| ScopeMapRule {
            pattern: pattern.parse().unwrap(),
            actions: ActionSet::default().with(Action::Pull),
        };
        let rules = vec![rule("other"), rule("team/*"), rule("tea")];
        let map = ScopeMap { name: "m".to_owned(), rules };
        assert_eq!(map.nearest_rule(&name("team")).unwrap().pattern.to_string(), "team/*");
        assert_eq!(map.nearest_rule(&name("zzz")), None);
    }
}
