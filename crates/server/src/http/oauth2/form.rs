//! Forms: what token requests come in.

use http::StatusCode;
use naru_oci::ErrorCode;
use naru_store::SourceError;

use crate::edge::body::read_whole;
use crate::gate::{Exchange, Refusal, Refused};

/// The largest form that is read.
const LARGEST: usize = 64 * 1024;

/// The fields of a form, or of a query.
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads the form in a request's body, whole or chunked.
    pub(crate) async fn read(exchange: &mut Exchange) -> Result<Self, Refusal> {
        let read = read_whole(&mut exchange.inbound.body, LARGEST).await;
        let bytes = read.map_err(|error| match error {
            SourceError::Size => {
                let message = format!("the form has more than {LARGEST} bytes");
                Refused::new(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::SizeInvalid, message)
            }
            SourceError::Broken => {
                Refused::invalid(ErrorCode::RequestInvalid, "the form ended before its end")
            }
            SourceError::Stalled => Refused::stalled(),
        })?;
        // A reader that puts a mark in place of what is no text makes equal what differs.
        let decoded = percent_encoding::percent_decode(&bytes).decode_utf8();
        if decoded.is_err() {
            let message = "the form is not UTF-8";
            return Err(Refused::invalid(ErrorCode::RequestInvalid, message).into());
        }
        Ok(Self(form_urlencoded::parse(&bytes).into_owned().collect()))
    }

    /// The parameters of a request's query.
    pub(crate) fn of_query(exchange: &Exchange) -> Self {
        Self(exchange.inbound.query.pairs())
    }

    /// The first value of a field.
    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        let named = |(key, _): &&(String, String)| key == name;
        self.0.iter().find(named).map(|(_, value)| value.as_str())
    }

    /// Every value of a field.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = move |(key, _): &&(String, String)| key == name;
        self.0.iter().filter(named).map(|(_, value)| value.as_str())
    }
}
