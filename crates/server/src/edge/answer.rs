//! Answers: status, headers and body, put together in one place.

use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION,
};
use http::{Response, StatusCode};
use serde::Serialize;

use super::Body;

/// Where an answer carries the id by which its request is found again.
pub(crate) const CORRELATION_ID: HeaderName =
    HeaderName::from_static("x-ms-correlation-request-id");

/// The cause of a refusal by its code in the catalogue, as far as its reader may know it: for
/// programs, which the words are not for.
pub(crate) const CAUSE: HeaderName = HeaderName::from_static("x-naru-cause");

/// The digest of content (OCI distribution specification).
pub(crate) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// An answer in the making.
pub(crate) struct Answer {
    response: Response<Body>,
}

impl Answer {
    /// An answer without a body.
    pub(crate) fn new(status: StatusCode) -> Self {
        let mut response = Response::new(Body::Empty);
        *response.status_mut() = status;
        Self { response }
    }

    /// Its status.
    pub(crate) fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// An answer in JSON.
    pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Self {
        let text = serde_json::to_vec(value).unwrap_or_default();
        Self::new(status).header(CONTENT_TYPE, "application/json").body(Body::Full(text.into()))
    }

    /// With a header. A value that cannot stand in one is left out: none is made of raw input.
    #[must_use]
    pub(crate) fn header(mut self, name: HeaderName, value: impl AsRef<str>) -> Self {
        if let Ok(value) = HeaderValue::from_str(value.as_ref()) {
            self.response.headers_mut().append(name, value);
        }
        self
    }

    /// With a header, if there is a value for it.
    #[must_use]
    pub(crate) fn header_if(self, name: HeaderName, value: Option<impl AsRef<str>>) -> Self {
        match value {
            Some(value) => self.header(name, value),
            None => self,
        }
    }

    /// With the place of what was made.
    #[must_use]
    pub(crate) fn location(self, location: impl AsRef<str>) -> Self {
        self.header(LOCATION, location)
    }

    /// Not to be kept by anybody.
    #[must_use]
    pub(crate) fn no_store(self) -> Self {
        self.header(CACHE_CONTROL, "no-store")
    }

    /// With a body.
    #[must_use]
    pub(crate) fn body(mut self, body: Body) -> Self {
        *self.response.body_mut() = body;
        self
    }

    /// With the length of a body that is not sent, as a HEAD's answer has it.
    #[must_use]
    pub(crate) fn length_of_absent_body(self, length: u64) -> Self {
        self.header(CONTENT_LENGTH, length.to_string())
    }

    /// A header that it has, as text.
    pub(crate) fn header_text(&self, name: &HeaderName) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// The size of its body, where it is whole in memory.
    pub(crate) fn size(&self) -> Option<u64> {
        match self.response.body() {
            Body::Full(bytes) => Some(bytes.len() as u64),
            _ => None,
        }
    }

    /// The answer as it is sent.
    pub(crate) fn into_response(self) -> Response<Body> {
        self.response
    }
}
