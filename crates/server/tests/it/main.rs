//! The server from outside, as its clients meet it.
#![cfg(test)]

mod causes;
mod control;
mod directory;
mod first;
mod gate;
mod oauth2;
mod security;
mod serve;
mod v2;
