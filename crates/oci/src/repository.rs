//! Repository names (OCI distribution specification, "Pulling manifests").

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Names longer than this are refused, as Azure and docker refuse them.
const MAX_LENGTH: usize = 255;

/// Why a text is not a repository name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RepositoryNameError {
    /// More than 255 characters.
    #[error("a repository name has at most 255 characters")]
    Length,
    /// Outside the grammar.
    #[error(
        "a repository name has lower-case letters, digits and single separators (. _ __ - /), \
         and starts and ends with a letter or digit"
    )]
    Grammar,
}

/// The name of a repository: `team/app`. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepositoryName(Arc<str>);

impl RepositoryName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RepositoryName {
    type Err = RepositoryNameError;

    fn from_str(name: &str) -> Result<Self, RepositoryNameError> {
        if name.len() > MAX_LENGTH {
            return Err(RepositoryNameError::Length);
        }
        if name.split('/').all(is_component) {
            Ok(Self(name.into()))
        } else {
            Err(RepositoryNameError::Grammar)
        }
    }
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_component(component: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let mut rest = component;
    loop {
        let after = rest.trim_start_matches(alphanumeric);
        if after.len() == rest.len() {
            return false;
        }
        if after.is_empty() {
            return true;
        }
        let next = after.trim_start_matches(['.', '_', '-']);
        let separator = after.strip_suffix(next).unwrap_or_default();
        let dashes = separator.chars().all(|c| c == '-');
        if !(dashes || matches!(separator, "." | "_" | "__")) {
            return false;
        }
        rest = next;
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for RepositoryName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_grammar_of_the_specification_holds() {
        for good in ["a", "team/app", "a.b", "a_b", "a__b", "a---b", "0/1/2", "a-b/c.d/e__f"] {
            assert!(good.parse::<RepositoryName>().is_ok(), "{good}");
        }
        for bad in [
            "", "/", "a/", "/a", "a//b", "A", "team/App", "a..b", "a___b", "a._b", "-a", "a-", ".",
            "..", "a/../b", "a b", "a%2fb", "a:b", "ä", "a\0", "_catalog", "a@b",
        ] {
            assert_eq!(bad.parse::<RepositoryName>(), Err(RepositoryNameError::Grammar), "{bad}");
        }
    }

    #[test]
    fn names_end_at_255_characters() {
        assert!("a".repeat(255).parse::<RepositoryName>().is_ok());
        let long = "a".repeat(256).parse::<RepositoryName>();
        assert_eq!(long, Err(RepositoryNameError::Length));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text: String) {
            let _ = text.parse::<RepositoryName>();
        }

        #[test]
        fn a_legal_name_stays_legal_below_another(
            a in "[a-z0-9]{1,8}([._-][a-z0-9]{1,4}){0,2}",
            b in "[a-z0-9]{1,8}(__[a-z0-9]{1,4}){0,2}",
        ) {
            let path = format!("{a}/{b}");
            let name = path.parse::<RepositoryName>().unwrap();
            prop_assert_eq!(name.as_str(), path);
        }
    }
}
