//! Why a task failed, split by who has to do something about it.

use std::io;

/// A task that did not reach its end, or reached it with findings.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// This machine would not do it.
    #[error("cannot {doing}: {source}")]
    Machine {
        /// What was tried, as in "cannot …".
        doing: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// A tool is not there; whoever runs the task can install it.
    #[error("`{tool}` is missing: {remedy}")]
    Missing {
        /// The program that was looked for.
        tool: &'static str,
        /// How to get it.
        remedy: &'static str,
    },
    /// A program ended otherwise than it should have.
    #[error("`{command}` {ending}\n{output}")]
    Command {
        /// The command line.
        command: String,
        /// How it ended.
        ending: String,
        /// What it printed.
        output: String,
    },
    /// Everything ran, and what was seen is not what has to hold.
    #[error("expected {expected}, and saw:\n{saw}")]
    Unexpected {
        /// What has to hold.
        expected: String,
        /// What was seen instead.
        saw: String,
    },
    /// The findings are printed already.
    #[error("{task}: {count} to put right")]
    Findings {
        /// The task that found them.
        task: &'static str,
        /// How many there are.
        count: usize,
    },
}

impl Failure {
    /// Turns an error of the operating system into a failure, for `map_err`.
    pub(crate) fn machine(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Machine { doing, source }
    }

    /// What was expected and what was seen.
    pub(crate) fn unexpected(expected: impl Into<String>, saw: impl Into<String>) -> Self {
        Self::Unexpected { expected: expected.into(), saw: saw.into() }
    }

    /// Success where there are no findings.
    pub(crate) fn unless_none(task: &'static str, count: usize) -> Result<(), Self> {
        match count {
            0 => Ok(()),
            count => Err(Self::Findings { task, count }),
        }
    }
}
