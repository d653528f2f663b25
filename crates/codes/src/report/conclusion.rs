//! A whole diagnosis, and what follows from it.

use jiff::Timestamp;

use super::{CheckReport, Finding, Outcome, Severity};

/// A diagnosis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What it is about, as it was asked for; empty where it is this machine alone.
    pub target: String,
    /// Whose credential was used, without the secret.
    pub principal: Option<String>,
    /// When it began.
    pub started: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// Every check, in the order in which they are declared.
    pub checks: Vec<CheckReport>,
}

/// What a diagnosis comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every check that applies ran, and nothing is wrong.
    Healthy,
    /// Nothing is wrong that would stop anything.
    Warnings,
    /// Something is wrong.
    Problems,
    /// Nothing wrong was found, and not everything was looked at.
    Inconclusive,
}

impl Report {
    /// Every finding.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.checks.iter().flat_map(|check| check.outcome.findings())
    }

    /// The causes at the root: what no other finding explains, what is worst and most certain
    /// first, then by the place on the path of a login; of each cause its worst and most certain
    /// finding. Advice is none.
    pub fn roots(&self) -> Vec<&Finding> {
        let mut roots: Vec<(usize, &CheckReport, &Finding)> = Vec::new();
        for (position, check) in self.checks.iter().enumerate() {
            let findings = check.outcome.findings().iter();
            let root = |finding: &&Finding| {
                finding.explained_by.is_none() && finding.severity != Severity::Advice
            };
            roots.extend(findings.filter(root).map(|finding| (position, check, finding)));
        }
        roots.sort_by_key(|(position, check, finding)| {
            (finding.severity, finding.certainty, check.category, *position)
        });
        let mut causes = Vec::new();
        roots.retain(|(.., finding)| {
            let first = !causes.contains(&finding.code);
            causes.push(finding.code);
            first
        });
        roots.into_iter().map(|(.., finding)| finding).collect()
    }

    /// What it comes to.
    pub fn verdict(&self) -> Verdict {
        let has = |severity| self.findings().any(|finding| finding.severity == severity);
        let unknown = |check: &CheckReport| {
            matches!(
                check.outcome,
                Outcome::Skipped { .. } | Outcome::Inconclusive { .. } | Outcome::Crashed { .. }
            )
        };
        if has(Severity::Error) {
            Verdict::Problems
        } else if self.checks.iter().any(unknown) {
            Verdict::Inconclusive
        } else if has(Severity::Warning) {
            Verdict::Warnings
        } else {
            Verdict::Healthy
        }
    }
}

impl Verdict {
    /// The exit code of the command.
    pub const fn exit_code(self, strict: bool) -> u8 {
        match self {
            Self::Healthy => 0,
            Self::Problems => 1,
            Self::Inconclusive => 3,
            Self::Warnings => {
                if strict {
                    4
                } else {
                    0
                }
            }
        }
    }

    /// Whether all is well: warnings are no illness.
    pub const fn is_healthy(self) -> bool {
        matches!(self, Self::Healthy | Self::Warnings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cause;
    use crate::report::{Because, Category, Certainty, Text};

    fn check(id: &'static str, category: Category, outcome: Outcome) -> CheckReport {
        let started = Timestamp::UNIX_EPOCH;
        CheckReport {
            id,
            category,
            claim: Text::new("x"),
            outcome,
            started,
            duration_ms: 0,
            attempts: 1,
        }
    }

    fn finding(code: Cause, certainty: Certainty) -> Finding {
        Finding::new(code, certainty, "x", Text::new("x"))
    }

    fn report(checks: Vec<CheckReport>) -> Report {
        let started = Timestamp::UNIX_EPOCH;
        Report { target: "x".to_owned(), principal: None, started, duration_ms: 0, checks }
    }

    #[test]
    fn the_root_that_is_most_certain_comes_first() {
        let likely = finding(Cause::NameNotFound, Certainty::Likely);
        let mut explained = finding(Cause::CredentialMissing, Certainty::Proven);
        explained.explained_by = Some(Cause::CredentialInvalid);
        let proven = finding(Cause::CredentialInvalid, Certainty::Proven);
        let warning = finding(Cause::PermissionPull, Certainty::Proven).at_most(Severity::Warning);
        let failed = |finding| Outcome::of_findings(vec![finding], Vec::new());
        let report = report(vec![
            check("w", Category::Environment, failed(warning)),
            check("a", Category::Config, failed(likely)),
            check("b", Category::Token, failed(explained)),
            check("c", Category::Token, failed(proven)),
        ]);
        let roots: Vec<_> = report.roots().iter().map(|root| root.code).collect();
        assert_eq!(roots, [Cause::CredentialInvalid, Cause::NameNotFound, Cause::PermissionPull]);
        assert_eq!(report.verdict(), Verdict::Problems);
    }

    #[test]
    fn of_a_cause_that_was_found_twice_the_worst_finding_is_told() {
        let shape = finding(Cause::CredentialWrongUsername, Certainty::Likely);
        let refused = finding(Cause::CredentialWrongUsername, Certainty::Proven);
        let failed = |finding| Outcome::of_findings(vec![finding], Vec::new());
        let report = report(vec![
            check("a", Category::Credentials, failed(shape.at_most(Severity::Warning))),
            check("b", Category::Token, failed(refused.clone())),
        ]);
        assert_eq!(report.roots(), [&refused]);
    }

    #[test]
    fn healthy_is_said_only_when_everything_ran() {
        let passed = || check("a", Category::Config, Outcome::Passed { evidence: Vec::new() });
        let because = Because::Check("a");
        let skipped = check("b", Category::Config, Outcome::Skipped { because });
        let reason = Text::new("x");
        let apart = check("c", Category::Config, Outcome::NotApplicable { reason });
        assert_eq!(report(vec![passed(), apart]).verdict(), Verdict::Healthy);
        assert_eq!(report(vec![passed(), skipped]).verdict(), Verdict::Inconclusive);
        assert_eq!(Verdict::Warnings.exit_code(false), 0);
        assert_eq!(Verdict::Warnings.exit_code(true), 4);
        assert_eq!(Verdict::Inconclusive.exit_code(true), 3);
    }
}
