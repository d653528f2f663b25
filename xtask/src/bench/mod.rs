//! Measurements, whose tables go to `bench/README.md`. None of them asserts a time: machines differ.

mod client;
mod gauge;
mod growth;
mod logins;
mod memory;
mod parts;
mod report;
mod speed;
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
    /// The product beside distribution v3, from outside.
    Speed {
        #[command(flatten)]
        product: Product,
        #[command(flatten)]
        options: speed::Options,
    },
}

/// Measures; where nothing is named, speed and growth with the optimised binary.
pub(crate) fn run(what: Option<&Bench>) -> Result<(), Failure> {
    match what {
        Some(Bench::Growth { product, fresh }) => growth::run(product, *fresh),
        Some(Bench::Logins { product }) => logins::run(product),
        Some(Bench::Memory { product }) => memory::run(product),
        Some(Bench::Parts) => parts::run(),
        Some(Bench::Speed { product, options }) => speed::run(product, options),
        None => {
            speed::run(&Product::optimised(), &speed::Options::default())?;
            growth::run(&Product::optimised(), false)
        }
    }
}
