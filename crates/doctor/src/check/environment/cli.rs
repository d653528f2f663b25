//! `docker.cli`: a container tool is installed.

use std::sync::Arc;

use naru_client::process::find;
use naru_codes::Cause;
use naru_codes::report::{Category, Certainty, Evidence, EvidenceKind, Reach, Text};

use crate::check::{Check, Done, Identity, LOCAL, Running, always};
use crate::context::Context;
use crate::fact::Tools;
use crate::finding::{Place, finding};

pub(crate) static CHECK: Check = Check {
    id: "docker.cli",
    category: Category::Environment,
    claim: "check-docker-cli",
    needs: &[],
    holds: &[],
    after: &[],
    yields: &["tools"],
    applies: always,
    codes: &[Cause::DockerCliMissing],
    reach: Reach::Offline,
    identity: Identity::Nobody,
    budget: LOCAL,
    since: "0.1",
    retired: None,
    run: |context, _| -> Running { Box::pin(async move { look(&context) }) },
};

/// The tools that log in to registries, the best known first.
const TOOLS: [&str; 6] = ["docker", "podman", "nerdctl", "buildah", "skopeo", "crane"];

fn look(context: &Arc<Context>) -> Done {
    let surroundings = &context.surroundings;
    let found: Vec<_> =
        TOOLS.into_iter().filter_map(|name| Some((name, find(surroundings, name)?))).collect();
    let evidence = found
        .iter()
        .map(|(_, path)| Evidence::new(EvidenceKind::File, path.display().to_string()))
        .collect();
    let mut findings = Vec::new();
    if found.is_empty() {
        let place = Place { verify: CHECK.id, ..Place::default() };
        let summary = Text::new("found-docker-cli-missing").with("tools", TOOLS.join(", "));
        let path = surroundings.variable("PATH").unwrap_or_default();
        let searched = Evidence::new(EvidenceKind::Program, format!("PATH={path}"));
        findings.push(
            finding(Cause::DockerCliMissing, Certainty::Proven, "PATH", summary, &place)
                .evidence([searched]),
        );
    }
    Done::found(findings, evidence).yielding(Tools { found })
}
