//! Which registry a host name means, and where its clients are sent for tokens (`gate.md` §5).

use std::net::IpAddr;
use std::sync::Arc;

use naru_access::{Denial, Evidence};
use naru_codes::Cause;

use super::{Client, Connection};
use crate::config::{Config, Host, Scheme};
use crate::gate::{Hosted, Registries};

/// A host as a request names it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Named {
    host: HostKind,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum HostKind {
    Address(IpAddr),
    Name(Host),
}

impl Named {
    /// Reads `name`, `name:port`, an address, or one in brackets.
    fn read(text: &str) -> Option<Self> {
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
                (host, Some(port.parse().ok()?))
            }
            _ => (text, None),
        };
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = match (bracketed, host.parse::<IpAddr>()) {
            (Some(v6), _) => HostKind::Address(IpAddr::V6(v6.parse().ok()?)),
            (None, Ok(address)) => HostKind::Address(address),
            (None, Err(_)) => HostKind::Name(host.strip_suffix('.').unwrap_or(host).parse().ok()?),
        };
        Some(Self { host, port })
    }

    fn is_loopback(&self) -> bool {
        match &self.host {
            HostKind::Address(address) => address.to_canonical().is_loopback(),
            HostKind::Name(name) => {
                name.as_str() == "localhost" || name.as_str().ends_with(".localhost")
            }
        }
    }

    fn is_local_end(&self, connection: &Connection) -> bool {
        let (HostKind::Address(address), Some(local)) = (&self.host, connection.local) else {
            return false;
        };
        address.to_canonical() == local.ip().to_canonical()
            && self.port.is_none_or(|port| port == local.port())
    }

    fn name(&self) -> Option<&Host> {
        match &self.host {
            HostKind::Name(name) => Some(name),
            HostKind::Address(_) => None,
        }
    }
}

/// The registry that a request's host means.
pub(crate) fn registry<'a>(
    config: &Config,
    registries: &'a Registries,
    client: &Client,
) -> Result<&'a Arc<Hosted>, Denial> {
    let named = client.host.as_deref().and_then(Named::read);
    let name = named.as_ref().and_then(Named::name);
    let below = match (name, &config.domain) {
        (Some(name), Some(domain)) if !is_alias(config, name) => {
            name.as_str().strip_suffix(domain.as_str()).and_then(|rest| rest.strip_suffix('.'))
        }
        _ => None,
    };
    match below {
        // The login servers of other registries' resources lie deeper; none of them is one.
        Some(label) => registries.by_key(label).ok_or_else(|| {
            let host = name.map(ToString::to_string).unwrap_or_default();
            Denial::new(Cause::NameNotFound).with_evidence(Evidence::Host(host))
        }),
        None => registries.default_registry().ok_or_else(|| {
            Denial::new(Cause::NameNotFound).with_evidence(Evidence::Host(String::new()))
        }),
    }
}

/// The canonical login server: the audience of a registry's tokens, and the service in its
/// challenges. Without a domain it is the registry's name, so that another port or listener
/// invalidates nothing.
pub(crate) fn canonical(config: &Config, registry_key: &str) -> String {
    let Some(domain) = &config.domain else { return registry_key.to_owned() };
    match config.public_url.as_ref().and_then(|url| url.port) {
        Some(port) => format!("{registry_key}.{domain}:{port}"),
        None => format!("{registry_key}.{domain}"),
    }
}

/// The scheme and host that a client is sent to, never one that a stranger chose.
pub(crate) fn origin(
    config: &Config,
    hosted: &Hosted,
    client: &Client,
    connection: &Connection,
) -> String {
    let named = client.host.as_deref().and_then(Named::read);
    let public = config.public_url.as_ref();
    let public_scheme = public.map_or(client.scheme, |url| url.scheme);
    if let (Some(named), Some(host)) = (&named, &client.host) {
        let host = host.to_ascii_lowercase();
        if named.is_loopback() || named.is_local_end(connection) {
            return format!("{}://{host}", client.scheme);
        }
        if let Some(name) = named.name() {
            let canonical = hosted.login_server.split(':').next().unwrap_or_default();
            let own = name.as_str() == canonical && config.domain.is_some();
            if own || public.is_some_and(|url| url.host == *name) {
                return format!("{public_scheme}://{host}");
            }
            if is_alias(config, name) {
                return format!("{}://{host}", client.scheme);
            }
        }
    }
    match (public, &config.domain) {
        (_, Some(_)) => format!("{public_scheme}://{}", hosted.login_server),
        (Some(url), None) => match url.port {
            Some(port) => format!("{}://{}:{port}", url.scheme, url.host),
            None => format!("{}://{}", url.scheme, url.host),
        },
        // No name is configured that anybody could better be sent to.
        (None, None) => match (&named, &client.host) {
            (Some(_), Some(host)) => format!("{}://{}", client.scheme, host.to_ascii_lowercase()),
            _ => match connection.local {
                Some(local) => format!("{}://{local}", client.scheme),
                None => format!("{}://localhost", client.scheme),
            },
        },
    }
}

/// Whether the name is configured to mean the default registry.
fn is_alias(config: &Config, name: &Host) -> bool {
    config.aliases.contains(name)
        || (config.domain.is_none()
            && config.public_url.as_ref().is_some_and(|url| url.host == *name))
}

/// Whether a service that a token is asked for names another registry of this server.
pub(crate) fn names_another(
    config: &Config,
    registries: &Registries,
    hosted: &Hosted,
    service: &str,
) -> bool {
    let service = service.to_ascii_lowercase();
    registries.others_than(hosted).any(|other| {
        service == canonical(config, &other.registry.key()) || service == other.registry.key()
    })
}

/// The scheme that a listener has.
pub(crate) const fn scheme(tls: bool) -> Scheme {
    if tls { Scheme::Https } else { Scheme::Http }
}

#[cfg(test)]
mod tests;
