//! The benchmarks of the parts, under `bench/benches`: runs them, and makes a table of their medians.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::report;
use crate::failure::Failure;
use crate::process::Invocation;
use crate::product::metadata;
use crate::tools;

/// Runs them all.
pub(super) fn run() -> Result<(), Failure> {
    let target = metadata()?.target_directory.join("criterion").into_std_path_buf();
    let passed = Invocation::new("cargo")
        .args(["bench", "--package", "naru-bench", "--package", "naru"])
        .args(["--bench", "decision", "--bench", "requests"])
        .within(tools::root())
        .passes()?;
    if !passed {
        return Err(Failure::unexpected("the benchmarks to run", "they do not"));
    }
    let mut rows = rows(&target)?;
    rows.sort();
    let rows: Vec<_> =
        rows.iter().map(|(name, median)| format!("| {name} | {} |\n", shown(*median))).collect();
    report::write("parts", &format!("| part | median |\n|---|---|\n{}", rows.concat()))
}

/// The name and the median, in whole nanoseconds, of every benchmark that was run.
fn rows(folder: &Path) -> Result<Vec<(String, u64)>, Failure> {
    let mut found = Vec::new();
    let reading = || Failure::machine(format!("read {}", folder.display()));
    for entry in fs::read_dir(folder).map_err(reading())? {
        let path = entry.map_err(reading())?.path();
        if path.is_dir() && !path.ends_with("new") {
            found.extend(rows(&path)?);
        } else if path.is_dir() {
            found.extend(row(&path));
        }
    }
    Ok(found)
}

fn row(folder: &Path) -> Option<(String, u64)> {
    let read = |file: &str| -> Option<Value> {
        serde_json::from_slice(&fs::read(folder.join(file)).ok()?).ok()
    };
    let (named, estimates) = (read("benchmark.json")?, read("estimates.json")?);
    let (group, function) = (named.get("group_id")?.as_str()?, named.get("function_id")?.as_str()?);
    let median = estimates.pointer("/median/point_estimate")?.as_f64()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a time in nanoseconds, to be shown to people"
    )]
    let median = median as u64;
    Some((format!("{group}: {function}"), median))
}

/// A time with three digits or so.
fn shown(nanoseconds: u64) -> String {
    match nanoseconds {
        0..1_000 => format!("{nanoseconds} ns"),
        _ => format!("{}.{:02} µs", nanoseconds / 1_000, nanoseconds % 1_000 / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_in_the_unit_that_fits() {
        assert_eq!(shown(87), "87 ns");
        assert_eq!(shown(12_345), "12.34 µs");
    }
}
