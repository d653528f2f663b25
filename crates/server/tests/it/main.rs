//! The server from outside, as its clients meet it.
#![cfg(test)]

mod abuse;
mod acr;
mod audit;
mod causes;
mod clock;
mod control;
mod damaged;
mod directory;
mod first;
mod flood;
mod full_disk;
mod gate;
mod limits;
mod listen;
mod locks;
mod metrics;
mod oauth2;
mod sdk;
mod security;
mod serve;
mod tls;
mod upkeep;
mod v2;
