//! What fixes the cause of an event: commands, each a list of arguments, with who may run it.

use naru_access::{Action, PrincipalKind};
use naru_codes::report::{Actor, Applicability, Purpose};
use naru_codes::{Cause, Language, texts};
use naru_store::Registry;
use serde::Serialize;

use super::facts::{Facts, Near};

/// Something that fixes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remedy {
    /// What it is for, by the name of [`Purpose`].
    pub purpose: &'static str,
    /// What it does.
    pub title: String,
    /// Who can do it, by the name of [`Actor`].
    pub actor: &'static str,
    /// The commands.
    pub commands: Vec<Vec<String>>,
    /// Whether it can be run as it stands, by the name of [`Applicability`].
    pub applicability: &'static str,
}

/// A remedy before its title is in a language.
struct Raw {
    purpose: Purpose,
    title: &'static str,
    actor: Actor,
    commands: Vec<Vec<String>>,
    applicability: Applicability,
}

/// The remedies of an event, the likeliest first.
pub(super) fn remedies(facts: &Facts<'_>, registry: &Registry, language: Language) -> Vec<Remedy> {
    let Some(cause) = facts.cause else { return Vec::new() };
    let at = At { facts, registry };
    let title = |raw: Raw| Remedy {
        purpose: raw.purpose.name(),
        title: texts().get(language, raw.title, &[]),
        actor: raw.actor.name(),
        commands: raw.commands,
        applicability: raw.applicability.name(),
    };
    at.raw(cause).into_iter().map(title).collect()
}

/// Where remedies apply.
struct At<'a> {
    facts: &'a Facts<'a>,
    registry: &'a Registry,
}

impl At<'_> {
    fn raw(&self, cause: Cause) -> Vec<Raw> {
        match cause {
            Cause::NetworkIpDenied => {
                let rule = ["network-rule", "add", "--ip-address", self.facts.address];
                vec![self.reviewed("remedy-title-add-network-rule", &[&rule])]
            }
            Cause::NetworkPublicAccessDisabled => {
                let on = ["registry", "update", "--public-network-enabled", "true"];
                vec![self.reviewed("remedy-title-public-network", &[&on])]
            }
            Cause::CredentialAdminDisabled => {
                let on = ["registry", "update", "--admin-enabled", "true"];
                vec![self.reviewed("remedy-title-admin-user", &[&on])]
            }
            Cause::CredentialDisabled => self.enable().into_iter().collect(),
            Cause::CredentialExpiredPassword | Cause::CredentialExpiredSecret => {
                self.new_secret().into_iter().collect()
            }
            Cause::CredentialThrottled => {
                let look =
                    ["events", "login", "--failed", "--since", "1h", "--ip", self.facts.address];
                vec![self.look("remedy-title-look", &[&look])]
            }
            Cause::CredentialInvalid => {
                let look =
                    ["events", "login", "--failed", "--since", "1h", "--ip", self.facts.address];
                let secret = self.new_secret();
                let last = [self.login(), self.look("remedy-title-look", &[&look])];
                secret.into_iter().chain(last).collect()
            }
            Cause::CredentialMissing => {
                let on = ["registry", "update", "--anonymous-pull-enabled", "true"];
                vec![self.login(), self.reviewed("remedy-title-anonymous-pull", &[&on])]
            }
            Cause::CredentialExpiredAccessToken
            | Cause::CredentialExpiredEntra
            | Cause::CredentialMalformed
            | Cause::CredentialRevoked
            | Cause::CredentialUntrustedIssuer
            | Cause::CredentialWrongRegistry
            | Cause::CredentialWrongUsername
            | Cause::PermissionAnonymousWrite => vec![self.login()],
            Cause::CredentialWrongTenant | Cause::NameNotFound => {
                vec![self.look("remedy-title-registry", &[&["registry", "show"]])]
            }
            Cause::RegistryLocked => self.unlock().into_iter().collect(),
            _ => self.permission().into_iter().collect(),
        }
    }

    /// What gives the right that was missing.
    fn permission(&self) -> Option<Raw> {
        let facts = self.facts;
        let cause = facts.cause?;
        let action = facts.action.or(match cause {
            Cause::PermissionNoRole => Some(Action::Pull),
            _ => None,
        })?;
        match (&facts.near, facts.kind) {
            (Near::Ceiling, _) => Some(self.login()),
            (Near::ScopeMap { map, .. }, _) => {
                let (pattern, word) = match action.scope_map_word() {
                    Some(word) => (facts.repository?, word),
                    None => ("*", "metadata/read"),
                };
                let add = ["scope-map", "update", "-n", map, "--add-repository", pattern, word];
                Some(self.reviewed("remedy-title-rule", &[&add]))
            }
            (_, Some(PrincipalKind::ServicePrincipal | PrincipalKind::User)) => {
                let role = action.smallest_role();
                let assign =
                    ["role", "assignment", "create", "--assignee", facts.identity, "--role", role];
                Some(self.reviewed("remedy-title-role", &[&assign]))
            }
            _ => None,
        }
    }

    fn enable(&self) -> Option<Raw> {
        let name = self.facts.identity;
        let enable: &[&str] = match self.facts.kind? {
            PrincipalKind::Token => &["token", "update", "-n", name, "--status", "enabled"],
            PrincipalKind::ServicePrincipal => &["sp", "update", "-n", name, "--enabled", "true"],
            PrincipalKind::User => &["user", "update", "-n", name, "--enabled", "true"],
            PrincipalKind::Admin | PrincipalKind::Anonymous | PrincipalKind::Operator => {
                return None;
            }
        };
        Some(self.reviewed("remedy-title-enable", &[enable]))
    }

    /// A new secret: of whoever it was, or of the account that has the name that was claimed.
    fn new_secret(&self) -> Option<Raw> {
        let (name, kind) = match (self.facts.kind, self.facts.account) {
            (Some(kind), _) => (self.facts.identity, kind),
            (None, Some(account)) => (account.name.as_str(), account.kind),
            (None, None) => return None,
        };
        let make: &[&str] = match kind {
            PrincipalKind::Token => &["token", "credential", "generate", "-n", name, "--password1"],
            PrincipalKind::ServicePrincipal => &["sp", "credential", "reset", "-n", name],
            PrincipalKind::User => &["user", "update", "-n", name, "--password-stdin"],
            PrincipalKind::Admin => &["credential", "show"],
            PrincipalKind::Anonymous | PrincipalKind::Operator => return None,
        };
        Some(self.reviewed("remedy-title-new-secret", &[make]))
    }

    fn unlock(&self) -> Option<Raw> {
        let asked = match (self.facts.repository?, self.facts.reference) {
            (repository, Some(reference)) if reference.contains(':') => {
                format!("{repository}@{reference}")
            }
            (repository, Some(tag)) => format!("{repository}:{tag}"),
            (repository, None) => repository.to_owned(),
        };
        let option = if self.facts.reference.is_some() { "--image" } else { "--repository" };
        // The lock may lie on the repository, or on the manifest that a tag leads to.
        let (option, name) = match self.facts.locked {
            Some(locked) => (locked.option(), locked.name()),
            None => (option, asked),
        };
        let unlock = ["repository", "update", option, &name, "--write-enabled", "true"];
        let delete = ["--delete-enabled", "true", "--read-enabled", "true"];
        let unlock: Vec<&str> = unlock.into_iter().chain(delete).collect();
        Some(self.reviewed("remedy-title-unlock", &[&unlock]))
    }

    fn login(&self) -> Raw {
        let facts = self.facts;
        let name = match (facts.kind, facts.account) {
            (Some(PrincipalKind::Anonymous), _) => None,
            (Some(_), _) => Some(facts.identity),
            (None, account) => account.map(|account| account.name.as_str()).or(facts.nearest),
        };
        // Without a domain the login server is no host that a client knows.
        let host = Some(facts.login_server).filter(|host| host.contains(['.', ':']));
        let command = ["docker", "login", host.unwrap_or("HOST"), "-u", name.unwrap_or("NAME")];
        let guessed = facts.kind.is_none() && facts.account.is_none();
        let applicability = match (name, host) {
            // Who was meant is for them to say.
            (Some(_), Some(_)) if guessed => Applicability::NeedsReview,
            (Some(_), Some(_)) => Applicability::Safe,
            _ => Applicability::HasPlaceholders,
        };
        Raw {
            purpose: Purpose::Fix,
            title: "remedy-title-login",
            actor: Actor::You,
            commands: vec![command.map(str::to_owned).to_vec()],
            applicability,
        }
    }

    fn look(&self, title: &'static str, commands: &[&[&str]]) -> Raw {
        self.naru(Purpose::Look, title, commands)
    }

    /// Whatever changes the server is decided by whoever is responsible for it.
    fn reviewed(&self, title: &'static str, commands: &[&[&str]]) -> Raw {
        self.naru(Purpose::Fix, title, commands)
    }

    fn naru(&self, purpose: Purpose, title: &'static str, commands: &[&[&str]]) -> Raw {
        let registry: &[&str] =
            if self.facts.default_registry { &[] } else { &["--registry", &self.registry.name] };
        let whole = |command: &&[&str]| {
            let words = ["naru"].into_iter().chain(command.iter().copied());
            words.chain(registry.iter().copied()).map(str::to_owned).collect()
        };
        let commands = commands.iter().map(whole).collect();
        let (actor, applicability) = (Actor::RegistryAdmin, Applicability::NeedsReview);
        Raw { purpose, title, actor, commands, applicability }
    }
}
