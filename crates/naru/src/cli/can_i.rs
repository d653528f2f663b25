//! `naru can-i`.

use std::net::IpAddr;

use clap::Args;
use naru_server::control::Outcome;
use naru_server::control::can_i::AskRequest;

use super::{Call, Context};
use crate::failure::Failure;
use crate::layout::{DECISION, STEP};
use crate::printer::Report;

/// What is asked.
#[derive(Args, Debug)]
pub(crate) struct CanI {
    /// What would be done: pull, push, delete, metadata-read, metadata-write or catalog
    #[arg(value_name = "ACTION")]
    action: String,
    /// In which repository; none for the catalog
    #[arg(value_name = "REPOSITORY")]
    repository: Option<String>,
    /// Who: user:NAME, sp:APP-ID, token:NAME, admin, anonymous, or a login name
    #[arg(long = "as", value_name = "WHO")]
    holder: String,
    /// From which address
    #[arg(long, value_name = "IP")]
    client_ip: Option<IpAddr>,
}

static REPORT: Report = Report {
    items: "trace",
    item: &STEP,
    sum: &DECISION,
    good: Some(("allowed", Outcome::Denied.exit_code())),
};

impl CanI {
    pub(crate) fn into_call(self, context: Context<'_>) -> Result<Call, Failure> {
        let Self { action, repository, holder, client_ip } = self;
        let language = Some(context.words.0.tag().to_owned());
        let request = AskRequest { action, repository, holder, client_ip, language };
        Ok(Call::new(("can-i", "ask"), &request, &DECISION)?.with_report(&REPORT))
    }
}
