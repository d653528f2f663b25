//! What the suite's reports have to say for a pass.
//!
//! The suite's exit code hides skips and is also 0 where nothing ran, so a pass is: the exact
//! number of tests, none failed, skipped or disabled, every case passed, and every entry of the
//! summary `Pass`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::failure::Failure;

/// No more cases than this are listed; the rest are in the report.
const LISTED: usize = 40;

/// What a round has to come to.
pub(super) struct Expectation {
    /// Exactly this many tests, all passed.
    pub(super) tests: u32,
    /// Entries of the summary that must be `Disabled`; all others must be `Pass`.
    pub(super) disabled: &'static [&'static str],
}

/// Both reports of a run.
pub(super) struct Reports {
    junit: String,
    summary: String,
}

impl Reports {
    /// Reads the reports in `folder`; missing ones are a failure.
    pub(super) fn read(folder: &Path) -> Result<Self, Failure> {
        let read = |name: &str| {
            let file = folder.join(name);
            fs::read_to_string(&file).map_err(Failure::machine(format!("read {}", file.display())))
        };
        Ok(Self { junit: read("junit.xml")?, summary: read("results.yaml")? })
    }

    /// What speaks against a pass.
    pub(super) fn findings(&self, expectation: &Expectation) -> Vec<String> {
        let mut findings = judge_junit(&self.junit, expectation.tests);
        findings.extend(judge_summary(&self.summary, expectation.disabled));
        findings
    }
}

fn judge_junit(junit: &str, tests: u32) -> Vec<String> {
    let mut findings = Vec::new();
    if !junit.trim_end().ends_with("</testsuites>") {
        findings.push("junit.xml ends in the middle".to_owned());
    }
    for name in ["testsuites", "testsuite"] {
        match elements(junit, name).as_slice() {
            [totals] => findings.extend(judge_totals(name, totals, tests)),
            several => findings.push(format!("junit.xml has {} <{name}>", several.len())),
        }
    }
    for name in ["failure", "error", "skipped"] {
        let count = elements(junit, name).len();
        if count > 0 {
            findings.push(format!("junit.xml has {count} <{name}>"));
        }
    }
    findings.extend(judge_cases(junit));
    findings
}

fn judge_totals(name: &str, totals: &Attributes, tests: u32) -> Vec<String> {
    let mut findings = Vec::new();
    if totals.get("tests") != Some(&tests.to_string()) {
        let seen = totals.get("tests").map_or("none", String::as_str);
        findings.push(format!("<{name}> counts {seen} tests, {tests} are due"));
    }
    for key in ["failures", "errors", "skipped", "disabled"] {
        if let Some(seen) = totals.get(key).filter(|seen| *seen != "0") {
            findings.push(format!("<{name}> counts {key}: {seen}"));
        }
    }
    findings
}

fn judge_cases(junit: &str) -> Vec<String> {
    let cases = elements(junit, "testcase");
    if cases.is_empty() {
        return vec!["junit.xml has no case".to_owned()];
    }
    let mut findings: Vec<String> = cases
        .iter()
        .filter(|case| case.get("status").is_none_or(|status| status != "passed"))
        .map(|case| {
            let of = |key| case.get(key).map_or("none", String::as_str);
            format!("{}: {}", of("status"), of("name"))
        })
        .collect();
    let more = findings.len().saturating_sub(LISTED);
    if more > 0 {
        findings.truncate(LISTED);
        findings.push(format!("and {more} more cases that did not pass"));
    }
    findings
}

/// `apis` and `data` of `results.yaml`: plain maps, two blanks deep, of name and outcome.
fn judge_summary(summary: &str, disabled: &[&str]) -> Vec<String> {
    let mut findings = Vec::new();
    for section in ["apis", "data"] {
        let entries = entries(summary, section);
        if entries.is_empty() {
            findings.push(format!("results.yaml has nothing under {section}"));
        }
        for (name, outcome) in entries {
            let due = if disabled.contains(&name) { "Disabled" } else { "Pass" };
            if outcome != due {
                findings.push(format!("{section}: {name}: {outcome}, {due} is due"));
            }
        }
    }
    findings
}

fn entries<'a>(summary: &'a str, section: &str) -> Vec<(&'a str, &'a str)> {
    summary
        .lines()
        .skip_while(|line| line.strip_suffix(':') != Some(section))
        .skip(1)
        .take_while(|line| line.starts_with(' '))
        .map(|line| line.trim().rsplit_once(": ").unwrap_or((line.trim(), "")))
        .collect()
}

type Attributes = BTreeMap<String, String>;

/// The attributes of every element `name`. The suite's writer escapes `<`, `>` and `"` in texts
/// and attributes alike, so a tag ends at the next `>`, and an attribute at the next quote.
fn elements(junit: &str, name: &str) -> Vec<Attributes> {
    junit
        .split('<')
        .skip(1)
        .filter_map(|element| {
            let (tag, _) = element.split_once('>')?;
            let rest = tag.strip_prefix(name)?;
            let ends = rest.is_empty() || rest.starts_with([' ', '/', '\n']);
            ends.then(|| attributes(rest))
        })
        .collect()
}

fn attributes(mut rest: &str) -> Attributes {
    let mut found = Attributes::new();
    while let Some((name, after)) = rest.split_once("=\"") {
        let Some((value, after)) = after.split_once('"') else {
            break;
        };
        found.insert(name.trim().to_owned(), value.to_owned());
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSED: &str = r#"<testsuites time="0.37" tests="2">
  <testsuite name="OCI Conformance Test" tests="2" failures="0" errors="0" time="0.37">
    <properties>
      <property name="Config" value="username: &#34;&#34;&#xA;status: &lt;failure&gt;"></property>
    </properties>
    <testcase name="OCI Conformance Test/ping" classname="" time="0.001" status="passed">
      <system-err>&lt;testcase status=&#34;failure&#34;&gt;</system-err>
    </testcase>
    <testcase name="OCI Conformance Test/empty" classname="" time="0.002" status="passed"></testcase>
  </testsuite>
</testsuites>"#;
    const SUMMARY: &str = "config:\n  apis:\n    ping: true\n  data:\n    sparse: false\n\
        apis:\n  Blob get: Pass\n  Ping: Pass\ndata:\n  Image: Pass\n  Sparse Manifests: Disabled\n";

    fn findings(junit: &str, summary: &str) -> Vec<String> {
        Reports { junit: junit.to_owned(), summary: summary.to_owned() }
            .findings(&Expectation { tests: 2, disabled: &["Sparse Manifests"] })
    }

    #[test]
    fn a_pass_has_no_findings() {
        assert_eq!(findings(PASSED, SUMMARY), Vec::<String>::new());
    }

    #[test]
    fn every_way_of_not_passing_is_found() {
        let changes = [
            ("tests=\"2\">", "tests=\"1\">", "counts 1 tests"),
            ("tests=\"2\">", "tests=\"2\" skipped=\"1\">", "counts skipped: 1"),
            ("failures=\"0\"", "failures=\"3\"", "<testsuite> counts failures: 3"),
            ("errors=\"0\"", "errors=\"0\" disabled=\"2\"", "counts disabled: 2"),
            ("status=\"passed\">\n", "status=\"skipped\">\n", "skipped: OCI Conformance Test/ping"),
            (" status=\"passed\"></", "></", "none: OCI Conformance Test/empty"),
            ("<system-err>", "<failure message=\"x\"/><system-err>", "1 <failure>"),
            ("</testsuites>", "", "ends in the middle"),
            ("testsuites time", "results time", "0 <testsuites>"),
        ];
        for (from, to, expected) in changes {
            let broken = PASSED.replacen(from, to, 1);
            assert_ne!(broken, PASSED, "{from}");
            let found = findings(&broken, SUMMARY);
            assert!(
                found.iter().any(|finding| finding.contains(expected)),
                "{expected}: {found:?}"
            );
        }
    }

    #[test]
    fn the_summary_counts_too() {
        for (from, to, expected) in [
            ("Ping: Pass", "Ping: Skip", "apis: Ping: Skip, Pass is due"),
            ("Image: Pass", "Image: Disabled", "data: Image: Disabled, Pass is due"),
            ("Manifests: Disabled", "Manifests: Pass", "Disabled is due"),
            ("\ndata:\n", "\nother:\n", "nothing under data"),
        ] {
            let found = findings(PASSED, &SUMMARY.replacen(from, to, 1));
            assert!(
                found.iter().any(|finding| finding.contains(expected)),
                "{expected}: {found:?}"
            );
        }
    }

    #[test]
    fn nothing_at_all_is_no_pass() {
        assert!(!findings("", "").is_empty());
    }
}
