//! The settings' file: TOML, in which every key is known.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::problem::FilePlace;
use super::{KEYS, Place, SettingsError, nearest_key};

/// The values of a file, each with its key and its place.
#[derive(Debug, Default)]
pub(super) struct File {
    values: Vec<(String, Place, String)>,
}

/// A file while it is read.
struct Reading<'a> {
    path: &'a Path,
    text: &'a str,
    values: Vec<(String, Place, String)>,
    problems: Vec<SettingsError>,
}

impl File {
    /// Reads a file, and what is wrong with it.
    pub(super) fn read(path: &Path) -> (Self, Vec<SettingsError>) {
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(path, &text),
            Err(error) => {
                let (path, error) = (PathBuf::from(path), error.to_string());
                (Self::default(), vec![SettingsError::File { path, error }])
            }
        }
    }

    /// Reads the text of a file.
    fn parse(path: &Path, text: &str) -> (Self, Vec<SettingsError>) {
        let mut reading = Reading { path, text, values: Vec::new(), problems: Vec::new() };
        match DeTable::parse(text) {
            Ok(table) => reading.table("", table.get_ref()),
            Err(error) => {
                let place = reading.place(&error.span().unwrap_or_default());
                let error = error.message().to_owned();
                reading.problems.push(SettingsError::Syntax { place, error });
            }
        }
        (Self { values: reading.values }, reading.problems)
    }

    /// The values of a key, each with its place.
    pub(super) fn values(&self, name: &str) -> Vec<(Place, String)> {
        let named = self.values.iter().filter(|(key, ..)| key == name);
        named.map(|(_, place, value)| (place.clone(), value.clone())).collect()
    }
}

impl Reading<'_> {
    fn table(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = match prefix {
                "" => key.get_ref().to_string(),
                _ => format!("{prefix}.{}", key.get_ref()),
            };
            let known = KEYS.iter().find(|key| key.name == name);
            let section = KEYS.iter().any(|key| key.name.starts_with(&format!("{name}.")));
            match (known, value.get_ref()) {
                (Some(key), given) => self.value(&name, key.expects, given, value.span()),
                (None, DeValue::Table(inner)) if section => self.table(&name, inner),
                (None, _) => {
                    let (place, nearest) = (self.place(&key.span()), nearest_key(&name));
                    self.problems.push(SettingsError::UnknownKey { place, nearest, key: name });
                }
            }
        }
    }

    fn value(
        &mut self,
        name: &str,
        expects: &'static str,
        value: &DeValue<'_>,
        span: Range<usize>,
    ) {
        let items: Vec<_> = match value {
            DeValue::Array(items) => {
                items.iter().map(|item| self.one(expects, item.get_ref(), item.span())).collect()
            }
            DeValue::Table(pairs) if expects == "expects-rate" => {
                pairs.iter().map(|(name, number)| self.pair(expects, name, number)).collect()
            }
            _ => vec![self.one(expects, value, span)],
        };
        for item in items {
            match item {
                Ok((place, text)) => self.values.push((name.to_owned(), place, text)),
                Err(problem) => self.problems.push(problem),
            }
        }
    }

    /// One value: a text, or a whole number where one is expected.
    fn one(
        &self,
        expects: &'static str,
        value: &DeValue<'_>,
        span: Range<usize>,
    ) -> Result<(Place, String), SettingsError> {
        let written = || self.text.get(span.clone()).unwrap_or_default().to_owned();
        match value {
            DeValue::String(text) => Ok((self.place(&span), text.to_string())),
            DeValue::Integer(_) if NUMBERS.contains(&expects) => {
                Ok((self.place(&span), written().replace('_', "")))
            }
            DeValue::Array(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Float(_)
            | DeValue::Integer(_)
            | DeValue::Table(_) => {
                let place = self.place(&span);
                Err(SettingsError::Value { place, given: written(), expects })
            }
        }
    }

    /// A pair of a table of numbers, as rate limits are: it is read like the text `name=number`.
    fn pair(
        &self,
        expects: &'static str,
        name: &Spanned<DeString<'_>>,
        number: &Spanned<DeValue<'_>>,
    ) -> Result<(Place, String), SettingsError> {
        match number.get_ref() {
            DeValue::Integer(count) => {
                let text = format!("{}={}", name.get_ref(), count.as_str());
                Ok((self.place(&name.span()), text))
            }
            other => self.one(expects, other, number.span()),
        }
    }

    /// Where a part of the text stands.
    fn place(&self, span: &Range<usize>) -> Place {
        Place::File(FilePlace::of(self.path.to_owned(), self.text, span))
    }
}

/// What may be a number in the file.
const NUMBERS: [&str; 4] =
    ["expects-count", "expects-head-size", "expects-manifest-size", "expects-size"];
