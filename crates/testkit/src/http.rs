//! HTTP as a client of a registry speaks it, one connection a request.

use std::net::SocketAddr;

use ::http::{HeaderMap, Method, Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// A request that is being put together.
#[derive(Clone, Debug)]
pub struct Sending {
    address: SocketAddr,
    method: Method,
    target: String,
    headers: Vec<(String, String)>,
    body: Bytes,
}

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Sending {
    /// A request to a server at an address.
    pub fn new(address: SocketAddr, method: Method, target: &str) -> Self {
        let (headers, body) = (Vec::new(), Bytes::new());
        Self { address, method, target: target.to_owned(), headers, body }
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// To another host name at the same address.
    #[must_use]
    pub fn host(self, host: &str) -> Self {
        self.header("host", host)
    }

    /// With a name and password.
    #[must_use]
    pub fn basic(self, name: &str, password: &str) -> Self {
        let encoded = STANDARD.encode(format!("{name}:{password}"));
        self.header("authorization", &format!("Basic {encoded}"))
    }

    /// With a token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// With a body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// With a form.
    #[must_use]
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let pairs =
            fields.iter().map(|(name, value)| format!("{}={}", percent(name), percent(value)));
        let body = pairs.collect::<Vec<_>>().join("&");
        self.header("content-type", "application/x-www-form-urlencoded").body(body)
    }

    /// Sends it, and reads the answer.
    pub async fn send(self) -> Reply {
        KeptConnection::to(self.address).await.send(self).await
    }

    fn into_request(self) -> Request<Full<Bytes>> {
        let mut request = Request::builder().method(self.method).uri(&self.target);
        if !self.headers.iter().any(|(name, _)| name == "host") {
            request = request.header("host", self.address.to_string());
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(Full::new(self.body)).expect("a request that can be sent")
    }
}

/// A connection that is kept from request to request, for those that send many.
#[derive(Debug)]
pub struct KeptConnection(SendRequest<Full<Bytes>>);

impl KeptConnection {
    /// Connects.
    pub async fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("HTTP/1.1");
        tokio::spawn(connection);
        Self(sender)
    }

    /// Sends a request over it, and reads the answer.
    pub async fn send(&mut self, request: Sending) -> Reply {
        self.0.ready().await.expect("a connection that lives");
        let reply = self.0.send_request(request.into_request()).await.expect("an answer");
        let (head, body) = reply.into_parts();
        let body = body.collect().await.expect("a body that comes whole").to_bytes();
        Reply { status: head.status, headers: head.headers, body }
    }
}

impl Reply {
    /// A header as text; empty where it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("no JSON: {error}: {self:?}"))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The code of the error in the body; empty where there is none.
    pub fn code(&self) -> String {
        self.error("code")
    }

    /// The message of the error in the body; empty where there is none.
    pub fn message(&self) -> String {
        self.error("message")
    }

    fn error(&self, field: &str) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let text = body.pointer(&format!("/errors/0/{field}")).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    }

    /// The id by which the request is found again.
    pub fn correlation_id(&self) -> String {
        self.header("x-ms-correlation-request-id").to_owned()
    }

    /// Whether the status is this one; says what came instead where it is not.
    #[expect(clippy::return_self_not_must_use, reason = "the status is often all that is asked")]
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(
            self.status.as_u16(),
            status,
            "{}: {}",
            self.header("www-authenticate"),
            self.text()
        );
        self
    }
}

/// A text as it stands in a query or form.
pub fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
