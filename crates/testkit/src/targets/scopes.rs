//! What tokens are asked for, and the patterns of scope maps.

use naru_access::{MAX_SCOPES, Pattern, Requested, ScopeKind, parse_scopes};
use naru_oci::RepositoryName;

use super::names::is_name;
use super::text;

pub(super) fn scope(data: &[u8]) {
    let Some(text) = text(data) else { return };
    // As several parameters too, one a line.
    let parameters: Vec<&str> = text.split('\n').collect();
    let Ok(scopes) = parse_scopes(parameters.iter().copied()) else {
        assert!(text.split_ascii_whitespace().count() > MAX_SCOPES, "{text:?}");
        return;
    };
    assert!(scopes.len() <= MAX_SCOPES);
    for (at, scope) in scopes.iter().enumerate() {
        let (kind, name) = (scope.resource.type_name(), scope.resource.name());
        let printed = scope.to_string();
        let plain = |c: char| c.is_ascii_graphic() && !"?~>".contains(c);
        assert!(kind.chars().chain(name.chars()).all(plain), "{text:?}: {printed:?}");
        let others = scopes.iter().skip(at + 1);
        assert!(others.into_iter().all(|other| other.resource != scope.resource), "{text:?}");
        match &scope.resource {
            ScopeKind::Repository(name) => assert!(is_name(name.as_str()), "{text:?}"),
            ScopeKind::Catalog => assert!(!scope.actions.contains(&Requested::All), "{text:?}"),
            ScopeKind::Other { kind, name } => {
                // It is never taken for something that is granted.
                assert!(kind != "repository" || !is_name(name), "{text:?}: {printed:?}");
                assert!(kind != "registry" || name != "catalog", "{text:?}: {printed:?}");
            }
        }
        let again = parse_scopes([&*printed]).expect("one scope");
        let [again] = &*again else { panic!("{text:?}: {printed:?} is {} scopes", again.len()) };
        assert_eq!(again.resource, scope.resource, "{text:?}: {printed:?}");
        assert_eq!(again.to_string(), printed, "{text:?}");
    }
}

pub(super) fn pattern(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let (given, name) = text.split_once('\n').unwrap_or((text, "team/app"));
    let pattern = match given.parse::<Pattern>() {
        Ok(pattern) => pattern,
        Err(error) => {
            let suggested = error.suggestion.map(|suggested| suggested.parse::<Pattern>());
            assert!(suggested.is_none_or(|pattern| pattern.is_ok()), "{given:?}");
            return;
        }
    };
    assert_eq!(pattern.to_string(), given);
    let Ok(name) = name.parse::<RepositoryName>() else { return };
    let expected = match given.strip_suffix('*') {
        Some(prefix) => name.as_str().starts_with(prefix),
        None => name.as_str() == given,
    };
    assert_eq!(pattern.covers(&name), expected, "{given:?} {name}");
}
