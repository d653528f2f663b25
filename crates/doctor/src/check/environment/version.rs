//! `docker.version`: the container tool is recent enough.
//!
//! Docker before 18.03 does not keep identity tokens as registries expect; podman before 1.0 is
//! older than anything that is still maintained.

use std::path::Path;
use std::time::Duration;

use naru_client::process::run;
use naru_client::refusal::one_line;
use naru_codes::Cause;
use naru_codes::report::{Category, Certainty, Evidence, EvidenceKind, Reach, Text};

use crate::check::{Check, Done, Identity, LOCAL, Running};
use crate::fact::{Facts, Tools};
use crate::finding::{Place, finding};

pub(crate) static CHECK: Check = Check {
    id: "docker.version",
    category: Category::Environment,
    claim: "check-docker-version",
    needs: &["tools"],
    holds: &[],
    after: &[],
    yields: &[],
    applies: |facts| match versioned(facts) {
        Some(_) => Ok(()),
        None => Err(Text::new("reason-no-tool")),
    },
    codes: &[Cause::DockerCliTooOld, Cause::DockerVersionUnknown],
    reach: Reach::Offline,
    identity: Identity::Nobody,
    budget: LOCAL,
    since: "0.1",
    retired: None,
    run: |_, facts| -> Running { Box::pin(async move { look(&facts).await }) },
};

/// The least version of each tool that is judged.
const LEAST: [(&str, [u32; 2]); 3] = [("docker", [18, 3]), ("podman", [1, 0]), ("nerdctl", [0, 1])];

/// How long a tool may take to say its version.
const PATIENCE: Duration = Duration::from_secs(10);

fn versioned(facts: &Facts) -> Option<(&'static str, &Path, [u32; 2])> {
    let tools = facts.get::<Tools>()?;
    let mut found = tools.found.iter();
    found.find_map(|(name, path)| {
        let (_, least) = LEAST.iter().find(|(known, _)| known == name)?;
        Some((*name, path.as_path(), *least))
    })
}

async fn look(facts: &Facts) -> Done {
    let Some((name, path, least)) = versioned(facts) else { return Done::passed(Vec::new()) };
    let place =
        Place { item: Some(path.display().to_string()), verify: CHECK.id, ..Place::default() };
    let said = run(path, &["--version"], "", PATIENCE).await;
    let said = match said {
        Ok(ended) => one_line(&format!("{} {}", ended.stdout.expose(), ended.stderr)),
        Err(error) => error.to_string(),
    };
    let evidence = Evidence::new(EvidenceKind::Program, format!("{name} --version: {said}"));
    let least_text = format!("{}.{:02}", least[0], least[1]);
    let found = match version(&said) {
        Some(version) if version >= least => return Done::passed(vec![evidence]),
        Some([major, minor]) => {
            let summary = Text::new("found-docker-cli-too-old")
                .with("tool", name)
                .with("version", format!("{major}.{minor:02}"))
                .with("least", &least_text);
            finding(Cause::DockerCliTooOld, Certainty::Proven, name, summary, &place)
        }
        None => {
            let summary = Text::new("found-docker-version-unknown").with("tool", name);
            finding(Cause::DockerVersionUnknown, Certainty::Proven, name, summary, &place)
        }
    };
    Done::found(vec![found.evidence([evidence])], Vec::new())
}

/// The first number with a dot in a text.
fn version(text: &str) -> Option<[u32; 2]> {
    text.split_whitespace().find_map(|word| {
        let word = word.trim_start_matches('v');
        let mut parts = word.split(|c: char| !c.is_ascii_digit());
        Some([parts.next()?.parse().ok()?, parts.next()?.parse().ok()?])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_what_tools_say() {
        assert_eq!(version("Docker version 28.2.2, build e6534b4"), Some([28, 2]));
        assert_eq!(version("Docker version 17.12.1-ce, build 7390fc6"), Some([17, 12]));
        assert_eq!(version("podman version 5.4.2"), Some([5, 4]));
        assert_eq!(version("nerdctl version v2.0.0"), Some([2, 0]));
        assert_eq!(version("no version here"), None);
    }
}
