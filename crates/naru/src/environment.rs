//! The environment of this process: the only place that reads it.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::PathBuf;

use naru_codes::Language;
use naru_identity::secret::Secret;

/// What the environment says.
#[derive(Clone, Default)]
pub(crate) struct Environment {
    variables: BTreeMap<String, String>,
    /// Whether standard input is a terminal.
    pub(crate) terminal_in: bool,
    /// Whether standard output is a terminal.
    pub(crate) terminal_out: bool,
    /// Whether standard error is a terminal.
    pub(crate) terminal_err: bool,
}

/// The variables that are read beside those of the settings' table.
const READ: &[&str] = &["LANG", "LC_ALL", "LC_MESSAGES", "NO_COLOR", "XDG_RUNTIME_DIR"];

impl Environment {
    /// That of this process. What is no UTF-8 is not there.
    pub(crate) fn of_this_process() -> Self {
        let ours = |name: &str| name.starts_with("NARU_") || READ.contains(&name);
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok().filter(|name| ours(name))?;
            Some((name, value.into_string().ok()?))
        });
        Self {
            variables: variables.collect(),
            terminal_in: std::io::stdin().is_terminal(),
            terminal_out: std::io::stdout().is_terminal(),
            terminal_err: std::io::stderr().is_terminal(),
        }
    }

    /// A variable that is set to something.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The first owner's password.
    pub(crate) fn owner_password(&self) -> Option<Secret> {
        self.variable("NARU_OWNER_PASSWORD").map(|text| Secret::new(text.to_owned()))
    }

    /// The platform's directory for sockets.
    pub(crate) fn runtime_dir(&self) -> Option<PathBuf> {
        self.variable("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute())
    }

    /// The language that people here read, in the order that POSIX gives the variables.
    pub(crate) fn language(&self) -> Language {
        let set =
            ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(|name| self.variable(name));
        set.and_then(Language::from_tag).unwrap_or_default()
    }

    #[cfg(test)]
    pub(crate) fn with(variables: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self { variables: variables.iter().map(owned).collect(), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_follows_posix() {
        let language = |variables| Environment::with(variables).language();
        assert_eq!(language(&[]), Language::English);
        assert_eq!(language(&[("LANG", "ko_KR.UTF-8")]), Language::Korean);
        assert_eq!(language(&[("LANG", "ko_KR.UTF-8"), ("LC_ALL", "C")]), Language::English);
        assert_eq!(language(&[("LC_MESSAGES", "ko"), ("LC_ALL", "")]), Language::Korean);
    }

    #[test]
    fn the_owners_password_is_not_printed_with_its_environment() {
        let environment = Environment::with(&[("NARU_OWNER_PASSWORD", "correct horse")]);
        assert_eq!(environment.owner_password().unwrap().expose(), "correct horse");
        assert_eq!(format!("{:?}", environment.owner_password()), "Some([redacted])");
    }
}
