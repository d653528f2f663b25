//! The token service, from outside.

mod exchange;
mod forge;
mod forged;
mod life;
mod token;
