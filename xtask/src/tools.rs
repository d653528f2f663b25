//! Where the tools are that a task needs, and how the Go modules among them get there.
//!
//! What a task installs itself lies under `target/tools`, never in a user's own folders.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::failure::Failure;
use crate::process::Invocation;
use crate::surroundings;

/// A program that is a Go module.
pub(crate) struct GoTool {
    /// The program's name.
    pub(crate) name: &'static str,
    /// The package that `go install` builds.
    pub(crate) package: &'static str,
    /// Its exact version.
    pub(crate) version: &'static str,
    /// The command for somebody without it.
    pub(crate) remedy: &'static str,
}

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own)
}

/// `PATH`, with our own tools in front.
pub(crate) fn search_path() -> OsString {
    surroundings::search_path(&folder())
}

/// The program `name`, where it is installed.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    env::split_paths(&search_path())
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
}

/// The program `name`, or the failure that says how to get it.
pub(crate) fn need(name: &'static str, remedy: &'static str) -> Result<PathBuf, Failure> {
    find(name).ok_or(Failure::Missing { tool: name, remedy })
}

/// Fails unless this runs as root, which `tool` has to.
pub(crate) fn need_root(tool: &'static str) -> Result<(), Failure> {
    if rustix::process::geteuid().is_root() {
        return Ok(());
    }
    Err(Failure::Missing { tool, remedy: "it works for root alone: run this task as root" })
}

impl GoTool {
    /// This program in exactly this version, installed where it is not there yet.
    pub(crate) fn pinned(&self) -> Result<PathBuf, Failure> {
        let program = folder().join(self.name);
        if !self.is_built_as(&program) {
            self.install()?;
        }
        if self.is_built_as(&program) {
            return Ok(program);
        }
        Err(Failure::unexpected(
            format!("`{}` to be built as {}", self.name, self.version),
            program.display().to_string(),
        ))
    }

    /// This program in whatever version is installed, else in the pinned one.
    pub(crate) fn any(&self) -> Result<PathBuf, Failure> {
        match find(self.name) {
            Some(program) => Ok(program),
            None => self.pinned(),
        }
    }

    /// The version of the package that `program` was built from.
    pub(crate) fn built_as(&self, program: &Path) -> Result<String, Failure> {
        let go = find("go").ok_or(Failure::Missing { tool: self.name, remedy: self.remedy })?;
        let listing = Invocation::new(go).args(["version", "-m"]).args([program]).succeed()?;
        built_version(&listing.stdout())
            .ok_or_else(|| listing.unexpected("a line that names its module"))
    }

    fn install(&self) -> Result<(), Failure> {
        let go = find("go").ok_or(Failure::Missing { tool: self.name, remedy: self.remedy })?;
        Invocation::new(go)
            .args(["install", &format!("{}@{}", self.package, self.version)])
            .env("GOBIN", folder())
            .patience(Duration::from_mins(15))
            .succeed()
            .map(|_| ())
    }

    /// Reads the version that is built into the program; its own report may not know it.
    fn is_built_as(&self, program: &Path) -> bool {
        let Some(go) = find("go").filter(|_| program.is_file()) else {
            return false;
        };
        Invocation::new(go)
            .args(["version", "-m"])
            .args([program])
            .succeed()
            .is_ok_and(|ending| names_version(&ending.stdout(), self.version))
    }
}

fn folder() -> PathBuf {
    folder_of("bin")
}

/// Where what is called `name` is installed.
pub(crate) fn folder_of(name: &str) -> PathBuf {
    root().join("target/tools").join(name)
}

/// Whether the `mod` line of `go version -m` names this version.
fn names_version(listing: &str, version: &str) -> bool {
    built_version(listing).is_some_and(|built| built == version)
}

/// The version in the `mod` line of `go version -m`.
fn built_version(listing: &str) -> Option<String> {
    listing.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some("mod")).then(|| words.nth(1).map(str::to_owned))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTING: &str = "conformance: go1.26.8\n\
        \tpath\tgithub.com/opencontainers/distribution-spec/conformance\n\
        \tmod\tgithub.com/opencontainers/distribution-spec/conformance\tv0.0.0-1-97274622c111\th1:x=\n\
        \tdep\tgithub.com/goccy/go-yaml\tv1.18.0\th1:y=\n";

    #[test]
    fn the_version_is_that_of_the_program_and_not_of_a_dependency() {
        assert!(names_version(LISTING, "v0.0.0-1-97274622c111"));
        assert!(!names_version(LISTING, "v1.18.0"));
    }

    #[test]
    fn the_root_is_the_workspace() {
        assert!(root().join("Cargo.lock").is_file());
    }
}
