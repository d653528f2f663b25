//! Running another program to its end, within a time, with all that it printed.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::failure::Failure;
use crate::tools;

/// No client takes this long for what is asked of it here.
const PATIENCE: Duration = Duration::from_mins(3);

/// A program to run.
pub(crate) struct Invocation {
    command: Command,
    input: Vec<u8>,
    patience: Duration,
}

impl Invocation {
    /// Runs `program` with the environment of this task, our own tools first on the path.
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        command.env("PATH", tools::search_path());
        Self { command, input: Vec::new(), patience: PATIENCE }
    }

    /// Runs `program` with nothing of this task's environment but the path: what a user has
    /// configured for himself neither helps nor hurts.
    pub(crate) fn isolated(program: impl AsRef<OsStr>, home: &Path) -> Self {
        let mut invocation = Self::new(program);
        invocation
            .command
            .env_clear()
            .env("PATH", tools::search_path())
            .env("HOME", home)
            .env("LANG", "C.UTF-8");
        invocation
    }

    /// Adds arguments.
    pub(crate) fn args<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(mut self, args: I) -> Self {
        self.command.args(args);
        self
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs in `directory`.
    pub(crate) fn within(mut self, directory: &Path) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// Writes `text` and a line end to its standard input.
    pub(crate) fn input(mut self, text: &str) -> Self {
        self.input = format!("{text}\n").into_bytes();
        self
    }

    /// Waits this long at most.
    pub(crate) fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Runs to the end, whatever that is.
    pub(crate) fn run(mut self) -> Result<Ending, Failure> {
        let line = self.line();
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(Failure::machine(format!("run `{line}`")))?;
        if let Some(mut stdin) = child.stdin.take() {
            // A program that does not read its input says so by its exit code.
            let _ = stdin.write_all(&self.input);
        }
        let printed = collect(&mut child, self.patience);
        let Some((stdout, stderr)) = printed else {
            let _ = child.kill();
            let _ = child.wait();
            return Err(Failure::Command {
                command: line,
                ending: format!("did not end within {} s", self.patience.as_secs()),
                output: String::new(),
            });
        };
        let status = child.wait().map_err(Failure::machine(format!("wait for `{line}`")))?;
        Ok(Ending { line, status, stdout, stderr })
    }

    /// Runs to the end, and fails unless that is a good one.
    pub(crate) fn succeed(self) -> Result<Ending, Failure> {
        let ending = self.run()?;
        if ending.succeeded() { Ok(ending) } else { Err(ending.failure()) }
    }

    /// Runs to the end with its output going where ours goes; true where it succeeded.
    pub(crate) fn passes(mut self) -> Result<bool, Failure> {
        let line = self.line();
        self.command
            .stdin(Stdio::null())
            .status()
            .map(|status| status.success())
            .map_err(Failure::machine(format!("run `{line}`")))
    }

    fn line(&self) -> String {
        let program = PathBuf::from(self.command.get_program());
        let program = program.file_name().unwrap_or(program.as_os_str());
        let words: Vec<OsString> = [program.to_owned()]
            .into_iter()
            .chain(self.command.get_args().map(OsStr::to_owned))
            .collect();
        words.join(OsStr::new(" ")).to_string_lossy().into_owned()
    }
}

/// How a program ended, and what it printed.
pub(crate) struct Ending {
    line: String,
    status: ExitStatus,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Ending {
    /// Whether its exit code was 0.
    pub(crate) fn succeeded(&self) -> bool {
        self.status.success()
    }

    /// Its standard output, byte for byte.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.stdout
    }

    /// Its standard output.
    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// All that a person would read: both streams.
    pub(crate) fn text(&self) -> String {
        format!("{}{}", self.stdout(), String::from_utf8_lossy(&self.stderr))
    }

    /// This ending, told as a failure.
    pub(crate) fn failure(&self) -> Failure {
        Failure::Command {
            command: self.line.clone(),
            ending: format!("ended with {}", self.status),
            output: self.text(),
        }
    }

    /// This ending, where something else was expected of it.
    pub(crate) fn unexpected(&self, expected: impl Into<String>) -> Failure {
        Failure::unexpected(expected, format!("`{}`, {}\n{}", self.line, self.status, self.text()))
    }
}

/// Both streams to their ends, or `None` where that took too long.
fn collect(child: &mut Child, patience: Duration) -> Option<(Vec<u8>, Vec<u8>)> {
    let stdout = drain(child.stdout.take()?);
    let stderr = drain(child.stderr.take()?);
    Some((stdout.recv_timeout(patience).ok()?, stderr.recv_timeout(patience).ok()?))
}

fn drain(mut stream: impl Read + Send + 'static) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before an error is still worth showing.
        let _ = stream.read_to_end(&mut bytes);
        let _ = sender.send(bytes);
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_streams_and_the_exit_code_are_kept() {
        let ending = Invocation::new("sh")
            .args(["-c", "cat; echo aside >&2; exit 3"])
            .input("word")
            .run()
            .unwrap();
        assert!(!ending.succeeded());
        assert_eq!(ending.stdout(), "word\n");
        assert_eq!(ending.text(), "word\naside\n");
    }

    #[test]
    fn a_program_that_hangs_is_ended() {
        let hanging = Invocation::new("tail")
            .args(["-f", "/dev/null"])
            .patience(Duration::from_millis(50))
            .run();
        assert!(matches!(hanging, Err(Failure::Command { .. })));
    }

    #[test]
    fn an_isolated_program_sees_nothing_of_ours() {
        let ending = Invocation::isolated("env", Path::new("/nowhere")).succeed().unwrap();
        let mut names: Vec<String> = ending
            .stdout()
            .lines()
            .filter_map(|line| line.split_once('=').map(|(name, _)| name.to_owned()))
            .collect();
        names.sort();
        assert_eq!(names, ["HOME", "LANG", "PATH"]);
    }
}
