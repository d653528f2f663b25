//! `naru scope-map`.

use clap::{Args, Subcommand};
use naru_server::control::registry::ShowRequest;
use naru_server::control::scope_map::{CreateRequest, NameRequest, UpdateRequest};

use super::{Call, Context, Name};
use crate::failure::Failure;
use crate::layout::{DELETED, SCOPE_MAP};

const NOUN: &str = "scope-map";

/// What is done.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Create(Create),
    Delete(Name),
    List,
    Show(Name),
    Update(Update),
}

/// A scope map that is to be.
#[derive(Args, Debug)]
pub(crate) struct Create {
    #[command(flatten)]
    name: Name,
    /// A repository or pattern, and what may be done there; may be repeated
    #[arg(long, num_args = 2.., required = true, value_names = ["REPOSITORY", "ACTION"])]
    repository: Vec<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

/// What is to change.
#[derive(Args, Debug)]
pub(crate) struct Update {
    #[command(flatten)]
    name: Name,
    /// A repository or pattern, and what else may be done there; may be repeated
    #[arg(long, num_args = 2.., value_names = ["REPOSITORY", "ACTION"])]
    add_repository: Vec<String>,
    /// A repository or pattern, and what may no longer be done there; may be repeated
    #[arg(long, num_args = 2.., value_names = ["REPOSITORY", "ACTION"])]
    remove_repository: Vec<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

impl Verb {
    pub(crate) fn into_call(self, context: Context<'_>) -> Result<Call, Failure> {
        match self {
            Self::Create(Create { name, description, .. }) => {
                let repositories = context.rules("repository");
                let request = CreateRequest { name: name.name, repositories, description };
                Call::new((NOUN, "create"), &request, &SCOPE_MAP)
            }
            Self::Delete(Name { name }) => {
                Call::new((NOUN, "delete"), &NameRequest { name }, &DELETED)
            }
            Self::List => Call::new((NOUN, "list"), &ShowRequest {}, &SCOPE_MAP),
            Self::Show(Name { name }) => {
                Call::new((NOUN, "show"), &NameRequest { name }, &SCOPE_MAP)
            }
            Self::Update(Update { name, description, .. }) => {
                let request = UpdateRequest {
                    name: name.name,
                    add_repositories: context.rules("add_repository"),
                    remove_repositories: context.rules("remove_repository"),
                    description,
                };
                Call::new((NOUN, "update"), &request, &SCOPE_MAP)
            }
        }
    }
}
