//! `naru completions`: what a shell completes commands with.

use clap::Args;
use clap_complete::Shell;
use naru_codes::Language;

/// Print what a shell completes commands with.
#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// The shell; as in `naru completions bash > /etc/bash_completion.d/naru`
    shell: Shell,
}

impl Completions {
    /// The script.
    pub(crate) fn script(&self, language: Language) -> String {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::localized(language), "naru", &mut script);
        String::from_utf8_lossy(&script).into_owned()
    }
}
