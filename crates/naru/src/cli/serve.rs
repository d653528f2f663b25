//! `naru serve`: its options, as they are read by the table of settings.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Global;
use crate::environment::Environment;

/// Serve a registry.
#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// An address to listen on, or `unix:PATH` (default 127.0.0.1:5000); may be repeated
    #[arg(long, value_name = "ADDRESS")]
    listen: Vec<String>,
    /// The domain under which registries have their names
    #[arg(long, value_name = "NAME")]
    domain: Option<String>,
    /// A further host name that means the default registry; may be repeated
    #[arg(long, value_name = "NAME")]
    alias: Vec<String>,
    /// The URL that clients see, where a proxy or a port mapping stands in front
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// A proxy that is believed about whom it speaks for; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    trusted_proxy: Vec<String>,
    /// How many requests a minute each identity has, by kind, as in `read=5000`; may be repeated
    #[arg(long, value_name = "KIND=COUNT")]
    rate_limit_identity: Vec<String>,
    /// How many requests a minute a registry takes, by kind, as in `read=10000`; may be repeated
    #[arg(long, value_name = "KIND=COUNT")]
    rate_limit_registry: Vec<String>,
    /// `dev`: TLS by a certificate authority made under the data directory
    #[arg(long, value_name = "MODE")]
    tls: Option<String>,
    /// The file of the certificate and its chain (PEM), read again when it changes
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<String>,
    /// The file of the certificate's private key (PEM)
    #[arg(long, value_name = "FILE")]
    tls_key: Option<String>,
    /// Who may connect to unix sockets, as the mode of a file (default 0660)
    #[arg(long, value_name = "MODE")]
    socket_mode: Option<String>,
    /// How long running requests may take to finish at the end (default 30s)
    #[arg(long, value_name = "TIME")]
    shutdown_timeout: Option<String>,
    /// Which events are kept: `all`, or `refusals` and writes alone
    #[arg(long, value_name = "WHICH")]
    events_record: Option<String>,
    /// How long events are kept (default 90d)
    #[arg(long, value_name = "TIME")]
    events_retention: Option<String>,
    /// An address for the metrics (`GET /metrics`), or `unix:PATH` (default: none)
    #[arg(long, value_name = "ADDRESS")]
    metrics_listen: Option<String>,
    /// The form of log lines
    #[arg(long, value_enum, default_value_t)]
    pub(crate) log_format: LogFormat,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// A JSON document a line.
    Json,
}

impl Serve {
    /// The values of an option that stands in the table of settings.
    pub(crate) fn values(&self, option: &str) -> Vec<String> {
        let one = |value: &Option<String>| value.iter().cloned().collect();
        match option {
            "--alias" => self.alias.clone(),
            "--domain" => one(&self.domain),
            "--events-record" => one(&self.events_record),
            "--events-retention" => one(&self.events_retention),
            "--listen" => self.listen.clone(),
            "--metrics-listen" => one(&self.metrics_listen),
            "--public-url" => one(&self.public_url),
            "--rate-limit-identity" => self.rate_limit_identity.clone(),
            "--rate-limit-registry" => self.rate_limit_registry.clone(),
            "--shutdown-timeout" => one(&self.shutdown_timeout),
            "--socket-mode" => one(&self.socket_mode),
            "--tls" => one(&self.tls),
            "--tls-cert" => one(&self.tls_cert),
            "--tls-key" => one(&self.tls_key),
            "--trusted-proxy" => self.trusted_proxy.clone(),
            _ => Vec::new(),
        }
    }
}

impl Global {
    /// The file of settings, if there is one.
    pub(crate) fn settings_file(&self, environment: &Environment) -> Option<PathBuf> {
        self.config.clone().or_else(|| environment.settings_file())
    }

    /// The values of an option that stands in the table of settings.
    pub(crate) fn values(&self, option: &str) -> Vec<String> {
        match option {
            "--data-dir" => self.data_dir.iter().map(|path| path.display().to_string()).collect(),
            "--registry" => self.registry.iter().cloned().collect(),
            _ => Vec::new(),
        }
    }
}
