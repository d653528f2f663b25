//! For a ticket: the report as Markdown, with what says who and where this machine is taken out.

use std::fmt::Write as _;

use naru_codes::report::Report;
use naru_codes::{Language, texts};

use super::text::{summary, text};
use super::{heading, pasted};

/// What is taken out: each text with what stands in its place.
pub type Hidden<'a> = &'a [(&'a str, &'a str)];

/// A report as Markdown, without these texts (a home directory, a user name).
pub fn markdown(report: &Report, language: Language, hidden: Hidden<'_>) -> String {
    let get = |id: &str| texts().get(language, id, &[]);
    let mut out = String::new();
    let whole = text(report, language, false);
    let headline = whole.split("\n\n").next().unwrap_or_default().replace("\n  ", " ");
    let _ = writeln!(out, "## naru check-health\n\n{headline}");
    for root in report.roots() {
        let title = texts().title(language, root.code);
        let certainty = get(&format!("certainty-{}", root.certainty.name()));
        let _ = write!(out, "\n### `{}`: {title} ({certainty})\n\n", root.code.code());
        let _ = writeln!(out, "{}", escaped(&root.summary.in_language(language)));
        if !root.evidence.is_empty() {
            out.push('\n');
        }
        for evidence in &root.evidence {
            let _ = writeln!(out, "- {}: {}", evidence.kind.name(), code(&evidence.text));
        }
        for remedy in &root.remedies {
            let actor = get(&format!("actor-{}", remedy.actor.name()));
            let title = remedy.title.in_language(language);
            let arguments = [("actor", actor.as_str()), ("title", title.as_str())];
            let _ = write!(out, "\n{}\n", texts().get(language, heading(remedy), &arguments));
            if !remedy.commands.is_empty() {
                let commands: Vec<_> = remedy.commands.iter().map(|words| pasted(words)).collect();
                let _ = write!(out, "\n```\n{}\n```\n", commands.join("\n"));
            }
        }
    }
    let headings = ["report-outcome", "report-check", "report-summary"].map(get);
    let _ = write!(out, "\n| {} |\n|---|---|---|\n", headings.join(" | "));
    for check in &report.checks {
        let outcome = get(&format!("outcome-{}", check.outcome.name()));
        let summary = escaped(&summary(check, language));
        let _ = writeln!(out, "| {outcome} | `{}` | {summary} |", check.id);
    }
    for (text, instead) in hidden.iter().filter(|(text, _)| text.len() > 1) {
        out = out.replace(text, instead);
    }
    out
}

fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'"))
}

fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}
