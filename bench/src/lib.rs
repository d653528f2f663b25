//! What Naru is measured with: the benchmarks of its parts under `benches/`, and a generator of
//! large stores.
//!
//! The generator has no way of its own into the database: [`fill()`] asks a store for what a push
//! asks it for, with many at once, so that the rows are those of pushes and commit together.

mod fill;
mod plan;

pub use fill::{FillError, fill};
pub use plan::{Image, MANIFEST, Plan};
