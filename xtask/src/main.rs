//! The one entry point of everything that is not the product: `cargo xtask TASK`.
//!
//! Decides which task runs and what its exit code is; each task has a module of its own. Needs
//! nothing but cargo: a tool that is missing is skipped loudly, and in CI it is a failure.

mod bench;
mod check;
mod clients;
mod conformance;
mod docs;
mod durability;
mod failure;
mod http;
mod image;
mod process;
mod product;
mod server;
mod surroundings;
mod terminal;
mod tidy;
mod tools;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::bench::Bench;
use crate::product::Product;

/// Naru's chores.
#[derive(Parser)]
#[command(name = "cargo xtask")]
enum Task {
    /// Measurements, whose tables go to `bench/README.md`.
    Bench {
        #[command(subcommand)]
        what: Option<Bench>,
    },
    /// Format, clippy, tidy and cargo-deny: what has to hold before a change lands.
    Check,
    /// The clients that people use, and Azure's SDKs, against running registries.
    Clients {
        #[command(flatten)]
        product: Product,
        /// Play only the scenarios whose name contains this.
        #[arg(long, value_name = "TEXT")]
        only: Option<String>,
        /// Write what the clients print into `docs/clients.md` and `docs/symptoms.md`, and compare nothing.
        #[arg(long)]
        record: bool,
        /// Only build and install the clients that no package has: Go modules and SDKs.
        #[arg(long, conflicts_with_all = ["only", "record"])]
        install: bool,
    },
    /// The OCI distribution suite, twice, and a strict reading of its reports.
    Conformance {
        #[command(flatten)]
        product: Product,
        /// Leave the data directories and the server's log beside the reports.
        #[arg(long)]
        keep: bool,
    },
    /// The pages of the causes under `docs/causes/`, from the catalogue.
    Docs {
        #[command(flatten)]
        product: Product,
    },
    /// What is synced before a 201, read from a trace of the system calls.
    Durability {
        #[command(flatten)]
        product: Product,
    },
    /// A container image of the product, as an OCI image layout in a tar file.
    Image {
        #[command(flatten)]
        product: Product,
        /// Where it is written (default: target/image/naru.tar).
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// The rules of the house that no compiler checks.
    Tidy,
}

fn main() -> ExitCode {
    let done = match Task::parse() {
        Task::Bench { what } => bench::run(what.as_ref()),
        Task::Check => check::run(),
        Task::Clients { install: true, .. } => clients::install(),
        Task::Clients { product, only, record, .. } => {
            clients::run(&product, only.as_deref(), record)
        }
        Task::Conformance { product, keep } => conformance::run(&product, keep),
        Task::Docs { product } => docs::run(&product),
        Task::Durability { product } => durability::run(&product),
        Task::Image { product, output } => image::run(&product, output.as_deref()),
        Task::Tidy => tidy::run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            terminal::complain(&failure);
            ExitCode::FAILURE
        }
    }
}
