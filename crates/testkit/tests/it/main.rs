//! What is shared by the tests, tested itself.
#![cfg(test)]

mod corpus;
mod properties;
