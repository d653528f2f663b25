//! `naru user`.

use clap::{Args, Subcommand};
use naru_server::control::registry::ShowRequest;
use naru_server::control::scope_map::NameRequest;
use naru_server::control::user::{CreateRequest, UpdateRequest};

use super::{Call, Context, Name};
use crate::failure::Failure;
use crate::layout::{DELETED, USER};

const NOUN: &str = "user";

/// What is done.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Create(Create),
    Delete(Name),
    List,
    Show(Name),
    Update(Update),
}

/// A user that is to be.
#[derive(Args, Debug)]
pub(crate) struct Create {
    #[command(flatten)]
    name: Name,
    /// Its password comes on standard input
    #[arg(long)]
    password_stdin: bool,
}

/// What is to change.
#[derive(Args, Debug)]
pub(crate) struct Update {
    #[command(flatten)]
    name: Name,
    /// Whether it may log in
    #[arg(long, value_name = "true|false")]
    enabled: Option<bool>,
    /// Its new password comes on standard input
    #[arg(long)]
    password_stdin: bool,
}

impl Verb {
    pub(crate) fn into_call(self, context: Context<'_>) -> Result<Call, Failure> {
        match self {
            Self::Create(Create { name: Name { name }, password_stdin }) => {
                let password = context.password(password_stdin)?;
                let call = Call::new((NOUN, "create"), &CreateRequest { name, password }, &USER)?;
                Ok(if password_stdin { call } else { call.with_note("note-no-password") })
            }
            Self::Delete(Name { name }) => {
                Call::new((NOUN, "delete"), &NameRequest { name }, &DELETED)
            }
            Self::List => Call::new((NOUN, "list"), &ShowRequest {}, &USER),
            Self::Show(Name { name }) => Call::new((NOUN, "show"), &NameRequest { name }, &USER),
            Self::Update(Update { name: Name { name }, enabled, password_stdin }) => {
                let password = context.password(password_stdin)?;
                let request = UpdateRequest { name, enabled, password };
                Call::new((NOUN, "update"), &request, &USER)
            }
        }
    }
}
