//! A request, with what is known of it before it is judged.

use http::header::{HeaderName, USER_AGENT};
use http::{HeaderMap, Method, Request};
use jiff::Timestamp;
use naru_codes::Language;
use uuid::Uuid;

use super::{Client, Connection, RequestBody};
use crate::state::App;

/// The id that a client gives its own request; recorded beside ours, and never in its place.
const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-client-request-id");

/// The longest text of a client that is recorded.
const RECORDED: usize = 256;

/// A request.
pub(crate) struct Inbound {
    pub(crate) method: Method,
    /// The path, decoded once.
    pub(crate) path: String,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    /// The body, until somebody takes it.
    pub(crate) body: Option<RequestBody>,
    pub(crate) connection: Connection,
    pub(crate) client: Client,
    /// When it came.
    pub(crate) time: Timestamp,
    /// The id by which it is found again.
    pub(crate) correlation_id: Uuid,
}

impl Inbound {
    /// Takes a request in; `None` where its path is no text.
    pub(crate) fn new(
        app: &App,
        request: Request<RequestBody>,
        connection: Connection,
    ) -> Option<Self> {
        let (head, body) = request.into_parts();
        let path = percent_encoding::percent_decode_str(head.uri.path()).decode_utf8().ok()?;
        let authority = head.uri.authority().map(http::uri::Authority::as_str);
        let client = Client::of(&connection, &head.headers, authority, &app.config.trusted_proxies);
        Some(Self {
            method: head.method,
            path: path.into_owned(),
            query: Query(head.uri.query().unwrap_or_default().to_owned()),
            headers: head.headers,
            body: Some(body),
            connection,
            client,
            time: app.now(),
            correlation_id: app.guid(),
        })
    }

    /// A header as text, if it is one.
    pub(crate) fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The language that its people read.
    pub(crate) fn language(&self) -> Language {
        self.header(http::header::ACCEPT_LANGUAGE).map(Language::from_accept).unwrap_or_default()
    }

    /// What the client calls itself.
    pub(crate) fn user_agent(&self) -> String {
        recorded(self.header(USER_AGENT).unwrap_or_default())
    }

    /// The id that the client gave the request.
    pub(crate) fn client_request_id(&self) -> Option<String> {
        self.header(CLIENT_REQUEST_ID).map(recorded)
    }
}

/// A client's text, cut to what is recorded of it.
pub(crate) fn recorded(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(RECORDED).collect()
}

/// The query of a request.
pub(crate) struct Query(String);

impl Query {
    /// The first value of a parameter.
    pub(crate) fn first(&self, name: &str) -> Option<String> {
        self.all(name).next()
    }

    /// Every value of a parameter.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = String> + 'a {
        let pairs = form_urlencoded::parse(self.0.as_bytes());
        pairs.filter(move |(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// Every pair.
    pub(crate) fn pairs(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.0.as_bytes()).into_owned().collect()
    }
}
