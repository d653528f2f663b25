//! `naru explain`: a code, a text, or everything.

use clap::Args;

/// What is to be explained.
#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// A code of the catalogue, a message that a tool printed, or `-` for one on standard input;
    /// all codes, where nothing is given
    #[arg(value_name = "CODE | TEXT | -")]
    pub(crate) text: Vec<String>,
}
