//! `naru man`: manual pages, one a command.

use std::fs;
use std::path::PathBuf;

use clap::Args;

use crate::failure::Failure;
use crate::printer::Printer;

/// Write the manual pages into a directory.
#[derive(Args, Debug)]
pub(crate) struct Man {
    /// The directory; it is made where it is not there
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

impl Man {
    /// Writes them, and says how many.
    pub(crate) fn write(&self, printer: Printer) -> Result<(), Failure> {
        fs::create_dir_all(&self.directory)?;
        clap_mangen::generate_to(super::localized(printer.words.0), &self.directory)?;
        let count = fs::read_dir(&self.directory)?.count().to_string();
        let path = self.directory.display().to_string();
        let arguments = [("count", count.as_str()), ("path", &path)];
        printer.note(&printer.words.get("note-man", &arguments))?;
        Ok(())
    }
}
