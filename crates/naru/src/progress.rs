//! How far the server is, as a bar on a terminal; nowhere else is there any.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::document::Document;
use crate::environment::Environment;
use crate::printer::{Format, Printer};
use crate::words::Words;

/// A bar, where there is somebody to see it.
pub(crate) struct Bar {
    drawn: ProgressBar,
    words: Words,
    step: String,
}

impl Bar {
    /// On a terminal, beside a table.
    pub(crate) fn new(environment: &Environment, printer: Printer) -> Self {
        let shown = environment.terminal_err && printer.format == Format::Table;
        let target =
            if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self {
            drawn: ProgressBar::with_draw_target(None, target),
            words: printer.words,
            step: String::new(),
        }
    }

    /// Takes a line of progress in.
    pub(crate) fn show(&mut self, progress: &Document) {
        let number = |key| progress.at(key).and_then(Document::number).unwrap_or_default();
        let step = progress.at("step").and_then(Document::text).unwrap_or_default();
        if step != self.step {
            step.clone_into(&mut self.step);
            let form = if step == "blobs" {
                "{msg} [{bar:24}] {bytes} / {total_bytes} {bytes_per_sec} {eta}"
            } else {
                "{msg} [{bar:24}] {pos} / {len}"
            };
            if let Ok(style) = ProgressStyle::with_template(form) {
                self.drawn.set_style(style.progress_chars("=> "));
            }
            // A step that this version does not know is shown without its name.
            let named = self.words.find(&format!("step-{step}"));
            self.drawn.set_message(named.unwrap_or_default());
        }
        self.drawn.set_length(number("total"));
        self.drawn.set_position(number("done"));
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        self.drawn.finish_and_clear();
    }
}
