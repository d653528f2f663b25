//! One `naru serve` on a free port, ended by its process id when it is dropped.
//!
//! It sees nothing of the environment of whoever runs the task, and administration goes over its
//! own socket, as on a real machine.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::failure::Failure;
use crate::process::Invocation;
use crate::tools;

/// The first user of a registry.
pub(crate) const OWNER: &str = "owner";
/// The password that these tasks give the owner.
pub(crate) const OWNER_PASSWORD: &str = "Owner-of-a-registry-for-tests-1";

/// Any free port.
const ANYWHERE: &str = "127.0.0.1:0";
/// How far the clock of a server of the past is behind, in the words of `faketime`.
const PAST: &str = "-2d";

const START: Duration = Duration::from_mins(1);
const STOP: Duration = Duration::from_secs(40);

/// How to start a server.
pub(crate) struct Launch<'a> {
    /// The `naru` binary.
    pub(crate) binary: &'a Path,
    /// Its folder: `data`, `home` and `server.log` come to lie in it.
    pub(crate) folder: &'a Path,
    /// The address to listen on.
    pub(crate) listen: &'a str,
    /// `faketime`, for a server whose clock is [`PAST`] behind.
    pub(crate) past: Option<&'a Path>,
    /// Where a trace of its system calls goes, and which calls are traced.
    pub(crate) trace: Option<Trace<'a>>,
    /// Further options of `naru serve`.
    pub(crate) options: &'a [&'a str],
}

/// A trace of a server's system calls.
pub(crate) struct Trace<'a> {
    /// The `strace` program.
    pub(crate) strace: &'a Path,
    /// Where the trace is written.
    pub(crate) file: &'a Path,
    /// The system calls, separated by commas.
    pub(crate) calls: &'a str,
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    process: Option<Pid>,
    binary: PathBuf,
    home: PathBuf,
    data: PathBuf,
    log: PathBuf,
    address: String,
    ended: mpsc::Receiver<()>,
}

impl<'a> Launch<'a> {
    /// On a free port, at this machine's own time, with no option.
    pub(crate) const fn of(binary: &'a Path, folder: &'a Path) -> Self {
        Self { binary, folder, listen: ANYWHERE, past: None, trace: None, options: &[] }
    }

    /// Starts it, and waits for the line that says that it listens.
    pub(crate) fn start(&self) -> Result<Server, Failure> {
        let (data, home) = (self.folder.join("data"), self.folder.join("home"));
        let log = self.folder.join("server.log");
        fs::create_dir_all(&home).map_err(Failure::machine("make a folder for the server"))?;
        let written = File::create(&log).map_err(Failure::machine("write the server's log"))?;
        let errors = written.try_clone().map_err(Failure::machine("write the server's log"))?;
        let mut child = self
            .command(&data, &home)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .map_err(Failure::machine("start `naru serve`"))?;
        let (ready, ended) = follow(child.stdout.take(), written);
        let mut server = Server {
            process: None,
            child,
            binary: self.binary.to_owned(),
            home,
            data,
            log,
            address: String::new(),
            ended,
        };
        server.address = ready
            .recv_timeout(START)
            .map_err(|_| Failure::unexpected("`naru serve` to listen", server.log()))?;
        server.process = if self.trace.is_some() || self.past.is_some() {
            wrapped(&server.child)
        } else {
            identifier(server.child.id())
        };
        Ok(server)
    }

    fn command(&self, data: &Path, home: &Path) -> Command {
        let mut command = match (&self.trace, self.past) {
            (None, None) => Command::new(self.binary),
            (None, Some(faketime)) => {
                let mut command = Command::new(faketime);
                command.args(["-f", PAST]).arg(self.binary);
                command
            }
            (Some(trace), _) => {
                let mut command = Command::new(trace.strace);
                command
                    .args(["-f", "-y", "-s", "64", "-e"])
                    .arg(format!("trace={}", trace.calls))
                    .arg("-o")
                    .arg(trace.file)
                    .arg(self.binary);
                command
            }
        };
        command
            .args(["serve", "--listen", self.listen, "--data-dir"])
            .arg(data)
            .args(self.options)
            .env_clear()
            .env("PATH", tools::search_path())
            .env("HOME", home)
            .env("LANG", "C.UTF-8")
            .env("NARU_OWNER_PASSWORD", OWNER_PASSWORD);
        command
    }
}

impl Server {
    /// Host and port, as a client names it.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The number of its process, where it runs under no tracer.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Its data directory.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// All that it has printed so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// An administration command, prepared for the caller to run.
    pub(crate) fn admin(&self, words: &[&str]) -> Invocation {
        Invocation::isolated(&self.binary, &self.home)
            .args(["--data-dir"])
            .args([&self.data])
            .args(words)
    }

    /// The one document that an administration command prints.
    pub(crate) fn ask(&self, words: &[&str]) -> Result<Value, Failure> {
        let ending = self.admin(words).args(["-o", "json"]).succeed()?;
        serde_json::from_slice(ending.bytes())
            .map_err(|error| ending.unexpected(format!("one JSON document ({error})")))
    }

    /// Ends it, and starts it anew on the same data and address, at this machine's own time and
    /// with no option.
    pub(crate) fn into_the_present(self) -> Result<Self, Failure> {
        let (binary, data, listen) = (self.binary.clone(), self.data.clone(), self.address.clone());
        self.stop()?;
        let folder = data.parent().unwrap_or(&data);
        Launch { listen: &listen, ..Launch::of(&binary, folder) }.start()
    }

    /// Ends it as a service manager would, and waits until it has finished what runs.
    pub(crate) fn stop(mut self) -> Result<(), Failure> {
        if let Some(process) = self.process {
            kill_process(process, Signal::TERM)
                .map_err(|error| Failure::machine("stop `naru serve`")(error.into()))?;
        }
        if self.ended.recv_timeout(STOP).is_err() {
            return Err(Failure::unexpected(
                format!("`naru serve` to end within {} s of SIGTERM", STOP.as_secs()),
                self.log(),
            ));
        }
        let status = self.child.wait().map_err(Failure::machine("wait for `naru serve`"))?;
        self.process = None;
        if status.success() {
            return Ok(());
        }
        Err(Failure::unexpected(
            "`naru serve` to end with exit code 0 after SIGTERM",
            format!("{status}\n{}", self.log()),
        ))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Under a tracer and the like, the server itself goes first: it would outlive them.
        if let Some(process) = self.process.take() {
            let _ = kill_process(process, Signal::KILL);
        } else if let Some(process) = wrapped(&self.child) {
            let _ = kill_process(process, Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Copies a server's output into its log; hands over the address it listens on, and its end.
fn follow(
    stdout: Option<impl Read + Send + 'static>,
    mut log: File,
) -> (mpsc::Receiver<String>, mpsc::Receiver<()>) {
    let (ready, address) = mpsc::channel();
    let (end, ended) = mpsc::channel();
    if let Some(stdout) = stdout {
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = writeln!(log, "{line}");
                if let Some(found) = listening(&line) {
                    let _ = ready.send(found.to_owned());
                }
            }
            let _ = end.send(());
        });
    }
    (address, ended)
}

/// The address in the ready line, in exactly the form that others rely on.
fn listening(line: &str) -> Option<&str> {
    let url = line.strip_prefix("listening on ")?;
    let address = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"))?;
    let port = address.strip_prefix("127.0.0.1:")?;
    port.parse::<u16>().is_ok().then_some(address)
}

/// The process that a tracer, or whoever else stands around it, has started.
fn wrapped(around: &Child) -> Option<Pid> {
    let id = around.id();
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).ok()?;
    identifier(children.split_whitespace().next()?.parse().ok()?)
}

fn identifier(id: u32) -> Option<Pid> {
    Pid::from_raw(id.try_into().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_ready_line_counts() {
        assert_eq!(listening("listening on http://127.0.0.1:41233"), Some("127.0.0.1:41233"));
        assert_eq!(listening("listening on https://127.0.0.1:41233"), Some("127.0.0.1:41233"));
        for line in [
            "listening on ftp://127.0.0.1:41233",
            " listening on http://127.0.0.1:41233",
            "listening on http://127.0.0.1:41233/",
            "listening on http://127.0.0.1",
        ] {
            assert_eq!(listening(line), None, "{line}");
        }
    }
}
