//! What was asked for, and the files that tools would read for it.

pub(super) mod files;
pub(super) mod name;
