//! Small files that say what they are about, and print from one place.

use std::path::Path;

use crate::tidy::{Text, halves, is_test_module};

/// The most lines a file may have.
const CAP: usize = 600;

/// Files over the cap, each with the reason why it is one idea all the same.
const LONG: &[(&str, &str)] = &[];

/// Where printing or ending the process is expected.
const PRINTERS: [&str; 3] =
    ["crates/naru/src/main.rs", "crates/naru/src/printer.rs", "xtask/src/terminal.rs"];

/// The lints that printing or ending the process would have to silence.
const PRINTING: [&str; 3] = ["clippy::print_stdout", "clippy::print_stderr", "clippy::exit"];

/// What breaks these rules.
pub(super) fn findings(sources: &[Text]) -> Vec<String> {
    let mut findings: Vec<String> = sources.iter().flat_map(of_one).collect();
    findings.extend(
        LONG.iter()
            .filter(|(path, _)| !sources.iter().any(|source| is_long(source, path)))
            .map(|(path, _)| format!("{path} is on the list of long files, and is not long")),
    );
    findings
}

fn of_one(source: &Text) -> Vec<String> {
    let path = source.path.display();
    let mut findings = Vec::new();
    let lines = source.text.lines().count();
    let is_listed = LONG.iter().any(|(long, _)| source.path == Path::new(long));
    if lines > CAP && !is_listed {
        findings.push(format!("{path} has {lines} lines, {CAP} is the cap"));
    }
    if !source.text.starts_with("//!") && !is_test_module(&source.path) {
        findings.push(format!("{path} does not open with `//!`"));
    }
    let (product, _) = halves(source);
    let may_print = PRINTERS.iter().any(|printer| source.path == Path::new(printer));
    let is_this_rule = source.path.ends_with("tidy/sources.rs");
    if !may_print && !is_this_rule {
        for lint in PRINTING.iter().filter(|lint| product.contains(**lint)) {
            findings.push(format!("{path} silences `{lint}`: print through the printer"));
        }
    }
    findings
}

fn is_long(source: &Text, path: &str) -> bool {
    source.path == Path::new(path) && source.text.lines().count() > CAP
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        findings(&[Text { path: path.into(), text: text.to_owned() }])
    }

    #[test]
    fn a_module_says_what_it_is_about() {
        assert_eq!(found("crates/a/src/b.rs", "//! B.\n"), Vec::<String>::new());
        assert_eq!(found("crates/a/src/b.rs", "fn b() {}\n").len(), 1);
        assert!(found("crates/a/src/b/tests.rs", "use super::*;\n").is_empty());
    }

    #[test]
    fn a_file_ends_at_the_cap() {
        let at_the_cap = format!("//! B.\n{}", "\n".repeat(CAP - 1));
        assert!(found("b.rs", &at_the_cap).is_empty());
        assert_eq!(found("b.rs", &format!("{at_the_cap}\n")).len(), 1);
    }

    #[test]
    fn only_the_printer_prints() {
        let text = "//! B.\n#[expect(clippy::print_stdout, reason = \"b\")]\n";
        assert_eq!(found("crates/a/src/b.rs", text).len(), 1);
        assert!(found("crates/naru/src/printer.rs", text).is_empty());
    }
}
