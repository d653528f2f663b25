//! The way to the host: its addresses, a proxy, and whether something listens there.

pub(super) mod dns;
pub(super) mod proxy;
pub(super) mod tcp;
