//! Our own refusals, recognised by the very texts that they are made of, in both languages.

use naru_codes::report::Certainty;
use naru_codes::{Cause, Language, texts};

use super::{Match, normal};

/// Pieces shorter than this say nothing.
const SHORTEST: usize = 12;

/// The causes whose words stand in a text.
pub(super) fn matches(plain: &str) -> Vec<Match> {
    let mut found = Vec::new();
    for cause in Cause::ALL {
        for language in Language::ALL {
            let pieces = pieces(*cause, *language);
            let weight = pieces.iter().map(String::len).sum();
            if !pieces.is_empty()
                && in_order(plain, &pieces)
                && !is_common(*cause, *language, &pieces)
            {
                let certainty = Certainty::Proven;
                found.push(Match { cause: *cause, certainty, speaker: "naru", weight });
            }
        }
    }
    found
}

/// What stands between the values in the answer of a cause. A value that is not given is left as
/// `{$name}`, by which the text falls apart.
fn pieces(cause: Cause, language: Language) -> Vec<String> {
    let Some(text) = texts().find(language, &format!("{}.answer", cause.code()), &[]) else {
        return Vec::new();
    };
    let mut pieces = Vec::new();
    for (number, part) in text.split("{$").enumerate() {
        let part =
            if number == 0 { part } else { part.split_once('}').map_or("", |(_, rest)| rest) };
        let piece = normal(part);
        if piece.len() >= SHORTEST {
            pieces.push(piece);
        }
    }
    pieces
}

/// Whether the words of a cause also stand in those of another, so that they tell nothing: the bare
/// `authentication required` begins several.
fn is_common(cause: Cause, language: Language, own: &[String]) -> bool {
    let others = Cause::ALL.iter().filter(|other| **other != cause);
    let mut others = others.map(|other| pieces(*other, language).join(" "));
    others.any(|words| in_order(&words, own))
}

fn in_order(text: &str, pieces: &[String]) -> bool {
    let mut rest = text;
    pieces.iter().all(|piece| match rest.split_once(piece.as_str()) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}
