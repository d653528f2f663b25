//! Who is at the other end: the peer itself, or whom a trusted proxy speaks for.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use http::header::{FORWARDED, HOST};
use ipnet::IpNet;

use crate::config::Scheme;

/// The connection that a request came on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Connection {
    /// How it is made.
    pub(crate) scheme: Scheme,
    /// The other end.
    pub(crate) peer: SocketAddr,
    /// This end, where it has an address.
    pub(crate) local: Option<SocketAddr>,
}

/// The client as the server believes it to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    /// The address that the network rules judge.
    pub(crate) address: IpAddr,
    /// The scheme that it uses.
    pub(crate) scheme: Scheme,
    /// The host that it asked, with a port if it named one.
    pub(crate) host: Option<String>,
}

impl Client {
    /// Reads the client out of a connection and a request's headers. `authority` is the target's,
    /// where it has one (HTTP/2).
    pub(crate) fn of(
        connection: &Connection,
        headers: &HeaderMap,
        authority: Option<&str>,
        trusted: &[IpNet],
    ) -> Self {
        let peer = connection.peer.ip().to_canonical();
        let host = authority.or_else(|| headers.get(HOST)?.to_str().ok()).map(str::to_owned);
        let direct = Self { address: peer, scheme: connection.scheme, host };
        if !is_trusted(trusted, peer) {
            return direct;
        }
        let said = Said::by_proxies(headers);
        Self {
            address: said.address(peer, trusted),
            scheme: said.scheme.unwrap_or(direct.scheme),
            host: said.host.or(direct.host),
        }
    }
}

/// What proxies say.
#[derive(Default)]
struct Said {
    /// The hops of `X-Forwarded-For`, in its order; none where the header is not there.
    legacy: Option<Vec<Option<IpAddr>>>,
    /// Those of `Forwarded` (RFC 7239).
    standard: Option<Vec<Option<IpAddr>>>,
    scheme: Option<Scheme>,
    host: Option<String>,
}

impl Said {
    fn by_proxies(headers: &HeaderMap) -> Self {
        let list = |name: &str| -> Option<Vec<String>> {
            let mut values = headers.get_all(name).iter().peekable();
            values.peek()?;
            let text = values.map(|value| value.to_str().unwrap_or_default());
            Some(text.flat_map(|text| text.split(',')).map(|item| item.trim().to_owned()).collect())
        };
        let last = |name: &str| list(name).and_then(|items| items.last().cloned());
        let mut said = Self {
            legacy: list("x-forwarded-for")
                .map(|hops| hops.iter().map(|hop| address(hop)).collect()),
            scheme: last("x-forwarded-proto").and_then(|word| scheme(&word)),
            host: last("x-forwarded-host"),
            standard: None,
        };
        if let Some(elements) = list(FORWARDED.as_str()) {
            let pairs = |element: &str| -> Vec<(String, String)> {
                let split = |pair: &str| {
                    let (name, value) = pair.split_once('=')?;
                    Some((
                        name.trim().to_ascii_lowercase(),
                        value.trim().trim_matches('"').to_owned(),
                    ))
                };
                element.split(';').filter_map(split).collect()
            };
            let elements: Vec<_> = elements.iter().map(|element| pairs(element)).collect();
            let value = |element: &[(String, String)], key: &str| {
                element.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())
            };
            let hop = |element: &Vec<_>| value(element, "for").and_then(|hop| address(&hop));
            said.standard = Some(elements.iter().map(hop).collect());
            if let Some(nearest) = elements.last() {
                said.scheme =
                    value(nearest, "proto").and_then(|word| scheme(&word)).or(said.scheme);
                said.host = value(nearest, "host").or(said.host);
            }
        }
        said
    }

    /// The first address, from the server outward, that is not a trusted proxy's. Where the two
    /// headers disagree, a client may have sent one of them through a proxy that writes only the
    /// other: then neither is believed.
    fn address(&self, peer: IpAddr, trusted: &[IpNet]) -> IpAddr {
        let walk = |hops: &Vec<Option<IpAddr>>| outermost(peer, hops, trusted);
        match (self.legacy.as_ref().map(walk), self.standard.as_ref().map(walk)) {
            (Some(legacy), Some(standard)) if legacy == standard => legacy,
            (Some(_), Some(_)) | (None, None) => peer,
            (Some(one), None) | (None, Some(one)) => one,
        }
    }
}

fn outermost(peer: IpAddr, hops: &[Option<IpAddr>], trusted: &[IpNet]) -> IpAddr {
    let mut known = peer;
    for hop in hops.iter().rev() {
        // What cannot be read was written by the last one known, who answers for it.
        let Some(hop) = hop else { return known };
        known = *hop;
        if !is_trusted(trusted, known) {
            return known;
        }
    }
    known
}

pub(crate) fn is_trusted(trusted: &[IpNet], address: IpAddr) -> bool {
    trusted.iter().any(|net| net.contains(&address))
}

/// An address as proxies write it: bare, with a port, or an IPv6 one in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    bare.or_else(with_port).or_else(bracketed).map(|address| address.to_canonical())
}

fn scheme(word: &str) -> Option<Scheme> {
    match word.to_ascii_lowercase().as_str() {
        "http" => Some(Scheme::Http),
        "https" => Some(Scheme::Https),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn client(peer: &str, headers: &[(&'static str, &str)]) -> Client {
        let connection = Connection {
            scheme: Scheme::Http,
            peer: SocketAddr::new(peer.parse().unwrap(), 40_000),
            local: "127.0.0.1:5000".parse().ok(),
        };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        Client::of(&connection, &map, None, &["10.0.0.0/8".parse().unwrap()])
    }

    fn address_of(peer: &str, headers: &[(&'static str, &str)]) -> String {
        client(peer, headers).address.to_string()
    }

    #[test]
    fn an_untrusted_peer_speaks_for_itself_alone() {
        let headers = [
            ("x-forwarded-for", "192.0.2.1"),
            ("forwarded", "for=192.0.2.1;proto=https;host=evil.example"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "evil.example"),
            ("host", "registry.example"),
        ];
        let client = client("203.0.113.9", &headers);
        assert_eq!(client.address.to_string(), "203.0.113.9");
        assert_eq!(client.scheme, Scheme::Http);
        assert_eq!(client.host.as_deref(), Some("registry.example"));
    }

    #[test]
    fn a_trusted_proxy_is_believed_up_to_the_first_stranger() {
        let xff = |value: &'static str| address_of("10.0.0.1", &[("x-forwarded-for", value)]);
        assert_eq!(xff("192.0.2.1"), "192.0.2.1");
        assert_eq!(xff("6.6.6.6, 192.0.2.1"), "192.0.2.1", "what the client itself sent");
        assert_eq!(xff("192.0.2.1, 10.0.0.2"), "192.0.2.1", "two proxies of ours");
        assert_eq!(xff("nonsense, 10.0.0.2"), "10.0.0.2");
        assert_eq!(xff("nonsense"), "10.0.0.1");
        assert_eq!(xff("[2001:db8::1]:443"), "2001:db8::1");
        let lines = [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "192.0.2.1")];
        assert_eq!(address_of("10.0.0.1", &lines), "192.0.2.1");
    }

    #[test]
    fn the_standard_header_says_the_same() {
        let forwarded = r#"for="[2001:db8::7]:4711";proto=https;host=registry.example"#;
        let client = client("10.0.0.1", &[("forwarded", forwarded)]);
        assert_eq!(client.address.to_string(), "2001:db8::7");
        assert_eq!(client.scheme, Scheme::Https);
        assert_eq!(client.host.as_deref(), Some("registry.example"));
    }

    #[test]
    fn where_the_two_headers_disagree_neither_is_believed() {
        let headers = [("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.2")];
        assert_eq!(address_of("10.0.0.1", &headers), "10.0.0.1");
        let headers = [("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.1")];
        assert_eq!(address_of("10.0.0.1", &headers), "192.0.2.1");
    }
}
