//! One JSON document, in the form that others rely on.

use naru_codes::report::{Because, CheckReport, Finding, Outcome, Remedy, Report};
use naru_codes::{Language, texts};
use serde::Serialize;

use super::text;

/// The version of the form.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema: u32,
    tool_version: &'static str,
    target: &'a str,
    principal: Option<&'a str>,
    healthy: bool,
    verdict: &'static str,
    causes: Vec<&'static str>,
    counts: Counts,
    checks: Vec<CheckView<'a>>,
    started: String,
    duration_ms: i64,
    rendered: String,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Counts {
    passed: u32,
    failed: u32,
    warned: u32,
    skipped: u32,
    not_applicable: u32,
    inconclusive: u32,
    crashed: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CheckView<'a> {
    id: &'static str,
    category: &'static str,
    outcome: &'static str,
    claim: String,
    summary: String,
    because: Option<&'static str>,
    evidence: Vec<EvidenceView<'a>>,
    findings: Vec<FindingView<'a>>,
    duration_ms: i64,
    attempts: u32,
}

#[derive(Serialize)]
struct EvidenceView<'a> {
    kind: &'static str,
    text: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FindingView<'a> {
    code: &'static str,
    certainty: &'static str,
    severity: &'static str,
    explained_by: Option<&'static str>,
    subject: &'a str,
    title: String,
    summary: String,
    explanation: String,
    expected: Option<String>,
    observed: Option<String>,
    legacy_codes: &'static [&'static str],
    remedies: Vec<RemedyView<'a>>,
    refs: [String; 2],
    correlation_id: Option<&'a str>,
    server_time: Option<&'a str>,
}

#[derive(Serialize)]
struct RemedyView<'a> {
    purpose: &'static str,
    title: String,
    actor: &'static str,
    commands: &'a [Vec<String>],
    applicability: &'static str,
    verify: &'static str,
}

/// A report as JSON.
pub fn json(report: &Report, language: Language) -> Result<String, serde_json::Error> {
    let verdict = report.verdict();
    let document = Document {
        schema: SCHEMA,
        tool_version: env!("CARGO_PKG_VERSION"),
        target: &report.target,
        principal: report.principal.as_deref(),
        healthy: verdict.is_healthy(),
        verdict: text::verdict_name(verdict),
        causes: report.roots().iter().map(|root| root.code.code()).collect(),
        counts: counts(&report.checks),
        checks: report.checks.iter().map(|check| check_view(check, language)).collect(),
        started: report.started.to_string(),
        duration_ms: report.duration_ms,
        rendered: text(report, language, false),
    };
    serde_json::to_string_pretty(&document)
}

fn counts(checks: &[CheckReport]) -> Counts {
    let mut counts = Counts::default();
    for check in checks {
        *match check.outcome {
            Outcome::Passed { .. } => &mut counts.passed,
            Outcome::Failed { .. } => &mut counts.failed,
            Outcome::Warned { .. } => &mut counts.warned,
            Outcome::Skipped { .. } => &mut counts.skipped,
            Outcome::NotApplicable { .. } => &mut counts.not_applicable,
            Outcome::Inconclusive { .. } => &mut counts.inconclusive,
            Outcome::Crashed { .. } => &mut counts.crashed,
        } += 1;
    }
    counts
}

fn check_view(check: &CheckReport, language: Language) -> CheckView<'_> {
    let because = match &check.outcome {
        Outcome::Skipped { because: Because::Check(id) } => Some(*id),
        Outcome::Skipped { because: Because::Consent(reach) } => Some(reach.name()),
        Outcome::Passed { .. }
        | Outcome::Failed { .. }
        | Outcome::Warned { .. }
        | Outcome::NotApplicable { .. }
        | Outcome::Inconclusive { .. }
        | Outcome::Crashed { .. } => None,
    };
    CheckView {
        id: check.id,
        category: check.category.name(),
        outcome: check.outcome.name(),
        claim: check.claim.in_language(language),
        summary: text::summary(check, language),
        because,
        evidence: check
            .outcome
            .evidence()
            .into_iter()
            .map(|evidence| EvidenceView { kind: evidence.kind.name(), text: &evidence.text })
            .collect(),
        findings: check.outcome.findings().iter().map(|one| finding_view(one, language)).collect(),
        duration_ms: check.duration_ms,
        attempts: check.attempts,
    }
}

fn finding_view(finding: &Finding, language: Language) -> FindingView<'_> {
    let in_language = |text: &naru_codes::report::Text| text.in_language(language);
    let (lookup, code) = (finding.lookup.as_ref(), finding.code.code());
    FindingView {
        code: finding.code.code(),
        certainty: finding.certainty.name(),
        severity: finding.severity.name(),
        explained_by: finding.explained_by.map(naru_codes::Cause::code),
        subject: &finding.subject,
        title: texts().title(language, finding.code),
        summary: finding.summary.in_language(language),
        explanation: texts().get(language, &format!("{}.meaning", finding.code.code()), &[]),
        expected: finding.expected.as_ref().map(in_language),
        observed: finding.observed.as_ref().map(in_language),
        legacy_codes: finding.code.legacy(),
        refs: [format!("naru explain {code}"), format!("docs/causes/{code}.md")],
        remedies: finding.remedies.iter().map(|remedy| remedy_view(remedy, language)).collect(),
        correlation_id: lookup.map(|lookup| lookup.correlation_id.as_str()),
        server_time: lookup.and_then(|lookup| lookup.server_time.as_deref()),
    }
}

fn remedy_view(remedy: &Remedy, language: Language) -> RemedyView<'_> {
    RemedyView {
        purpose: remedy.purpose.name(),
        title: remedy.title.in_language(language),
        actor: remedy.actor.name(),
        commands: &remedy.commands,
        applicability: remedy.applicability.name(),
        verify: remedy.verify,
    }
}
