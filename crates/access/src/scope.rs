//! What a token is asked for: resource scopes (distribution specification, "Token scope").

use std::fmt;

use naru_oci::RepositoryName;

use crate::Action;

/// The most scopes that one token request may name.
pub const MAX_SCOPES: usize = 100;

/// A resource that a scope names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScopeKind {
    /// `registry:catalog`.
    Catalog,
    /// Anything that this registry does not know: answered, and never granted.
    Other {
        /// The type, with its class if it came with one.
        kind: String,
        /// The name.
        name: String,
    },
    /// `repository:NAME`.
    Repository(RepositoryName),
}

impl ScopeKind {
    /// The type as an access token says it.
    pub fn type_name(&self) -> &str {
        match self {
            Self::Catalog => "registry",
            Self::Other { kind, .. } => kind,
            Self::Repository(_) => "repository",
        }
    }

    /// The name as an access token says it.
    pub fn name(&self) -> &str {
        match self {
            Self::Catalog => "catalog",
            Self::Other { name, .. } => name,
            Self::Repository(name) => name.as_str(),
        }
    }
}

/// An action as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requested {
    /// `*`: all that is held.
    All,
    /// One that this registry knows.
    One(Action),
    /// One that it does not know; never granted.
    Unknown,
}

/// One scope: a resource, and the actions asked for on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The resource.
    pub resource: ScopeKind,
    /// The actions, in the order asked, each once.
    pub actions: Vec<Requested>,
}

impl Scope {
    /// Whether the action was asked for, by its word or by `*`.
    pub fn asks(&self, action: Action) -> bool {
        self.actions.iter().any(|asked| match asked {
            Requested::All => true,
            Requested::One(one) => *one == action,
            Requested::Unknown => false,
        })
    }

    /// Reads one scope. Whatever cannot be read names a resource that nothing is granted on.
    fn parse(text: &str) -> Self {
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        // A name may itself hold colons (`host:5000/app`), so the actions stand after the last.
        let (name, actions) = rest.rsplit_once(':').unwrap_or((rest, ""));
        let resource = match (kind, name, name.parse()) {
            ("repository", _, Ok(repository)) => ScopeKind::Repository(repository),
            ("registry", "catalog", _) => ScopeKind::Catalog,
            _ => ScopeKind::Other { kind: plain(kind), name: plain(name) },
        };
        let catalog = resource == ScopeKind::Catalog;
        let read = |word: &str| match (word, Action::from_word(word)) {
            ("*", _) if catalog => Requested::One(Action::Catalog),
            ("*", _) => Requested::All,
            (_, Some(action)) if !catalog => Requested::One(action),
            _ => Requested::Unknown,
        };
        let mut scope = Self { resource, actions: Vec::new() };
        let words = actions.split(',').map(str::trim).filter(|word| !word.is_empty());
        words.map(read).for_each(|asked| scope.ask(asked));
        scope
    }

    fn ask(&mut self, asked: Requested) {
        if !self.actions.contains(&asked) {
            self.actions.push(asked);
        }
    }
}

/// What stays of a text that goes into a token as it came: an SDK reads tokens as standard base64,
/// which ASCII without these three keeps to. What does not stay leaves a mark that no name has, so
/// that the rest never becomes the name of something else.
fn plain(text: &str) -> String {
    let kept = |c: char| c.is_ascii_graphic() && !"?~>".contains(c);
    let marked = |(at, c)| if at < LONGEST && kept(c) { c } else { MARK };
    text.chars().enumerate().map(marked).take(LONGEST + 1).collect()
}

/// How much of a text that is no name is repeated.
const LONGEST: usize = 255;

/// Stands where something was left out.
const MARK: char = '!';

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:", self.resource.type_name(), self.resource.name())?;
        let known = self.actions.iter().filter_map(|asked| match asked {
            Requested::All => Some("*"),
            Requested::One(action) => Some(action.word()),
            Requested::Unknown => None,
        });
        f.write_str(&known.collect::<Vec<_>>().join(","))
    }
}

/// More scopes than may be asked for at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at most {MAX_SCOPES} scopes may be asked for at once")]
pub struct ScopeListError;

/// Reads the `scope` parameters of a request: each may hold several, blank-separated. Doubles are
/// united, in the order of their first mention.
pub fn parse_scopes<'a>(
    parameters: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<Scope>, ScopeListError> {
    let mut scopes: Vec<Scope> = Vec::new();
    let texts = parameters.into_iter().flat_map(str::split_ascii_whitespace);
    for (count, text) in texts.enumerate() {
        if count >= MAX_SCOPES {
            return Err(ScopeListError);
        }
        let scope = Scope::parse(text);
        match scopes.iter_mut().find(|known| known.resource == scope.resource) {
            Some(known) => scope.actions.into_iter().for_each(|asked| known.ask(asked)),
            None => scopes.push(scope),
        }
    }
    Ok(scopes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn printed(parameters: &[&str]) -> Vec<String> {
        let scopes = parse_scopes(parameters.iter().copied()).unwrap();
        scopes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn scopes_come_joined_repeated_and_doubled() {
        let parameters = [
            "repository:team/app:pull repository:team/base:pull",
            "repository:team/app:push,pull",
            "registry:catalog:*",
        ];
        let expected =
            ["repository:team/app:pull,push", "repository:team/base:pull", "registry:catalog:*"];
        assert_eq!(printed(&parameters), expected);
    }

    #[test]
    fn what_is_not_known_is_kept_and_asks_for_nothing() {
        for text in [
            "registry:None:*",
            "repository(plugin):a/b:pull",
            "repository:Team/App:pull",
            "artifact-repository:x:pull",
            "nonsense",
            ":",
            "repository:a/b",
        ] {
            let scope = &parse_scopes([text]).unwrap()[0];
            let other = matches!(scope.resource, ScopeKind::Other { .. });
            assert!(other || scope.actions.is_empty(), "{text}: {scope:?}");
        }
        assert_eq!(printed(&["repository:a/b:pull,deleted_read"]), ["repository:a/b:pull"]);
    }

    #[test]
    fn nothing_goes_into_a_token_that_an_sdk_cannot_read() {
        assert_eq!(printed(&["x?y:a~b>é:pull"]), ["x!y:a!b!!:pull"]);
    }

    /// Seen while the property of the fuzz target `scope` was written: `cata>log` became `catalog`.
    #[test]
    fn what_is_left_out_makes_no_name_of_another() {
        let long = format!("repository:{}:pull", "a".repeat(300));
        for text in ["registry:cata>log:*", "repository:a~b:pull", "re?gistry:catalog:*", &long] {
            let [scope] = &*parse_scopes([text]).unwrap() else { panic!("{text}") };
            assert!(matches!(scope.resource, ScopeKind::Other { .. }));
            assert_eq!(*scope, parse_scopes([&*scope.to_string()]).unwrap()[0], "{text}");
        }
    }

    #[test]
    fn a_star_asks_for_everything_on_a_repository_and_for_the_catalog() {
        let scope = &parse_scopes(["repository:a/b:*"]).unwrap()[0];
        assert!(scope.asks(Action::Delete));
        let catalog = &parse_scopes(["registry:catalog:*"]).unwrap()[0];
        assert_eq!(catalog.actions, [Requested::One(Action::Catalog)]);
    }

    #[test]
    fn more_than_a_hundred_are_refused() {
        let many = "repository:a:pull ".repeat(100);
        assert!(parse_scopes([many.as_str()]).is_ok());
        assert_eq!(parse_scopes([many.as_str(), "x"]), Err(ScopeListError));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text: String) {
            let _ = parse_scopes([text.as_str()]);
        }
    }
}
