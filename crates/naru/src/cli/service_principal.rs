//! `naru sp` and `naru sp credential`.

use clap::{Args, Subcommand};
use naru_access::CredentialId;
use naru_server::control::Span;
use naru_server::control::registry::ShowRequest;
use naru_server::control::scope_map::NameRequest;
use naru_server::control::service_principal::{
    CreateRequest, DeleteSecretRequest, ResetRequest, UpdateRequest,
};

use super::{Call, Name};
use crate::failure::Failure;
use crate::layout::{CLIENT_SECRET, DELETED, SERVICE_PRINCIPAL, SHOWN_SERVICE_PRINCIPAL};

const NOUN: &str = "sp";
const CREDENTIAL_NOUN: &str = "sp-credential";

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

/// What is done to client secrets.
#[derive(Debug, Subcommand)]
pub(crate) enum CredentialVerb {
    Delete(Delete),
    List(Name),
    Reset(Reset),
}

/// A service principal that is to be.
#[derive(Args, Debug)]
pub(crate) struct Create {
    #[command(flatten)]
    name: Name,
    /// For how long its secret holds, as in 90d (default 365d)
    #[arg(long, value_name = "TIME")]
    expires_in: Option<Span>,
}

/// What is to change.
#[derive(Args, Debug)]
pub(crate) struct Update {
    #[command(flatten)]
    name: Name,
    /// Whether it may log in
    #[arg(long, value_name = "true|false", action = clap::ArgAction::Set)]
    enabled: bool,
}

/// How a new secret is made.
#[derive(Args, Debug)]
pub(crate) struct Reset {
    #[command(flatten)]
    name: Name,
    /// Leave the old secrets alive
    #[arg(long)]
    append: bool,
    /// For how long it holds, as in 90d (default 365d)
    #[arg(long, value_name = "TIME")]
    expires_in: Option<Span>,
}

/// Which secret is deleted.
#[derive(Args, Debug)]
pub(crate) struct Delete {
    #[command(flatten)]
    name: Name,
    /// The secret's id, as `list` shows it
    #[arg(long)]
    key_id: CredentialId,
}

impl Verb {
    pub(crate) fn into_call(self) -> Result<Call, Failure> {
        match self {
            Self::Create(Create { name: Name { name }, expires_in }) => {
                let request = CreateRequest { name, expires_in };
                let call = Call::new((NOUN, "create"), &request, &CLIENT_SECRET)?;
                Ok(call.with_note("note-secret"))
            }
            Self::Credential(verb) => verb.into_call(),
            Self::Delete(Name { name }) => {
                Call::new((NOUN, "delete"), &NameRequest { name }, &DELETED)
            }
            Self::List => Call::new((NOUN, "list"), &ShowRequest {}, &SERVICE_PRINCIPAL),
            Self::Show(Name { name }) => {
                Call::new((NOUN, "show"), &NameRequest { name }, &SHOWN_SERVICE_PRINCIPAL)
            }
            Self::Update(Update { name: Name { name }, enabled }) => {
                Call::new((NOUN, "update"), &UpdateRequest { name, enabled }, &SERVICE_PRINCIPAL)
            }
        }
    }
}

impl CredentialVerb {
    fn into_call(self) -> Result<Call, Failure> {
        match self {
            Self::Delete(Delete { name: Name { name }, key_id }) => {
                let request = DeleteSecretRequest { name, key_id };
                Call::new((CREDENTIAL_NOUN, "delete"), &request, &DELETED)
            }
            Self::List(Name { name }) => {
                Call::new((CREDENTIAL_NOUN, "list"), &NameRequest { name }, &CLIENT_SECRET)
            }
            Self::Reset(Reset { name: Name { name }, append, expires_in }) => {
                let request = ResetRequest { name, append, expires_in };
                let call = Call::new((CREDENTIAL_NOUN, "reset"), &request, &CLIENT_SECRET)?;
                Ok(call.with_note("note-secret"))
            }
        }
    }
}
