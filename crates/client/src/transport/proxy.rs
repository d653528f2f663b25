//! Proxies, as Go's `http.ProxyFromEnvironment` chooses them, since that is what the container
//! tools go by: `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, in capitals or not; never for this machine.

use std::fmt::{self, Write as _};
use std::net::{IpAddr, SocketAddr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ipnet::IpNet;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Endpoint;
use crate::ambient::Surroundings;
use crate::name::LoginServer;
use crate::secret::Secret;

/// The most that a proxy may answer to `CONNECT`.
const LONGEST: usize = 16 * 1024;

/// A proxy. Printing it shows host and port alone.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The variable that names it.
    pub variable: &'static str,
    /// Name and password, where the URL has them.
    credential: Option<Secret>,
}

/// Why a proxy did not help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// It cannot be reached.
    #[error("the proxy {proxy} cannot be reached: {error}")]
    Unreachable {
        /// Which proxy.
        proxy: String,
        /// Why.
        error: String,
    },
    /// It says no.
    #[error("the proxy {proxy} answered {status}")]
    Refused {
        /// Which proxy.
        proxy: String,
        /// What it said.
        status: u16,
    },
    /// It does not speak HTTP, or closed the connection.
    #[error("the proxy {0} does not answer as a proxy")]
    Unreadable(String),
    /// It says nothing.
    #[error("the proxy {0} does not answer in time")]
    Silent(String),
}

/// What a variable has that cannot be a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidProxy {
    /// The variable.
    pub variable: &'static str,
}

/// The proxies of an environment.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    https: Option<Proxy>,
    http: Option<Proxy>,
    no_proxy: String,
    /// Variables that name none.
    pub invalid: Vec<InvalidProxy>,
}

impl Proxies {
    /// Reads the variables.
    pub fn of_environment(surroundings: &Surroundings) -> Self {
        let mut invalid = Vec::new();
        let mut read = |names: [&'static str; 2]| {
            let (variable, value) =
                names.into_iter().find_map(|name| Some((name, surroundings.variable(name)?)))?;
            let proxy = Proxy::parse(variable, value);
            if proxy.is_none() {
                invalid.push(InvalidProxy { variable });
            }
            proxy
        };
        let https = read(["HTTPS_PROXY", "https_proxy"]);
        let http = read(["HTTP_PROXY", "http_proxy"]);
        let no_proxy =
            ["NO_PROXY", "no_proxy"].into_iter().find_map(|name| surroundings.variable(name));
        Self { https, http, no_proxy: no_proxy.unwrap_or_default().to_owned(), invalid }
    }

    /// The proxy for an endpoint.
    pub fn of(&self, endpoint: &Endpoint) -> Option<&Proxy> {
        let proxy = if endpoint.tls { &self.https } else { &self.http };
        proxy.as_ref().filter(|_| !self.spared(endpoint))
    }

    /// Whether an endpoint is reached without a proxy, whatever is set.
    fn spared(&self, endpoint: &Endpoint) -> bool {
        let address = endpoint.host.parse::<IpAddr>().ok().map(|address| address.to_canonical());
        if endpoint.host == "localhost" || address.is_some_and(|address| address.is_loopback()) {
            return true;
        }
        self.no_proxy.split(',').map(str::trim).filter(|rule| !rule.is_empty()).any(|rule| {
            let rule = rule.to_ascii_lowercase();
            if rule == "*" {
                return true;
            }
            if let (Some(address), Some((network, port))) = (address, network(&rule)) {
                return covers(network, address) && port.is_none_or(|port| port == endpoint.port);
            }
            let (name, port) = match rule.rsplit_once(':') {
                Some((name, port)) => match port.parse::<u16>() {
                    Ok(port) => (name.to_owned(), Some(port)),
                    Err(_) => (rule.clone(), None),
                },
                None => (rule.clone(), None),
            };
            if port.is_some_and(|port| port != endpoint.port) {
                return false;
            }
            let name = name.strip_prefix("*.").map_or(name.clone(), |rest| format!(".{rest}"));
            match name.strip_prefix('.') {
                Some(domain) => endpoint.host.ends_with(&format!(".{domain}")),
                None => endpoint.host == name || endpoint.host.ends_with(&format!(".{name}")),
            }
        })
    }
}

/// The network or address that a rule of `NO_PROXY` names, and perhaps its port.
fn network(rule: &str) -> Option<(IpNet, Option<u16>)> {
    if let Ok(with_port) = rule.parse::<SocketAddr>() {
        return Some((with_port.ip().into(), Some(with_port.port())));
    }
    let network = rule.parse::<IpAddr>().map(IpNet::from).or_else(|_| rule.parse());
    Some((network.ok()?, None))
}

/// Whether a network has the address, which is canonical; one of IPv4 may be written as IPv6.
fn covers(network: IpNet, address: IpAddr) -> bool {
    match (network, address) {
        (IpNet::V6(mapped), IpAddr::V4(address)) => {
            mapped.prefix_len() >= 96 && mapped.contains(&address.to_ipv6_mapped())
        }
        _ => network.contains(&address),
    }
}

impl Proxy {
    /// Reads `[http://][USER:PASSWORD@]HOST[:PORT]`. A proxy that itself is reached by TLS is not
    /// one that we speak.
    fn parse(variable: &'static str, url: &str) -> Option<Self> {
        let rest = match url.split_once("://") {
            Some(("http", rest)) => rest,
            Some(_) => return None,
            None => url,
        };
        let authority = rest.split(['/', '?']).next()?;
        let (credential, server) = match authority.rsplit_once('@') {
            Some((credential, server)) => (Some(Secret::new(credential.to_owned())), server),
            None => (None, authority),
        };
        let server = LoginServer::parse(server).ok()?;
        Some(Self { host: server.host(), port: server.port().unwrap_or(80), variable, credential })
    }

    /// The header that says who we are to it.
    pub fn authorization(&self) -> Option<String> {
        let credential = self.credential.as_ref()?;
        let decoded = percent_decoded(credential.expose());
        Some(format!("Basic {}", STANDARD.encode(decoded)))
    }
}

fn percent_decoded(text: &str) -> Vec<u8> {
    // A form's decoding but for the plus sign, which stands for itself in a URL's user part.
    let pair = format!("a={}", text.replace('+', "%2B").replace('&', "%26"));
    let mut pairs = form_urlencoded::parse(pair.as_bytes());
    pairs.next().map(|(_, value)| value.into_owned().into_bytes()).unwrap_or_default()
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// Asks a proxy for a way through to an endpoint.
pub(super) async fn tunnel(
    mut stream: TcpStream,
    proxy: &Proxy,
    endpoint: &Endpoint,
) -> Result<TcpStream, ProxyError> {
    let unreadable = |_: std::io::Error| ProxyError::Unreadable(proxy.to_string());
    let host = if endpoint.host.contains(':') {
        format!("[{}]:{}", endpoint.host, endpoint.port)
    } else {
        format!("{}:{}", endpoint.host, endpoint.port)
    };
    let mut request = format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n");
    if let Some(authorization) = proxy.authorization() {
        let _ = write!(request, "Proxy-Authorization: {authorization}\r\n");
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await.map_err(unreadable)?;
    let mut head = Vec::new();
    // One byte at a time: what comes after the head is the endpoint's.
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > LONGEST {
            return Err(ProxyError::Unreadable(proxy.to_string()));
        }
        head.push(stream.read_u8().await.map_err(unreadable)?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let status = head.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1)?.parse().ok());
    match status {
        Some(200..=299) => Ok(stream),
        Some(status) => Err(ProxyError::Refused { proxy: proxy.to_string(), status }),
        None => Err(ProxyError::Unreadable(proxy.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        let variables =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let surroundings =
            Surroundings { variables: variables.collect(), ..Surroundings::default() };
        Proxies::of_environment(&surroundings)
    }

    fn chosen(proxies: &Proxies, tls: bool, host: &str, port: u16) -> Option<String> {
        let endpoint = Endpoint { tls, host: host.to_owned(), port };
        proxies.of(&endpoint).map(ToString::to_string)
    }

    #[test]
    fn the_scheme_picks_the_variable_and_this_machine_needs_none() {
        let all = proxies(&[("HTTPS_PROXY", "http://p.example:3128"), ("http_proxy", "q.example")]);
        assert_eq!(chosen(&all, true, "r.example", 443).as_deref(), Some("p.example:3128"));
        assert_eq!(chosen(&all, false, "r.example", 80).as_deref(), Some("q.example:80"));
        for host in ["localhost", "127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(chosen(&all, true, host, 5000), None, "{host}");
        }
    }

    #[test]
    fn no_proxy_spares_hosts_domains_networks_and_ports() {
        for (rule, host, port, spared) in [
            ("r.example", "r.example", 443, true),
            ("example", "r.example", 443, true),
            (".example", "r.example", 443, true),
            ("*.example", "r.example", 443, true),
            (".r.example", "r.example", 443, false),
            ("r.example:5000", "r.example", 443, false),
            ("r.example:5000", "r.example", 5000, true),
            ("10.0.0.0/8", "10.1.2.3", 443, true),
            ("10.0.0.0/8", "11.1.2.3", 443, false),
            ("::ffff:10.0.0.0/104", "10.1.2.3", 443, true),
            ("10.0.0.0/8", "::ffff:10.1.2.3", 443, true),
            ("::/0", "10.1.2.3", 443, false),
            ("10.1.2.3", "10.1.2.3", 443, true),
            ("10.1.2.3:5000", "10.1.2.3", 443, false),
            ("2001:db8::1", "2001:db8::1", 443, true),
            ("[2001:db8::1]:443", "2001:db8::1", 443, true),
            ("[2001:db8::1]:443", "2001:db8::1", 5000, false),
            ("*", "r.example", 443, true),
            ("a, R.EXAMPLE", "r.example", 443, true),
        ] {
            let all = proxies(&[("HTTPS_PROXY", "p.example:1"), ("NO_PROXY", rule)]);
            assert_eq!(chosen(&all, true, host, port).is_none(), spared, "{rule} {host}");
        }
    }

    #[test]
    fn a_password_in_the_url_is_sent_and_never_printed() {
        let all = proxies(&[("HTTPS_PROXY", "http://me:hunter%402@p.example:1")]);
        let endpoint = Endpoint { tls: true, host: "r.example".to_owned(), port: 443 };
        let proxy = all.of(&endpoint).unwrap();
        let sent = proxy.authorization().unwrap();
        assert_eq!(sent, format!("Basic {}", STANDARD.encode("me:hunter@2")));
        assert!(!format!("{proxy} {all:?}").contains("hunter"), "{all:?}");
    }

    #[test]
    fn what_is_no_proxy_is_told() {
        let all = proxies(&[("HTTPS_PROXY", "https://p.example")]);
        assert_eq!(all.invalid, [InvalidProxy { variable: "HTTPS_PROXY" }]);
        assert_eq!(chosen(&all, true, "r.example", 443), None);
    }
}
