//! Settings: one table of keys, each from an option, the environment, a file or its default, in
//! this order.

mod contradiction;
mod file;
mod problem;
mod size;

use std::path::{Path, PathBuf};
use std::time::Duration;

use etcetera::BaseStrategy as _;
use ipnet::IpNet;
use naru_access::{RateBucket, parse_network};
use naru_identity::rate::{Allowances, MOST_A_MINUTE, RateLimits};
use naru_server::control::{Span, nearest, socket::socket_path};
use naru_server::{
    Address, CollectionSettings, Config, EventSettings, EventsRecorded, Host, Limits, PublicUrl,
    TlsMode,
};

use crate::environment::Environment;
use file::File;
pub(crate) use problem::{Place, SettingsError};

/// A key of the settings.
pub(crate) struct Key {
    /// Its name in a file, as in `server.listen`.
    pub(crate) name: &'static str,
    /// Its environment variable.
    pub(crate) variable: &'static str,
    /// Its option; none of those that are seldom set.
    pub(crate) option: Option<&'static str>,
    /// The value where nothing else is said, as it would be given; empty where there is none.
    pub(crate) default: &'static str,
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
        option: Some("--data-dir"),
        default: "",
        several: false,
        expects: "expects-directory",
        take: |settings, text| {
            settings.data_dir = Some(PathBuf::from(text));
            (!text.is_empty()).then_some(())
        },
    },
    Key {
        name: "events.record",
        variable: "NARU_EVENTS_RECORD",
        option: Some("--events-record"),
        default: "all",
        several: false,
        expects: "expects-events",
        take: |settings, text| {
            settings.events.record = match text {
                "all" => EventsRecorded::All,
                "refusals" => EventsRecorded::Refusals,
                _ => return None,
            };
            Some(())
        },
    },
    Key {
        name: "events.retention",
        variable: "NARU_EVENTS_RETENTION",
        option: Some("--events-retention"),
        default: "90d",
        several: false,
        expects: "expects-retention",
        take: |settings, text| {
            settings.events.retention = span(text)?.try_into().ok()?;
            Some(())
        },
    },
    Key {
        name: "gc.interval",
        variable: "NARU_GC_INTERVAL",
        option: None,
        default: "24h",
        several: false,
        expects: "expects-interval",
        take: |settings, text| {
            settings.collection.interval = match text {
                "off" => None,
                _ => Some(span(text)?),
            };
            Some(())
        },
    },
    Key {
        name: "gc.lease",
        variable: "NARU_GC_LEASE",
        option: None,
        default: "24h",
        several: false,
        expects: "expects-span",
        take: |settings, text| {
            settings.collection.lease = Span::or_nothing(text).ok()?;
            Some(())
        },
    },
    Key {
        name: "limits.blob-size",
        variable: "NARU_LIMITS_BLOB_SIZE",
        option: None,
        default: "200GiB",
        several: false,
        expects: "expects-size",
        take: |settings, text| size::bytes(text).map(|bytes| settings.limits.blob_bytes = bytes),
    },
    Key {
        name: "limits.connections",
        variable: "NARU_LIMITS_CONNECTIONS",
        option: None,
        default: "4096",
        several: false,
        expects: "expects-count",
        take: |settings, text| count(text).map(|count| settings.limits.connections = count),
    },
    Key {
        name: "limits.connections-per-address",
        variable: "NARU_LIMITS_CONNECTIONS_PER_ADDRESS",
        option: None,
        default: "1024",
        several: false,
        expects: "expects-count",
        take: |settings, text| {
            count(text).map(|count| settings.limits.connections_per_address = count)
        },
    },
    Key {
        name: "limits.head-size",
        variable: "NARU_LIMITS_HEAD_SIZE",
        option: None,
        default: "64KiB",
        several: false,
        expects: "expects-head-size",
        take: |settings, text| {
            sized(text, HEAD_BYTES).map(|bytes| settings.limits.head_bytes = bytes)
        },
    },
    Key {
        name: "limits.head-timeout",
        variable: "NARU_LIMITS_HEAD_TIMEOUT",
        option: None,
        default: "30s",
        several: false,
        expects: "expects-span",
        take: |settings, text| span(text).map(|span| settings.limits.head_timeout = span),
    },
    Key {
        name: "limits.manifest-size",
        variable: "NARU_LIMITS_MANIFEST_SIZE",
        option: None,
        default: "4MiB",
        several: false,
        expects: "expects-manifest-size",
        take: |settings, text| {
            sized(text, MANIFEST_BYTES).map(|bytes| settings.limits.manifest_bytes = bytes)
        },
    },
    Key {
        name: "limits.stall-size",
        variable: "NARU_LIMITS_STALL_SIZE",
        option: None,
        default: "64KiB",
        several: false,
        expects: "expects-size",
        take: |settings, text| size::bytes(text).map(|bytes| settings.limits.stall_bytes = bytes),
    },
    Key {
        name: "limits.stall-timeout",
        variable: "NARU_LIMITS_STALL_TIMEOUT",
        option: None,
        default: "1m",
        several: false,
        expects: "expects-span",
        take: |settings, text| span(text).map(|span| settings.limits.stall_timeout = span),
    },
    Key {
        name: "limits.uploads",
        variable: "NARU_LIMITS_UPLOADS",
        option: None,
        default: "10000",
        several: false,
        expects: "expects-count",
        take: |settings, text| count(text).map(|count| settings.limits.uploads = count),
    },
    Key {
        name: "metrics.listen",
        variable: "NARU_METRICS_LISTEN",
        option: Some("--metrics-listen"),
        default: "",
        several: false,
        expects: "expects-address",
        take: |settings, text| {
            text.parse().ok().map(|address| settings.metrics_listen = Some(address))
        },
    },
    Key {
        name: "rate-limit.identity",
        variable: "NARU_RATE_LIMIT_IDENTITY",
        option: Some("--rate-limit-identity"),
        default: "",
        several: true,
        expects: "expects-rate",
        take: |settings, text| allow(&mut settings.rate_limits.identity, text),
    },
    Key {
        name: "rate-limit.registry",
        variable: "NARU_RATE_LIMIT_REGISTRY",
        option: Some("--rate-limit-registry"),
        default: "",
        several: true,
        expects: "expects-rate",
        take: |settings, text| allow(&mut settings.rate_limits.registry, text),
    },
    Key {
        name: "server.aliases",
        variable: "NARU_SERVER_ALIASES",
        option: Some("--alias"),
        default: "",
        several: true,
        expects: "expects-host",
        take: |settings, text| text.parse().ok().map(|host| settings.aliases.push(host)),
    },
    Key {
        name: "server.domain",
        variable: "NARU_SERVER_DOMAIN",
        option: Some("--domain"),
        default: "",
        several: false,
        expects: "expects-host",
        take: |settings, text| text.parse().ok().map(|host| settings.domain = Some(host)),
    },
    Key {
        name: "server.listen",
        variable: "NARU_SERVER_LISTEN",
        option: Some("--listen"),
        default: "127.0.0.1:5000",
        several: true,
        expects: "expects-address",
        take: |settings, text| text.parse().ok().map(|address| settings.listen.push(address)),
    },
    Key {
        name: "server.public-url",
        variable: "NARU_SERVER_PUBLIC_URL",
        option: Some("--public-url"),
        default: "",
        several: false,
        expects: "expects-url",
        take: |settings, text| text.parse().ok().map(|url| settings.public_url = Some(url)),
    },
    Key {
        name: "server.registry",
        variable: "NARU_SERVER_REGISTRY",
        option: Some("--registry"),
        default: "registry",
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
        option: Some("--shutdown-timeout"),
        default: "30s",
        several: false,
        expects: "expects-span",
        take: |settings, text| span(text).map(|span| settings.drain = Some(span)),
    },
    Key {
        name: "server.socket-mode",
        variable: "NARU_SERVER_SOCKET_MODE",
        option: Some("--socket-mode"),
        default: "0660",
        several: false,
        expects: "expects-mode",
        take: |settings, text| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let mode = digits.then(|| u32::from_str_radix(text, 8).ok())??;
            settings.socket_mode = Some(mode);
            (mode <= 0o777).then_some(())
        },
    },
    Key {
        name: "server.tls",
        variable: "NARU_SERVER_TLS",
        option: Some("--tls"),
        default: "off",
        several: false,
        expects: "expects-tls",
        take: |settings, text| {
            settings.tls = Some(match text {
                "dev" => Tls::Dev,
                "off" => Tls::Off,
                _ => return None,
            });
            Some(())
        },
    },
    Key {
        name: "server.tls-cert",
        variable: "NARU_SERVER_TLS_CERT",
        option: Some("--tls-cert"),
        default: "",
        several: false,
        expects: "expects-file",
        take: |settings, text| {
            settings.tls_cert = Some(PathBuf::from(text));
            (!text.is_empty()).then_some(())
        },
    },
    Key {
        name: "server.tls-key",
        variable: "NARU_SERVER_TLS_KEY",
        option: Some("--tls-key"),
        default: "",
        several: false,
        expects: "expects-file",
        take: |settings, text| {
            settings.tls_key = Some(PathBuf::from(text));
            (!text.is_empty()).then_some(())
        },
    },
    Key {
        name: "server.trusted-proxies",
        variable: "NARU_SERVER_TRUSTED_PROXIES",
        option: Some("--trusted-proxy"),
        default: "",
        several: true,
        expects: "expects-network",
        take: |settings, text| {
            parse_network(text).map(|network| settings.trusted_proxies.push(network))
        },
    },
];

/// The largest manifest that any registry takes; a setting may only be below it.
const MANIFEST_BYTES: u64 = 4 << 20;

/// The largest head that is read at all; a setting may only be below it.
const HEAD_BYTES: u64 = 1 << 20;

/// What was set, before defaults.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    data_dir: Option<PathBuf>,
    listen: Vec<Address>,
    metrics_listen: Option<Address>,
    socket_mode: Option<u32>,
    domain: Option<Host>,
    registry: Option<String>,
    aliases: Vec<Host>,
    public_url: Option<PublicUrl>,
    trusted_proxies: Vec<IpNet>,
    rate_limits: RateLimits,
    collection: CollectionSettings,
    tls: Option<Tls>,
    tls_cert: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    drain: Option<Duration>,
    limits: Limits,
    /// Every key that was set, with its values and where they stand.
    given: Vec<(&'static str, Vec<(Place, String)>)>,
    events: EventSettings,
}

/// The words of `server.tls`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tls {
    Dev,
    Off,
}

/// A setting as it is in force.
#[derive(Debug)]
pub(crate) struct InForce {
    /// Its key.
    pub(crate) key: &'static str,
    /// Its values, as they were given.
    pub(crate) values: Vec<String>,
    /// Where they stand; nowhere where they are the default.
    pub(crate) place: Option<Place>,
}

/// How much is held against whoever sets things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// A variable of ours that nobody knows is a fault: it was meant to do something.
    Everything,
    /// Only what is asked for: a command that talks to a server is not what the rest is about.
    Known,
}

impl Settings {
    /// Reads every key of the table, and says all that is wrong at once. `options` gives the values
    /// of an option.
    pub(crate) fn read(
        options: impl Fn(&str) -> Vec<String>,
        environment: &Environment,
        file: Option<&Path>,
        strictness: Strictness,
    ) -> Result<Self, Vec<SettingsError>> {
        let (file, mut problems) = file.map(File::read).unwrap_or_default();
        let mut settings = Self::default();
        for key in KEYS {
            let values = values(key, &options, environment, &file);
            if let (false, Some((place, _))) = (key.several, values.get(1)) {
                problems.push(SettingsError::Several { place: place.clone(), key: key.name });
            }
            for (place, given) in &values {
                if (key.take)(&mut settings, given).is_none() {
                    let (place, given) = (place.clone(), given.clone());
                    problems.push(SettingsError::Value { place, given, expects: key.expects });
                }
            }
            if !values.is_empty() {
                settings.given.push((key.name, values));
            }
        }
        if strictness == Strictness::Everything {
            problems.extend(unknown_variables(environment));
            problems.extend(settings.contradictions());
        }
        problems.sort_by_key(SettingsError::order);
        if problems.is_empty() { Ok(settings) } else { Err(problems) }
    }

    /// Where everything is kept.
    pub(crate) fn data_dir(&self) -> Result<PathBuf, SettingsError> {
        match &self.data_dir {
            Some(path) => Ok(path.clone()),
            None => default_data_dir().ok_or(SettingsError::NoDataDir),
        }
    }

    /// Every key, as it is in force.
    pub(crate) fn in_force(&self) -> Vec<InForce> {
        let of = |key: &Key| {
            if let Some((_, values)) = self.given.iter().find(|(name, _)| *name == key.name) {
                let place = values.first().map(|(place, _)| place.clone());
                let values = values.iter().map(|(_, value)| value.clone()).collect();
                return InForce { key: key.name, values, place };
            }
            let default = match key.name {
                "data-dir" => default_data_dir().map(|path| path.display().to_string()),
                _ => Some(key.default.to_owned()).filter(|default| !default.is_empty()),
            };
            InForce { key: key.name, values: default.into_iter().collect(), place: None }
        };
        KEYS.iter().map(of).collect()
    }

    /// The settings of a server, with what was not said at its default.
    pub(crate) fn into_config(self, environment: &Environment) -> Result<Config, SettingsError> {
        let data_dir = self.data_dir()?;
        let socket = socket_path(&data_dir, environment.runtime_dir().as_deref());
        let default = Config::at(data_dir, socket);
        Ok(Config {
            listen: if self.listen.is_empty() { default.listen } else { self.listen },
            metrics_listen: self.metrics_listen,
            socket_mode: self.socket_mode.unwrap_or(default.socket_mode),
            domain: self.domain,
            registry: self.registry.unwrap_or(default.registry),
            aliases: self.aliases,
            public_url: self.public_url,
            trusted_proxies: self.trusted_proxies,
            rate_limits: self.rate_limits,
            collection: self.collection,
            tls: match (self.tls, self.tls_cert, self.tls_key) {
                (Some(Tls::Dev), ..) => TlsMode::Dev,
                (_, Some(certificate), Some(key)) => TlsMode::Files { certificate, key },
                _ => TlsMode::Off,
            },
            drain: self.drain.unwrap_or(default.drain),
            limits: self.limits,
            events: self.events,
            ..default
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

fn span(text: &str) -> Option<Duration> {
    text.parse::<Span>().ok().map(Span::duration)
}

fn count(text: &str) -> Option<usize> {
    text.parse().ok().filter(|count| *count > 0)
}

fn sized(text: &str, most: u64) -> Option<usize> {
    size::bytes(text).filter(|bytes| *bytes <= most)?.try_into().ok()
}

/// The values of a key from the first source that has any, each with its place.
fn values(
    key: &Key,
    options: &impl Fn(&str) -> Vec<String>,
    environment: &Environment,
    file: &File,
) -> Vec<(Place, String)> {
    if let Some(option) = key.option {
        let given = options(option);
        if !given.is_empty() {
            return given.into_iter().map(|value| (Place::Option(option), value)).collect();
        }
    }
    if let Some(text) = environment.variable(key.variable) {
        let values = if key.several { text.split(',').collect() } else { vec![text] };
        let place = Place::Variable(key.variable.to_owned());
        return values.into_iter().map(|value| (place.clone(), value.trim().to_owned())).collect();
    }
    file.values(key.name)
}

/// The variables of ours that nobody knows.
fn unknown_variables(environment: &Environment) -> Vec<SettingsError> {
    let known = || KEYS.iter().map(|key| key.variable).chain(Environment::OWN.iter().copied());
    let unknown = environment.ours().filter(|name| !known().any(|known| known == *name));
    unknown
        .map(|name| SettingsError::UnknownVariable {
            name: name.to_owned(),
            nearest: nearest(name, known()).filter(|near| near.len().abs_diff(name.len()) <= 3),
        })
        .collect()
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
    // Where several sections have it, the server's is what most people mean.
    let mut meant = parts.filter(|(other, _)| *other == word).map(|(_, meant)| meant);
    meant.clone().find(|key| key.starts_with("server.")).or_else(|| meant.next())
}

#[cfg(test)]
mod tests;
