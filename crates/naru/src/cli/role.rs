//! `naru role assignment`.

use clap::{Args, Subcommand};
use naru_server::control::role_assignment::{CreateRequest, DeleteRequest, ListRequest};

use super::Call;
use crate::failure::Failure;
use crate::layout::ROLE_ASSIGNMENT;

const NOUN: &str = "role-assignment";

/// What it is about.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    #[command(subcommand)]
    Assignment(AssignmentVerb),
}

/// What is done.
#[derive(Debug, Subcommand)]
pub(crate) enum AssignmentVerb {
    Create(Create),
    Delete(Delete),
    List(List),
}

/// A role assignment that is to be.
#[derive(Args, Debug)]
pub(crate) struct Create {
    /// A user, an application id, an object id, or a service principal's name
    #[arg(long)]
    assignee: String,
    /// The role's name or id, as in `AcrPull`
    #[arg(long)]
    role: String,
    /// Where it holds (default: the registry; `/` is the whole tenant)
    #[arg(long)]
    scope: Option<String>,
}

/// Which assignments are listed.
#[derive(Args, Debug)]
pub(crate) struct List {
    /// Of whom
    #[arg(long)]
    assignee: Option<String>,
    /// Which role
    #[arg(long)]
    role: Option<String>,
}

/// Which assignments are taken back.
#[derive(Args, Debug)]
pub(crate) struct Delete {
    /// One, by its id
    #[arg(long, conflicts_with_all = ["assignee", "role", "scope"], required_unless_present = "assignee")]
    id: Option<String>,
    /// From whom
    #[arg(long, requires = "role")]
    assignee: Option<String>,
    /// Which role
    #[arg(long, requires = "assignee")]
    role: Option<String>,
    /// Where it holds (default: the registry)
    #[arg(long, requires = "assignee")]
    scope: Option<String>,
}

impl AssignmentVerb {
    pub(crate) fn into_call(self) -> Result<Call, Failure> {
        match self {
            Self::Create(Create { assignee, role, scope }) => {
                let request = CreateRequest { assignee, role, scope };
                Call::new((NOUN, "create"), &request, &ROLE_ASSIGNMENT)
            }
            Self::Delete(Delete { id, assignee, role, scope }) => {
                let request = DeleteRequest { id, assignee, role, scope };
                Call::new((NOUN, "delete"), &request, &ROLE_ASSIGNMENT)
            }
            Self::List(List { assignee, role }) => {
                Call::new((NOUN, "list"), &ListRequest { assignee, role }, &ROLE_ASSIGNMENT)
            }
        }
    }
}
