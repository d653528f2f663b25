//! What the product does in a second and with how much, beside the best peer, in one run on one machine.
//!
//! Both are measured from outside by `bench.py`, alternating, on empty stores: distribution without
//! authentication, Naru with the whole login, authorization and audit. The table of medians goes into
//! `bench/README.md`. What each figure means is in `bench.py`; how a peer is started is in [`peer`].

mod figures;
mod peer;
mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use self::figures::Figures;
use self::peer::Peer;
use super::report;
use super::stage::{Stage, TOKEN};
use crate::failure::Failure;
use crate::process::Invocation;
use crate::product::Product;
use crate::{terminal, tools};

/// `bench.py` takes eight seconds a figure, and a slow peer more.
const PATIENCE: Duration = Duration::from_mins(20);

/// How often each is measured, where nothing else is said.
const ROUNDS: u32 = 5;

/// How to measure.
#[derive(Args)]
pub(crate) struct Options {
    /// How often each is measured; the table has the medians.
    #[arg(long, value_name = "N", default_value_t = ROUNDS)]
    rounds: u32,
    /// Shorter, and smaller blobs: to see whether a change helps. Writes no table.
    #[arg(long)]
    quick: bool,
    /// Measure only what has this in its name. Writes no table.
    #[arg(long, value_name = "PART")]
    only: Option<String>,
    /// Leave the peer out. Writes no table.
    #[arg(long)]
    alone: bool,
    /// Where `bench.py` and `distribution.yml` are.
    #[arg(long, value_name = "FOLDER")]
    tools: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { rounds: ROUNDS, quick: false, only: None, alone: false, tools: None }
    }
}

/// What measures, and with what.
struct Bench<'a> {
    script: PathBuf,
    options: &'a Options,
}

/// A server to measure.
struct Measured<'a> {
    address: &'a str,
    process: u32,
    login: Option<(&'a str, &'a str)>,
}

/// Measures both in turn, and writes the table.
pub(super) fn run(product: &Product, options: &Options) -> Result<(), Failure> {
    for (tool, remedy) in [
        ("wrk", "install your system's wrk package"),
        ("curl", "install your system's curl package"),
        ("go", "https://go.dev/dl/"),
        ("python3", "install your system's python3 package"),
    ] {
        tools::need(tool, remedy)?;
    }
    let folder = options.tools.clone().unwrap_or_else(|| tools::root().join("../shared/bench"));
    let bench = Bench { script: folder.join("bench.py"), options };
    if !bench.script.is_file() {
        return Err(Failure::Missing {
            tool: "bench.py",
            remedy: "name the folder that it is in with --tools FOLDER",
        });
    }
    let binary = product.binary()?;
    let peer = if options.alone { None } else { Some(peer::build()?) };
    let (mut ours, mut theirs) = (Figures::default(), Figures::default());
    for round in 1..=options.rounds {
        if let Some(program) = &peer {
            terminal::say(format_args!("round {round}: distribution"));
            theirs.add(bench.measure_peer(program, &folder.join("distribution.yml"))?);
        }
        terminal::say(format_args!("round {round}: naru"));
        ours.add(bench.measure_naru(&binary)?);
    }
    let table = table::speed(&ours, &theirs);
    if options.quick || options.only.is_some() || peer.is_none() {
        terminal::say(&table);
        return Ok(());
    }
    let version = peer::VERSION;
    let told = format!(
        "Medians of {} runs each, alternating, distribution {version} beside Naru {}.\n\n{table}",
        options.rounds,
        env!("CARGO_PKG_VERSION"),
    );
    report::write("speed", &told)
}

impl Bench<'_> {
    fn measure_peer(&self, program: &Path, settings: &Path) -> Result<Figures, Failure> {
        let folder = scratch()?;
        let peer = Peer::start(program, settings, folder.path())?;
        self.measure(
            folder.path(),
            &Measured { address: peer.address(), process: peer.process(), login: None },
        )
    }

    fn measure_naru(&self, binary: &Path) -> Result<Figures, Failure> {
        let folder = scratch()?;
        let Stage { server, password, .. } = Stage::start(binary, folder.path())?;
        let figures = self.measure(
            folder.path(),
            &Measured {
                address: server.address(),
                process: server.process(),
                login: Some((TOKEN, &password)),
            },
        )?;
        server.stop()?;
        Ok(figures)
    }

    fn measure(&self, folder: &Path, measured: &Measured<'_>) -> Result<Figures, Failure> {
        let mut script = Invocation::new("python3")
            .args([&self.script])
            .args([format!("http://{}", measured.address)])
            .args(["--pid", &measured.process.to_string()])
            .within(folder)
            .patience(PATIENCE);
        if let Some((user, password)) = measured.login {
            script = script.args(["--user", user, "--password", password]);
        }
        if self.options.quick {
            script = script.args(["--quick"]);
        }
        if let Some(part) = &self.options.only {
            script = script.args(["--only", part]);
        }
        let ending = script.succeed()?;
        let figures = Figures::read(&ending.stdout())
            .ok_or_else(|| ending.unexpected("a JSON line for each figure"))?;
        terminal::quote(&figures.line());
        Ok(figures)
    }
}

/// A folder on the disk of the workspace: `/tmp` may be memory, and what is measured is a disk.
fn scratch() -> Result<tempfile::TempDir, Failure> {
    let within = tools::root().join("target/bench");
    fs::create_dir_all(&within).map_err(Failure::machine("make a folder for the data"))?;
    tempfile::Builder::new()
        .prefix("run-")
        .tempdir_in(within)
        .map_err(Failure::machine("make a folder for the data"))
}
