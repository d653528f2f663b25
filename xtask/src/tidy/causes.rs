//! Every cause of the table has its texts in both languages, is given by somebody, and is made to
//! happen by a scenario.
//!
//! What else texts owe each other is compared by the tests of `codes`. A cause of the catalogue
//! that nobody gives yet is not in the table; it is counted as outstanding, where the catalogue is
//! at hand.

use std::fs;
use std::path::Path;

use crate::tidy::{Text, halves};

const TABLE: &str = "crates/codes/src/cause.rs";
const CATALOGUE: &str = "../shared/contracts/causes.md";

/// The table of scenarios: how each cause is made to happen, found, and taken away again.
const SCENARIOS: &str = "crates/naru/tests/it/check_health/every_cause/table.rs";

/// What a cause has to say, beside its title.
const PARTS: [&str; 5] = ["meaning", "established", "reproduce", "fix", "verify"];

/// Where every cause stands by name, given or not: tables of what is known of causes.
const TABLES: [&str; 4] = [
    "crates/doctor/src/explain",
    "crates/doctor/src/relate.rs",
    "crates/doctor/src/remedy.rs",
    "crates/server/src/control/events",
];

/// One row of the table.
struct Row {
    variant: String,
    code: String,
}

/// What breaks this rule. `texts` are the files of Fluent.
pub(super) fn findings(sources: &[Text], texts: &[Text]) -> Vec<String> {
    let rows = rows(sources);
    if rows.is_empty() {
        return vec![format!("no cause can be read from {TABLE}")];
    }
    let given: Vec<&str> = sources
        .iter()
        .filter(|source| source.path.starts_with("crates"))
        .filter(|source| !source.path.starts_with("crates/codes"))
        .filter(|source| !TABLES.iter().any(|table| source.path.starts_with(table)))
        .map(|source| halves(source).0)
        .collect();
    let scenarios = content(sources, SCENARIOS);
    let languages = ["English", "Korean"];
    let files = ["locales/en/causes.ftl", "locales/ko/causes.ftl"].map(|file| content(texts, file));
    rows.iter()
        .flat_map(|row| {
            let (name, code) = (format!("Cause::{}", row.variant), &row.code);
            let unsaid = languages.iter().zip(files).flat_map(|(language, file)| {
                let missing = missing_texts(code, file, *language == "Korean");
                missing
                    .into_iter()
                    .map(move |part| format!("the cause \"{code}\" has no {part} in {language}"))
            });
            let mut missing: Vec<String> = unsaid.collect();
            if !given.iter().any(|product| mentions(product, &name)) {
                missing.push(format!("nobody gives the cause \"{code}\""));
            }
            if !mentions(scenarios, &name) {
                missing.push(format!("no scenario makes the cause \"{code}\" happen"));
            }
            missing
        })
        .collect()
}

/// The text of a file; nothing where there is none.
fn content<'a>(files: &'a [Text], path: &str) -> &'a str {
    files.iter().find(|file| file.path == Path::new(path)).map_or("", |file| &file.text)
}

/// What a cause does not say in a file: its title, or parts of its page. What was copied from
/// English is no Korean.
fn missing_texts(code: &str, file: &str, korean: bool) -> Vec<&'static str> {
    let mut lines = file.lines().skip_while(|line| value(line, code).is_none());
    let Some(title) = lines.next().and_then(|line| value(line, code)) else { return vec!["text"] };
    let page: Vec<&str> = lines.take_while(|line| line.starts_with(' ')).map(str::trim).collect();
    let has = |part: &str| {
        page.iter().any(|line| value(line, &format!(".{part}")).is_some_and(|it| !it.is_empty()))
    };
    let hangul = |letter: char| ('가'..='힣').contains(&letter);
    let translated = !korean || title.contains(hangul);
    let title = (title.is_empty() || !translated).then_some("title");
    title.into_iter().chain(PARTS.into_iter().filter(|part| !has(part))).collect()
}

/// What stands behind `name =`.
fn value<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    Some(line.strip_prefix(name)?.trim_start().strip_prefix('=')?.trim())
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

    const ROW: &str = "    NoRole = \"no-role\", Permission, Holder, [];\n";
    const PAGE: &str = "    .meaning = a\n    .established = b\n    .reproduce = c\n    .fix = d\n    \
                        .verify = e\n";

    fn text(path: &str, text: &str) -> Text {
        Text { path: path.into(), text: text.to_owned() }
    }

    /// A house in which nothing is missing, but for what stands in these files.
    fn with(files: &[(&str, &str)]) -> Vec<String> {
        let user = "crates/server/src/a.rs";
        let (en, ko) = ("locales/en/causes.ftl", "locales/ko/causes.ftl");
        let (english, korean) = (format!("no-role = t\n{PAGE}"), format!("no-role = 역할\n{PAGE}"));
        let mut all = vec![
            text(TABLE, ROW),
            text(user, "Cause::NoRole;"),
            text(SCENARIOS, "Cause::NoRole => x"),
            text(en, &english),
            text(ko, &korean),
        ];
        for (path, other) in files {
            all.retain(|file| file.path != Path::new(path));
            all.push(text(path, other));
        }
        findings(&all, &all)
    }

    #[test]
    fn nothing_is_missing() {
        assert_eq!(with(&[]), Vec::<String>::new());
    }

    #[test]
    fn a_cause_needs_somebody_who_gives_it() {
        let user = "crates/server/src/a.rs";
        let nobody = ["nobody gives the cause \"no-role\""];
        for product in ["", "Cause::NoRoles;", "#[cfg(test)]\nmod tests {\nCause::NoRole"] {
            assert_eq!(with(&[(user, product)]), nobody, "{product}");
        }
        // A table of all causes gives none of them.
        let table = "crates/server/src/control/events/remedy.rs";
        assert_eq!(with(&[(user, ""), (table, "Cause::NoRole")]), nobody);
    }

    #[test]
    fn a_cause_needs_a_scenario() {
        for scenarios in ["", "Cause::NoRoles => x"] {
            let found = with(&[(SCENARIOS, scenarios)]);
            assert_eq!(found, ["no scenario makes the cause \"no-role\" happen"]);
        }
    }

    #[test]
    fn a_cause_needs_a_text() {
        let file = "locales/en/causes.ftl";
        let none = ["the cause \"no-role\" has no text in English"];
        assert_eq!(with(&[(file, "")]), none);
        assert_eq!(with(&[(file, &format!("no-roles = t\n{PAGE}"))]), none);
        let without = format!("no-role = t\n{}", PAGE.replace("    .fix = d\n", ""));
        assert_eq!(with(&[(file, &without)]), ["the cause \"no-role\" has no fix in English"]);
    }

    #[test]
    fn a_cause_needs_korean() {
        let file = "locales/ko/causes.ftl";
        assert_eq!(with(&[(file, "")]), ["the cause \"no-role\" has no text in Korean"]);
        let copied = format!("no-role = t\n{PAGE}");
        assert_eq!(with(&[(file, &copied)]), ["the cause \"no-role\" has no title in Korean"]);
    }

    #[test]
    fn a_table_that_cannot_be_read_is_found() {
        assert_eq!(findings(&[], &[]).len(), 1);
    }

    #[test]
    fn the_catalogue_is_its_first_cells() {
        let cells =
            "| code | means |\n|---|---|\n| helm-missing / helm-too-old | x-y |\n| a b | c |\n";
        let codes: Vec<_> = catalogued(cells).collect();
        assert_eq!(codes, ["helm-missing", "helm-too-old"]);
    }
}
