//! Why a command did not do what it should, with its words and its exit code.

mod start;

use std::path::PathBuf;

use naru_codes::Language;
use naru_server::StartError;
use naru_server::control::Outcome;

use crate::settings::SettingsError;
use crate::words::Words;
pub(crate) use start::pair;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server's answer cannot be read.
    Answer(String),
    /// Who was asked did not agree.
    Cancelled,
    /// There is no such check.
    Check(String),
    /// This command has no such form of output.
    Form,
    /// No password came on standard input.
    NoPassword,
    /// Something of this machine does not work.
    Machine(std::io::Error),
    /// The server did not do it.
    Refused(Refusal),
    /// The settings.
    Settings(Vec<SettingsError>),
    /// A server does not start.
    Start(StartError),
    /// It takes a yes, and there is nobody to ask.
    Unconfirmed,
    /// No server answers.
    Unreachable {
        /// The socket that was tried.
        socket: PathBuf,
        /// The command that starts one.
        command: String,
    },
    /// Somebody else owns the place where the socket should be.
    Untrusted(PathBuf),
}

/// What the server said.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    /// What it comes to.
    pub(crate) outcome: Outcome,
    /// Its stable code.
    pub(crate) code: String,
    /// What happened.
    pub(crate) message: String,
    /// The id of the request.
    pub(crate) correlation_id: Option<String>,
    /// What to do about it.
    pub(crate) hint: Option<String>,
}

impl Failure {
    /// The exit code.
    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Answer(_)
            | Self::Cancelled
            | Self::Machine(_)
            | Self::Start(_)
            | Self::Untrusted(_) => 1,
            Self::Check(_)
            | Self::Form
            | Self::NoPassword
            | Self::Settings(_)
            | Self::Unconfirmed => 2,
            Self::Refused(refusal) => refusal.outcome.exit_code(),
            Self::Unreachable { .. } => 5,
        }
    }

    /// Its stable code.
    pub(crate) fn code(&self) -> &str {
        match self {
            Self::Answer(_) => "answer-unreadable",
            Self::Cancelled => "cancelled",
            Self::Machine(_) => "machine",
            Self::Check(_) | Self::Form | Self::NoPassword => "request-invalid",
            Self::Refused(refusal) => &refusal.code,
            Self::Settings(_) => "settings-invalid",
            Self::Start(_) => "start-failed",
            Self::Unconfirmed => "unconfirmed",
            Self::Unreachable { .. } => "server-unreachable",
            Self::Untrusted(_) => "socket-untrusted",
        }
    }

    /// The id of the request, where the server saw one.
    pub(crate) fn correlation_id(&self) -> Option<&str> {
        match self {
            Self::Refused(refusal) => refusal.correlation_id.as_deref(),
            _ => None,
        }
    }

    /// What happened.
    pub(crate) fn message(&self, language: Language) -> String {
        let words = Words(language);
        match self {
            Self::Answer(why) => words.get("failure-answer", &[("why", why)]),
            Self::Cancelled => words.get("failure-cancelled", &[]),
            Self::Check(word) => words.get("unknown-check", &[("word", word)]),
            Self::Form => words.get("failure-form", &[]),
            Self::Machine(error) => error.to_string(),
            Self::NoPassword => words.get("failure-no-password", &[]),
            Self::Refused(refusal) => refusal.message.clone(),
            Self::Settings(errors) => {
                let messages = errors.iter().map(|error| error.message(language));
                messages.collect::<Vec<_>>().join("\n")
            }
            Self::Start(error) => start::message(error, language),
            Self::Unconfirmed => words.get("failure-unconfirmed", &[]),
            Self::Unreachable { socket, .. } => {
                words.get("failure-unreachable", &[("socket", &socket.display().to_string())])
            }
            Self::Untrusted(path) => {
                words.get("failure-untrusted", &[("path", &path.display().to_string())])
            }
        }
    }

    /// What to do about it.
    pub(crate) fn hint(&self, language: Language) -> Option<String> {
        let words = Words(language);
        match self {
            Self::Refused(refusal) => refusal.hint.clone(),
            Self::Settings(errors) => errors.iter().find_map(|error| error.hint(language)),
            Self::Start(error) => start::hint(error, language),
            Self::Unconfirmed => Some(words.get("hint-unconfirmed", &[])),
            Self::Unreachable { command, .. } => {
                Some(words.get("hint-unreachable", &[("command", command)]))
            }
            Self::Check(_) => Some(words.get("hint-checks", &[])),
            Self::Answer(_)
            | Self::Cancelled
            | Self::Form
            | Self::Machine(_)
            | Self::NoPassword
            | Self::Untrusted(_) => None,
        }
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self::Settings(vec![error])
    }
}

impl From<Vec<SettingsError>> for Failure {
    fn from(errors: Vec<SettingsError>) -> Self {
        Self::Settings(errors)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Machine(error)
    }
}
