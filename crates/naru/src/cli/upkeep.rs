//! `naru gc` and `naru verify`.

use clap::Args;
use naru_server::control::{gc, verify};

use super::Call;
use crate::failure::Failure;
use crate::layout::{COLLECTED, COLLECTION, FAULT, VERIFICATION};
use crate::printer::Report;

/// What goes.
#[derive(Args, Debug)]
pub(crate) struct Gc {
    /// How long something must have been of use to nobody (default: as the server is set, 24h)
    #[arg(long, value_name = "TIME")]
    lease: Option<String>,
    /// Only say what would go
    #[arg(long)]
    dry_run: bool,
}

/// Where it begins.
#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// Go on from where the last one was interrupted
    #[arg(long)]
    resume: bool,
}

static COLLECTION_REPORT: Report =
    Report { items: "collected", item: &COLLECTED, sum: &COLLECTION, good: None };

static VERIFICATION_REPORT: Report =
    Report { items: "faults", item: &FAULT, sum: &VERIFICATION, good: Some(("clean", 1)) };

impl Gc {
    pub(crate) fn into_call(self) -> Result<Call, Failure> {
        let Self { lease, dry_run } = self;
        let request = gc::RunRequest { lease, dry_run };
        Ok(Call::new(("gc", "run"), &request, &COLLECTION)?.with_report(&COLLECTION_REPORT))
    }
}

impl Verify {
    pub(crate) fn into_call(self) -> Result<Call, Failure> {
        let request = verify::RunRequest { resume: self.resume };
        Ok(Call::new(("verify", "run"), &request, &VERIFICATION)?.with_report(&VERIFICATION_REPORT))
    }
}
