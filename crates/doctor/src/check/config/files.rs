//! `config.readable`: the files in which tools keep credentials can be read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use naru_client::credential::file::{CredentialFile, FileError};
use naru_client::credential::places::everywhere;
use naru_client::credential::registries;
use naru_codes::Cause;
use naru_codes::report::{Category, Certainty, Evidence, EvidenceKind, Finding, Reach, Text};

use crate::check::{Check, Done, Identity, LOCAL, Running, always};
use crate::context::Context;
use crate::fact::Files;
use crate::finding::{Place, finding};

pub(crate) static CHECK: Check = Check {
    id: "config.readable",
    category: Category::Config,
    claim: "check-config-readable",
    needs: &[],
    holds: &[],
    after: &[],
    yields: &["files"],
    applies: always,
    codes: &[Cause::DockerConfigInvalid],
    reach: Reach::Offline,
    identity: Identity::Nobody,
    budget: LOCAL,
    since: "0.1",
    retired: None,
    run: |context, _| -> Running { Box::pin(async move { look(&context) }) },
};

fn look(context: &Arc<Context>) -> Done {
    let paths: Vec<PathBuf> = everywhere(&context.surroundings, &context.passwd);
    let files: Vec<CredentialFile> = paths.iter().map(|path| CredentialFile::read(path)).collect();
    let (mut findings, mut evidence) = (Vec::new(), Vec::new());
    let podmans = registries::read(&context.surroundings).unusable;
    findings.extend(podmans.iter().map(|(path, error)| invalid(path, error)));
    for file in &files {
        let path = file.path.display().to_string();
        match &file.content {
            Ok(None) => {}
            Ok(Some(config)) => {
                let keys: Vec<&str> = config.auths.keys().map(String::as_str).collect();
                let helpers = config.cred_helpers.len() + usize::from(config.creds_store.is_some());
                let text = format!("{path}: auths [{}], helpers {helpers}", keys.join(", "));
                evidence.push(Evidence::new(EvidenceKind::File, text));
            }
            Err(error) => findings.push(invalid(&file.path, error)),
        }
    }
    Done::found(findings, evidence).yielding(Files { files })
}

fn invalid(path: &Path, error: &FileError) -> Finding {
    let path = path.display().to_string();
    let summary = Text::new("found-docker-config-invalid").with("file", &path).with("why", error);
    let place = Place { item: Some(path.clone()), verify: CHECK.id, ..Place::default() };
    let piece = Evidence::new(EvidenceKind::File, format!("{path}: {error}"));
    finding(Cause::DockerConfigInvalid, Certainty::Proven, path, summary, &place).evidence([piece])
}
