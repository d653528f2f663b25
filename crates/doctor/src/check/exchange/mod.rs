//! The exchange of a credential, or of none, for a token.

pub(super) mod anonymous;
