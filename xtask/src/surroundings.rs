//! What a task takes from around it: the environment and the clock. Nothing else reads them.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Whether this run is to fail where a tool is missing.
#[expect(
    clippy::disallowed_methods,
    reason = "xtask is an entry point, and reads its environment here alone"
)]
pub(crate) fn in_ci() -> bool {
    env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false" && value != "0")
}

/// `PATH`, with `first` in front.
#[expect(
    clippy::disallowed_methods,
    reason = "xtask is an entry point, and reads its environment here alone"
)]
pub(crate) fn search_path(first: &Path) -> OsString {
    let inherited = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> =
        [first.to_owned()].into_iter().chain(env::split_paths(&inherited)).collect();
    env::join_paths(folders).unwrap_or(inherited)
}

/// How long something takes.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts counting.
    #[expect(
        clippy::disallowed_methods,
        reason = "how long a task took is told to a person, and decides nothing"
    )]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
