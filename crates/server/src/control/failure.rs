//! Why something was not done, split by who must act, and the words for it.
//!
//! The words are in `locales/*/cli.ftl`; here is which of them a failure is told in.

use std::fmt;

use naru_access::{Denial, Evidence, NetworkRuleError, PatternError, ScopePathError};
use naru_codes::{Cause, Language, texts};
use naru_identity::names::{NameError, NameKind};
use naru_identity::password::{MAX_LENGTH, MIN_LENGTH};
use naru_store::{AdminError, StoreError};

/// Why a use case did not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The server is at fault.
    Broken,
    /// Too many passwords are being hashed just now.
    Busy,
    /// The caller may not.
    Denied(Box<Denial>),
    /// What the caller gave cannot be taken.
    Invalid(Fault),
    /// The signing keys could not be changed, and are what they were.
    Keys(String),
    /// Something in a repository is locked against it.
    Locked {
        /// What kind of thing is locked.
        what: &'static str,
        /// Its name.
        name: String,
        /// The command that lifts the lock.
        lift: String,
    },
    /// The state of things does not allow it, or the store cannot.
    Refused(AdminError),
    /// It runs already, and once at a time is enough.
    Running(Running),
}

/// What runs once at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Running {
    /// Collection.
    Collection,
    /// Verification.
    Verification,
}

/// What is wrong with what was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No action of scope maps.
    Action {
        /// What was given.
        given: String,
    },
    /// Nobody that can be asked about.
    Asker {
        /// What was given.
        given: String,
    },
    /// No IP address.
    Address {
        /// What was given.
        given: String,
    },
    /// Two things that exclude each other, or one that lacks the other.
    Combination(&'static str),
    /// Nothing that can be done to content.
    Deed {
        /// What was given.
        given: String,
    },
    /// No correlation id is in it.
    EventId {
        /// What was given.
        given: String,
    },
    /// An image.
    Image {
        /// What was given.
        given: String,
        /// What was probably meant.
        nearest: Option<String>,
    },
    /// A name.
    Name(NameError),
    /// A network rule.
    NetworkRule(NetworkRuleError),
    /// Nothing to change was given.
    Nothing,
    /// The password is another account's secret.
    PasswordInUse,
    /// A password is too short or too long.
    PasswordLength,
    /// A repository pattern.
    Pattern(PatternError),
    /// No cause has that code.
    Reason {
        /// What was given.
        given: String,
        /// The code that was probably meant.
        nearest: Option<&'static str>,
    },
    /// A repository.
    Repository {
        /// What was given.
        given: String,
        /// What was probably meant.
        nearest: Option<String>,
    },
    /// A request that cannot be read.
    Request(String),
    /// The scope of a role assignment.
    Scope(ScopePathError),
    /// A span of time.
    Span {
        /// What was given.
        given: String,
    },
    /// A token cannot serve as a password that one thinks up.
    TokenAsPassword,
    /// There is no such verb.
    Verb(String),
}

/// What a failure comes to, for exit codes and statuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The caller may not.
    Denied,
    /// It did not work.
    Failed,
    /// What was given cannot be taken.
    Invalid,
    /// It is not there.
    NotFound,
    /// The server cannot at the moment.
    Unavailable,
}

impl Outcome {
    /// The status in an HTTP answer.
    pub const fn status(self) -> u16 {
        match self {
            Self::Denied => 403,
            Self::Failed => 409,
            Self::Invalid => 400,
            Self::NotFound => 404,
            Self::Unavailable => 503,
        }
    }

    /// The exit code of a command.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Failed | Self::Unavailable => 1,
            Self::Invalid => 2,
            Self::NotFound => 3,
            Self::Denied => 4,
        }
    }

    /// What a status stands for.
    pub const fn of_status(status: u16) -> Self {
        match status {
            400 => Self::Invalid,
            403 => Self::Denied,
            404 => Self::NotFound,
            503 => Self::Unavailable,
            _ => Self::Failed,
        }
    }
}

/// An argument of a text.
type Argument = (&'static str, String);

impl Failure {
    /// What it comes to.
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::Broken | Self::Busy | Self::Keys(_) | Self::Refused(AdminError::Store(_)) => {
                Outcome::Unavailable
            }
            Self::Denied(_) | Self::Refused(AdminError::Beyond(_)) => Outcome::Denied,
            Self::Invalid(_) => Outcome::Invalid,
            Self::Refused(AdminError::NotFound { .. }) => Outcome::NotFound,
            Self::Locked { .. }
            | Self::Refused(
                AdminError::Ambiguous { .. }
                | AdminError::Exists { .. }
                | AdminError::InUse { .. }
                | AdminError::Limit(_)
                | AdminError::NameTaken { .. }
                | AdminError::System(_),
            )
            | Self::Running(_) => Outcome::Failed,
        }
    }

    /// Its stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Broken | Self::Busy | Self::Refused(AdminError::Store(_)) => {
                "registry-unavailable"
            }
            Self::Denied(denial) => denial.cause.code(),
            Self::Invalid(_) => "request-invalid",
            Self::Keys(_) => "keys-unchanged",
            Self::Locked { .. } => Cause::RegistryLocked.code(),
            Self::Refused(error) => match error {
                AdminError::Ambiguous { .. } => "ambiguous",
                AdminError::Beyond(_) => "permission-management",
                AdminError::Exists { .. } => "exists",
                AdminError::InUse { .. } => "in-use",
                AdminError::Limit(_) => "limit-reached",
                AdminError::NameTaken { .. } => "name-taken",
                AdminError::NotFound { .. } => "not-found",
                AdminError::Store(_) => "registry-unavailable",
                AdminError::System(_) => "system-scope-map",
            },
            Self::Running(_) => "already-running",
        }
    }

    /// What happened, in words.
    pub fn message(&self, language: Language) -> String {
        let (id, arguments) = match self {
            Self::Broken => ("failure-broken", vec![]),
            Self::Busy => ("failure-busy", vec![]),
            Self::Denied(denial) => denied(language, denial),
            Self::Invalid(fault) => fault.words(),
            Self::Keys(why) => ("failure-keys", vec![("why", why.clone())]),
            Self::Locked { what, name, .. } => ("failure-locked", named(language, what, name)),
            Self::Refused(error) => refused(language, error),
            Self::Running(Running::Collection) => ("failure-running-gc", vec![]),
            Self::Running(Running::Verification) => ("failure-running-verify", vec![]),
        };
        text(language, id, &arguments)
    }

    /// What to do about it, where there is more to say than what happened.
    pub fn hint(&self, language: Language) -> Option<String> {
        let (id, arguments) = match self {
            Self::Denied(denial) => {
                // Where content is meant, the cause says which right of it.
                let content = !denial.wanted.is_empty();
                let cause = if content { denial.cause } else { Cause::PermissionManagement };
                return Some(texts().fix(language, cause));
            }
            Self::Invalid(fault) => fault.hint(),
            Self::Refused(AdminError::InUse { .. }) => Some(("hint-in-use", vec![])),
            Self::Refused(AdminError::NotFound { what: "event", .. }) => {
                Some(("hint-event", vec![]))
            }
            Self::Refused(AdminError::Ambiguous { what: "event", .. }) => {
                Some(("hint-event-id", vec![]))
            }
            Self::Locked { lift, .. } => Some(("hint-locked", vec![("command", lift.clone())])),
            Self::Refused(AdminError::NotFound { what, name }) => {
                let (_, command) = LISTS.iter().find(|(noun, _)| noun == what)?;
                let repository = name.split(['@', ':']).next().unwrap_or_default();
                let command = command.replace("REPOSITORY", repository);
                Some(("hint-list", vec![("command", command)]))
            }
            Self::Refused(AdminError::System(_)) => Some(("hint-system", vec![])),
            Self::Broken | Self::Busy | Self::Keys(_) | Self::Refused(_) | Self::Running(_) => None,
        }?;
        Some(text(language, id, &arguments))
    }
}

/// The command that shows what there is of a kind of thing.
const LISTS: &[(&str, &str)] = &[
    ("client secret", "naru sp credential list"),
    ("manifest", "naru manifest list-metadata REPOSITORY"),
    ("network rule", "naru network-rule list"),
    ("signing key", "naru key list"),
    ("registry", "naru registry list"),
    ("repository", "naru repository list"),
    ("role assignment", "naru role assignment list"),
    ("scope map", "naru scope-map list"),
    ("service principal", "naru sp list"),
    ("tag", "naru repository show-tags --repository REPOSITORY"),
    ("token", "naru token list"),
    ("user", "naru user list"),
];

impl Fault {
    fn words(&self) -> (&'static str, Vec<Argument>) {
        let given = |given: &str| vec![("given", given.to_owned())];
        match self {
            Self::Action { given: action } => ("failure-action", given(action)),
            Self::Asker { given: who } => ("failure-asker", given(who)),
            Self::Address { given: address } => ("failure-address", given(address)),
            Self::Combination(id) => (id, vec![]),
            Self::Deed { given: action } => ("failure-deed", given(action)),
            Self::Image { given: image, .. } => ("failure-image", given(image)),
            Self::EventId { given: id } => ("failure-event-id", given(id)),
            Self::Name(NameError { given: name, kind, .. }) => {
                let id = match kind {
                    NameKind::Registry => "failure-name-registry",
                    NameKind::ScopeMap => "failure-name-scope-map",
                    NameKind::ServicePrincipal => "failure-name-service-principal",
                    NameKind::Token => "failure-name-token",
                    NameKind::User => "failure-name-user",
                };
                (id, given(name))
            }
            Self::NetworkRule(error) => ("failure-network-rule", given(&error.given)),
            Self::Nothing => ("failure-nothing", vec![]),
            Self::PasswordInUse => ("failure-password-in-use", vec![]),
            Self::PasswordLength => {
                let (least, most) = (MIN_LENGTH.to_string(), MAX_LENGTH.to_string());
                ("failure-password-length", vec![("least", least), ("most", most)])
            }
            Self::Pattern(error) => ("failure-pattern", given(&error.given)),
            Self::Reason { given: code, .. } => ("failure-reason", given(code)),
            Self::Repository { given: name, .. } => ("failure-repository", given(name)),
            Self::Request(why) => ("failure-request", vec![("why", why.clone())]),
            Self::Scope(_) => ("failure-scope", vec![]),
            Self::Span { given: span } => ("failure-span", given(span)),
            Self::TokenAsPassword => ("failure-token-as-password", vec![]),
            Self::Verb(verb) => ("failure-verb", given(verb)),
        }
    }

    fn hint(&self) -> Option<(&'static str, Vec<Argument>)> {
        let nearest = |word: &str| Some(("hint-nearest", vec![("word", word.to_owned())]));
        match self {
            Self::Action { given } => {
                let words: Vec<_> = super::scope_map::words().collect();
                let all = || Some(("hint-words", vec![("words", words.join(" "))]));
                super::nearest(given, words.iter().copied()).map_or_else(all, nearest)
            }
            Self::Deed { given } => {
                let all = || Some(("hint-words", vec![("words", super::can_i::WORDS.join(" "))]));
                super::nearest(given, super::can_i::WORDS).map_or_else(all, nearest)
            }
            Self::NetworkRule(error) => error.suggestion.and_then(|net| nearest(&net.to_string())),
            Self::Image { nearest: meant, .. } | Self::Repository { nearest: meant, .. } => {
                meant.as_deref().and_then(nearest)
            }
            Self::Pattern(error) => error.suggestion.as_deref().and_then(nearest),
            Self::Reason { nearest: code, .. } => code.and_then(nearest),
            Self::EventId { .. } => Some(("hint-event-id", vec![])),
            Self::Address { .. }
            | Self::Asker { .. }
            | Self::Combination(_)
            | Self::Name(_)
            | Self::Nothing
            | Self::PasswordInUse
            | Self::PasswordLength
            | Self::Request(_)
            | Self::Scope(_)
            | Self::Span { .. }
            | Self::TokenAsPassword
            | Self::Verb(_) => None,
        }
    }
}

fn denied(language: Language, denial: &Denial) -> (&'static str, Vec<Argument>) {
    let content = || denial.wanted.first().and_then(|wanted| wanted.action.role_actions().first());
    let operation = match denial.evidence {
        Evidence::Operation(operation) => operation,
        _ => content().copied().unwrap_or_else(|| denial.cause.code()),
    };
    let holder = denial.holder.as_ref().map(|holder| {
        let kind = noun(language, &holder.kind.word().replace('-', " "));
        if holder.name.is_empty() { kind } else { format!("{kind} {}", holder.name) }
    });
    let who = holder.unwrap_or_else(|| noun(language, "anonymous caller"));
    ("failure-denied", vec![("who", who), ("operation", operation.to_owned())])
}

fn refused(language: Language, error: &AdminError) -> (&'static str, Vec<Argument>) {
    let named = |what: &str, name: &str| named(language, what, name);
    match error {
        AdminError::Ambiguous { what, name } => ("failure-ambiguous", named(what, name)),
        AdminError::Beyond(scope) => ("failure-beyond", vec![("scope", scope.clone())]),
        AdminError::Exists { what, name } => ("failure-exists", named(what, name)),
        AdminError::InUse { what, name, by } => {
            let mut arguments = named(what, name);
            let by = match by.split_once(" `") {
                Some((kind, rest)) => format!("{} `{rest}", noun(language, kind)),
                None => by.clone(),
            };
            arguments.push(("by", by));
            ("failure-in-use", arguments)
        }
        AdminError::Limit(limit) => ("failure-limit", vec![("limit", (*limit).to_owned())]),
        AdminError::NameTaken { name, by } => {
            let by = by.trim_start_matches("an ").trim_start_matches("a ");
            ("failure-name-taken", named(by, name))
        }
        AdminError::NotFound { what, name } => ("failure-not-found", named(what, name)),
        AdminError::Store(StoreError::Full) => ("failure-full", vec![]),
        AdminError::Store(StoreError::Damaged(why) | StoreError::Unavailable(why)) => {
            ("failure-store", vec![("why", why.clone())])
        }
        AdminError::System(name) => ("failure-system", vec![("name", name.clone())]),
    }
}

/// A thing by its kind and its name, as arguments.
fn named(language: Language, what: &str, name: &str) -> Vec<Argument> {
    vec![("what", noun(language, what)), ("name", name.to_owned())]
}

/// What people call a kind of thing, in their language.
fn noun(language: Language, what: &str) -> String {
    let id = format!("noun-{}", what.replace(' ', "-"));
    texts().find(language, &id, &[]).unwrap_or_else(|| what.to_owned())
}

fn text(language: Language, id: &str, arguments: &[Argument]) -> String {
    let arguments: Vec<_> = arguments.iter().map(|(name, value)| (*name, value.as_str())).collect();
    texts().get(language, id, &arguments)
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message(Language::English))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, arguments) = self.words();
        f.write_str(&text(Language::English, id, &arguments))
    }
}

impl std::error::Error for Failure {}

impl std::error::Error for Fault {}

macro_rules! from {
    ($($source:ty => $target:ident: $wrap:expr;)+) => { $(
        impl From<$source> for $target {
            fn from(error: $source) -> Self {
                $wrap(error)
            }
        }
    )+ };
}

from! {
    AdminError => Failure: Failure::Refused;
    Fault => Failure: Failure::Invalid;
    NameError => Failure: |error| Failure::Invalid(Fault::Name(error));
    NetworkRuleError => Failure: |error| Failure::Invalid(Fault::NetworkRule(error));
    PatternError => Failure: |error| Failure::Invalid(Fault::Pattern(error));
    ScopePathError => Failure: |error| Failure::Invalid(Fault::Scope(error));
    StoreError => Failure: |error| Failure::Refused(AdminError::Store(error));
}
