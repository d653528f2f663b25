//! `naru network-rule`.

use clap::{Args, Subcommand};
use naru_server::control::network_rule::RuleRequest;
use naru_server::control::registry::ShowRequest;

use super::Call;
use crate::failure::Failure;
use crate::layout::NETWORK_RULE;

const NOUN: &str = "network-rule";

/// What is done.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Add(Rule),
    List,
    Remove(Rule),
}

/// Which rule.
#[derive(Args, Debug)]
pub(crate) struct Rule {
    /// An IP address, or a range such as 192.0.2.0/24
    #[arg(long, value_name = "ADDRESS")]
    ip_address: String,
}

impl Verb {
    pub(crate) fn into_call(self) -> Result<Call, Failure> {
        match self {
            Self::Add(Rule { ip_address }) => {
                Call::new((NOUN, "add"), &RuleRequest { ip_address }, &NETWORK_RULE)
            }
            Self::List => Call::new((NOUN, "list"), &ShowRequest {}, &NETWORK_RULE),
            Self::Remove(Rule { ip_address }) => {
                Call::new((NOUN, "remove"), &RuleRequest { ip_address }, &NETWORK_RULE)
            }
        }
    }
}
