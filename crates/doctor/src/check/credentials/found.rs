//! `credential.found`: which file and helper wins for this host, by which tool.
//!
//! That there is none is no fault by itself: the registry may ask for none. Only what stands in
//! the way of a credential that is there is one.

use std::sync::Arc;

use naru_client::credential::file::{Config, CredentialFile, Entry, Malformed};
use naru_client::credential::helper::HelperError;
use naru_client::credential::places::{Tool, files};
use naru_client::credential::{Found, Kind, Lookup, Origin, Stored, look_up};
use naru_codes::Cause;
use naru_codes::report::{
    Category, Certainty, Evidence, EvidenceKind, Finding, Reach, Severity, Text,
};

use crate::check::{Check, Done, Identity, LOCAL, Running, always};
use crate::context::Context;
use crate::fact::{Chosen, Credential, Facts, Files, Target, Tools};
use crate::finding::{Place, finding};

pub(crate) static CHECK: Check = Check {
    id: "credential.found",
    category: Category::Credentials,
    claim: "check-credential-found",
    needs: &["target", "files"],
    holds: &[],
    after: &["tools"],
    yields: &["credential"],
    applies: always,
    codes: &[
        Cause::CredentialMalformed,
        Cause::DockerConfigWrongFile,
        Cause::DockerHelperFailed,
        Cause::DockerHelperMissing,
        Cause::NamePortMismatch,
    ],
    reach: Reach::Offline,
    identity: Identity::User,
    budget: LOCAL,
    since: "0.1",
    retired: None,
    run: |context, facts| -> Running { Box::pin(async move { look(&context, &facts).await }) },
};

async fn look(context: &Arc<Context>, facts: &Facts) -> Done {
    let (Some(target), Some(read)) = (facts.get::<Target>(), facts.get::<Files>()) else {
        return Done::passed(Vec::new());
    };
    if let Some((name, secret)) = &context.asked.login {
        let stored =
            Stored { username: name.clone(), secret: secret.clone(), kind: Kind::Password };
        let evidence = Evidence::new(EvidenceKind::Program, format!("given: user {name}"));
        let chosen = Some(Chosen { stored, tool: None, origin: None });
        return Done::passed(vec![evidence]).yielding(Credential { chosen });
    }
    let mut lookups = Vec::new();
    for tool in order(context, facts) {
        let surroundings = &context.surroundings;
        let repository = target.repository.as_deref();
        lookups.push(look_up(tool, surroundings, &read.files, &target.server, repository).await);
    }
    // The first tool that has any; where none has one, the first that stumbles.
    let fits = |lookup: &&Lookup| matches!(lookup.found, Found::Credential { .. });
    let stumbles = |lookup: &&Lookup| !matches!(lookup.found, Found::Nothing);
    let winner = lookups.iter().find(fits).or_else(|| lookups.iter().find(stumbles));
    let evidence: Vec<Evidence> = lookups.iter().map(described).collect();
    let host = target.server.to_string();
    let mut place = Place { host, verify: CHECK.id, ..Place::default() };
    place.tool = lookups.first().map(|lookup| lookup.tool.command());
    let chosen = match winner.map(|lookup| (&lookup.found, lookup.tool)) {
        Some((Found::Credential { stored, origin }, tool)) => {
            Some(Chosen { stored: stored.clone(), tool: Some(tool), origin: Some(origin.clone()) })
        }
        Some((Found::Malformed { fault, origin }, _)) => {
            let summary = Text::new(match fault {
                Malformed::NotBase64 => "found-entry-not-base64",
                Malformed::NoColon => "found-entry-no-colon",
                Malformed::Empty => "found-entry-empty",
            });
            let summary = summary.with("place", shown(origin));
            let found = finding(
                Cause::CredentialMalformed,
                Certainty::Proven,
                shown(origin),
                summary,
                &place,
            );
            return Done::found(vec![found.evidence(evidence)], Vec::new());
        }
        Some((Found::Helper { error, origin }, _)) => {
            let found = helper(error, origin, &place).evidence(evidence);
            return Done::found(vec![found], Vec::new());
        }
        Some((Found::Nothing, _)) | None => None,
    };
    let mut findings = Vec::new();
    if chosen.is_none() {
        findings.extend(elsewhere(context, target, read, &lookups, &place));
        findings.extend(near(target, read, &lookups, &place));
    }
    // Where nobody asks for a credential, none is missing: how bad it is shows later.
    let lowered = |found: Finding| found.at_most(Severity::Warning).evidence(evidence.clone());
    let findings = findings.into_iter().map(lowered).collect();
    Done::found(findings, evidence).yielding(Credential { chosen })
}

/// The tools whose files are looked at: the one that was named, else those that are installed, and
/// then the others, since their files may be here all the same.
fn order(context: &Context, facts: &Facts) -> Vec<Tool> {
    if let Some(tool) = context.asked.tool {
        return vec![tool];
    }
    let podmans = ["podman", "buildah", "skopeo"];
    let installed = |tool: &Tool| {
        facts.get::<Tools>().is_some_and(|tools| {
            tools.found.iter().any(|(name, _)| match tool {
                Tool::Docker => !podmans.contains(name),
                Tool::Podman => podmans.contains(name),
            })
        })
    };
    let (mut first, rest): (Vec<_>, Vec<_>) = Tool::ALL.into_iter().partition(installed);
    first.extend(rest);
    first
}

fn described(lookup: &Lookup) -> Evidence {
    let (tool, searched) = (lookup.tool, &lookup.searched);
    let found = match &lookup.found {
        Found::Credential { stored, origin } => {
            let kind = match stored.kind {
                Kind::IdentityToken => "identity token",
                Kind::Password => "password",
                Kind::RegistryToken => "registry token",
            };
            format!("{} ({kind}), user {}", shown(origin), stored.username)
        }
        Found::Malformed { origin, .. } | Found::Helper { origin, .. } => shown(origin),
        Found::Nothing => {
            let files: Vec<_> = searched.iter().map(|path| path.display().to_string()).collect();
            format!("nothing in {}", files.join(", "))
        }
    };
    Evidence::new(EvidenceKind::File, format!("{tool}: {found}"))
}

fn shown(origin: &Origin) -> String {
    match origin {
        Origin::File { path, key } => format!("{} [{key}]", path.display()),
        Origin::Helper { path, program } => format!("{program} of {}", path.display()),
    }
}

fn helper(error: &HelperError, origin: &Origin, place: &Place) -> Finding {
    let (code, program) = match error {
        HelperError::Missing(program) => (Cause::DockerHelperMissing, program),
        HelperError::Failed { program, .. } | HelperError::Unreadable(program) => {
            (Cause::DockerHelperFailed, program)
        }
    };
    let summary = Text::new("found-docker-helper").with("place", shown(origin)).with("why", error);
    let place = Place { item: Some(program.clone()), ..place.clone() };
    finding(code, Certainty::Proven, program.clone(), summary, &place)
}

/// A credential for this host in a file that the tool at hand does not read.
fn elsewhere(
    context: &Context,
    target: &Target,
    read: &Files,
    lookups: &[Lookup],
    place: &Place,
) -> Option<Finding> {
    let lookup = lookups.first()?;
    let searched: Vec<_> =
        lookups.iter().flat_map(|lookup| files(lookup.tool, &context.surroundings)).collect();
    let others = read.files.iter().filter(|file| !searched.contains(&file.path));
    let (other, entry) =
        others.filter_map(|file| Some((file, config(file)?))).find_map(|(file, config)| {
            Some((file, config.entry(lookup.tool, &target.server, None)?.1))
        })?;
    let expected: Vec<_> = lookup.searched.iter().map(|path| path.display().to_string()).collect();
    let other = other.path.display().to_string();
    let place = Place { user: name_in(entry), ..place.clone() };
    let summary = Text::new("found-docker-config-wrong-file")
        .with("host", &target.server)
        .with("file", &other)
        .with("tool", lookup.tool);
    let found = finding(
        Cause::DockerConfigWrongFile,
        Certainty::Likely,
        target.server.to_string(),
        summary,
        &place,
    );
    let expected = Text::new("expected-value").with("value", expected.join(", "));
    Some(found.expected(expected, Text::new("observed-value").with("value", other)))
}

/// A credential for this host with another port.
fn near(target: &Target, read: &Files, lookups: &[Lookup], place: &Place) -> Option<Finding> {
    let (path, key) = lookups.iter().flat_map(|lookup| &lookup.near).next()?;
    let file = read.files.iter().find(|file| file.path == *path);
    let entry = file.and_then(config).and_then(|config| config.auths.get(key));
    let place = Place { user: entry.and_then(name_in), ..place.clone() };
    let summary = Text::new("found-name-port-mismatch")
        .with("host", &target.server)
        .with("key", key)
        .with("file", path.display());
    let found = finding(
        Cause::NamePortMismatch,
        Certainty::Likely,
        target.server.to_string(),
        summary,
        &place,
    );
    let expected = Text::new("expected-value").with("value", target.server.key());
    Some(found.expected(expected, Text::new("observed-value").with("value", key)))
}

fn config(file: &CredentialFile) -> Option<&Config> {
    file.content.as_ref().ok()?.as_ref()
}

/// Whose login an entry has, where it says so.
fn name_in(entry: &Entry) -> Option<String> {
    let stored = entry.stored().ok()??;
    Some(stored.username).filter(|name| !name.is_empty())
}
