//! Running another program: bounded in time and output, with nothing of it on our terminal.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::time::timeout;

use crate::ambient::Surroundings;
use crate::secret::Secret;

/// The most that is read of a program's output.
const LONGEST: u64 = 256 * 1024;

/// What a program did.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Its exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// Its standard output, which may hold secrets.
    pub stdout: Secret,
    /// Its standard error.
    pub stderr: String,
}

/// Why a program did nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// It is not there.
    #[error("not found")]
    Missing,
    /// It cannot be started.
    #[error("{0}")]
    Start(String),
    /// It does not end.
    #[error("it did not end within {} s", .0.as_secs())]
    Hangs(Duration),
}

/// Where a program is on the search path of these surroundings.
pub fn find(surroundings: &Surroundings, name: &str) -> Option<PathBuf> {
    let path = surroundings.variable("PATH")?;
    std::env::split_paths(path).map(|folder| folder.join(name)).find(|file| is_executable(file))
}

fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file)
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Runs a program with something on its standard input, and waits for so long.
pub async fn run(
    program: &Path,
    arguments: &[&str],
    input: &str,
    patience: Duration,
) -> Result<Ended, RunError> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => RunError::Missing,
        _ => RunError::Start(error.to_string()),
    })?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let all = async {
        let write = async {
            if let Some(mut stdin) = stdin {
                // A program that reads nothing has closed its end already.
                let _written = stdin.write_all(input.as_bytes()).await;
            }
        };
        let (mut out, mut err) = (String::new(), Vec::new());
        let mut out_bytes = Vec::new();
        let read_out = async {
            if let Some(stdout) = stdout {
                let _read = stdout.take(LONGEST).read_to_end(&mut out_bytes).await;
            }
        };
        let read_err = async {
            if let Some(stderr) = stderr {
                let _read = stderr.take(LONGEST).read_to_end(&mut err).await;
            }
        };
        tokio::join!(write, read_out, read_err);
        out.push_str(&String::from_utf8_lossy(&out_bytes));
        let status = child.wait().await.map_err(|error| RunError::Start(error.to_string()))?;
        let stderr = String::from_utf8_lossy(&err).into_owned();
        Ok(Ended { code: status.code(), stdout: Secret::new(out), stderr })
    };
    timeout(patience, all).await.unwrap_or(Err(RunError::Hangs(patience)))
}
