//! The settings' file: TOML, in which every key is known.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::{KEYS, SettingsError, nearest_key};

/// The values of a file, each with its key and its place.
#[derive(Debug, Default)]
pub(super) struct File {
    values: Vec<(String, String, String)>,
}

/// A file while it is read.
struct Reading<'a> {
    path: &'a Path,
    text: &'a str,
    values: Vec<(String, String, String)>,
}

impl File {
    /// Reads a file.
    pub(super) fn read(path: &Path) -> Result<Self, SettingsError> {
        let failed = |error: std::io::Error| SettingsError::File {
            path: PathBuf::from(path),
            error: error.to_string(),
        };
        let text = fs::read_to_string(path).map_err(failed)?;
        Self::parse(path, &text)
    }

    /// Reads the text of a file.
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, SettingsError> {
        let mut reading = Reading { path, text, values: Vec::new() };
        let table = DeTable::parse(text).map_err(|error| SettingsError::Syntax {
            place: reading.place(&error.span().unwrap_or_default()),
            error: error.message().to_owned(),
        })?;
        reading.table("", table.get_ref())?;
        Ok(Self { values: reading.values })
    }

    /// The values of a key, each with its place.
    pub(super) fn values(&self, name: &str) -> Vec<(String, String)> {
        let named = self.values.iter().filter(|(key, ..)| key == name);
        named.map(|(_, place, value)| (place.clone(), value.clone())).collect()
    }
}

impl Reading<'_> {
    fn table(&mut self, prefix: &str, table: &DeTable<'_>) -> Result<(), SettingsError> {
        for (key, value) in table {
            let name = match prefix {
                "" => key.get_ref().to_string(),
                _ => format!("{prefix}.{}", key.get_ref()),
            };
            let known = KEYS.iter().find(|key| key.name == name);
            let section = KEYS.iter().any(|key| key.name.starts_with(&format!("{name}.")));
            match (known, value.get_ref()) {
                (Some(key), given) => self.value(&name, key.expects, given, value.span())?,
                (None, DeValue::Table(inner)) if section => self.table(&name, inner)?,
                (None, _) => {
                    let place = self.place(&key.span());
                    return Err(SettingsError::UnknownKey {
                        place,
                        nearest: nearest_key(&name),
                        key: name,
                    });
                }
            }
        }
        Ok(())
    }

    fn value(
        &mut self,
        name: &str,
        expects: &'static str,
        value: &DeValue<'_>,
        span: Range<usize>,
    ) -> Result<(), SettingsError> {
        let one = |value: &DeValue<'_>, span: Range<usize>| match value {
            DeValue::String(text) => Ok((self.place(&span), text.to_string())),
            DeValue::Array(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Float(_)
            | DeValue::Integer(_)
            | DeValue::Table(_) => {
                let given = self.text.get(span.clone()).unwrap_or_default().to_owned();
                Err(SettingsError::Value { place: self.place(&span), given, expects })
            }
        };
        let items: Result<Vec<_>, _> = match value {
            DeValue::Array(items) => {
                items.iter().map(|item| one(item.get_ref(), item.span())).collect()
            }
            DeValue::Table(pairs) => pairs
                .iter()
                .map(|(name, number)| match number.get_ref() {
                    // A table of numbers, as rate limits are, is a list of `name=number`.
                    DeValue::Integer(count) => {
                        let text = format!("{}={}", name.get_ref(), count.as_str());
                        Ok((self.place(&name.span()), text))
                    }
                    other => one(other, number.span()),
                })
                .collect(),
            _ => one(value, span).map(|item| vec![item]),
        };
        for (place, text) in items? {
            self.values.push((name.to_owned(), place, text));
        }
        Ok(())
    }

    /// File and line.
    fn place(&self, span: &Range<usize>) -> String {
        let before = self.text.get(..span.start).unwrap_or_default();
        format!("{}:{}", self.path.display(), before.matches('\n').count() + 1)
    }
}
