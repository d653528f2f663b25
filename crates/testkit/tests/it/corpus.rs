//! What the fuzz targets have found interesting is looked at on every change, and so is what is
//! almost the same. `NARU_FUZZ=1000000` makes it so many texts for each target.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use naru_testkit::targets::{Mutation, TARGETS, run};

/// How many texts are tried for each target where nothing else is said.
const SHORT: u64 = 2_000;

fn fuzz(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz").join(below)
}

fn names(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let stem = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    entries.map(stem).collect()
}

#[test]
fn every_target_holds_for_what_is_kept_of_its_runs() {
    for (name, _) in TARGETS {
        let mut looked_at = 0;
        for entry in fs::read_dir(fuzz("corpus").join(name)).unwrap() {
            let path = entry.unwrap().path();
            // Shown where it fails.
            println!("{}", path.display());
            run(name, &fs::read(path).unwrap());
            looked_at += 1;
        }
        assert!(looked_at >= 5, "{name}: {looked_at} files");
    }
}

#[test]
fn every_target_holds_for_what_is_almost_the_same() {
    let count = count();
    for (name, target) in TARGETS {
        let files = fs::read_dir(fuzz("corpus").join(name)).unwrap();
        let corpus: Vec<_> = files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
        let mut mutation = Mutation::new(count);
        for _ in 0..count {
            let text = mutation.of(&corpus);
            let held = std::panic::catch_unwind(|| target(&text));
            assert!(held.is_ok(), "{name}: b\"{}\"", text.escape_ascii());
        }
        println!("{name}: {count} texts");
    }
}

#[expect(clippy::disallowed_methods, reason = "how many texts are tried, is for its caller to say")]
fn count() -> u64 {
    std::env::var("NARU_FUZZ").map_or(SHORT, |count| count.parse().expect("a number"))
}

#[test]
fn every_target_has_a_file_that_runs_it_and_a_corpus() {
    let known: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names(&fuzz("fuzz_targets")), known);
    assert_eq!(names(&fuzz("corpus")), known);
    for name in &known {
        let source = fs::read_to_string(fuzz("fuzz_targets").join(format!("{name}.rs"))).unwrap();
        assert!(source.contains(&format!("run(\"{name}\", data)")), "{name}");
    }
    let manifest = fs::read_to_string(fuzz("Cargo.toml")).unwrap();
    assert_eq!(manifest.matches("[[bin]]").count(), known.len());
}
