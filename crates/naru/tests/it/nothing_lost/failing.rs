//! Syncs and writes that fail: the kernel says "input/output error" or "no room" to the real
//! process, at a call of `strace`'s choice, in whatever file.
//!
//! What is answered with a failure is done, or it is not; what is acknowledged stands, at once and
//! after a restart.

use std::process::Command;

use super::run::Run;
use super::{Numbers, seed, set};

/// What fails, how, and how often a thread may do it before: a start needs some of them.
const FAULTS: &[(&str, &str, u64)] = &[
    ("fdatasync", "EIO", 10),
    ("fsync", "EIO", 4),
    ("pwrite64", "EIO", 300),
    ("pwrite64", "ENOSPC", 300),
    ("rename", "EIO", 2),
    ("fdatasync", "ENOSPC", 10),
];

#[test]
fn nothing_acknowledged_is_lost_when_syncs_and_writes_fail() {
    if !strace_is_there() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let seed = seed();
    let mut run = Run::new(home.path(), home.path().join("data"), seed);
    let mut numbers = Numbers::of(seed, 8);
    let rounds = set("NARU_FAULTS", 6);
    for round in 0..rounds {
        let (call, error, spared) = FAULTS[usize::try_from(round).unwrap() % FAULTS.len()];
        let (first, step) = (spared + numbers.below(spared), 1 + numbers.below(12));
        let fault = format!("inject={call}:error={error}:when={first}+{step}");
        run.round_under(|command| under_strace(&command, call, &fault), drop);
    }
    println!("{}", run.finish());
}

/// Says aloud where it is not.
pub(super) fn strace_is_there() -> bool {
    let strace = Command::new("strace").arg("--version").output();
    let there = strace.is_ok_and(|output| output.status.success());
    if !there {
        println!("SKIPPED: strace is not there, so no call can be made to fail");
    }
    there
}

/// The same command, with calls that fail. The process that is started is the command itself; the
/// one that watches it ends with it.
pub(super) fn under_strace(command: &Command, calls: &str, fault: &str) -> Command {
    let mut traced = Command::new("strace");
    traced.args(["-D", "-f", "-qq", "-o", "/dev/null", "--seccomp-bpf"]);
    traced.args(["-e", &format!("trace={calls}"), "-e", fault]);
    traced.arg(command.get_program()).args(command.get_args());
    traced.env_clear().stdin(std::process::Stdio::null());
    for (name, value) in command.get_envs() {
        traced.env(name, value.unwrap());
    }
    traced
}
