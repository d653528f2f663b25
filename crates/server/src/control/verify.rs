//! Verification: of the whole store, which the registries of a tenant share.

use std::ops::ControlFlow;

use async_trait::async_trait;
use jiff::Timestamp;
use naru_access::operation as op;
use naru_codes::{Language, texts};
use naru_store::upkeep::Observer;
use naru_store::{Concerned, Fault, Progress, Registry};
use serde::{Deserialize, Serialize};

use super::{Caller, Failure, REPORTED, Running, allow, now};
use crate::state::App;

/// Where it is to begin.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunRequest {
    /// Where the last one was interrupted, if it was.
    #[serde(default)]
    pub resume: bool,
}

/// What is wrong, and what to do about it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerificationView {
    /// Whether it came to its end and found no fault.
    pub clean: bool,
    /// Whether it was ended before its end; then `--resume` goes on from there.
    pub interrupted: bool,
    /// When it began, where it went on from where another one was interrupted.
    pub resumed_from: Option<Timestamp>,
    /// How many blobs were read.
    pub blobs: u64,
    /// How many bytes those have.
    pub bytes: u64,
    /// How many manifests were read.
    pub manifests: u64,
    /// How many files were held against rows.
    pub files: u64,
    /// How many faults there are.
    pub fault_count: u64,
    /// How many remarks.
    pub remark_count: u64,
    /// Faults and remarks: the first of them.
    pub faults: Vec<FaultView>,
    /// How many more there are.
    pub more: u64,
}

/// Something that is wrong.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FaultView {
    /// Its code.
    pub code: &'static str,
    /// `fault`, or `remark`.
    pub severity: &'static str,
    /// What it means.
    pub message: String,
    /// What to do.
    pub remedy: String,
    /// Of which blob or manifest.
    pub digest: Option<String>,
    /// The manifest that names it.
    pub manifest: Option<String>,
    /// In which file, below `blobs` in the data directory.
    pub file: Option<String>,
    /// What was found.
    pub detail: Option<String>,
    /// Whom it concerns.
    pub repositories: Vec<Concerned>,
}

/// Verifies.
pub async fn run(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: RunRequest,
) -> Result<VerificationView, Failure> {
    allow::<op::Verify>(caller, registry)?;
    let _turn = app.upkeep.verify().ok_or(Failure::Running(Running::Verification))?;
    let mut listener = Listener { app, caller, found: Vec::new(), more: 0 };
    let maintenance = &app.upkeep.maintenance;
    let sum = app.store.verify(maintenance, request.resume, now(app), &mut listener).await?;
    let Listener { found, more, .. } = listener;
    Ok(VerificationView {
        clean: sum.faults == 0 && !sum.interrupted,
        interrupted: sum.interrupted,
        resumed_from: sum.resumed,
        blobs: sum.blobs,
        bytes: sum.bytes,
        manifests: sum.manifests,
        files: sum.files,
        fault_count: sum.faults,
        remark_count: sum.remarks,
        faults: found,
        more,
    })
}

fn view(fault: Fault, language: Language) -> FaultView {
    let code = fault.kind.code();
    let text = |form: &str| texts().get(language, &format!("{form}-{code}"), &[]);
    FaultView {
        code,
        severity: if fault.kind.is_remark() { "remark" } else { "fault" },
        message: text("fault"),
        remedy: text("remedy"),
        digest: fault.digest.map(|digest| digest.to_string()),
        manifest: fault.manifest.map(|digest| digest.to_string()),
        file: fault.file,
        detail: fault.detail,
        repositories: fault.concerned,
    }
}

struct Listener<'a> {
    app: &'a App,
    caller: &'a Caller,
    found: Vec<FaultView>,
    more: u64,
}

#[async_trait]
impl Observer<Fault> for Listener<'_> {
    async fn progress(&mut self, progress: Progress) -> ControlFlow<()> {
        self.app.upkeep.flow()?;
        self.caller.tell(progress)
    }

    async fn found(&mut self, fault: Fault) {
        if self.found.len() < REPORTED {
            self.found.push(view(fault, self.caller.language));
        } else {
            self.more += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use naru_store::FaultKind;

    #[test]
    fn every_fault_has_its_words_and_what_to_do() {
        for kind in FaultKind::ALL {
            for language in Language::ALL {
                for form in ["fault", "remedy"] {
                    let id = format!("{form}-{}", kind.code());
                    assert!(texts().find(*language, &id, &[]).is_some(), "{id} in {language:?}");
                }
            }
        }
    }
}
