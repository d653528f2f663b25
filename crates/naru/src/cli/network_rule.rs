//! `naru network-rule`.

use std::net::IpAddr;

use clap::{Args, Subcommand};
use naru_server::control::network_rule::RuleRequest;
use naru_server::control::network_trial::TryRequest;
use naru_server::control::registry::ShowRequest;

use super::Call;
use crate::failure::Failure;
use crate::layout::{NETWORK_RULE, NETWORK_TRIAL, SHUT_OUT};
use crate::printer::Report;

const NOUN: &str = "network-rule";

/// What is done.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Add(Add),
    List,
    Remove(Rule),
}

/// Which rule, and whether it is only tried.
#[derive(Args, Debug)]
pub(crate) struct Add {
    #[command(flatten)]
    rule: Rule,
    /// Only say who of those seen in the last 7 days would be shut out
    #[arg(long)]
    dry_run: bool,
    /// Say whether this address would be let in
    #[arg(long, value_name = "IP", requires = "dry_run")]
    client_ip: Option<IpAddr>,
}

static TRIAL_REPORT: Report =
    Report { items: "shutOut", item: &SHUT_OUT, sum: &NETWORK_TRIAL, good: None };

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
            Self::Add(Add { rule: Rule { ip_address }, dry_run: true, client_ip }) => {
                let request = TryRequest { ip_address, client_ip };
                Ok(Call::new((NOUN, "try"), &request, &NETWORK_TRIAL)?.with_report(&TRIAL_REPORT))
            }
            Self::Add(Add { rule: Rule { ip_address }, .. }) => {
                Call::new((NOUN, "add"), &RuleRequest { ip_address }, &NETWORK_RULE)
            }
            Self::List => Call::new((NOUN, "list"), &ShowRequest {}, &NETWORK_RULE),
            Self::Remove(Rule { ip_address }) => {
                Call::new((NOUN, "remove"), &RuleRequest { ip_address }, &NETWORK_RULE)
            }
        }
    }
}
