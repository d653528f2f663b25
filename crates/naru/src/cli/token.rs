//! `naru token` and `naru token credential`.

use clap::{Args, Subcommand, ValueEnum};
use naru_server::control::registry::ShowRequest;
use naru_server::control::scope_map::NameRequest;
use naru_server::control::token::{CreateRequest, Status as TokenStatus, UpdateRequest};
use naru_server::control::token_credential::{DeleteRequest, GenerateRequest};

use super::{Call, Context, Name};
use crate::failure::Failure;
use crate::layout::{CREDENTIAL, DELETED, SHOWN_TOKEN, TOKEN};

const NOUN: &str = "token";
const CREDENTIAL_NOUN: &str = "token-credential";

/// What is done.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Create(Create),
    #[command(subcommand)]
    Credential(CredentialVerb),
    Delete(Name),
    List,
    Show(Name),
    Update(Update),
}

/// What is done to passwords.
#[derive(Debug, Subcommand)]
pub(crate) enum CredentialVerb {
    Delete(Passwords),
    Generate(Generate),
}

/// A token that is to be.
#[derive(Args, Debug)]
pub(crate) struct Create {
    #[command(flatten)]
    name: Name,
    /// A repository or pattern, and what may be done there; may be repeated
    #[arg(long, num_args = 2.., value_names = ["REPOSITORY", "ACTION"], conflicts_with = "scope_map", required_unless_present = "scope_map")]
    repository: Vec<String>,
    /// A scope map that exists
    #[arg(long, value_name = "NAME")]
    scope_map: Option<String>,
    /// Whether it may be used
    #[arg(long)]
    status: Option<Status>,
    /// For how many days its passwords hold (default: for ever)
    #[arg(long, value_name = "DAYS")]
    expiration_in_days: Option<u32>,
    /// Without passwords for now
    #[arg(long)]
    no_passwords: bool,
}

/// What is to change.
#[derive(Args, Debug)]
pub(crate) struct Update {
    #[command(flatten)]
    name: Name,
    /// Whether it may be used
    #[arg(long)]
    status: Option<Status>,
    /// Another scope map
    #[arg(long, value_name = "NAME")]
    scope_map: Option<String>,
}

/// Which passwords.
#[derive(Args, Debug)]
pub(crate) struct Passwords {
    #[command(flatten)]
    name: Name,
    /// The first password
    #[arg(long)]
    password1: bool,
    /// The second password
    #[arg(long)]
    password2: bool,
}

/// Which passwords are made; both, where neither is named.
#[derive(Args, Debug)]
pub(crate) struct Generate {
    #[command(flatten)]
    passwords: Passwords,
    /// For how many days they hold (default: for ever)
    #[arg(long, value_name = "DAYS")]
    expiration_in_days: Option<u32>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Status {
    Disabled,
    Enabled,
}

impl From<Status> for TokenStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Disabled => Self::Disabled,
            Status::Enabled => Self::Enabled,
        }
    }
}

impl Verb {
    pub(crate) fn into_call(self, context: Context<'_>) -> Result<Call, Failure> {
        match self {
            Self::Create(create) => {
                let made = !create.no_passwords;
                let request = CreateRequest {
                    name: create.name.name,
                    scope_map: create.scope_map,
                    repositories: context.rules("repository"),
                    status: create.status.map(Into::into),
                    expiration_in_days: create.expiration_in_days,
                    no_passwords: create.no_passwords,
                };
                let call = Call::new((NOUN, "create"), &request, &TOKEN)?;
                Ok(if made { call.with_note("note-secret") } else { call })
            }
            Self::Credential(verb) => verb.into_call(),
            Self::Delete(Name { name }) => {
                Call::new((NOUN, "delete"), &NameRequest { name }, &DELETED)
            }
            Self::List => Call::new((NOUN, "list"), &ShowRequest {}, &TOKEN),
            Self::Show(Name { name }) => {
                Call::new((NOUN, "show"), &NameRequest { name }, &SHOWN_TOKEN)
            }
            Self::Update(update) => {
                let request = UpdateRequest {
                    name: update.name.name,
                    status: update.status.map(Into::into),
                    scope_map: update.scope_map,
                };
                Call::new((NOUN, "update"), &request, &TOKEN)
            }
        }
    }
}

impl CredentialVerb {
    fn into_call(self) -> Result<Call, Failure> {
        match self {
            Self::Delete(Passwords { name: Name { name }, password1, password2 }) => {
                let request = DeleteRequest { name, password1, password2 };
                Call::new((CREDENTIAL_NOUN, "delete"), &request, &DELETED)
            }
            Self::Generate(Generate { passwords, expiration_in_days }) => {
                let Passwords { name: Name { name }, password1, password2 } = passwords;
                let request = GenerateRequest { name, password1, password2, expiration_in_days };
                let call = Call::new((CREDENTIAL_NOUN, "generate"), &request, &CREDENTIAL)?;
                Ok(call.with_note("note-secret"))
            }
        }
    }
}
