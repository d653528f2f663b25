//! Settings: one table of keys, each from an option, the environment, a file or its default, in
//! this order.

mod file;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use etcetera::BaseStrategy as _;
use ipnet::IpNet;
use naru_access::RateBucket;
use naru_codes::Language;
use naru_identity::rate::{Allowances, MOST_A_MINUTE, RateLimits};
use naru_server::control::{Span, nearest, socket::socket_path};
use naru_server::{Config, Host, PublicUrl, TlsMode};

use crate::environment::Environment;
use crate::words::Words;
use file::File;

/// The address where nothing else is said.
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 5000);

/// The registry's name where nothing else is said.
const DEFAULT_REGISTRY: &str = "registry";

/// How long running requests may take to finish where nothing else is said.
const DEFAULT_DRAIN: Duration = Duration::from_secs(30);

/// A key of the settings.
pub(crate) struct Key {
    /// Its name in a file, as in `server.listen`.
    pub(crate) name: &'static str,
    /// Its environment variable.
    pub(crate) variable: &'static str,
    /// Its option.
    pub(crate) option: &'static str,
    /// Whether it may have several values.
    several: bool,
    /// The text that says what a value is.
    expects: &'static str,
    /// Takes one value. `None`: it cannot be one.
    take: fn(&mut Settings, &str) -> Option<()>,
}

/// Every key there is.
pub(crate) static KEYS: &[Key] = &[
    Key {
        name: "data-dir",
        variable: "NARU_DATA_DIR",
        option: "--data-dir",
        several: false,
        expects: "expects-directory",
        take: |settings, text| {
            settings.data_dir = Some(PathBuf::from(text));
            (!text.is_empty()).then_some(())
        },
    },
    Key {
        name: "rate-limit.identity",
        variable: "NARU_RATE_LIMIT_IDENTITY",
        option: "--rate-limit-identity",
        several: true,
        expects: "expects-rate",
        take: |settings, text| allow(&mut settings.rate_limits.identity, text),
    },
    Key {
        name: "rate-limit.registry",
        variable: "NARU_RATE_LIMIT_REGISTRY",
        option: "--rate-limit-registry",
        several: true,
        expects: "expects-rate",
        take: |settings, text| allow(&mut settings.rate_limits.registry, text),
    },
    Key {
        name: "server.aliases",
        variable: "NARU_SERVER_ALIASES",
        option: "--alias",
        several: true,
        expects: "expects-host",
        take: |settings, text| text.parse().ok().map(|host| settings.aliases.push(host)),
    },
    Key {
        name: "server.domain",
        variable: "NARU_SERVER_DOMAIN",
        option: "--domain",
        several: false,
        expects: "expects-host",
        take: |settings, text| text.parse().ok().map(|host| settings.domain = Some(host)),
    },
    Key {
        name: "server.listen",
        variable: "NARU_SERVER_LISTEN",
        option: "--listen",
        several: true,
        expects: "expects-address",
        take: |settings, text| text.parse().ok().map(|address| settings.listen.push(address)),
    },
    Key {
        name: "server.public-url",
        variable: "NARU_SERVER_PUBLIC_URL",
        option: "--public-url",
        several: false,
        expects: "expects-url",
        take: |settings, text| text.parse().ok().map(|url| settings.public_url = Some(url)),
    },
    Key {
        name: "server.registry",
        variable: "NARU_SERVER_REGISTRY",
        option: "--registry",
        several: false,
        expects: "expects-registry",
        take: |settings, text| {
            settings.registry = Some(text.to_owned());
            naru_identity::names::NameKind::Registry.check(text).ok()
        },
    },
    Key {
        name: "server.shutdown-timeout",
        variable: "NARU_SERVER_SHUTDOWN_TIMEOUT",
        option: "--shutdown-timeout",
        several: false,
        expects: "expects-span",
        take: |settings, text| {
            text.parse::<Span>().ok().map(|span| settings.drain = Some(span.duration()))
        },
    },
    Key {
        name: "server.tls",
        variable: "NARU_SERVER_TLS",
        option: "--tls",
        several: false,
        expects: "expects-tls",
        take: |settings, text| {
            settings.tls = match text {
                "dev" => TlsMode::Dev,
                "off" => TlsMode::Off,
                _ => return None,
            };
            Some(())
        },
    },
    Key {
        name: "server.trusted-proxies",
        variable: "NARU_SERVER_TRUSTED_PROXIES",
        option: "--trusted-proxy",
        several: true,
        expects: "expects-network",
        take: |settings, text| {
            let network = text.parse::<IpAddr>().map(IpNet::from).or_else(|_| text.parse());
            network.ok().map(|network| settings.trusted_proxies.push(network))
        },
    },
];

/// What was set, before defaults.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    data_dir: Option<PathBuf>,
    listen: Vec<SocketAddr>,
    domain: Option<Host>,
    registry: Option<String>,
    aliases: Vec<Host>,
    public_url: Option<PublicUrl>,
    trusted_proxies: Vec<IpNet>,
    rate_limits: RateLimits,
    tls: TlsMode,
    drain: Option<Duration>,
}

/// Why settings cannot be used: all of it for whoever set them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SettingsError {
    /// The file cannot be read.
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: String,
    },
    /// There is no directory that would be the default.
    NoDataDir,
    /// The file is no TOML.
    Syntax {
        /// File and line.
        place: String,
        /// Why.
        error: String,
    },
    /// The file has a key that does not exist.
    UnknownKey {
        /// File and line.
        place: String,
        /// The key.
        key: String,
        /// The one that was probably meant.
        nearest: Option<&'static str>,
    },
    /// A value cannot be one.
    Value {
        /// Where it stands: an option, a variable, or file and line.
        place: String,
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
        match self {
            Self::File { path, error } => words
                .get("settings-file", &[("path", &path.display().to_string()), ("error", error)]),
            Self::NoDataDir => words.get("settings-no-data-dir", &[]),
            Self::Syntax { place, error } => {
                words.get("settings-syntax", &[("place", place), ("error", error)])
            }
            Self::UnknownKey { place, key, .. } => {
                words.get("settings-unknown-key", &[("place", place), ("key", key)])
            }
            Self::Value { place, given, expects } => {
                let expects = words.get(expects, &[]);
                let arguments =
                    [("place", place.as_str()), ("given", given), ("expects", &expects)];
                words.get("settings-value", &arguments)
            }
        }
    }

    /// What to do about it.
    pub(crate) fn hint(&self, language: Language) -> Option<String> {
        match self {
            Self::UnknownKey { nearest: Some(key), .. } => {
                Some(Words(language).get("hint-nearest", &[("word", key)]))
            }
            Self::UnknownKey { nearest: None, .. } => {
                let keys: Vec<_> = KEYS.iter().map(|key| key.name).collect();
                Some(Words(language).get("hint-words", &[("words", &keys.join(" "))]))
            }
            Self::File { .. } | Self::NoDataDir | Self::Syntax { .. } | Self::Value { .. } => None,
        }
    }
}

impl Settings {
    /// Reads every key of the table. `options` gives the values of an option.
    pub(crate) fn read(
        options: impl Fn(&str) -> Vec<String>,
        environment: &Environment,
        file: Option<&Path>,
    ) -> Result<Self, SettingsError> {
        let file = file.map(File::read).transpose()?.unwrap_or_default();
        let mut settings = Self::default();
        for key in KEYS {
            for (place, given) in values(key, &options, environment, &file) {
                let taken = (key.take)(&mut settings, &given);
                taken.ok_or(SettingsError::Value { place, given, expects: key.expects })?;
            }
        }
        Ok(settings)
    }

    /// Where everything is kept.
    pub(crate) fn data_dir(&self) -> Result<PathBuf, SettingsError> {
        match &self.data_dir {
            Some(path) => Ok(path.clone()),
            None => default_data_dir().ok_or(SettingsError::NoDataDir),
        }
    }

    /// The settings of a server, with what was not said at its default.
    pub(crate) fn into_config(self, environment: &Environment) -> Result<Config, SettingsError> {
        let data_dir = self.data_dir()?;
        Ok(Config {
            socket: socket_path(&data_dir, environment.runtime_dir().as_deref()),
            data_dir,
            listen: if self.listen.is_empty() { vec![DEFAULT_LISTEN] } else { self.listen },
            domain: self.domain,
            registry: self.registry.unwrap_or_else(|| DEFAULT_REGISTRY.to_owned()),
            aliases: self.aliases,
            public_url: self.public_url,
            trusted_proxies: self.trusted_proxies,
            rate_limits: self.rate_limits,
            tls: self.tls,
            drain: self.drain.unwrap_or(DEFAULT_DRAIN),
        })
    }
}

/// The platform's data directory for us.
pub(crate) fn default_data_dir() -> Option<PathBuf> {
    let platform = etcetera::choose_base_strategy().ok()?;
    Some(platform.data_dir().join("naru"))
}

/// Takes a bucket with its requests a minute, as in `read=10000`.
fn allow(allowances: &mut Allowances, text: &str) -> Option<()> {
    let (bucket, a_minute) = text.split_once('=')?;
    let a_minute: u32 = a_minute.trim().parse().ok()?;
    if !(1..=MOST_A_MINUTE).contains(&a_minute) {
        return None;
    }
    allowances.set(RateBucket::from_word(bucket.trim())?, a_minute);
    Some(())
}

/// The values of a key from the first source that has any, each with its place.
fn values(
    key: &Key,
    options: &impl Fn(&str) -> Vec<String>,
    environment: &Environment,
    file: &File,
) -> Vec<(String, String)> {
    let given = options(key.option);
    if !given.is_empty() {
        return given.into_iter().map(|value| (key.option.to_owned(), value)).collect();
    }
    if let Some(text) = environment.variable(key.variable) {
        let values = if key.several { text.split(',').collect() } else { vec![text] };
        let placed = |value: &str| (key.variable.to_owned(), value.trim().to_owned());
        return values.into_iter().map(placed).collect();
    }
    file.values(key.name)
}

/// The key, or the section of keys, that was probably meant.
fn nearest_key(given: &str) -> Option<&'static str> {
    let parts = KEYS.iter().flat_map(|key| {
        let split = key.name.split_once('.');
        let (section, last) = split.map_or((key.name, key.name), |(section, last)| (section, last));
        [(last, key.name), (section, section), (key.name, key.name)]
    });
    let words = || parts.clone().map(|(word, _)| word);
    let word = words().find(|word| *word == given).or_else(|| nearest(given, words()))?;
    parts.clone().find(|(other, _)| *other == word).map(|(_, meant)| meant)
}

#[cfg(test)]
mod tests;
