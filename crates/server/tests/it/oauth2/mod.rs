//! The token service, from outside.

mod exchange;
pub(crate) mod forge;
mod forged;
mod life;
mod token;
