//! The container tools on this machine: whether there are any, how old, and whether the engine
//! behind docker answers.

pub(super) mod cli;
pub(super) mod daemon;
mod engine;
pub(super) mod version;
