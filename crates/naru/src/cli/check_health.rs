//! `naru check-health`: what is looked at, and how far.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use naru_client::credential::places::Tool;
use naru_doctor::context::Action;

/// What is looked at.
#[derive(Args, Debug)]
pub(crate) struct CheckHealth {
    /// A registry or an image; this machine alone, where none is named
    #[arg(value_name = "HOST | IMAGE")]
    pub(crate) target: Option<String>,
    /// A repository of the registry
    #[arg(long, value_name = "NAME")]
    pub(crate) repository: Option<String>,
    /// What is to be done there: pull, push, delete (default: pull)
    #[arg(long, value_name = "ACTION", value_delimiter = ',')]
    pub(crate) action: Vec<ActionName>,
    /// A user to log in as, in place of the stored login
    #[arg(short, long, value_name = "NAME", requires = "password_stdin")]
    pub(crate) username: Option<String>,
    /// Read that user's password from standard input
    #[arg(long, requires = "username")]
    pub(crate) password_stdin: bool,
    /// The tool whose stored login is meant (default: the first that has one)
    #[arg(long, value_name = "TOOL")]
    pub(crate) tool: Option<ToolName>,
    /// A file with certificate authorities to trust as well
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_cert: Option<PathBuf>,
    /// How long one address may take to answer, in seconds (default: 5)
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(crate) timeout: Option<u64>,
    /// Look at this machine alone, and send nothing
    #[arg(long)]
    pub(crate) offline: bool,
    /// Send no credential
    #[arg(long)]
    pub(crate) without_credentials: bool,
    /// Only this check or category, and what it builds on; may be repeated
    #[arg(long, value_name = "CHECK")]
    pub(crate) only: Vec<String>,
    /// Not this check or category; may be repeated
    #[arg(long, value_name = "CHECK")]
    pub(crate) skip: Vec<String>,
    /// List the checks
    #[arg(long)]
    pub(crate) list: bool,
    /// Exit with 4 where there are warnings alone
    #[arg(long)]
    pub(crate) strict: bool,
    /// Show what each check has seen
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

/// What is to be done with a repository.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ActionName {
    Delete,
    Pull,
    Push,
}

/// A family of tools.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ToolName {
    /// docker, nerdctl, crane, oras.
    Docker,
    /// podman, buildah, skopeo.
    Podman,
}

impl From<ActionName> for Action {
    fn from(name: ActionName) -> Self {
        match name {
            ActionName::Delete => Self::Delete,
            ActionName::Pull => Self::Pull,
            ActionName::Push => Self::Push,
        }
    }
}

impl From<ToolName> for Tool {
    fn from(name: ToolName) -> Self {
        match name {
            ToolName::Docker => Self::Docker,
            ToolName::Podman => Self::Podman,
        }
    }
}
