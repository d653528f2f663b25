//! The store as its callers see it, through its traits, on a real database.

// Marked as tests for clippy, which sees only this in what they share.
#[cfg(test)]
mod administration;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod content;
#[cfg(test)]
mod durability;
#[cfg(test)]
mod gatehouse;
#[cfg(test)]
mod repositories;
#[cfg(test)]
mod upkeep;
#[cfg(test)]
mod world;
