//! SIGKILL, at any moment.

use std::process::Stdio;

use super::run::Run;
use super::{Numbers, seed, set};

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let home = tempfile::tempdir().unwrap();
    let seed = seed();
    let mut run = Run::new(home.path(), home.path().join("data"), seed);
    let mut numbers = Numbers::of(seed, 5);
    let kills = set("NARU_KILLS", 6);
    while run.rounds < kills {
        // The value takes the process with it, by SIGKILL.
        run.round(drop);
        if numbers.once_in(5) {
            run.rest();
            kill_at_start(&run, &mut numbers);
        }
    }
    println!("{}", run.finish());
}

#[test]
fn a_first_start_that_is_killed_is_begun_again() {
    let seed = seed();
    let mut numbers = Numbers::of(seed, 6);
    for _ in 0..set("NARU_KILLS", 6) / 3 {
        let home = tempfile::tempdir().unwrap();
        let mut run = Run::new(home.path(), home.path().join("data"), seed);
        for _ in 0..3 {
            kill_at_start(&run, &mut numbers);
        }
        run.finish();
    }
}

/// Kills a server before it is ready, most times.
fn kill_at_start(run: &Run, numbers: &mut Numbers) {
    let mut starting = run.command();
    let mut starting = starting.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    for _ in 0..numbers.below(100_000) {
        std::thread::yield_now();
    }
    starting.kill().unwrap();
    starting.wait().unwrap();
}
