//! What an event tells, taken apart for its story and its remedies.

use jiff::Timestamp;
use naru_access::{Action, Pattern, PrincipalKind};
use naru_codes::Cause;
use naru_oci::RepositoryName;
use naru_store::{Event, Tally};

use crate::control::content::Named;

/// Somebody who has the name that an event claims, at present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) kind: PrincipalKind,
    pub(super) enabled: bool,
}

/// The rule that came nearest to allowing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Near<'a> {
    /// The access token that served as a password does not list it.
    Ceiling,
    /// None is known.
    Nothing,
    /// Roles that do not include it.
    Roles(&'a str),
    /// A scope map, with the pattern that is most alike, and whether that covers the repository.
    ScopeMap { map: &'a str, pattern: Option<&'a str>, covers: bool },
}

/// What an event tells.
#[derive(Clone, Debug)]
pub(super) struct Facts<'a> {
    pub(super) cause: Option<Cause>,
    pub(super) time: Timestamp,
    pub(super) identity: &'a str,
    /// Who it was; none where the name is a claim.
    pub(super) kind: Option<PrincipalKind>,
    /// Who has that name at present.
    pub(super) account: Option<&'a Account>,
    /// Whose name is most like it, where nobody has it.
    pub(super) nearest: Option<&'a str>,
    /// What is locked at present, of what was asked for.
    pub(super) locked: Option<&'a Named>,
    pub(super) address: &'a str,
    pub(super) user_agent: &'a str,
    pub(super) credential: &'a str,
    pub(super) operation: &'a str,
    pub(super) result: u16,
    pub(super) login_server: &'a str,
    pub(super) repository: Option<&'a str>,
    /// The tag or digest.
    pub(super) reference: Option<&'a str>,
    pub(super) action: Option<Action>,
    pub(super) rule: Option<&'a str>,
    pub(super) near: Near<'a>,
    pub(super) detail: Option<&'a str>,
    pub(super) tally: &'a Tally,
    /// Whether a command that names no registry means this one.
    pub(super) default_registry: bool,
}

impl<'a> Facts<'a> {
    /// The facts of an event.
    pub(super) fn of(
        event: &'a Event,
        (account, nearest, locked): (Option<&'a Account>, Option<&'a str>, Option<&'a Named>),
        default_registry: bool,
    ) -> Self {
        let request = event.request();
        let (operation, result, rule, repository) = match event {
            Event::Login(event) => {
                (&event.operation, event.result, &event.rule, event.repository.as_deref())
            }
            Event::Repository(event) => {
                (&event.operation, event.result, &event.rule, Some(event.repository.as_str()))
            }
        };
        let repository = repository.filter(|repository| !repository.is_empty());
        let (reference, action, detail) = match event {
            Event::Login(event) => (None, event.action.as_deref(), event.detail.as_deref()),
            Event::Repository(event) => {
                (event.tag.as_deref().or(event.digest.as_deref()), None, None)
            }
        };
        Self {
            cause: event.reason(),
            time: request.time,
            identity: &request.identity,
            kind: request.identity_kind,
            account,
            nearest,
            locked,
            address: &request.caller_ip,
            user_agent: &request.user_agent,
            credential: &request.credential,
            operation,
            result,
            login_server: &request.login_server,
            repository,
            reference,
            action: action
                .and_then(|word| Action::ALL.into_iter().find(|action| action.word() == word)),
            rule: rule.as_deref(),
            near: near(rule.as_deref(), repository),
            detail,
            tally: event.tally(),
            default_registry,
        }
    }
}

/// Reads the rule of a refusal.
fn near<'a>(rule: Option<&'a str>, repository: Option<&str>) -> Near<'a> {
    let Some(rule) = rule else { return Near::Nothing };
    if rule == "ceiling" {
        return Near::Ceiling;
    }
    match rule.split_once(':') {
        Some(("role", roles)) => Near::Roles(roles),
        Some(("scope-map", rest)) => {
            let (map, pattern) = rest.split_once(':').unwrap_or((rest, "-"));
            let pattern = Some(pattern).filter(|pattern| *pattern != "-");
            let covers = pattern.is_some_and(|pattern| covers(pattern, repository));
            Near::ScopeMap { map, pattern, covers }
        }
        _ => Near::Nothing,
    }
}

fn covers(pattern: &str, repository: Option<&str>) -> bool {
    let repository = repository.and_then(|name| name.parse::<RepositoryName>().ok());
    let pattern = pattern.parse::<Pattern>().ok();
    pattern.zip(repository).is_some_and(|(pattern, repository)| pattern.covers(&repository))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_rule_is_read_back() {
        let here = Some("team/app");
        assert_eq!(near(None, here), Near::Nothing);
        assert_eq!(near(Some("ceiling"), here), Near::Ceiling);
        assert_eq!(near(Some("role:AcrPull,Reader"), here), Near::Roles("AcrPull,Reader"));
        let map = |pattern, covers| Near::ScopeMap { map: "ci", pattern, covers };
        assert_eq!(near(Some("scope-map:ci:-"), here), map(None, false));
        assert_eq!(near(Some("scope-map:ci:team/*"), here), map(Some("team/*"), true));
        assert_eq!(near(Some("scope-map:ci:other/*"), here), map(Some("other/*"), false));
    }
}
