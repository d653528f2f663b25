//! Listening: where connections come from, how many there may be, and each of them from its first
//! byte to its last.
//!
//! [`address`] is what a setting says, [`socket`] what is bound or was handed over, [`places`] how
//! many connections there may be, [`connection`] one of them, and [`doing`] what it does at a moment; what a
//! request is, is the edge's part.

mod address;
mod answering;
mod connection;
mod doing;
mod patient;
mod places;
mod socket;
pub(crate) mod unix;

pub use address::{Address, AddressError};
pub use socket::Inherited;

pub(crate) use connection::{Peer, Serving};
pub(crate) use doing::Doing;
pub(crate) use places::Places;
pub(crate) use socket::{Accepted, Socket};
