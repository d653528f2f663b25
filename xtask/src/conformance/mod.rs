//! The OCI distribution suite against a running registry, with authentication on.
//!
//! Decides how the suite is run: pinned, isolated, once as it is and once on a registry that
//! takes manifests whose layers are missing. What its reports have to say is in [`report`].

mod report;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::conformance::report::{Expectation, Reports};
use crate::failure::Failure;
use crate::process::Invocation;
use crate::product::Product;
use crate::server::{Launch, OWNER, OWNER_PASSWORD, Server};
use crate::surroundings::Stopwatch;
use crate::terminal;
use crate::tools::{self, GoTool};

const SUITE: GoTool = GoTool {
    name: "conformance",
    package: "github.com/opencontainers/distribution-spec/conformance",
    version: "v0.0.0-20260831232431-97274622c111",
    remedy: "install Go 1.24 or later, with which this task builds it",
};

/// One run of the suite.
struct Round {
    name: &'static str,
    title: &'static str,
    sparse: bool,
    expectation: Expectation,
}

const ROUNDS: [Round; 2] = [
    Round {
        name: "dev",
        title: "OCI_VERSION=dev",
        sparse: false,
        expectation: Expectation {
            tests: 986,
            // Without OCI_DATA_SPARSE the suite has no such data, and reports it as disabled
            // although it counts no test for it.
            disabled: &["Sparse Manifests"],
        },
    },
    Round {
        name: "sparse",
        title: "OCI_VERSION=dev OCI_DATA_SPARSE=true",
        sparse: true,
        expectation: Expectation { tests: 1032, disabled: &[] },
    },
];

/// Runs both rounds, each on a registry of its own.
pub(crate) fn run(product: &Product, keep: bool) -> Result<(), Failure> {
    let suite = SUITE.pinned()?;
    let binary = product.binary()?;
    let mut failed = 0;
    for round in &ROUNDS {
        let watch = Stopwatch::start();
        let findings = round.play(&suite, &binary, keep)?;
        let seconds = watch.elapsed().as_secs();
        let (title, tests) = (round.title, round.expectation.tests);
        if findings.is_empty() {
            terminal::say(format_args!(
                "conformance: {title}: {tests} of {tests} passed, none failed, skipped or disabled ({seconds} s)"
            ));
            continue;
        }
        failed += 1;
        terminal::say(format_args!(
            "conformance: {title}: FAILED: {tests} tests are due, all of them passed ({seconds} s)"
        ));
        terminal::quote(&findings.join("\n"));
    }
    Failure::unless_none("conformance", failed)
}

impl Round {
    /// What speaks against this round; nothing where it passed.
    fn play(&self, suite: &Path, binary: &Path, keep: bool) -> Result<Vec<String>, Failure> {
        let folder = self.fresh_folder()?;
        let scratch = tempfile::Builder::new()
            .prefix("naru-conformance-")
            .disable_cleanup(keep)
            .tempdir()
            .map_err(Failure::machine("make a folder for the data"))?;
        if keep {
            let kept = scratch.path().display();
            terminal::say(format_args!("conformance: {}: data in {kept}", self.title));
        }
        let server = Launch::of(binary, scratch.path()).start()?;
        if self.sparse {
            server
                .admin(&["registry", "update", "--sparse-manifests-enabled", "true"])
                .succeed()?;
        }
        let ended_well = self.test(suite, &server, &folder)?;
        let log = server.log();
        server.stop()?;
        if keep {
            write(&folder.join("server.log"), &log)?;
        }
        let reports = Reports::read(&folder)?;
        let mut findings = reports.findings(&self.expectation);
        if !ended_well {
            findings.push("the suite's exit code is not 0".to_owned());
        }
        if !findings.is_empty() {
            findings.push(format!("the reports are in {}", folder.display()));
        }
        Ok(findings)
    }

    /// Runs the suite in an environment of its own, so that no stray option of somebody's shell
    /// and no configuration file turns tests off. Returns whether its exit code was 0.
    fn test(&self, suite: &Path, server: &Server, folder: &Path) -> Result<bool, Failure> {
        let sparse = if self.sparse { "true" } else { "false" };
        let ending = Invocation::isolated(suite, folder)
            .within(folder)
            .env("OCI_REGISTRY", server.address())
            .env("OCI_TLS", "disabled")
            .env("OCI_REPO1", "conformance/first")
            .env("OCI_REPO2", "conformance/second")
            .env("OCI_USERNAME", OWNER)
            .env("OCI_PASSWORD", OWNER_PASSWORD)
            .env("OCI_VERSION", "dev")
            .env("OCI_DATA_SPARSE", sparse)
            .env("OCI_RESULTS_DIR", folder)
            .patience(Duration::from_mins(15))
            .run()?;
        write(&folder.join("suite.log"), &ending.text())?;
        Ok(ending.succeeded())
    }

    /// A folder without the reports of an earlier run: the suite may end with 0 and write none.
    fn fresh_folder(&self) -> Result<PathBuf, Failure> {
        let folder = tools::root().join("target/conformance").join(self.name);
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(Failure::machine("remove the old reports"))?;
        }
        fs::create_dir_all(&folder).map_err(Failure::machine("make a folder for the reports"))?;
        Ok(folder)
    }
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    fs::write(file, text).map_err(Failure::machine(format!("write {}", file.display())))
}
