//! The trace in words: a line for each rule that was looked at.

use std::net::IpAddr;

use naru_access::{Action, Considered, DefaultAction, Nearness, NetworkRules, Principal, WhyNot};
use naru_codes::{Language, texts};
use naru_oci::RepositoryName;
use serde::Serialize;

use super::who::Secret;

/// A rule that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The rule, in the form in which events name it.
    pub rule: String,
    /// What kind of rule.
    pub kind: &'static str,
    /// Whether it applies to what was asked.
    pub matched: bool,
    /// What it then comes to: `allow` or `deny`.
    pub effect: Option<Effect>,
    /// Why it applies, or does not.
    pub why: String,
}

/// What a rule that applies comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// It lets the request go on, or gives the action.
    Allow,
    /// It denies.
    Deny,
}

/// The words of a language.
#[derive(Clone, Copy)]
pub(super) struct Teller(pub(super) Language);

impl Teller {
    fn get(self, id: &str, arguments: &[(&str, &str)]) -> String {
        texts().get(self.0, id, arguments)
    }

    /// The network rules, where they say anything about whoever asks.
    pub(super) fn network(self, network: &NetworkRules, client: Option<IpAddr>) -> Vec<Step> {
        let step = |rule: &str, effect: Option<Effect>, why| Step {
            rule: rule.to_owned(),
            kind: "network-rule",
            matched: effect.is_some(),
            effect,
            why,
        };
        if !network.public_access {
            let why = self.get("can-i-network-off", &[]);
            return vec![step("public-network", Some(Effect::Deny), why)];
        }
        let allows = network.default_action == DefaultAction::Allow;
        let Some(address) = client else {
            // Without an address there is nothing to say, unless only some may speak.
            let why = || self.get("can-i-network-unasked", &[]);
            return (!allows).then(|| step("default-action", None, why())).into_iter().collect();
        };
        let text = address.to_string();
        let address_argument = [("address", text.as_str())];
        if allows {
            let why = self.get("can-i-network-allow", &address_argument);
            return vec![step("default-action", Some(Effect::Allow), why)];
        }
        let rule = |rule: &naru_access::NetworkRule| {
            let covers = rule.covers(address);
            let id = if covers { "can-i-network-covers" } else { "can-i-network-misses" };
            let effect = covers.then_some(Effect::Allow);
            step(&rule.to_string(), effect, self.get(id, &address_argument))
        };
        let mut steps: Vec<_> = network.rules.iter().map(rule).collect();
        if steps.iter().all(|step| !step.matched) {
            let why = self.get("can-i-network-deny", &address_argument);
            steps.push(step("default-action", Some(Effect::Deny), why));
        }
        steps
    }

    /// The account itself.
    pub(super) fn account(self, principal: &Principal, enabled: bool) -> Step {
        let id = if enabled { "can-i-enabled" } else { "can-i-disabled" };
        Step {
            rule: principal.name.clone(),
            kind: "account",
            matched: !enabled,
            effect: (!enabled).then_some(Effect::Deny),
            why: self.get(id, &[]),
        }
    }

    /// A secret of the account.
    pub(super) fn secret(self, secret: &Secret, holds: bool) -> Step {
        let time = secret.expires.map(|time| time.to_string());
        let id = match (holds, &time) {
            (true, None) => "can-i-holds",
            (true, Some(_)) => "can-i-holds-until",
            (false, _) => "can-i-expired",
        };
        Step {
            rule: secret.name.clone(),
            kind: "credential",
            matched: holds,
            effect: holds.then_some(Effect::Allow),
            why: self.get(id, &[("time", time.as_deref().unwrap_or_default())]),
        }
    }

    /// That the account has no secret.
    pub(super) fn no_secret(self, principal: &Principal) -> Step {
        Step {
            rule: principal.name.clone(),
            kind: "credential",
            matched: true,
            effect: Some(Effect::Deny),
            why: self.get("can-i-no-secret", &[]),
        }
    }

    /// A rule that could give the action.
    pub(super) fn rule(
        self,
        considered: &Considered,
        action: Action,
        repository: Option<&RepositoryName>,
    ) -> Step {
        let Considered { rule, why_not } = considered;
        let why = match why_not {
            None => self.get("can-i-gives", &[("action", words(action))]),
            Some(why_not) => self.why_not(why_not, pattern(rule), repository),
        };
        Step {
            rule: rule.to_string(),
            kind: kind(rule),
            matched: why_not.is_none(),
            effect: why_not.is_none().then_some(Effect::Allow),
            why,
        }
    }

    fn why_not(
        self,
        why_not: &WhyNot,
        pattern: &str,
        repository: Option<&RepositoryName>,
    ) -> String {
        let repository = repository.map(RepositoryName::as_str).unwrap_or_default();
        let name = pattern.trim_end_matches("/*");
        let places = [("pattern", pattern), ("repository", repository), ("name", name)];
        match why_not {
            WhyNot::Action { needs } => self.get("can-i-action", &[("needs", needs)]),
            WhyNot::Condition => self.get("can-i-condition", &[]),
            WhyNot::Everything => self.get("can-i-everything", &[]),
            WhyNot::Gives(actions) if actions.is_empty() => self.get("can-i-gives-nothing", &[]),
            WhyNot::Gives(actions) => {
                let gives: Vec<_> = actions.iter().filter_map(Action::scope_map_word).collect();
                self.get("can-i-gives-other", &[("gives", &gives.join(" "))])
            }
            WhyNot::Off => self.get("can-i-off", &[]),
            WhyNot::Pattern(Nearness::Alike) => self.get("can-i-alike", &places),
            WhyNot::Pattern(Nearness::Below) => self.get("can-i-below", &places),
            WhyNot::Pattern(Nearness::Far) => self.get("can-i-far", &places),
            WhyNot::Pattern(Nearness::Itself) => self.get("can-i-itself", &places),
            WhyNot::ReadsAlone => self.get("can-i-reads-alone", &[]),
            WhyNot::Scope(scope) => self.get("can-i-scope", &[("scope", scope.as_str())]),
        }
    }

    /// The lock that the action could meet.
    pub(super) fn lock(
        self,
        repository: Option<&RepositoryName>,
        attribute: &str,
        locked: bool,
    ) -> Step {
        let id = if locked { "can-i-locked" } else { "can-i-unlocked" };
        Step {
            rule: repository.map(ToString::to_string).unwrap_or_default(),
            kind: "lock",
            matched: locked,
            effect: locked.then_some(Effect::Deny),
            why: self.get(id, &[("attribute", attribute)]),
        }
    }
}

/// An action as people name it.
const fn words(action: Action) -> &'static str {
    match action.scope_map_word() {
        Some(word) => word,
        None => "catalog",
    }
}

fn kind(rule: &naru_access::Rule) -> &'static str {
    use naru_access::Rule;
    match rule {
        Rule::Admin => "admin",
        Rule::AnonymousPull => "anonymous-pull",
        Rule::LocalSocket => "local-socket",
        Rule::Recorded(_) => "recorded",
        Rule::Role { .. } => "role-assignment",
        Rule::ScopeMap { .. } => "scope-map-rule",
    }
}

fn pattern(rule: &naru_access::Rule) -> &str {
    match rule {
        naru_access::Rule::ScopeMap { pattern, .. } => pattern,
        _ => "",
    }
}
