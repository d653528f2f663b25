//! Names: the login server of a registry, and images, as docker and its kin read them
//! (`distribution/reference`).

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// Docker Hub's own name, which is not the host that serves its API.
const DOCKER_HUB: &str = "docker.io";

/// The host of Docker Hub's API.
const DOCKER_HUB_API: &str = "registry-1.docker.io";

/// The key of Docker Hub in credential files, since before there were others.
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";

/// A login server: a host with perhaps a port, as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginServer {
    host: String,
    port: Option<u16>,
}

/// Why a text is no login server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// There is nothing.
    #[error("nothing is given")]
    Empty,
    /// The host has characters that no host has.
    #[error("a host has letters, digits, dots and dashes")]
    Host,
    /// The port is not a number below 65536.
    #[error("a port is a number from 1 to 65535")]
    Port,
}

impl LoginServer {
    /// Reads `HOST` or `HOST:PORT`; an IPv6 address stands in brackets.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, rest) = rest.split_once(']').ok_or(NameError::Host)?;
                host.parse::<Ipv6Addr>().map_err(|_| NameError::Host)?;
                (
                    host,
                    if rest.is_empty() {
                        None
                    } else {
                        Some(rest.strip_prefix(':').ok_or(NameError::Port)?)
                    },
                )
            }
            None => match text.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let plain = !text.starts_with('[');
        if plain && (host.is_empty() || !host.chars().all(legal)) {
            return Err(NameError::Host);
        }
        let port = port.map(|port| match port.parse() {
            Ok(0) | Err(_) => Err(NameError::Port),
            Ok(port) => Ok(port),
        });
        Ok(Self { host: host.to_owned(), port: port.transpose()? })
    }

    /// The host in lower case, without brackets: what is resolved and connected to.
    pub fn host(&self) -> String {
        let host = self.host.to_ascii_lowercase();
        if host == DOCKER_HUB { DOCKER_HUB_API.to_owned() } else { host }
    }

    /// The port, where one is given.
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    /// Whether it is written with upper-case letters.
    pub fn has_upper_case(&self) -> bool {
        self.host.chars().any(|c| c.is_ascii_uppercase())
    }

    /// The same in lower case.
    #[must_use]
    pub fn to_lower_case(&self) -> Self {
        Self { host: self.host.to_ascii_lowercase(), port: self.port }
    }

    /// Whether it is a bare word, which docker does not take for a host.
    pub fn is_bare_word(&self) -> bool {
        !self.host.contains(['.', ':']) && self.port.is_none() && !self.is_loopback()
    }

    /// Whether it means this machine, where docker allows plain HTTP without being told.
    pub fn is_loopback(&self) -> bool {
        match self.host.parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => self.host.eq_ignore_ascii_case("localhost"),
        }
    }

    /// The key under which credential files have it, as docker writes it.
    pub fn key(&self) -> String {
        let key = self.to_string();
        if key == DOCKER_HUB { DOCKER_HUB_KEY.to_owned() } else { key }
    }
}

impl fmt::Display for LoginServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]", self.host)?;
        } else {
            f.write_str(&self.host)?;
        }
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

/// What somebody named: a registry, or an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// What stood before the host and does not belong there (`https://`).
    pub scheme: Option<String>,
    /// The login server; none for an image of Docker Hub in its short form.
    pub server: Option<LoginServer>,
    /// The repository, unchecked.
    pub repository: Option<String>,
    /// The tag or digest, unchecked.
    pub reference: Option<String>,
}

impl Named {
    /// Reads `HOST` or `HOST/REPOSITORY[:TAG][@DIGEST]`.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        let (scheme, text) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme.to_owned()), rest),
            None => (None, text),
        };
        let (first, rest) = match text.split_once('/') {
            Some((first, rest)) => (first, Some(rest)),
            None => (text, None),
        };
        let Some(rest) = rest else {
            return Ok(Self {
                scheme,
                server: Some(LoginServer::parse(first)?),
                repository: None,
                reference: None,
            });
        };
        if scheme.is_some() {
            // The path of a URL is no image: only its host can have been meant.
            return Ok(Self {
                scheme,
                server: Some(LoginServer::parse(first)?),
                repository: None,
                reference: None,
            });
        }
        let is_host = first.contains(['.', ':'])
            || first == "localhost"
            || first.chars().any(|c| c.is_ascii_uppercase());
        let (server, path) =
            if is_host { (Some(LoginServer::parse(first)?), rest) } else { (None, text) };
        let (path, digest) = match path.split_once('@') {
            Some((path, digest)) => (path, Some(digest)),
            None => (path, None),
        };
        let (path, tag) = match path.rsplit_once(':') {
            Some((path, tag)) if !tag.contains('/') => (path, Some(tag)),
            _ => (path, None),
        };
        let path = path.trim_end_matches('/');
        let repository = (!path.is_empty()).then(|| path.to_owned());
        Ok(Self { scheme, server, repository, reference: digest.or(tag).map(str::to_owned) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn server(text: &str) -> LoginServer {
        LoginServer::parse(text).unwrap()
    }

    #[test]
    fn a_login_server_is_a_host_with_perhaps_a_port() {
        for text in ["registry.example.com", "localhost:5000", "[::1]:5000", "127.0.0.1", "[::1]"] {
            assert_eq!(server(text).to_string(), text);
        }
        assert_eq!(LoginServer::parse(""), Err(NameError::Empty));
        assert_eq!(LoginServer::parse("a b"), Err(NameError::Host));
        assert_eq!(LoginServer::parse("a:b"), Err(NameError::Port));
        assert_eq!(LoginServer::parse("a:0"), Err(NameError::Port));
        assert_eq!(LoginServer::parse("[::1"), Err(NameError::Host));
        assert!(server("LOCALHOST").is_loopback() && server("[::1]:1").is_loopback());
        assert!(!server("registry.example.com").is_loopback());
        assert!(server("myregistry").is_bare_word() && !server("localhost").is_bare_word());
    }

    #[test]
    fn docker_hub_has_three_names() {
        assert_eq!(server("docker.io").host(), "registry-1.docker.io");
        assert_eq!(server("docker.io").key(), "https://index.docker.io/v1/");
        assert_eq!(server("ghcr.io").key(), "ghcr.io");
    }

    #[test]
    fn an_image_is_read_as_docker_reads_it() {
        let image = Named::parse("registry.example.com:5000/team/app:v1@sha256:00").unwrap();
        assert_eq!(image.server, Some(server("registry.example.com:5000")));
        assert_eq!(image.repository.as_deref(), Some("team/app"));
        assert_eq!(image.reference.as_deref(), Some("sha256:00"));
        let hub = Named::parse("team/app").unwrap();
        assert_eq!((hub.server, hub.repository.as_deref()), (None, Some("team/app")));
        let host = Named::parse("registry.example.com").unwrap();
        assert_eq!((host.repository, host.scheme), (None, None));
        let url = Named::parse("https://registry.example.com/v2/").unwrap();
        assert_eq!(url.scheme.as_deref(), Some("https"));
        assert_eq!((url.repository, url.reference), (None, None));
        let upper = Named::parse("Registry/app").unwrap();
        assert!(upper.server.unwrap().has_upper_case());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text: String) {
            let _ = Named::parse(&text);
        }
    }
}
