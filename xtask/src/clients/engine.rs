//! A docker engine of our own, beside whatever this machine runs.
//!
//! Without a network of its own and with the simplest of storage drivers, so that it starts in a
//! sandbox. It is ended by its process id, and so is the containerd that it starts.

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

const START: Duration = Duration::from_mins(1);
const STOP: Duration = Duration::from_secs(20);

/// A running engine.
pub(super) struct Engine {
    child: Child,
    folder: PathBuf,
}

impl Engine {
    /// Starts it in `folder`, and waits until it answers.
    pub(super) fn start(docker: &Path, folder: &Path) -> Result<Self, Failure> {
        let dockerd = tools::need("dockerd", "install your system's docker engine (docker.io)")?;
        let log = File::create(folder.join("dockerd.log"))
            .map_err(Failure::machine("write the engine's log"))?;
        let place = |name: &str| folder.join(name).display().to_string();
        let child = Command::new(dockerd)
            .args(["--storage-driver=vfs", "--bridge=none"])
            .args(["--iptables=false", "--ip6tables=false"])
            .args([
                format!("--host=unix://{}", place("docker.sock")),
                format!("--data-root={}", place("data")),
                format!("--exec-root={}", place("exec")),
                format!("--pidfile={}", place("dockerd.pid")),
            ])
            .env_clear()
            .env("PATH", tools::search_path())
            .env("HOME", folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(Failure::machine("start `dockerd`"))?;
        let engine = Self { child, folder: folder.to_owned() };
        engine.answers(docker)?;
        Ok(engine)
    }

    /// Where it listens, as docker names it.
    pub(super) fn address(&self) -> String {
        format!("unix://{}", self.folder.join("docker.sock").display())
    }

    /// Asks until there is an answer; the time between is that of a command.
    fn answers(&self, docker: &Path) -> Result<(), Failure> {
        let (docker, address, home) = (docker.to_owned(), self.address(), self.folder.clone());
        let (sender, receiver) = mpsc::channel();
        let (enough, stopped) = mpsc::channel::<()>();
        thread::spawn(move || {
            while stopped.recv_timeout(Duration::from_millis(100))
                == Err(mpsc::RecvTimeoutError::Timeout)
            {
                let asked = Invocation::isolated(&docker, &home)
                    .args(["--host", &address, "version"])
                    .run();
                if asked.is_ok_and(|ending| ending.succeeded()) {
                    let _ = sender.send(());
                    return;
                }
            }
        });
        let answered = receiver.recv_timeout(START);
        drop(enough);
        answered.map_err(|_| {
            let log = fs::read_to_string(self.folder.join("dockerd.log")).unwrap_or_default();
            Failure::unexpected("`dockerd` to answer", log)
        })
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
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
