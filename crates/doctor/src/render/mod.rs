//! A report for people and programs. Nothing here decides anything: it is all in the report.

mod json;
mod markdown;
mod text;

use std::fmt::Write as _;

use naru_codes::report::{Purpose, Remedy};
use unicode_width::UnicodeWidthStr as _;

pub use json::json;
pub use markdown::{Hidden, markdown};
pub use text::text;

/// How wide lines for a terminal are.
const WIDTH: usize = 80;

/// How long the value of one piece of evidence may be in a terminal.
const LONGEST: usize = 400;

/// A text in lines of at most 80 columns; what has no blanks stays whole, so that it can be copied.
pub fn wrap(text: &str, first: &str, rest: &str) -> String {
    let mut out = first.to_owned();
    let (mut column, mut fresh) = (first.width(), true);
    for word in text.split_whitespace() {
        let width = word.width();
        if !fresh && column + 1 + width > WIDTH {
            out.push('\n');
            out.push_str(rest);
            (column, fresh) = (rest.width(), true);
        }
        if !fresh {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
        fresh = false;
    }
    out
}

/// A command as a person can paste it into a shell.
pub(crate) fn pasted(words: &[String]) -> String {
    let mut line = String::new();
    for word in words {
        let plain = |c: char| c.is_alphanumeric() || "/._-+=:,@%".contains(c);
        if !line.is_empty() {
            line.push(' ');
        }
        if !word.is_empty() && word.chars().all(plain) {
            line.push_str(word);
        } else {
            let _ = write!(line, "'{}'", word.replace('\'', r"'\''"));
        }
    }
    line
}

/// The text under which a remedy stands.
pub(crate) const fn heading(remedy: &Remedy) -> &'static str {
    match remedy.purpose {
        Purpose::Fix => "report-remedy",
        Purpose::Look => "report-look",
    }
}

/// A text of a stranger, cut where it is too long.
pub(crate) fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(LONGEST).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests;
