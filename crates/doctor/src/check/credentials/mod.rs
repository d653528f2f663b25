//! The credential that a tool would use: where it is, and what shape it has.

pub(super) mod found;
pub(super) mod shape;
