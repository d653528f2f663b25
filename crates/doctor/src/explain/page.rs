//! The page of a cause, from the catalogue's texts: in a terminal, and as a document under
//! `docs/causes/`.

use std::fmt::Write as _;

use naru_codes::{Cause, Language, texts};
use serde::Serialize;

use crate::render::wrap;

/// The parts of a page, each a text of the cause with a heading.
pub const PARTS: [(&str, &str); 5] = [
    ("meaning", "page-meaning"),
    ("established", "page-established"),
    ("reproduce", "page-reproduce"),
    ("fix", "page-fix"),
    ("verify", "page-verify"),
];

/// A page, for programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    code: &'static str,
    title: String,
    meaning: String,
    established: String,
    reproduce: String,
    fix: String,
    verify: String,
    legacy_codes: &'static [&'static str],
    messages: Vec<&'static str>,
}

/// A page as one document.
pub fn document(cause: Cause, language: Language) -> Page {
    let part = |name| text(cause, language, name);
    Page {
        code: cause.code(),
        title: texts().title(language, cause),
        meaning: part("meaning"),
        established: part("established"),
        reproduce: part("reproduce"),
        fix: part("fix"),
        verify: part("verify"),
        legacy_codes: cause.legacy(),
        messages: said(cause),
    }
}

/// A page for a terminal.
pub fn terminal(cause: Cause, language: Language) -> String {
    let mut page = format!("{}\n{}\n", cause.code(), texts().title(language, cause));
    for (name, heading) in PARTS {
        let _ = write!(page, "\n{}\n", texts().get(language, heading, &[]));
        for line in text(cause, language, name).lines() {
            page.push_str(&wrap(line, "  ", "  "));
            page.push('\n');
        }
    }
    let said = said(cause);
    if !said.is_empty() {
        let _ = write!(page, "\n{}\n", texts().get(language, "page-legacy", &[]));
        for text in said {
            let _ = writeln!(page, "{}", wrap(text, "  - ", "    "));
        }
    }
    page.trim_end().to_owned()
}

/// A page as a document.
pub fn markdown(cause: Cause, language: Language) -> String {
    let mut page = format!("# `{}`\n\n{}\n", cause.code(), texts().title(language, cause));
    for (name, heading) in PARTS {
        let _ = write!(page, "\n## {}\n\n", texts().get(language, heading, &[]));
        let text = text(cause, language, name);
        if name == "reproduce" {
            let _ = write!(page, "```\n{text}\n```\n");
        } else {
            let _ = writeln!(page, "{text}");
        }
    }
    let said = said(cause);
    if !said.is_empty() {
        let _ = write!(page, "\n## {}\n\n", texts().get(language, "page-legacy", &[]));
        for text in said {
            let _ = writeln!(page, "- {}", code(text));
        }
    }
    let (other, all) = (link(cause.code(), other(language)), link("README", language));
    let (name, index) =
        (texts().get(language, "page-other", &[]), texts().get(language, "page-index", &[]));
    let _ = write!(page, "\n[{name}]({other}) · [{index}]({all})\n");
    page
}

/// The page that lists all others.
pub fn index(language: Language) -> String {
    let get = |id: &str| texts().get(language, id, &[]);
    let mut page = format!("# {}\n\n{}\n", get("page-index"), get("page-index-about"));
    let mut group = "";
    for cause in Cause::ALL {
        let own = cause.code().split('-').next().unwrap_or_default();
        if own != group {
            let _ = write!(page, "\n## {own}\n\n");
            group = own;
        }
        let title = texts().title(language, *cause);
        let _ = writeln!(page, "- [`{}`]({}): {title}", cause.code(), link(cause.code(), language));
    }
    let (other, name) = (link("README", other(language)), get("page-other"));
    let _ = write!(page, "\n[{name}]({other})\n");
    page
}

const fn other(language: Language) -> Language {
    match language {
        Language::English => Language::Korean,
        Language::Korean => Language::English,
    }
}

/// The file of a page in a language.
fn link(name: &str, language: Language) -> String {
    match language {
        Language::English => format!("{name}.md"),
        Language::Korean => format!("{name}.ko.md"),
    }
}

/// A text as code, whatever backticks it has.
fn code(text: &str) -> String {
    let run = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(run + 1);
    let blank = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{blank}{text}{blank}{fence}")
}

/// What tools say for it: the words that Azure's have, and texts that were met.
fn said(cause: Cause) -> Vec<&'static str> {
    let mut said: Vec<&str> = Vec::new();
    for text in cause.legacy().iter().copied().chain(super::patterns::examples(cause)) {
        if !said.contains(&text) {
            said.push(text);
        }
    }
    said
}

fn text(cause: Cause, language: Language, part: &str) -> String {
    texts().get(language, &format!("{}.{part}", cause.code()), &[])
}
