//! The way to a host: addresses, TCP, perhaps a proxy, perhaps TLS. Each step can be taken alone,
//! and says by itself what went wrong, so that a diagnosis need not guess from a message.

pub mod certificate;
pub mod date;
pub mod proxy;
pub mod roots;
pub mod tls;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::ambient::{Clock, Resolver};
use crate::name::LoginServer;
use proxy::{Proxies, Proxy, ProxyError};
use roots::Roots;
use tls::{Handshake, TlsError, TlsStream};

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Whether TLS is spoken there.
    pub tls: bool,
    /// The host, in lower case.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// Why a host cannot be reached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// Its name has no address.
    #[error("the name does not resolve: {0}")]
    Name(String),
    /// Nothing listens there.
    #[error("connection refused")]
    Refused,
    /// Nothing came back in time.
    #[error("no answer in time")]
    Timeout,
    /// The network said no, or the connection broke.
    #[error("{0}")]
    Network(String),
    /// The proxy in between.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    /// TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A connection that a request can be sent over.
pub enum Connection {
    /// Nothing is encrypted.
    Plain(TcpStream),
    /// TLS, with the certificate verified.
    Tls(Box<TlsStream>),
}

/// What connects.
#[derive(Clone)]
pub struct Connector {
    /// Turns names into addresses.
    pub resolver: Arc<dyn Resolver>,
    /// The time that certificates are judged at.
    pub clock: Arc<dyn Clock>,
    /// The authorities that are trusted.
    pub roots: Arc<Roots>,
    /// The proxies that are to be used.
    pub proxies: Proxies,
    /// How long one address may take.
    pub patience: Duration,
}

impl Endpoint {
    /// The URL of a path there.
    pub fn url(&self, path: &str) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.authority())
    }

    /// Host and port as a `Host` header has them: without the scheme's own port.
    pub fn authority(&self) -> String {
        let own = if self.tls { 443 } else { 80 };
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == own { host } else { format!("{host}:{}", self.port) }
    }

    /// The same as a login server.
    pub fn server(&self) -> Option<LoginServer> {
        LoginServer::parse(&self.authority()).ok()
    }
}

impl Connector {
    /// Connects, by the proxy that is set for this host, and shakes hands.
    pub async fn connect(&self, endpoint: &Endpoint) -> Result<Connection, ConnectError> {
        let stream = match self.proxies.of(endpoint) {
            Some(proxy) => {
                let stream = self.reach(&proxy.host, proxy.port).await.map_err(|error| {
                    ProxyError::Unreachable { proxy: proxy.to_string(), error: error.to_string() }
                })?;
                if endpoint.tls { self.tunnel(stream, proxy, endpoint).await? } else { stream }
            }
            None => self.reach(&endpoint.host, endpoint.port).await?,
        };
        if !endpoint.tls {
            return Ok(Connection::Plain(stream));
        }
        let handshake = self.handshake(stream, endpoint).await;
        Ok(Connection::Tls(Box::new(handshake.stream?)))
    }

    /// Shakes hands over a connection, and tells what was seen on the way.
    pub async fn handshake(&self, stream: TcpStream, endpoint: &Endpoint) -> Handshake {
        tls::handshake(stream, endpoint, &self.roots, &self.clock, self.patience * 2).await
    }

    /// A connection to the host or, where one is set for it, through the proxy.
    pub async fn open(&self, endpoint: &Endpoint) -> Result<TcpStream, ConnectError> {
        match self.proxies.of(endpoint) {
            Some(proxy) => {
                let stream = self.reach(&proxy.host, proxy.port).await.map_err(|error| {
                    ProxyError::Unreachable { proxy: proxy.to_string(), error: error.to_string() }
                })?;
                self.tunnel(stream, proxy, endpoint).await
            }
            None => self.reach(&endpoint.host, endpoint.port).await,
        }
    }

    /// The addresses of a host; an address is its own.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, ConnectError> {
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        let found = timeout(self.patience, self.resolver.resolve(host)).await;
        match found {
            Err(_) => Err(ConnectError::Name("the resolver does not answer".to_owned())),
            Ok(Err(error)) => Err(ConnectError::Name(error.to_string())),
            Ok(Ok(addresses)) if addresses.is_empty() => {
                Err(ConnectError::Name("the name has no address".to_owned()))
            }
            Ok(Ok(addresses)) => Ok(addresses),
        }
    }

    /// Connects to one address.
    pub async fn dial(&self, address: SocketAddr) -> Result<TcpStream, ConnectError> {
        match timeout(self.patience, TcpStream::connect(address)).await {
            Err(_) => Err(ConnectError::Timeout),
            Ok(Err(error)) => Err(ConnectError::of(&error)),
            Ok(Ok(stream)) => Ok(stream),
        }
    }

    async fn reach(&self, host: &str, port: u16) -> Result<TcpStream, ConnectError> {
        let mut last = ConnectError::Name("the name has no address".to_owned());
        for address in self.addresses(host).await? {
            match self.dial(SocketAddr::new(address, port)).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn tunnel(
        &self,
        stream: TcpStream,
        proxy: &Proxy,
        endpoint: &Endpoint,
    ) -> Result<TcpStream, ConnectError> {
        let tunnelled = timeout(self.patience * 2, proxy::tunnel(stream, proxy, endpoint)).await;
        tunnelled.unwrap_or_else(|_| Err(ProxyError::Silent(proxy.to_string()))).map_err(Into::into)
    }
}

impl ConnectError {
    fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::TimedOut => Self::Timeout,
            _ => Self::Network(error.to_string()),
        }
    }
}
