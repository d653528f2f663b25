//! The binary as a person or a script runs it, against a server that really runs.
#![cfg(test)]

mod administration;
mod can_i;
mod check_health;
mod config;
mod content;
mod events;
mod explain;
mod hostile;
mod nothing_lost;
mod refusals;
mod serve;
mod shell;
mod start_refused;
mod support;
mod systemd;
mod upkeep;
