//! Requests over HTTP/1.1, one connection each, answers read whole up to a bound.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, USER_AGENT};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use crate::secret::Secret;
use crate::transport::{ConnectError, Connection, Connector, Endpoint};

/// The most of a body that is read: more than any refusal or token has.
const LONGEST: usize = 256 * 1024;

/// How long a registry may take to answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// What we call ourselves.
const AGENT: &str = concat!("naru/", env!("CARGO_PKG_VERSION"));

/// What a request is sent with.
#[derive(Clone, Debug, Default)]
pub enum Authorization {
    /// Nothing.
    #[default]
    None,
    /// Name and password.
    Basic(String, Secret),
    /// A token.
    Bearer(Secret),
}

/// A request.
#[derive(Clone, Debug)]
pub struct Sending {
    /// Its method.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// What it is sent with.
    pub authorization: Authorization,
    /// The media types that are wanted.
    pub accept: Option<&'static str>,
    /// A form, already encoded. It may hold secrets.
    pub form: Option<Secret>,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, or as much of it as is read.
    pub body: Bytes,
    /// When it came, by this machine's clock.
    pub received: Timestamp,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// There was no connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// What came back is no HTTP, or nothing came.
    #[error("no answer in HTTP: {0}")]
    Protocol(String),
    /// Nothing came in time.
    #[error("no answer within {} s", PATIENCE.as_secs())]
    Timeout,
}

impl Sending {
    /// A GET without a credential.
    pub fn get(target: impl Into<String>) -> Self {
        let authorization = Authorization::None;
        Self { method: Method::GET, target: target.into(), authorization, accept: None, form: None }
    }

    /// A POST of a form.
    pub fn post(target: impl Into<String>, fields: &[(&str, &str)]) -> Self {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let form = Some(Secret::new(form.finish()));
        Self { method: Method::POST, form, ..Self::get(target) }
    }

    /// With a credential.
    #[must_use]
    pub fn with(self, authorization: Authorization) -> Self {
        Self { authorization, ..self }
    }
}

impl Reply {
    /// A header as text; empty where it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Connector {
    /// Sends a request, and reads the answer.
    pub async fn send(&self, endpoint: &Endpoint, sending: Sending) -> Result<Reply, SendError> {
        let connection = self.connect(endpoint).await?;
        let proxy = self.proxies.of(endpoint).filter(|_| !endpoint.tls);
        let mut request = sending.into_request(endpoint, proxy.is_some())?;
        if let Some(value) = proxy.and_then(|proxy| proxy.authorization()?.parse().ok()) {
            request.headers_mut().insert(HeaderName::from_static("proxy-authorization"), value);
        }
        let exchange = async {
            match connection {
                Connection::Plain(stream) => exchange(stream, request).await,
                Connection::Tls(stream) => exchange(*stream, request).await,
            }
        };
        let (status, headers, body) =
            timeout(PATIENCE, exchange).await.map_err(|_| SendError::Timeout)??;
        Ok(Reply { status, headers, body, received: self.clock.now() })
    }
}

impl Sending {
    fn into_request(
        self,
        endpoint: &Endpoint,
        whole_url: bool,
    ) -> Result<Request<Full<Bytes>>, SendError> {
        let uri = if whole_url { endpoint.url(&self.target) } else { self.target };
        let mut request = Request::builder()
            .method(self.method)
            .uri(uri)
            .header(HOST, endpoint.authority())
            .header(USER_AGENT, AGENT);
        if let Some(accept) = self.accept {
            request = request.header(ACCEPT, accept);
        }
        request = match self.authorization {
            Authorization::None => request,
            Authorization::Basic(name, password) => {
                let encoded = STANDARD.encode(format!("{name}:{}", password.expose()));
                request.header(AUTHORIZATION, format!("Basic {encoded}"))
            }
            Authorization::Bearer(token) => {
                request.header(AUTHORIZATION, format!("Bearer {}", token.expose()))
            }
        };
        let body = match &self.form {
            Some(form) => {
                request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
                Bytes::copy_from_slice(form.expose().as_bytes())
            }
            None => Bytes::new(),
        };
        // The library's words may hold what was to be sent, and so are not passed on.
        request
            .body(Full::new(body))
            .map_err(|_| SendError::Protocol("the request cannot be put in HTTP".to_owned()))
    }
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Result<(StatusCode, HeaderMap, Bytes), SendError> {
    let broken = |error: hyper::Error| SendError::Protocol(error.to_string());
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let connection = tokio::spawn(connection);
    let answer = async {
        let reply = sender.send_request(request).await.map_err(broken)?;
        let (head, body) = reply.into_parts();
        let body = Limited::new(body, LONGEST).collect().await;
        // A body that is too long or breaks off is no refusal or token: what counts is the head.
        let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        Ok((head.status, head.headers, body))
    };
    let answer = answer.await;
    connection.abort();
    answer
}
