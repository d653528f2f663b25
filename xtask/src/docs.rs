//! The pages of the causes: `docs/causes/CODE.md` and `CODE.ko.md`, as `naru explain` writes them.
//!
//! Their only home is the catalogue under `locales/`; a test of `naru-doctor` says where a page is
//! no longer what the catalogue says.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::failure::Failure;
use crate::process::Invocation;
use crate::product::Product;
use crate::{terminal, tools};

/// The languages, each with the ending of its pages.
const LANGUAGES: [(&str, &str); 2] = [("en", ".md"), ("ko", ".ko.md")];

/// Writes every page, and removes those of causes that are no more.
pub(crate) fn run(product: &Product) -> Result<(), Failure> {
    let binary = product.binary()?;
    let folder = tools::root().join("docs/causes");
    fs::create_dir_all(&folder).map_err(Failure::machine("make docs/causes"))?;
    let mut written = BTreeSet::new();
    for (language, ending) in LANGUAGES {
        let mut write = |name: &str, words: &[&str]| -> Result<(), Failure> {
            let page = explain(&binary, language, words)?;
            let file = format!("{name}{ending}");
            fs::write(folder.join(&file), page.trim_end().to_owned() + "\n")
                .map_err(Failure::machine(format!("write {file}")))?;
            written.insert(file);
            Ok(())
        };
        write("README", &[])?;
        for code in codes(&binary)? {
            write(&code, &[&code])?;
        }
    }
    for entry in fs::read_dir(&folder).map_err(Failure::machine("read docs/causes"))? {
        let entry = entry.map_err(Failure::machine("read docs/causes"))?;
        if !written.contains(entry.file_name().to_string_lossy().as_ref()) {
            fs::remove_file(entry.path()).map_err(Failure::machine("remove an old page"))?;
        }
    }
    terminal::say(format_args!("docs: {} pages", written.len()));
    Ok(())
}

fn explain(binary: &Path, language: &str, words: &[&str]) -> Result<String, Failure> {
    let ending = Invocation::new(binary)
        .args(["explain", "-o", "markdown", "--lang", language])
        .args(words)
        .succeed()?;
    Ok(ending.stdout())
}

fn codes(binary: &Path) -> Result<Vec<String>, Failure> {
    let ending = Invocation::new(binary).args(["explain", "-o", "json"]).succeed()?;
    let listed: Vec<Value> = serde_json::from_slice(ending.bytes())
        .map_err(|error| ending.unexpected(format!("a list of causes ({error})")))?;
    let code = |row: &Value| row.get("code")?.as_str().map(str::to_owned);
    Ok(listed.iter().filter_map(code).collect())
}
