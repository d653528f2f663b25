//! Resource paths: what a role assignment's scope is written in.

use std::fmt;
use std::str::FromStr;

/// The path of a resource, `/subscriptions/…/registries/NAME`; `/` is the whole tenant.
///
/// Compared without case, as Azure does; the case it was written in is kept for display.
#[derive(Clone, Debug)]
pub struct ScopePath {
    text: String,
    key: String,
}

/// Why a text is no path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a scope is `/`, or a path such as /subscriptions/ID/resourceGroups/NAME")]
pub struct ScopePathError;

impl ScopePath {
    /// The whole tenant.
    pub fn root() -> Self {
        Self { text: "/".to_owned(), key: "/".to_owned() }
    }

    /// The path as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The path as it is compared.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether a role assigned here holds for `other`: it is the same, or lies below.
    pub fn covers(&self, other: &Self) -> bool {
        if self.key == "/" {
            return true;
        }
        let Some((start, rest)) = other.key.as_bytes().split_at_checked(self.key.len()) else {
            return false;
        };
        // The paths of somebody's many assignments mostly differ in their ends.
        matches!(rest.first(), None | Some(b'/'))
            && start.last() == self.key.as_bytes().last()
            && start == self.key.as_bytes()
    }
}

impl FromStr for ScopePath {
    type Err = ScopePathError;

    fn from_str(text: &str) -> Result<Self, ScopePathError> {
        if text == "/" {
            return Ok(Self::root());
        }
        let segments = text.strip_prefix('/').ok_or(ScopePathError)?;
        let legal = |segment: &str| {
            let allowed = |c: char| c.is_ascii_alphanumeric() || "._-()".contains(c);
            !segment.is_empty() && segment.chars().all(allowed)
        };
        if !segments.split('/').all(legal) {
            return Err(ScopePathError);
        }
        Ok(Self { text: text.to_owned(), key: text.to_ascii_lowercase() })
    }
}

impl fmt::Display for ScopePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for ScopePath {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for ScopePath {}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> ScopePath {
        text.parse().unwrap()
    }

    #[test]
    fn a_path_covers_itself_and_what_lies_below_without_case() {
        let group = path("/subscriptions/1/resourceGroups/naru");
        assert!(group.covers(&path("/Subscriptions/1/resourcegroups/NARU/providers/x")));
        assert!(group.covers(&group));
        assert!(!group.covers(&path("/subscriptions/1/resourceGroups/naru2")));
        assert!(!group.covers(&path("/subscriptions/1")));
        assert!(ScopePath::root().covers(&group));
        assert!(!group.covers(&ScopePath::root()));
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for bad in ["", "a/b", "//", "/a//b", "/a/", "/a b", "/a/../b\0", "/%41"] {
            assert!(bad.parse::<ScopePath>().is_err(), "{bad}");
        }
    }
}
