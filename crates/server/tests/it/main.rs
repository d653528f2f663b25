//! The server from outside, as its clients meet it.
#![cfg(test)]

mod directory;
mod first;
mod gate;
mod oauth2;
mod serve;
mod v2;
