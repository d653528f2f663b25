//! Growth: the same requests on a store of ten thousand manifests and on one of a million.
//!
//! Both servers run beside each other and are asked in turn, so that both see the same machine.
//! The stores are made by `naru-bench` (`bench/`), and stay under `target/bench` for the next time.

mod requests;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use self::requests::{Group, groups};
use super::client::{Connection, get};
use super::stage::{Cost, Stage};
use super::{gauge, report};
use crate::failure::Failure;
use crate::process::Invocation;
use crate::product::{Product, metadata};
use crate::server::Launch;
use crate::surroundings::Stopwatch;
use crate::{terminal, tools};

/// A store by its size.
pub(super) struct Size {
    name: &'static str,
    manifests: u32,
    pub(super) repositories: u32,
    pub(super) tags: u32,
}

const SMALL: Size = Size { name: "small", manifests: 10_000, repositories: 100, tags: 1_000 };

const FULL: Size = Size { name: "full", manifests: 1_000_000, repositories: 10_000, tags: 100_000 };

/// How often everything is measured; the first time warms up.
const ROUNDS: usize = 6;

/// How often a server is started.
const STARTS: usize = 7;

/// The longest that the generator may take.
const PATIENCE: Duration = Duration::from_hours(1);

/// Measures and writes the table.
pub(super) fn run(product: &Product, fresh: bool) -> Result<(), Failure> {
    let binary = product.binary()?;
    let folders = [store(&binary, &SMALL, fresh)?, store(&binary, &FULL, fresh)?];
    let mut rows = vec![starts(&binary, &folders)?];
    let stages = [Stage::start(&binary, &folders[0])?, Stage::start(&binary, &folders[1])?];
    let groups = [groups(&stages[0], &SMALL)?, groups(&stages[1], &FULL)?];
    let processes = [stages[0].server.process(), stages[1].server.process()];
    rows.push(memory("resident memory after the start", processes)?);
    for (small, full) in groups[0].iter().zip(&groups[1]) {
        rows.push(compared(small, full, &stages)?);
    }
    rows.push(first_pages(&stages, &groups)?);
    rows.push(memory("resident memory after all of this", processes)?);
    let [small, full] = stages;
    small.server.stop()?;
    full.server.stop()?;
    let head = "| what | small | full | ratio |\n|---|---|---|---|\n";
    report::write("growth", &format!("{head}{}", rows.concat()))
}

/// The folder of a store; it is made where it is not there.
fn store(binary: &Path, size: &Size, fresh: bool) -> Result<PathBuf, Failure> {
    let folder = metadata()?.target_directory.join("bench").join(size.name).into_std_path_buf();
    let complete = folder.join("complete");
    if complete.exists() && !fresh {
        return Ok(folder);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(Failure::machine("remove an older store"))?;
    }
    terminal::say(format_args!("making the {} store in {}", size.name, folder.display()));
    let stopwatch = Stopwatch::start();
    Launch::of(binary, &folder).start()?.stop()?;
    // Together with the product, so that what they share is built once.
    let built = Invocation::new("cargo")
        .args(["build", "--quiet", "--release", "--package", "naru", "--package", "naru-bench"])
        .within(tools::root())
        .passes()?;
    let generator = metadata()?.target_directory.join("release/naru-bench");
    let filled = built
        && Invocation::new(generator)
            .args(["--data-dir"])
            .args([folder.join("data")])
            .args([format!("--manifests={}", size.manifests)])
            .args([format!("--repositories={}", size.repositories)])
            .args([format!("--tags={}", size.tags)])
            .within(tools::root())
            .patience(PATIENCE)
            .passes()?;
    if !filled {
        return Err(Failure::unexpected("the store to be filled", "it is not"));
    }
    fs::write(&complete, "").map_err(Failure::machine("mark a store as complete"))?;
    terminal::say(format_args!("made in {} s", stopwatch.elapsed().as_secs()));
    Ok(folder)
}

/// From the start of the process to its first answer.
fn starts(binary: &Path, folders: &[PathBuf; 2]) -> Result<String, Failure> {
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..STARTS {
        for (folder, times) in folders.iter().zip(&mut times) {
            let stopwatch = Stopwatch::start();
            let server = Launch::of(binary, folder).start()?;
            Connection::to(server.address())?.send(&get("/v2/", ""))?;
            times.push(stopwatch.elapsed());
            server.stop()?;
        }
    }
    let [small, full] = times.map(|times| gauge::median(times).unwrap_or_default());
    Ok(row("start to first answer", (shown(small), shown(full)), &ratio(small, full)))
}

fn memory(what: &str, processes: [u32; 2]) -> Result<String, Failure> {
    let [small, full] = processes.map(|process| gauge::memory(process, "VmRSS"));
    let (small, full) = (small?, full?);
    let mib = |bytes: u64| format!("{} MiB", bytes.div_ceil(1 << 20));
    Ok(row(what, (mib(small), mib(full)), &hundredths(full, small)))
}

/// A group of requests on both stores, by turns.
fn compared(small: &Group, full: &Group, stages: &[Stage; 2]) -> Result<String, Failure> {
    let (name, mut costs) = (small.name, [Vec::new(), Vec::new()]);
    for round in 0..ROUNDS {
        for ((stage, group), costs) in stages.iter().zip([small, full]).zip(&mut costs) {
            let cost = stage.cost(&group.requests)?;
            if round > 0 {
                costs.push(cost);
            }
        }
    }
    let [small, full] = costs.map(|costs| Cost {
        wall: gauge::median(costs.iter().map(|cost| cost.wall)).unwrap_or_default(),
        cpu: gauge::median(costs.iter().map(|cost| cost.cpu)).unwrap_or_default(),
    });
    let both = |cost: Cost| format!("{}, {} of CPU", shown(cost.wall), shown(cost.cpu));
    let ratios = format!("{}, {}", ratio(small.wall, full.wall), ratio(small.cpu, full.cpu));
    Ok(row(name, (both(small), both(full)), &ratios))
}

/// A page of 100 tags by a connection that is made for it.
fn first_pages(stages: &[Stage; 2], groups: &[Vec<Group>; 2]) -> Result<String, Failure> {
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for ((stage, groups), times) in stages.iter().zip(groups).zip(&mut times) {
            let page = groups.iter().find(|group| group.name == requests::LAST_TAGS);
            for request in page.into_iter().flat_map(|group| group.requests.iter().take(20)) {
                let stopwatch = Stopwatch::start();
                stage.connect()?.ask(request)?;
                times.push(stopwatch.elapsed());
            }
        }
    }
    let [small, full] = times.map(|times| gauge::median(times).unwrap_or_default());
    let name = "the same by a fresh connection: 100 tags at the end";
    Ok(row(name, (shown(small), shown(full)), &ratio(small, full)))
}

fn row(what: &str, (small, full): (String, String), ratio: &str) -> String {
    format!("| {what} | {small} | {full} | {ratio} |\n")
}

fn shown(time: Duration) -> String {
    match time.as_micros() {
        micros @ 0..10_000 => format!("{micros} µs"),
        micros => format!("{} ms", micros / 1_000),
    }
}

fn ratio(small: Duration, full: Duration) -> String {
    let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    hundredths(nanos(full), nanos(small))
}

fn hundredths(one: u64, other: u64) -> String {
    let hundredths = one.saturating_mul(100) / other.max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
