//! The registry's API.

pub(super) mod api;
