//! The story of an event in sentences: who, from where, with what, what was decided on which rule,
//! and what would have had to be different.

use naru_access::PrincipalKind;
use naru_codes::{Cause, Language, Stage, texts};
use naru_store::{Registry, Spread};
use serde::Serialize;

use super::facts::{Account, Facts, Near};

/// The story of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Story {
    /// When it was.
    pub when: String,
    /// How often, where the row stands for several.
    pub times: Option<String>,
    /// At which registry.
    pub registry: String,
    /// Who it was.
    pub who: String,
    /// From where.
    pub from: String,
    /// With which kind of credential.
    pub credential: String,
    /// What was tried.
    pub tried: String,
    /// What was answered.
    pub answer: String,
    /// What was decided, and on which rule or evidence.
    pub decided: String,
    /// What is known of the account at present, where the name was a claim.
    pub account: Option<String>,
    /// What would have had to be different.
    pub needed: Option<String>,
    /// What to do about it, in words.
    pub advice: Option<String>,
}

/// The words of a language.
#[derive(Clone, Copy)]
pub(super) struct Teller {
    pub(super) language: Language,
}

impl Teller {
    /// Tells the story.
    pub(super) fn tell(
        self,
        facts: &Facts<'_>,
        registry: &Registry,
        ordinal: Option<u64>,
    ) -> Story {
        Story {
            when: facts.time.to_string(),
            times: self.times(facts, ordinal),
            registry: self.get(
                "story-registry",
                &[("name", &registry.name), ("login-server", facts.login_server)],
            ),
            who: self.who(facts),
            from: self.from(facts),
            credential: self.get(&format!("credential-kind-{}", facts.credential), &[]),
            tried: self.tried(facts),
            answer: self.answer(facts),
            decided: self.decided(facts),
            account: self.account(facts),
            needed: facts.cause.map(|cause| self.needed(cause, facts)),
            advice: facts.cause.map(|cause| texts().fix(self.language, cause)),
        }
    }

    fn times(self, facts: &Facts<'_>, ordinal: Option<u64>) -> Option<String> {
        let count = facts.tally.count.to_string();
        let (first, last) = (facts.time.to_string(), facts.tally.last_time.to_string());
        let args = [("count", count.as_str()), ("first", &first), ("last", &last)];
        match ordinal {
            _ if facts.tally.count < 2 => None,
            None => Some(self.get("story-times", &args)),
            Some(ordinal) => {
                let ordinal = ordinal.to_string();
                let [count, first, last] = args;
                let args = [count, first, last, ("ordinal", &ordinal)];
                Some(self.get("story-times-ordinal", &args))
            }
        }
    }

    fn who(self, facts: &Facts<'_>) -> String {
        let first = match (facts.kind, facts.identity) {
            (Some(kind), name) => self.principal(kind, name),
            (None, "") => self.get("story-nobody", &[]),
            (None, name) => self.get("story-claimed", &[("name", name)]),
        };
        match (facts.tally.spread, facts.tally.last_identity.as_deref()) {
            (Spread::Principals | Spread::Addresses, Some(last)) if facts.tally.count > 1 => {
                self.get("story-principals", &[("first", &first), ("last", last)])
            }
            _ => first,
        }
    }

    fn principal(self, kind: PrincipalKind, name: &str) -> String {
        self.get(&format!("who-{}", kind.word()), &[("name", name)])
    }

    fn from(self, facts: &Facts<'_>) -> String {
        if facts.address.is_empty() {
            return self.get("story-here", &[]);
        }
        let first = match facts.user_agent {
            "" => self.get("story-address", &[("address", facts.address)]),
            agent => {
                self.get("story-address-agent", &[("address", facts.address), ("agent", agent)])
            }
        };
        match facts.tally.last_caller_ip.as_deref().filter(|_| facts.tally.count > 1) {
            Some(last) => self.get("story-addresses", &[("first", &first), ("last", last)]),
            None => first,
        }
    }

    fn tried(self, facts: &Facts<'_>) -> String {
        match facts.action {
            None => self.get("story-tried", &[("operation", facts.operation)]),
            Some(action) => {
                let action = self.get(&format!("action-{}", action.word().replace('_', "-")), &[]);
                let repository = facts.repository.unwrap_or("*");
                let args = [
                    ("operation", facts.operation),
                    ("action", action.as_str()),
                    ("repository", repository),
                ];
                self.get("story-tried-action", &args)
            }
        }
    }

    fn answer(self, facts: &Facts<'_>) -> String {
        let status = facts.result.to_string();
        match facts.cause {
            None => self.get("story-answer-allowed", &[("status", &status)]),
            Some(cause) => {
                self.get("story-answer-refused", &[("status", &status), ("code", cause.code())])
            }
        }
    }

    fn decided(self, facts: &Facts<'_>) -> String {
        let Some(cause) = facts.cause else {
            return match facts.rule {
                Some(rule) => {
                    let rule = self.rule(rule);
                    self.get("story-allowed-rule", &[("rule", &rule)])
                }
                None => self.get("story-allowed", &[]),
            };
        };
        let title = texts().title(self.language, cause);
        if let Some(rule) = facts.rule.filter(|_| is_past_the_decision(cause)) {
            let rule = self.rule(rule);
            return self.get("story-because-though", &[("title", &title), ("rule", &rule)]);
        }
        let near = match facts.near {
            Near::Ceiling => Some(self.get("near-ceiling", &[])),
            Near::Nothing => {
                let asked = facts.action.is_some() && facts.kind != Some(PrincipalKind::Anonymous);
                asked.then(|| self.get("near-nothing", &[]))
            }
            Near::Roles(roles) => Some(self.get("near-roles", &[("roles", roles)])),
            Near::ScopeMap { map, pattern: Some(pattern), covers } => {
                let id = if covers { "near-rule-without" } else { "near-rule-pattern" };
                Some(self.get(id, &[("map", map), ("pattern", pattern)]))
            }
            Near::ScopeMap { map, pattern: None, .. } => {
                Some(self.get("near-rule-none", &[("map", map)]))
            }
        };
        match near.as_deref().or(facts.detail) {
            Some(detail) => {
                self.get("story-because-detail", &[("title", &title), ("detail", detail)])
            }
            None => self.get("story-because", &[("title", &title)]),
        }
    }

    /// A rule that a grant rests on, in words.
    fn rule(self, rule: &str) -> String {
        let mut parts = rule.splitn(3, ':');
        match (parts.next(), parts.next(), parts.next()) {
            (Some("admin"), ..) => self.get("rule-admin", &[]),
            (Some("anonymous-pull"), ..) => self.get("rule-anonymous-pull", &[]),
            (Some("local-socket"), ..) => self.get("rule-local-socket", &[]),
            (Some("role"), Some(role), _) => self.get("rule-role", &[("role", role)]),
            (Some("scope-map"), Some(map), Some(pattern)) => {
                self.get("rule-scope-map", &[("map", map), ("pattern", pattern)])
            }
            _ => rule.to_owned(),
        }
    }

    fn account(self, facts: &Facts<'_>) -> Option<String> {
        if facts.cause != Some(Cause::CredentialInvalid) || facts.identity.is_empty() {
            return None;
        }
        Some(match (facts.account, facts.nearest) {
            (Some(Account { name, kind, enabled }), _) => {
                let id = if *enabled { "account-enabled" } else { "account-disabled" };
                self.get(id, &[("who", &self.principal(*kind, name))])
            }
            (None, Some(nearest)) => self.get("account-near", &[("name", nearest)]),
            (None, None) => self.get("account-none", &[]),
        })
    }

    /// What would have had to be different.
    fn needed(self, cause: Cause, facts: &Facts<'_>) -> String {
        let own = texts().find(
            self.language,
            &format!("needed-{}", cause.code()),
            &[("address", facts.address)],
        );
        if let Some(own) = own {
            return own;
        }
        let Some(action) = facts.action else { return texts().title(self.language, cause) };
        match facts.near {
            Near::Ceiling => self.get("needed-ceiling", &[]),
            Near::ScopeMap { .. } => {
                let word = action.scope_map_word().unwrap_or("metadata/read");
                let repository = match action.scope_map_word() {
                    Some(_) => facts.repository.unwrap_or("*"),
                    None => "*",
                };
                let args = [("word", word), ("repository", repository)];
                self.get("needed-rule", &args)
            }
            Near::Nothing | Near::Roles(_) => {
                let args = [("action", action.word()), ("role", action.smallest_role())];
                self.get("needed-role", &args)
            }
        }
    }

    fn get(self, id: &str, args: &[(&str, &str)]) -> String {
        texts().get(self.language, id, args)
    }
}

/// Whether it is met by those alone who have the right: what its event names is the rule that
/// gave it, and none that came near.
fn is_past_the_decision(cause: Cause) -> bool {
    matches!(cause.stage(), Stage::Existence | Stage::Lock)
}
