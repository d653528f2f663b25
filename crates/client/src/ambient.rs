//! What a client takes from around it, as parameters: time, names, variables.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;

use async_trait::async_trait;
use jiff::Timestamp;

/// The time.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// What turns names into addresses.
#[async_trait]
pub trait Resolver: Send + Sync {
    /// The addresses of a name, in the order in which they are to be tried.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The resolver of this machine (`getaddrinfo`): what the container tools are told too.
///
/// The hosts file, split DNS and whatever else is configured here count; a resolver of our own
/// would answer for another machine.
#[derive(Clone, Copy, Debug)]
pub struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((host, 0)).await?;
        let mut addresses: Vec<IpAddr> = Vec::new();
        for address in found {
            if !addresses.contains(&address.ip()) {
                addresses.push(address.ip());
            }
        }
        Ok(addresses)
    }
}

/// The variables that container tools go by, and whose they are.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Variables of the environment that are set to something.
    pub variables: BTreeMap<String, String>,
    /// The home directory.
    pub home: Option<PathBuf>,
    /// The numeric id of the user.
    pub user_id: u32,
}

/// The variables that any code below reads, so that an entry point knows which to hand over.
pub const VARIABLES: &[&str] = &[
    "CONTAINERS_REGISTRIES_CONF",
    "DOCKER_CONFIG",
    "DOCKER_CONTEXT",
    "DOCKER_HOST",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "PATH",
    "REGISTRY_AUTH_FILE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "SUDO_USER",
    "XDG_CONFIG_HOME",
    "XDG_RUNTIME_DIR",
    "https_proxy",
    "http_proxy",
    "no_proxy",
];

impl Surroundings {
    /// A variable that is set to something.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A variable that is a path.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.variable(name).map(PathBuf::from)
    }

    /// The user's directory of configurations.
    pub fn config_home(&self) -> Option<PathBuf> {
        let set = self.path("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
        set.or_else(|| Some(self.home.as_ref()?.join(".config")))
    }
}
