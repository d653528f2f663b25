//! A daemon that a client needs, beside whatever this machine runs; ended by its process id.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::failure::Failure;
use crate::process::Invocation;
use crate::tools;

const START: Duration = Duration::from_mins(2);
const STOP: Duration = Duration::from_secs(20);

/// A running daemon.
pub(super) struct Daemon {
    child: Child,
    folder: PathBuf,
}

impl Daemon {
    /// Starts `program`, with its log in `folder`.
    pub(super) fn start(
        program: &Path,
        options: &[String],
        environment: &[(&str, &str)],
        folder: &Path,
    ) -> Result<Self, Failure> {
        let log = File::create(folder.join("daemon.log"))
            .map_err(Failure::machine("write a daemon's log"))?;
        let child = Command::new(program)
            .args(options)
            .env_clear()
            .env("PATH", tools::search_path())
            .env("HOME", folder)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(Failure::machine(format!("start `{}`", program.display())))?;
        Ok(Self { child, folder: folder.to_owned() })
    }

    /// Its process.
    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Asks until `client` succeeds; the time between is that of a command.
    pub(super) fn answers(&self, client: &Path, words: &[&str]) -> Result<(), Failure> {
        let (client, home) = (client.to_owned(), self.folder.clone());
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        let (sender, receiver) = mpsc::channel();
        let (enough, stopped) = mpsc::channel::<()>();
        thread::spawn(move || {
            while stopped.recv_timeout(Duration::from_millis(100))
                == Err(mpsc::RecvTimeoutError::Timeout)
            {
                let asked = Invocation::isolated(&client, &home).args(&words).run();
                if asked.is_ok_and(|ending| ending.succeeded()) {
                    let _ = sender.send(());
                    return;
                }
            }
        });
        let answered = receiver.recv_timeout(START);
        drop(enough);
        answered.map_err(|_| {
            let log = fs::read_to_string(self.folder.join("daemon.log")).unwrap_or_default();
            Failure::unexpected("a daemon to answer", log)
        })
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // The containerd of an engine outlives one that has to be killed.
        let containerd = process_in(&self.folder.join("exec/containerd/containerd.pid"));
        if let Some(own) = self.child.id().try_into().ok().and_then(Pid::from_raw) {
            let _ = kill_process(own, Signal::TERM);
        }
        if !ends(&mut self.child, STOP) {
            let _ = self.child.kill();
            let _ = self.child.wait();
            if let Some(containerd) = containerd {
                let _ = kill_process(containerd, Signal::KILL);
            }
        }
    }
}

/// Waits until the child has ended, for `patience` at most.
fn ends(child: &mut Child, patience: Duration) -> bool {
    let (_never, tick) = mpsc::channel::<()>();
    let step = Duration::from_millis(50);
    let mut left = patience;
    while let Ok(None) = child.try_wait() {
        if left.is_zero() {
            return false;
        }
        let _ = tick.recv_timeout(step);
        left = left.saturating_sub(step);
    }
    true
}

fn process_in(file: &Path) -> Option<Pid> {
    Pid::from_raw(fs::read_to_string(file).ok()?.trim().parse().ok()?)
}
