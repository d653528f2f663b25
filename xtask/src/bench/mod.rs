//! Measurements, whose tables go to `bench/README.md`. None of them asserts a time: machines differ.

mod client;
mod gauge;
mod growth;
mod logins;
mod memory;
mod parts;
mod report;
mod stage;

use clap::Subcommand;

use crate::failure::Failure;
use crate::product::Product;

/// What is measured.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// The same requests on a store of ten thousand manifests and on one of a million.
    Growth {
        #[command(flatten)]
        product: Product,
        /// Make the stores anew, where they are there from the last time.
        #[arg(long)]
        fresh: bool,
    },
    /// Logins with a token's password, each answered with a token freshly signed.
    Logins {
        #[command(flatten)]
        product: Product,
    },
    /// Memory: idle, and while eight clients push and pull a layer of 1 GiB each.
    Memory {
        #[command(flatten)]
        product: Product,
    },
    /// The benchmarks of the parts: the decision, tokens, parsing.
    Parts,
}

/// Measures.
pub(crate) fn run(what: &Bench) -> Result<(), Failure> {
    match what {
        Bench::Growth { product, fresh } => growth::run(product, *fresh),
        Bench::Logins { product } => logins::run(product),
        Bench::Memory { product } => memory::run(product),
        Bench::Parts => parts::run(),
    }
}
