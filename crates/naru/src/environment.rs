//! The environment of this process: the only place that reads it.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::PathBuf;

use naru_client::ambient::{Surroundings, VARIABLES};
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

/// The variables that are read beside those of ours.
const READ: &[&str] = &[
    "HOME",
    "LANG",
    "LC_ALL",
    "LC_MESSAGES",
    "NOTIFY_SOCKET",
    "NO_COLOR",
    "USER",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
    "XDG_RUNTIME_DIR",
];

impl Environment {
    /// That of this process. What is no UTF-8 is not there.
    pub(crate) fn of_this_process() -> Self {
        let ours = |name: &str| {
            name.starts_with("NARU_") || READ.contains(&name) || VARIABLES.contains(&name)
        };
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

    /// The variables of ours that are no settings.
    pub(crate) const OWN: &[&str] = &["NARU_CONFIG", "NARU_LOG", "NARU_OWNER_PASSWORD"];

    /// The names of the variables that were meant for us. What Kubernetes sets in every container
    /// for a service that happens to be called `naru` was not.
    pub(crate) fn ours(&self) -> impl Iterator<Item = &str> {
        let all = self.variables.iter().filter(|(name, _)| name.starts_with("NARU_"));
        let link = |(name, value): &(&String, &String)| {
            let address =
                ["tcp://", "udp://", "sctp://"].iter().any(|kind| value.starts_with(kind));
            name.contains("_SERVICE_HOST")
                || name.contains("_SERVICE_PORT")
                || ["_TCP", "_UDP", "_SCTP"].iter().any(|kind| name.contains(kind))
                || (name.ends_with("_PORT") && address)
        };
        all.filter(move |pair| !link(pair)).map(|(name, _)| name.as_str())
    }

    /// The file of settings.
    pub(crate) fn settings_file(&self) -> Option<PathBuf> {
        self.variable("NARU_CONFIG").map(PathBuf::from)
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

    /// What the container tools of this user go by.
    pub(crate) fn surroundings(&self) -> Surroundings {
        let theirs = self.variables.iter().filter(|(name, _)| VARIABLES.contains(&name.as_str()));
        Surroundings {
            variables: theirs.map(|(name, value)| (name.clone(), value.clone())).collect(),
            home: self.variable("HOME").map(PathBuf::from),
            user_id: rustix::process::getuid().as_raw(),
        }
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
    fn what_kubernetes_says_of_a_service_of_our_name_is_nothing_of_ours() {
        let environment = Environment::with(&[
            ("NARU_PORT", "tcp://10.0.0.1:5000"),
            ("NARU_PORT_5000_TCP_ADDR", "10.0.0.1"),
            ("NARU_SERVER_SERVICE_HOST", "10.0.0.1"),
            ("NARU_SERVER_SERVICE_PORT_HTTP", "5000"),
            ("NARU_SERVER_PORT", "5000"),
        ]);
        assert_eq!(environment.ours().collect::<Vec<_>>(), ["NARU_SERVER_PORT"]);
    }

    #[test]
    fn the_owners_password_is_not_printed_with_its_environment() {
        let environment = Environment::with(&[("NARU_OWNER_PASSWORD", "correct horse")]);
        assert_eq!(environment.owner_password().unwrap().expose(), "correct horse");
        assert_eq!(format!("{:?}", environment.owner_password()), "Some([redacted])");
    }
}
