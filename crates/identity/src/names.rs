//! Names of registries, tokens, scope maps and users: which are legal, and how they compare.

use std::fmt;

/// The user name that goes with a refresh or access token as password.
pub const NULL_GUID: &str = "00000000-0000-0000-0000-000000000000";

/// What a name is for; each has its own grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameKind {
    /// A registry: `^[a-zA-Z0-9]{5,50}$`, and neither `basic` nor `bearer` in it, since clients look
    /// for these words anywhere in a challenge, where the registry's name stands too.
    Registry,
    /// A scope map: `^[a-zA-Z0-9_-]{5,50}$`.
    ScopeMap,
    /// A service principal's display name: 1 to 120 characters, none of them control characters.
    ServicePrincipal,
    /// A repository token: `^[a-zA-Z0-9-]{5,50}$`.
    Token,
    /// A user: letters, digits and `. _ - + @`, 1 to 113 characters as in Entra.
    User,
}

/// A text is no name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not a {kind} name: {rule}")]
pub struct NameError {
    /// What was given.
    pub given: String,
    /// What it was given for.
    pub kind: NameKind,
    /// What such a name looks like.
    pub rule: &'static str,
}

impl NameKind {
    /// Judges a name.
    pub fn check(self, name: &str) -> Result<(), NameError> {
        let letters =
            |extra: &'static str| move |c: char| c.is_ascii_alphanumeric() || extra.contains(c);
        let (lengths, legal, rule): (_, bool, _) = match self {
            Self::Registry => (
                5..=50,
                name.chars().all(letters("")) && !names_a_scheme(name),
                "5 to 50 letters and digits, and neither `basic` nor `bearer` in it",
            ),
            Self::ScopeMap => {
                (5..=50, name.chars().all(letters("_-")), "5 to 50 letters, digits, `_` and `-`")
            }
            Self::ServicePrincipal => (
                1..=120,
                !name.chars().any(char::is_control),
                "1 to 120 characters, no control characters",
            ),
            Self::Token => {
                (5..=50, name.chars().all(letters("-")), "5 to 50 letters, digits and `-`")
            }
            Self::User => (
                1..=113,
                name.chars().all(letters("._-+@")),
                "1 to 113 letters, digits and `. _ - + @`",
            ),
        };
        if legal && lengths.contains(&name.chars().count()) && name != NULL_GUID {
            Ok(())
        } else {
            Err(NameError { given: name.to_owned(), kind: self, rule })
        }
    }
}

fn names_a_scheme(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("basic") || name.contains("bearer")
}

impl fmt::Display for NameKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Registry => "registry",
            Self::ScopeMap => "scope map",
            Self::ServicePrincipal => "service principal",
            Self::Token => "token",
            Self::User => "user",
        })
    }
}

/// A name as it is compared: login names are one namespace without case.
pub fn login_key(name: &str) -> String {
    name.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_grammar() {
        for (kind, good, bad) in [
            (NameKind::Registry, "registry", "reg-istry"),
            (NameKind::Registry, "abcde", "abcd"),
            (NameKind::Registry, "basis", "myBasicRegistry"),
            (NameKind::Registry, "bears", "forbearers"),
            (NameKind::Token, "ci-build", "ci_build"),
            (NameKind::ScopeMap, "ci_build-map", "ci.build"),
            (NameKind::User, "alice@example.com", "alice smith"),
            (NameKind::User, "a", ""),
            (NameKind::User, "a", "a:b"),
            (NameKind::ServicePrincipal, "deploy to prod", "a\nb"),
            (NameKind::Token, "ci-build", NULL_GUID),
        ] {
            assert_eq!(kind.check(good), Ok(()), "{good}");
            assert!(kind.check(bad).is_err(), "{bad}");
        }
        assert!(NameKind::Token.check(&"a".repeat(51)).is_err());
    }

    #[test]
    fn no_login_name_has_a_character_that_breaks_a_clients_base64() {
        for c in ['?', '~', '>', '\u{7f}', 'é'] {
            let name = format!("alice{c}");
            assert!(NameKind::User.check(&name).is_err() && NameKind::Token.check(&name).is_err());
        }
    }
}
