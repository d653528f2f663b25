//! What is known of a cause without asking any registry: its page, and the words by which tools
//! and registries tell of it.

pub mod page;
mod patterns;
mod words;

use naru_codes::Cause;
use naru_codes::report::Certainty;

/// The longest text that is looked at.
const LONGEST: usize = 256 * 1024;

/// A cause that a text speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The cause.
    pub cause: Cause,
    /// How sure that is, by the words alone.
    pub certainty: Certainty,
    /// Who says so: `docker`, `az`, a registry.
    pub speaker: &'static str,
    /// How much of the text it accounts for.
    weight: usize,
}

/// The causes that a text speaks for, most likely first; none where nothing in it is known.
pub fn recognise(text: &str) -> Vec<Match> {
    let cut = text.char_indices().map(|(at, _)| at).take_while(|at| *at < LONGEST).last();
    let text = text.get(..cut.map_or(0, |at| at + 1)).unwrap_or(text);
    let plain = normal(text);
    let mut all: Vec<Match> = patterns::matches(&plain);
    all.extend(words::matches(&plain));
    all.extend(named(&plain));
    all.sort_by_key(|found| (found.certainty, std::cmp::Reverse(found.weight)));
    let mut unique: Vec<Match> = Vec::new();
    for found in all {
        if !unique.iter().any(|other| other.cause == found.cause) {
            unique.push(found);
        }
    }
    unique
}

/// The id in a text by which a registry's operator finds the request.
pub fn correlation_id(text: &str) -> Option<&str> {
    let at = text.to_ascii_lowercase().find("correlationid")?;
    let rest = text.get(at + "correlationid".len()..)?;
    let id = rest.trim_start_matches([':', '=', ' ', '"']);
    let end = id.find(|c: char| !c.is_ascii_hexdigit() && c != '-').unwrap_or(id.len());
    id.get(..end).filter(|id| id.len() >= 8)
}

/// Lower case, one blank between words, straight quotes.
fn normal(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !plain.is_empty() {
            plain.push(' ');
        }
        plain.push_str(&word.to_lowercase().replace(['’', '‘'], "'").replace(['“', '”'], "\""));
    }
    plain
}

/// Codes of the catalogue that stand in a text by name.
fn named(plain: &str) -> Vec<Match> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let words: Vec<&str> = plain.split(|c: char| !word(c)).collect();
    let named = Cause::ALL.iter().filter(|cause| words.contains(&cause.code()));
    named
        .map(|cause| Match {
            cause: *cause,
            certainty: Certainty::Proven,
            speaker: "naru",
            weight: cause.code().len(),
        })
        .collect()
}

#[cfg(test)]
mod tests;
