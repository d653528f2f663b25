//! The server from outside, as its clients meet it.
#![cfg(test)]

mod first;
mod gate;
