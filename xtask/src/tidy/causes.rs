//! Every cause of the table is given by somebody, and a test shows it.
//!
//! The table's texts are compared by the tests of `codes`. A cause of the catalogue that nobody
//! gives yet is not in the table; it is counted as outstanding, where the catalogue is at hand.

use std::fs;
use std::path::Path;

use crate::tidy::{Text, halves};

const TABLE: &str = "crates/codes/src/cause.rs";
const CATALOGUE: &str = "../shared/contracts/causes.md";

/// Where every cause stands by name, given or not: tables of what is known of causes.
const TABLES: [&str; 3] =
    ["crates/doctor/src/explain", "crates/doctor/src/relate.rs", "crates/doctor/src/remedy.rs"];

/// One row of the table.
struct Row {
    variant: String,
    code: String,
}

/// What breaks this rule.
pub(super) fn findings(sources: &[Text]) -> Vec<String> {
    let rows = rows(sources);
    if rows.is_empty() {
        return vec![format!("no cause can be read from {TABLE}")];
    }
    let users: Vec<(&str, &str)> = sources
        .iter()
        .filter(|source| source.path.starts_with("crates"))
        .filter(|source| !source.path.starts_with("crates/codes"))
        .map(|source| {
            let (product, tests) = halves(source);
            let is_table = TABLES.iter().any(|table| source.path.starts_with(table));
            (if is_table { "" } else { product }, tests)
        })
        .collect();
    rows.iter()
        .flat_map(|row| {
            let name = format!("Cause::{}", row.variant);
            let code = format!("\"{}\"", row.code);
            let given = users.iter().any(|(product, _)| mentions(product, &name));
            let shown =
                users.iter().any(|(_, tests)| mentions(tests, &name) || tests.contains(&row.code));
            let missing_emitter = (!given).then(|| format!("nobody gives the cause {code}"));
            let missing_test = (!shown).then(|| format!("no test shows the cause {code}"));
            missing_emitter.into_iter().chain(missing_test)
        })
        .collect()
}

/// The codes of the catalogue that are not in the table, where the catalogue is at hand.
pub(super) fn outstanding(root: &Path, sources: &[Text]) -> Option<Vec<String>> {
    let catalogue = fs::read_to_string(root.join(CATALOGUE)).ok()?;
    let rows = rows(sources);
    Some(
        catalogued(&catalogue)
            .filter(|code| !rows.iter().any(|row| row.code == *code))
            .map(str::to_owned)
            .collect(),
    )
}

/// The first cells of the catalogue's tables; a cell may name several codes.
fn catalogued(catalogue: &str) -> impl Iterator<Item = &str> {
    catalogue
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split('|').next())
        .flat_map(|cell| cell.split('/'))
        .map(|code| code.trim().trim_matches('`'))
        .filter(|code| code.contains('-') && code.chars().all(is_of_a_code))
        .filter(|code| code.chars().any(char::is_alphanumeric))
}

fn is_of_a_code(letter: char) -> bool {
    letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-'
}

fn rows(sources: &[Text]) -> Vec<Row> {
    sources
        .iter()
        .filter(|source| source.path == Path::new(TABLE))
        .flat_map(|source| source.text.lines())
        .filter_map(row)
        .collect()
}

/// Reads `Variant = "code", …` of the table.
fn row(line: &str) -> Option<Row> {
    let (variant, rest) = line.trim().split_once(" = \"")?;
    let (code, _) = rest.split_once("\", ")?;
    let is_a_row = variant.chars().all(char::is_alphanumeric) && code.chars().all(is_of_a_code);
    is_a_row.then(|| Row { variant: variant.to_owned(), code: code.to_owned() })
}

/// Whether `text` names exactly `name`, and not one that it is the beginning of.
fn mentions(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        text.get(at + name.len()..)
            .and_then(|rest| rest.chars().next())
            .is_none_or(|next| !next.is_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &str, text: &str) -> Text {
        Text { path: path.into(), text: text.to_owned() }
    }

    fn with(user: &str) -> Vec<String> {
        findings(&[
            text(TABLE, "    NoRole = \"no-role\", Permission, Holder, [];\n"),
            text("crates/server/src/a.rs", user),
        ])
    }

    #[test]
    fn a_cause_needs_somebody_who_gives_it_and_a_test() {
        assert_eq!(with("").len(), 2);
        assert_eq!(with("Cause::NoRole;"), ["no test shows the cause \"no-role\""]);
        assert_eq!(with("Cause::NoRoles;").len(), 2);
        let tested = "Cause::NoRole;\n#[cfg(test)]\nmod tests {\n\"no-role\"";
        assert_eq!(with(tested), Vec::<String>::new());
        let only_tested = "#[cfg(test)]\nmod tests {\nCause::NoRole";
        assert_eq!(with(only_tested), ["nobody gives the cause \"no-role\""]);
    }

    #[test]
    fn a_table_that_cannot_be_read_is_found() {
        assert_eq!(findings(&[]).len(), 1);
    }

    #[test]
    fn the_catalogue_is_its_first_cells() {
        let cells =
            "| code | means |\n|---|---|\n| helm-missing / helm-too-old | x-y |\n| a b | c |\n";
        let codes: Vec<_> = catalogued(cells).collect();
        assert_eq!(codes, ["helm-missing", "helm-too-old"]);
    }
}
