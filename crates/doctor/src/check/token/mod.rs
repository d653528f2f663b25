//! The token that a credential is good for.

pub(super) mod accepted;
