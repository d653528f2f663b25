//! The only place that prints.

use std::fmt::Display;

/// One line of a result.
#[expect(
    clippy::print_stdout,
    reason = "a task's result is what it prints, and this is where it does"
)]
pub(crate) fn say(line: impl Display) {
    println!("{line}");
}

/// Why the task failed, on stderr.
#[expect(
    clippy::print_stderr,
    reason = "a task's complaint is what it prints, and this is where it does"
)]
pub(crate) fn complain(line: impl Display) {
    eprintln!("xtask: {line}");
}

/// Something that did not run, in a form that nobody overlooks.
pub(crate) fn skipped(what: &str, why: impl Display) {
    say(format_args!("SKIPPED: {what}: {why}"));
}

/// Text that another program wrote, set off from our own lines.
pub(crate) fn quote(text: &str) {
    for line in text.lines() {
        say(format_args!("    | {line}"));
    }
}
