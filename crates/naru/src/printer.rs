//! Output: data on standard output, everything else on standard error. Nothing else here prints.

use std::io::{self, Write as _};

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use crate::document::Document;
use crate::failure::Failure;
use crate::layout::{Column, Form, Layout};
use crate::settings::SettingsError;
use crate::words::Words;

/// How wide tables are.
const WIDTH: u16 = 80;

/// In which form data is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// One JSON document.
    Json,
    /// For a ticket (check-health and explain alone).
    Markdown,
    /// For people.
    #[default]
    #[value(alias = "text")]
    Table,
    /// One YAML document.
    Yaml,
}

/// What prints.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Printer {
    /// The form of data.
    pub(crate) format: Format,
    /// The texts.
    pub(crate) words: Words,
}

/// How a report is shown: what was come upon, and what it adds up to.
#[derive(Debug)]
pub(crate) struct Report {
    /// Where the things stand in the document.
    pub(crate) items: &'static str,
    /// How one of them is shown.
    pub(crate) item: &'static Layout,
    /// How the sums are shown.
    pub(crate) sum: &'static Layout,
    /// What must be true for the command to have succeeded, and its exit code otherwise.
    pub(crate) good: Option<(&'static str, u8)>,
}

/// A failure as JSON.
#[derive(Serialize)]
struct ErrorDocument<'a> {
    error: ErrorView<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorView<'a> {
    code: &'a str,
    message: String,
    correlation_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<ProblemView>,
}

/// One of several things that are wrong.
#[derive(Serialize)]
struct ProblemView {
    message: String,
    place: Option<String>,
    hint: Option<String>,
}

impl Printer {
    /// Prints what the server sent.
    pub(crate) fn data(self, json: &[u8], layout: &Layout) -> Result<(), Failure> {
        let unreadable = |error: String| Failure::Answer(error);
        let document = || {
            let read: Result<Document, _> = serde_json::from_slice(json);
            read.map_err(|error| unreadable(error.to_string()))
        };
        match self.format {
            Format::Json => {
                let text =
                    std::str::from_utf8(json).map_err(|error| unreadable(error.to_string()))?;
                self.line(text)?;
            }
            Format::Yaml => {
                let text = serde_saphyr::to_string(&document()?);
                let text = text.map_err(|error| unreadable(error.to_string()))?;
                self.line(text.trim_end())?;
            }
            Format::Markdown | Format::Table => match document()? {
                Document::List(items) if items.is_empty() => {
                    self.note(&self.words.get("note-empty", &[]))?;
                }
                Document::List(items) => self.line(&list(&items, layout, self.words))?,
                one => self.line(&details(&one, layout, self.words))?,
            },
        }
        Ok(())
    }

    /// Prints a text that the server sent, and not a character more.
    #[expect(clippy::unused_self, reason = "only who was given a printer prints")]
    pub(crate) fn verbatim(self, json: &[u8]) -> Result<(), Failure> {
        let text: String =
            serde_json::from_slice(json).map_err(|error| Failure::Answer(error.to_string()))?;
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        Ok(out.flush()?)
    }

    /// Asks for something that is then typed, in whatever form the data is.
    #[expect(clippy::unused_self, reason = "only who was given a printer prints")]
    pub(crate) fn prompt(self, text: &str) -> io::Result<()> {
        let mut err = io::stderr().lock();
        write!(err, "{text}")?;
        err.flush()
    }

    /// Prints a report; the exit code that it comes to.
    pub(crate) fn report(self, document: &Document, report: &Report) -> Result<u8, Failure> {
        let Report { items, item, sum, good } = report;
        if self.format == Format::Table {
            if let Some(Document::List(items)) = document.at(items)
                && !items.is_empty()
            {
                let text = if item.columns.is_empty() {
                    let shown = items.iter().map(|one| details(one, item, self.words));
                    shown.collect::<Vec<_>>().join("\n\n")
                } else {
                    list(items, item, self.words)
                };
                self.line(&format!("{text}\n"))?;
            }
            self.line(&details(document, sum, self.words))?;
        } else {
            let json = serde_json::to_vec_pretty(document);
            self.data(&json.map_err(|error| Failure::Answer(error.to_string()))?, sum)?;
        }
        let missing = |(good, _): &(&str, u8)| document.at(good) != Some(&Document::Boolean(true));
        Ok(good.filter(missing).map_or(0, |(_, code)| code))
    }

    /// Prints a line of data.
    #[expect(clippy::unused_self, reason = "only who was given a printer prints")]
    pub(crate) fn line(self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{text}")?;
        out.flush()
    }

    /// Prints a remark for a person; there is none beside JSON and YAML.
    pub(crate) fn note(self, text: &str) -> io::Result<()> {
        if self.format == Format::Table { writeln!(io::stderr().lock(), "{text}") } else { Ok(()) }
    }

    /// Prints why a command failed.
    pub(crate) fn failure(self, failure: &Failure) -> io::Result<()> {
        let language = self.words.0;
        let problems = match failure {
            Failure::Settings(problems) => problems.as_slice(),
            _ => &[],
        };
        if self.format != Format::Json && !problems.is_empty() {
            return self.problems(problems);
        }
        let (message, hint) = (failure.message(language), failure.hint(language));
        let mut err = io::stderr().lock();
        if self.format == Format::Json {
            let correlation_id = failure.correlation_id();
            let problems = problems.iter().map(|problem| ProblemView {
                message: problem.message(language),
                place: problem.place().map(ToString::to_string),
                hint: problem.hint(language),
            });
            let (code, problems) = (failure.code(), problems.collect());
            let error = ErrorView { code, message, correlation_id, hint, problems };
            let text = serde_json::to_string_pretty(&ErrorDocument { error })?;
            return writeln!(err, "{text}");
        }
        writeln!(err, "{}", self.words.get("line-error", &[("message", &message)]))?;
        if let Some(hint) = hint {
            writeln!(err, "{}", self.words.get("line-hint", &[("hint", &hint)]))?;
        }
        Ok(())
    }
}

impl Printer {
    /// Prints all that is wrong with settings, with the lines that have it.
    fn problems(self, problems: &[SettingsError]) -> io::Result<()> {
        let mut err = io::stderr().lock();
        for (number, problem) in problems.iter().enumerate() {
            if number > 0 {
                writeln!(err)?;
            }
            let message = problem.message(self.words.0);
            writeln!(err, "{}", self.words.get("line-error", &[("message", &message)]))?;
            if let Some(label) = problem.label() {
                writeln!(err, "{label}")?;
            }
            if let Some(hint) = problem.hint(self.words.0) {
                writeln!(err, "{}", self.words.get("line-hint", &[("hint", &hint)]))?;
            }
        }
        Ok(())
    }
}

/// Stands in a table for a line that is wider than its columns.
const WIDE: &str = "\u{fffc}";

/// A table with a row for each thing.
fn list(items: &[Document], layout: &Layout, words: Words) -> String {
    let (wide, narrow): (Vec<&Column>, Vec<&Column>) =
        layout.columns.iter().partition(|column| column.is_wide());
    let mut lines: Vec<String> = wide.iter().map(|column| heading(column, words)).collect();
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH);
    table.set_header(narrow.iter().map(|column| heading(column, words)));
    table.add_rows(wide.iter().map(|_| [WIDE]));
    for item in items {
        let cell = |column: &&Column| {
            let fields = column.fields.iter();
            fields.flat_map(|field| field.lines(item, words)).collect::<Vec<_>>().join("\n")
        };
        table.add_row(narrow.iter().map(cell));
        lines.extend(wide.iter().map(cell));
        table.add_rows(wide.iter().map(|_| [WIDE]));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2)).set_cell_alignment(CellAlignment::Left);
    }
    let text = table.to_string();
    let mut wide = lines.into_iter();
    let line = |line: &str| match line.trim_end() {
        WIDE => wide.next().unwrap_or_default(),
        line => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn heading(column: &Column, words: Words) -> String {
    let headings = column.fields.iter().map(|field| words.get(field.heading, &[]));
    headings.collect::<Vec<_>>().join("\n")
}

/// A line for each property of one thing. Values are not wrapped, so that they can be copied.
fn details(item: &Document, layout: &Layout, words: Words) -> String {
    let mut rows: Vec<_> = layout
        .details
        .iter()
        .flat_map(|column| column.fields)
        .map(|field| (words.get(field.heading, &[]), field.form, field.lines(item, words)))
        .filter(|(_, _, lines)| !lines.is_empty())
        .collect();
    let width = rows.iter().map(|(heading, ..)| heading.width()).max().unwrap_or_default();
    for (_, _, lines) in rows.iter_mut().filter(|(_, form, _)| *form == Form::Prose) {
        let room = usize::from(WIDTH).saturating_sub(width + 2);
        *lines = lines.iter().flat_map(|line| wrapped(line, room)).collect();
    }
    let mut lines = Vec::new();
    for (heading, _, values) in rows {
        for (number, value) in values.into_iter().enumerate() {
            let heading = if number == 0 { heading.as_str() } else { "" };
            let gap = " ".repeat(width.saturating_sub(heading.width()) + 2);
            lines.push(format!("{heading}{gap}{value}"));
        }
    }
    lines.join("\n")
}

/// A text in lines of so many columns, broken at blanks; a word that is longer stays whole, so
/// that it can be copied.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_broken_at_blanks_and_measured_in_columns() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("이름과 암호", 7), ["이름과", "암호"]);
        assert_eq!(wrapped("alongword in it", 4), ["alongword", "in", "it"]);
        assert_eq!(wrapped("", 4), [""]);
    }
}
