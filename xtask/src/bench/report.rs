//! The tables of `bench/README.md` that a measurement writes: each stands between two markers.

use std::fs;
use std::path::PathBuf;

use crate::failure::Failure;
use crate::{terminal, tools};

/// Prints a table, and puts it in the place of the one before.
pub(super) fn write(name: &str, table: &str) -> Result<(), Failure> {
    terminal::say(table);
    let text = fs::read_to_string(file()).map_err(Failure::machine("read bench/README.md"))?;
    let Some(text) = replaced(&text, name, table) else {
        return Err(Failure::unexpected(
            format!("a place for the table `{name}` in bench/README.md"),
            format!("no `{}` with its end", begin(name)),
        ));
    };
    fs::write(file(), text).map_err(Failure::machine("write bench/README.md"))
}

fn replaced(text: &str, name: &str, table: &str) -> Option<String> {
    let (begin, end) = (begin(name), format!("<!-- end {name} -->"));
    let (before, rest) = text.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n{}\n{end}{after}", table.trim_end()))
}

fn begin(name: &str) -> String {
    format!("<!-- begin {name} -->")
}

fn file() -> PathBuf {
    tools::root().join("bench/README.md")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_takes_the_place_of_the_one_before() {
        let text = "a\n<!-- begin x -->\nold\n<!-- end x -->\nb\n";
        let new = replaced(text, "x", "new\n").unwrap();
        assert_eq!(new, "a\n<!-- begin x -->\nnew\n<!-- end x -->\nb\n");
        assert_eq!(replaced(&new, "x", "new").unwrap(), new);
        assert_eq!(replaced(text, "y", "new"), None);
    }
}
