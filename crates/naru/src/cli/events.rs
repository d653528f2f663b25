//! `naru events`.

use clap::{Args, Subcommand};
use naru_server::control::events::ListRequest;

use super::Call;
use crate::failure::Failure;
use crate::layout::{LOGIN_EVENT, REPOSITORY_EVENT};

const NOUN: &str = "events";

/// Which table.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Login(Filter),
    Repository(Filter),
}

/// Which events.
#[derive(Args, Debug)]
pub(crate) struct Filter {
    /// Only those that were refused
    #[arg(long)]
    failed: bool,
    /// Only those since then: so long ago, as in 1h, or a time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only those of this identity
    #[arg(long, value_name = "NAME")]
    identity: Option<String>,
    /// Only those from this address
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<String>,
    /// Only those with this reason, as in credential-invalid
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,
    /// At most so many, the latest first (default 50)
    #[arg(long, value_name = "N")]
    top: Option<usize>,
}

impl From<Filter> for ListRequest {
    fn from(Filter { failed, since, identity, ip, reason, top }: Filter) -> Self {
        Self { failed, since, identity, ip, reason, top }
    }
}

impl Verb {
    pub(crate) fn into_call(self) -> Result<Call, Failure> {
        match self {
            Self::Login(filter) => {
                Call::new((NOUN, "login"), &ListRequest::from(filter), &LOGIN_EVENT)
            }
            Self::Repository(filter) => {
                Call::new((NOUN, "repository"), &ListRequest::from(filter), &REPOSITORY_EVENT)
            }
        }
    }
}
