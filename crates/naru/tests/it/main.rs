//! The binary as a person or a script runs it, against a server that really runs.
#![cfg(test)]

mod administration;
mod content;
mod refusals;
mod serve;
mod shell;
mod start_refused;
mod support;
