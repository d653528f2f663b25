//! The server from outside, as its clients meet it.
#![cfg(test)]

mod acr;
mod causes;
mod control;
mod directory;
mod first;
mod gate;
mod locks;
mod oauth2;
mod sdk;
mod security;
mod serve;
mod v2;
