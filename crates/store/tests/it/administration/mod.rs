//! What an administrator reads and changes, by noun.

mod directory;
mod names;
mod registry;
mod role_assignment;
mod scope_map;
mod token;
