//! For a person at a terminal: the causes first, then the ladder of checks. No colour, and no
//! glyph that carries a meaning alone.

use std::fmt::Write as _;

use naru_codes::report::{
    Because, CheckReport, Evidence, Finding, Outcome, Remedy, Report, Verdict,
};
use naru_codes::{Language, texts};
use unicode_width::UnicodeWidthStr as _;

use super::{cut, heading, pasted, wrap};

/// How wide the column of ids is.
const IDS: usize = 25;

/// A report as text. With `verbose` every check shows its evidence.
pub fn text(report: &Report, language: Language, verbose: bool) -> String {
    let words = Words(language);
    let mut out = String::new();
    let roots = report.roots();
    let worst = roots.first().map(|root| root.severity);
    let count = roots.iter().filter(|root| Some(root.severity) == worst).count();
    let _ = writeln!(out, "{}", headline(report, count, words));
    for root in &roots {
        out.push('\n');
        cause(&mut out, report, root, words);
    }
    let _ = write!(out, "\n{}\n", words.get("report-checks"));
    let apart = |check: &&CheckReport| matches!(check.outcome, Outcome::NotApplicable { .. });
    for check in report.checks.iter().filter(|check| verbose || !apart(check)) {
        rung(&mut out, check, words);
        if verbose {
            for evidence in check.outcome.evidence() {
                let text = format!("{}: {}", evidence.kind.name(), evidence.text);
                let _ = writeln!(out, "{}", wrap(&cut(&text), "          ", "            "));
            }
        }
    }
    let apart = report.checks.iter().filter(apart).count();
    if !verbose && apart > 0 {
        let text = words.with("report-apart", &[("count", &apart.to_string())]);
        let _ = writeln!(out, "{}", wrap(&text, "  ", "  "));
    }
    out.trim_end().to_owned()
}

/// The name of a verdict in JSON.
pub(super) const fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Healthy => "healthy",
        Verdict::Warnings => "warnings",
        Verdict::Problems => "problems",
        Verdict::Inconclusive => "inconclusive",
    }
}

/// What became of a check, in a line.
pub(super) fn summary(check: &CheckReport, language: Language) -> String {
    match &check.outcome {
        Outcome::Passed { .. } => check.claim.in_language(language),
        Outcome::Failed { findings } | Outcome::Warned { findings } => findings
            .first()
            .map(|finding| finding.summary.in_language(language))
            .unwrap_or_default(),
        Outcome::Skipped { because: Because::Check(id) } => {
            texts().get(language, "report-because", &[("check", id)])
        }
        Outcome::Skipped { because: Because::Consent(reach) } => {
            texts().get(language, &format!("report-consent-{}", reach.name()), &[])
        }
        Outcome::NotApplicable { reason } => reason.in_language(language),
        Outcome::Inconclusive { tried, .. } => tried.in_language(language),
        Outcome::Crashed { error } => texts().get(language, "report-crashed", &[("error", error)]),
    }
}

#[derive(Clone, Copy)]
struct Words(Language);

impl Words {
    fn get(self, id: &str) -> String {
        texts().get(self.0, id, &[])
    }

    fn with(self, id: &str, arguments: &[(&str, &str)]) -> String {
        texts().get(self.0, id, arguments)
    }
}

fn headline(report: &Report, roots: usize, words: Words) -> String {
    let verdict = report.verdict();
    let id = match (verdict, roots) {
        (Verdict::Problems | Verdict::Warnings, 1) => {
            format!("verdict-{}-one", verdict_name(verdict))
        }
        _ => format!("verdict-{}", verdict_name(verdict)),
    };
    let here = words.get("report-here");
    let target = if report.target.is_empty() { here.as_str() } else { report.target.as_str() };
    let open = report.checks.iter().filter(|check| {
        matches!(
            check.outcome,
            Outcome::Skipped { .. } | Outcome::Inconclusive { .. } | Outcome::Crashed { .. }
        )
    });
    let (count, open) = (roots.to_string(), open.count().to_string());
    let text = words.with(&id, &[("target", target), ("count", &count), ("open", &open)]);
    wrap(&text, "", "  ")
}

fn cause(out: &mut String, report: &Report, root: &Finding, words: Words) {
    let severity = words.get(&format!("severity-{}", root.severity.name()));
    let certainty = words.get(&format!("certainty-{}", root.certainty.name()));
    let title = texts().title(words.0, root.code);
    let head = format!("{severity}[{}] ({certainty}): {title}", root.code.code());
    let _ = writeln!(out, "{}", wrap(&head, "", "  "));
    let summary = cut(&root.summary.in_language(words.0));
    let _ = writeln!(out, "{}", wrap(&summary, "  ", "  "));
    if let (Some(expected), Some(observed)) = (&root.expected, &root.observed) {
        for (heading, value) in [("report-expected", expected), ("report-observed", observed)] {
            let text = words.with(heading, &[("value", &cut(&value.in_language(words.0)))]);
            let _ = writeln!(out, "{}", wrap(&text, "  ", "    "));
        }
    }
    let told = |evidence: &&Evidence| {
        let text = evidence.text.split_once(": ").map_or(evidence.text.as_str(), |(_, text)| text);
        summary.contains(text)
    };
    for evidence in root.evidence.iter().filter(|evidence| !told(evidence)) {
        let text = words.with("report-evidence", &[("value", &cut(&evidence.text))]);
        let _ = writeln!(out, "{}", wrap(&text, "  ", "    "));
    }
    let follows: Vec<&str> = report
        .findings()
        .filter(|finding| finding.explained_by == Some(root.code) && finding.code != root.code)
        .map(|finding| finding.code.code())
        .collect();
    if !follows.is_empty() {
        let text = words.with("report-explains", &[("codes", &follows.join(", "))]);
        let _ = writeln!(out, "{}", wrap(&text, "  ", "    "));
    }
    for remedy in &root.remedies {
        help(out, remedy, words);
    }
    if let Some(lookup) = &root.lookup {
        // A command stands on a line of its own, whole, to be pasted.
        let _ = writeln!(out, "{}", wrap(&words.get("report-lookup"), "  ", "    "));
        let _ = writeln!(out, "      naru events show {}", lookup.correlation_id);
    }
    let more =
        words.with("report-more", &[("command", &format!("naru explain {}", root.code.code()))]);
    let _ = writeln!(out, "{}", wrap(&more, "  ", "    "));
}

fn help(out: &mut String, remedy: &Remedy, words: Words) {
    let actor = words.get(&format!("actor-{}", remedy.actor.name()));
    let title = remedy.title.in_language(words.0);
    let id = heading(remedy);
    let text = words.with(id, &[("actor", &actor), ("title", &title)]);
    let _ = writeln!(out, "{}", wrap(&text, "  ", "    "));
    for command in &remedy.commands {
        let _ = writeln!(out, "      {}", pasted(command));
    }
}

fn rung(out: &mut String, check: &CheckReport, words: Words) {
    let outcome = words.get(&format!("outcome-{}", check.outcome.name()));
    let gap = " ".repeat(9_usize.saturating_sub(outcome.width()).max(1));
    let id_gap = " ".repeat(IDS.saturating_sub(check.id.width()).max(1));
    let first = format!("  {outcome}{gap}{}{id_gap}", check.id);
    let rest = " ".repeat(2 + 9 + IDS);
    let _ = writeln!(out, "{}", wrap(&cut(&summary(check, words.0)), &first, &rest));
}
