//! What has to hold before a change lands, beside the tests: format, clippy, tidy, cargo-deny.

use crate::failure::Failure;
use crate::process::Invocation;
use crate::surroundings::{self, Stopwatch};
use crate::{terminal, tidy, tools};

/// A step that is a cargo command.
struct Step {
    name: &'static str,
    arguments: &'static [&'static str],
    /// The program that cargo needs for it, where cargo itself does not bring it.
    needs: Option<&'static str>,
}

const STEPS: [Step; 3] = [
    Step { name: "fmt", arguments: &["fmt", "--all", "--check"], needs: None },
    Step {
        name: "clippy",
        arguments: &["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"],
        needs: None,
    },
    // The database of advisories is not reachable from CI: see CONTRIBUTING.md.
    Step {
        name: "deny",
        arguments: &["deny", "check", "bans", "licenses", "sources"],
        needs: Some("cargo-deny"),
    },
];

/// Runs every step, also after one that failed.
pub(crate) fn run() -> Result<(), Failure> {
    let mut failed = 0;
    for step in &STEPS {
        let watch = Stopwatch::start();
        let verdict = step.run()?;
        let seconds = watch.elapsed().as_secs();
        terminal::say(format_args!("check: {}: {verdict} ({seconds} s)", step.name));
        failed += usize::from(verdict == "FAILED");
    }
    if let Err(failure) = tidy::run() {
        failed += 1;
        terminal::complain(failure);
    }
    Failure::unless_none("check", failed)
}

impl Step {
    fn run(&self) -> Result<&'static str, Failure> {
        if let Some(tool) = self.needs
            && tools::find(tool).is_none()
        {
            terminal::skipped(self.name, format_args!("`cargo install {tool} --locked`"));
            return Ok(if surroundings::in_ci() { "FAILED" } else { "skipped" });
        }
        let passed =
            Invocation::new("cargo").args(self.arguments).within(tools::root()).passes()?;
        Ok(if passed { "ok" } else { "FAILED" })
    }
}
