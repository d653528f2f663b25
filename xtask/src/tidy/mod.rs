//! The rules of the house that no compiler checks.
//!
//! Each rule is a module that says what it found; this one decides which rules there are.

mod causes;
mod layers;
mod links;
mod sources;

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::{terminal, tools};

/// Folders that hold nothing of ours.
const FOREIGN: [&str; 3] = ["target", ".git", "node_modules"];

/// A file of the workspace, with its path below the root.
pub(crate) struct Text {
    /// The path below the root.
    pub(crate) path: PathBuf,
    /// What stands in it.
    pub(crate) text: String,
}

/// Checks every rule, and prints what breaks one.
pub(crate) fn run() -> Result<(), Failure> {
    let root = tools::root();
    let sources = texts(root, "rs")?;
    let documents = texts(root, "md")?;
    let metadata = crate::product::metadata()?;
    let mut findings = sources::findings(&sources);
    findings.extend(layers::findings(&metadata));
    findings.extend(causes::findings(&sources, &texts(root, "ftl")?));
    findings.extend(links::findings(root, &documents));
    for finding in &findings {
        terminal::say(format_args!("tidy: {finding}"));
    }
    match causes::outstanding(root, &sources) {
        Some(outstanding) => terminal::say(format_args!(
            "tidy: {} causes of the catalogue are outstanding",
            outstanding.len()
        )),
        None => terminal::say("tidy: the catalogue of causes is not beside this clone"),
    }
    if findings.is_empty() {
        terminal::say(format_args!(
            "tidy: ok ({} sources, {} documents)",
            sources.len(),
            documents.len()
        ));
    }
    Failure::unless_none("tidy", findings.len())
}

/// Every file of the workspace that ends in `extension`, in the order of their paths.
fn texts(root: &Path, extension: &str) -> Result<Vec<Text>, Failure> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let reading = || format!("read {}", folder.display());
        for entry in fs::read_dir(&folder).map_err(Failure::machine(reading()))? {
            let path = entry.map_err(Failure::machine(reading()))?.path();
            let name = path.file_name().unwrap_or_default();
            if path.is_dir() {
                if !FOREIGN.iter().any(|foreign| name == *foreign) {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|found| found == extension) {
                let text = fs::read_to_string(&path)
                    .map_err(Failure::machine(format!("read {}", path.display())))?;
                let path = path.strip_prefix(root).unwrap_or(&path).to_owned();
                found.push(Text { path, text });
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

/// What of a source is the product, and what is its tests: (product, tests).
///
/// Tests stand last in a file, or in a file or folder of their own.
fn halves(source: &Text) -> (&str, &str) {
    let is_test = source.path.components().any(|part| part.as_os_str() == "tests")
        || is_test_module(&source.path)
        || source.path.starts_with("crates/testkit");
    if is_test {
        return ("", &source.text);
    }
    match source.text.find("#[cfg(test)]\nmod tests {") {
        Some(at) => source.text.split_at(at),
        None => (&source.text, ""),
    }
}

/// Whether this is an inline test module that was moved out of its file.
fn is_test_module(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "tests.rs")
}
