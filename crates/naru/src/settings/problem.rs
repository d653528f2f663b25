//! What is wrong with settings: each fault with its place, and in a file with the line that has it.

use std::fmt;
use std::path::PathBuf;

use naru_codes::Language;
use naru_server::PairError;
use unicode_width::UnicodeWidthStr as _;

use super::KEYS;
use crate::words::Words;

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a file.
    File(FilePlace),
    /// In an option of the command.
    Option(&'static str),
    /// In a variable of the environment.
    Variable(String),
}

/// A place in a file, with the line that it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FilePlace {
    path: PathBuf,
    line: usize,
    column: usize,
    /// The line itself.
    text: String,
    /// Where in it, in bytes.
    span: std::ops::Range<usize>,
}

impl FilePlace {
    /// The place of a part of a file's text. What goes on over several lines is shown by its first.
    pub(super) fn of(path: PathBuf, text: &str, span: &std::ops::Range<usize>) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        let begin = before.rfind('\n').map_or(0, |at| at + 1);
        let rest = text.get(begin..).unwrap_or_default();
        let line = rest.lines().next().unwrap_or_default();
        let within = |at: usize| at.saturating_sub(begin).min(line.len());
        Self {
            path,
            line: before.matches('\n').count() + 1,
            column: before.get(begin..).unwrap_or_default().chars().count() + 1,
            text: line.to_owned(),
            span: within(span.start)..within(span.end.max(span.start)),
        }
    }

    /// The line, with a mark under what is meant.
    fn label(&self) -> String {
        let number = self.line.to_string();
        let gap = " ".repeat(number.len());
        let width = |part: Option<&str>| part.unwrap_or_default().width();
        let (indent, length) =
            (width(self.text.get(..self.span.start)), width(self.text.get(self.span.clone())));
        let (indent, mark) = (" ".repeat(indent), "^".repeat(length.max(1)));
        let text = self.text.replace(char::is_control, " ");
        format!("{gap} |\n{number} | {text}\n{gap} | {indent}{mark}")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(place) => {
                write!(f, "{}:{}:{}", place.path.display(), place.line, place.column)
            }
            Self::Option(name) => f.write_str(name),
            Self::Variable(name) => f.write_str(name),
        }
    }
}

/// Why settings cannot be used: all of it for whoever set them.
#[derive(Debug)]
pub(crate) enum SettingsError {
    /// The certificate or its key cannot be used.
    Certificate(PairError),
    /// Two settings cannot both be.
    Contradiction {
        /// Where one of them stands, if it stands anywhere.
        place: Option<Place>,
        /// The text that says which.
        text: &'static str,
        /// What it names.
        given: String,
    },
    /// The file cannot be read.
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: String,
    },
    /// There is no directory that would be the default.
    NoDataDir,
    /// Several values were given where there is one.
    Several {
        /// Where the second stands.
        place: Place,
        /// The key.
        key: &'static str,
    },
    /// The file is no TOML.
    Syntax {
        /// Where it ends to be.
        place: Place,
        /// Why.
        error: String,
    },
    /// The file has a key that does not exist.
    UnknownKey {
        /// Where it stands.
        place: Place,
        /// The key.
        key: String,
        /// The one that was probably meant.
        nearest: Option<&'static str>,
    },
    /// The environment has a variable of ours that does not exist.
    UnknownVariable {
        /// The variable.
        name: String,
        /// The one that was probably meant.
        nearest: Option<&'static str>,
    },
    /// A value cannot be one.
    Value {
        /// Where it stands.
        place: Place,
        /// What was given.
        given: String,
        /// The text that says what is expected.
        expects: &'static str,
    },
}

impl SettingsError {
    /// What is wrong, in words.
    pub(crate) fn message(&self, language: Language) -> String {
        let words = Words(language);
        let placed = |id: &str, place: &Place, more: &[(&str, &str)]| {
            let place = place.to_string();
            words.get(id, &[&[("place", place.as_str())], more].concat())
        };
        match self {
            Self::Certificate(error) => crate::failure::pair(error, language),
            Self::Contradiction { place, text, given } => {
                let what = words.get(text, &[("given", given)]);
                place.as_ref().map_or(what.clone(), |place| format!("{place}: {what}"))
            }
            Self::File { path, error } => words
                .get("settings-file", &[("path", &path.display().to_string()), ("error", error)]),
            Self::NoDataDir => words.get("settings-no-data-dir", &[]),
            Self::Several { place, key } => placed("settings-several", place, &[("key", key)]),
            Self::Syntax { place, error } => placed("settings-syntax", place, &[("error", error)]),
            Self::UnknownKey { place, key, .. } => {
                placed("settings-unknown-key", place, &[("key", key)])
            }
            Self::UnknownVariable { name, .. } => {
                words.get("settings-unknown-variable", &[("name", name)])
            }
            Self::Value { place, given, expects } => {
                let expects = words.get(expects, &[]);
                placed("settings-value", place, &[("given", given), ("expects", &expects)])
            }
        }
    }

    /// The line that has it, where it stands in a file.
    pub(crate) fn label(&self) -> Option<String> {
        match self.place() {
            Some(Place::File(place)) => Some(place.label()),
            Some(Place::Option(_) | Place::Variable(_)) | None => None,
        }
    }

    /// Where in the file it stands, for an order in which people read; what stands nowhere is first.
    pub(super) const fn order(&self) -> (usize, usize) {
        match self.place() {
            Some(Place::File(place)) => (place.line, place.column),
            Some(Place::Option(_) | Place::Variable(_)) | None => (0, 0),
        }
    }

    /// Where it stands, where it stands anywhere.
    pub(crate) const fn place(&self) -> Option<&Place> {
        match self {
            Self::Contradiction { place, .. } => place.as_ref(),
            Self::Several { place, .. }
            | Self::Syntax { place, .. }
            | Self::UnknownKey { place, .. }
            | Self::Value { place, .. } => Some(place),
            Self::Certificate(_)
            | Self::File { .. }
            | Self::NoDataDir
            | Self::UnknownVariable { .. } => None,
        }
    }

    /// What to do about it.
    pub(crate) fn hint(&self, language: Language) -> Option<String> {
        let words = Words(language);
        let nearest = |word: &str| words.get("hint-nearest", &[("word", word)]);
        let list = |all: Vec<&str>| words.get("hint-words", &[("words", &all.join(" "))]);
        match self {
            Self::UnknownKey { nearest: Some(word), .. }
            | Self::UnknownVariable { nearest: Some(word), .. } => Some(nearest(word)),
            Self::UnknownKey { nearest: None, .. } => {
                Some(list(KEYS.iter().map(|key| key.name).collect()))
            }
            Self::UnknownVariable { nearest: None, .. } => {
                Some(list(KEYS.iter().map(|key| key.variable).collect()))
            }
            Self::Certificate(_)
            | Self::Contradiction { .. }
            | Self::File { .. }
            | Self::NoDataDir
            | Self::Several { .. }
            | Self::Syntax { .. }
            | Self::Value { .. } => None,
        }
    }
}
