//! The store as its callers see it, through its traits, on a real database.

mod administration;
mod gatehouse;
mod world;
