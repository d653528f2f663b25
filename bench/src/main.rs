//! Fills the store of a data directory: `cargo run --release -p naru-bench -- --help`.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use clap::Parser;
use naru_access::Maintenance;
use naru_bench::{Plan, fill};
use naru_server::ambient::Ambient;
use naru_store::{DataDir, Store};

/// How often it says how far it is.
const EVERY: u32 = 50_000;

/// Pushes images to the first registry of a data directory that no server uses just now.
#[derive(Parser)]
#[command(name = "naru-bench")]
struct Options {
    /// The data directory, on which `naru serve` was started once.
    #[arg(long, value_name = "FOLDER")]
    data_dir: PathBuf,
    /// How many manifests there are to be.
    #[arg(long, default_value_t = 1_000_000)]
    manifests: u32,
    /// In how many repositories.
    #[arg(long, default_value_t = 10_000)]
    repositories: u32,
    /// How many of them, each with a tag, are in the first of these.
    #[arg(long, default_value_t = 100_000)]
    tags: u32,
}

fn main() -> ExitCode {
    let Options { data_dir, manifests, repositories, tags } = Options::parse();
    match run(&data_dir, Plan { manifests, repositories, tags }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "naru-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(data_dir: &std::path::Path, plan: Plan) -> Result<(), Box<dyn std::error::Error>> {
    let data_dir = DataDir::open(data_dir)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = Store::open(&data_dir, &Maintenance::of_this_process()).await?;
        let done = Arc::new(AtomicU32::new(0));
        let told = move || {
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            if done.is_multiple_of(EVERY) {
                let _ = writeln!(std::io::stdout(), "{done} of {}", plan.manifests);
            }
        };
        fill(&store, plan, Ambient::of_this_machine(), told).await?;
        Ok(())
    })
}
