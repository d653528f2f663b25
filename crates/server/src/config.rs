//! What a server is told at its start, as typed values. Reading them from options, environment and
//! file is the binary's part.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use jiff::SignedDuration;
use naru_identity::rate::RateLimits;

use crate::audit::EventSettings;
use crate::limits::Limits;
use crate::listen::Address;

/// The settings of a server.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// The path of the local socket, for administration.
    pub socket: PathBuf,
    /// Where it listens.
    pub listen: Vec<Address>,
    /// Where the metrics are; nowhere unless it is set.
    pub metrics_listen: Option<Address>,
    /// Who may connect to the unix sockets among them, as the mode of a file.
    pub socket_mode: u32,
    /// The domain under which registries have their names.
    pub domain: Option<Host>,
    /// The name of the default registry, for a first start.
    pub registry: String,
    /// Further host names that mean the default registry.
    pub aliases: Vec<Host>,
    /// Scheme and port that clients see, where a proxy or a port mapping stands in front.
    pub public_url: Option<PublicUrl>,
    /// The peers that are believed about whom they speak for.
    pub trusted_proxies: Vec<IpNet>,
    /// How many requests a minute are taken; none are limited by default.
    pub rate_limits: RateLimits,
    /// When what nobody needs is collected.
    pub collection: CollectionSettings,
    /// Whether and how connections are encrypted.
    pub tls: TlsMode,
    /// How long running requests may take to finish once the server is told to stop.
    pub drain: Duration,
    /// What one client, and all of them, may take.
    pub limits: Limits,
    /// What is kept of what happened.
    pub events: EventSettings,
}

impl Config {
    /// The settings of a server of this directory, with everything else at its default.
    pub fn at(data_dir: PathBuf, socket: PathBuf) -> Self {
        Self {
            data_dir,
            socket,
            listen: vec![Address::Tcp(SocketAddr::from(([127, 0, 0, 1], 5000)))],
            metrics_listen: None,
            socket_mode: 0o660,
            domain: None,
            registry: "registry".to_owned(),
            aliases: Vec::new(),
            public_url: None,
            trusted_proxies: Vec::new(),
            rate_limits: RateLimits::default(),
            collection: CollectionSettings::default(),
            tls: TlsMode::Off,
            drain: Duration::from_secs(30),
            limits: Limits::default(),
            events: EventSettings::default(),
        }
    }
}

/// When what nobody needs is collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CollectionSettings {
    /// How often; never by itself where there is none.
    pub interval: Option<Duration>,
    /// How long something must have been of use to nobody. A client has so long from the upload of
    /// a blob to the manifest that names it.
    pub lease: SignedDuration,
}

impl CollectionSettings {
    /// How long after a start the first collection is, at most.
    pub(crate) const FIRST: Duration = Duration::from_mins(10);
}

impl Default for CollectionSettings {
    fn default() -> Self {
        let interval = Some(Duration::from_hours(24));
        Self { interval, lease: SignedDuration::from_hours(24) }
    }
}

/// Where certificates come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TlsMode {
    /// A certificate authority of its own, made under the data directory.
    Dev,
    /// A certificate with its chain, and its key, as PEM; read again when they change.
    Files {
        /// The certificate, and those between it and its authority.
        certificate: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
    /// No TLS.
    #[default]
    Off,
}

/// How a connection is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Plain.
    Http,
    /// With TLS.
    Https,
}

impl Scheme {
    /// The scheme as it stands in a URL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A host name in lower case, without a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Host(String);

/// A text is no host name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a host name such as registry.example.com")]
pub struct HostError(String);

impl Host {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Host {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        let label = |label: &str| {
            let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            !label.is_empty() && label.len() <= 63 && label.chars().all(legal)
        };
        if text.len() <= 253 && text.split('.').all(label) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(HostError(text.to_owned()))
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The URL at which clients reach the server: scheme, host and perhaps a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    /// The scheme.
    pub scheme: Scheme,
    /// The host.
    pub host: Host,
    /// The port, where it is not the scheme's own.
    pub port: Option<u16>,
}

/// A text is no such URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a URL such as https://registry.example.com or http://127.0.0.1:8080, without a path"
)]
pub struct PublicUrlError(String);

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<Self, PublicUrlError> {
        let error = || PublicUrlError(text.to_owned());
        let (scheme, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (Scheme::Https, rest),
            (None, Some(rest)) => (Scheme::Http, rest),
            (None, None) => return Err(error()),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().map_err(|_| error())?)),
            None => (rest, None),
        };
        let own = match scheme {
            Scheme::Http => 80,
            Scheme::Https => 443,
        };
        Ok(Self {
            scheme,
            host: host.parse().map_err(|_| error())?,
            port: port.filter(|port| *port != own),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_has_scheme_host_and_port_alone() {
        let url: PublicUrl = "https://Registry.Example.com:8443/".parse().unwrap();
        assert_eq!(url.host.as_str(), "registry.example.com");
        assert_eq!((url.scheme, url.port), (Scheme::Https, Some(8443)));
        assert_eq!("http://localhost:80".parse::<PublicUrl>().unwrap().port, None);
        for bad in
            ["", "registry", "ftp://a", "https://", "https://a/b", "https://a:b", "https://a:1:2"]
        {
            assert!(bad.parse::<PublicUrl>().is_err(), "{bad}");
        }
    }
}
