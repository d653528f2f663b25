//! What a registry says when it refuses, taken apart: the error envelope of the distribution
//! specification, Azure's and our own ways of naming a request, and what token services say.

use std::fmt::Write as _;

use jiff::Timestamp;
use naru_codes::Cause;
use serde::Deserialize;
use serde_json::Value;

use crate::http::Reply;

/// The longest message that is kept.
const LONGEST: usize = 400;

/// A refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: u16,
    /// The code of the first error in the body.
    pub code: Option<String>,
    /// Its message, in one line.
    pub message: Option<String>,
    /// The cause that a Naru names for programs.
    pub cause: Option<Cause>,
    /// The id by which the registry's operator finds the request.
    pub correlation_id: Option<String>,
    /// How long to wait, in seconds.
    pub retry_after: Option<u64>,
    /// The server's own time.
    pub date: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    errors: Vec<Entry>,
    error: Option<Value>,
    error_description: Option<String>,
    details: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    code: Option<String>,
    message: Option<String>,
}

impl Refusal {
    /// Reads an answer that is none of success.
    pub fn of(reply: &Reply) -> Self {
        let body: Option<Envelope> = serde_json::from_slice(&reply.body).ok();
        let (code, message) = body.map(words).unwrap_or_default();
        let message = message.map(|message| one_line(&message)).filter(|text| !text.is_empty());
        let named = |name: &str| Some(reply.header(name).to_owned()).filter(|id| !id.is_empty());
        let correlation_id = named("x-ms-correlation-request-id")
            .or_else(|| correlation_id(message.as_deref()?).map(str::to_owned))
            .or_else(|| named("x-request-id"));
        Self {
            status: reply.status.as_u16(),
            code: code.map(|code| one_line(&code)),
            message,
            cause: Cause::from_code(reply.header("x-naru-cause")),
            correlation_id: correlation_id.map(|id| one_line(&id)),
            retry_after: reply.header("retry-after").parse().ok(),
            date: date(reply),
        }
    }

    /// What was said, for a person: status, code and words.
    pub fn summary(&self) -> String {
        let mut text = self.status.to_string();
        if let Some(code) = &self.code {
            let _ = write!(text, " {code}");
        }
        if let Some(message) = &self.message {
            let _ = write!(text, ": {message}");
        }
        text
    }
}

/// The server's own time, from the `Date` of an answer.
pub fn date(reply: &Reply) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(reply.header("date")).ok().map(|zoned| zoned.timestamp())
}

fn words(body: Envelope) -> (Option<String>, Option<String>) {
    if let Some(first) = body.errors.into_iter().next() {
        return (first.code, first.message);
    }
    let code = body.error.as_ref().and_then(Value::as_str).map(str::to_owned);
    (code, body.error_description.or(body.details).or(body.message))
}

/// The id at the end of a message, as Azure and we write it.
fn correlation_id(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("CorrelationId: ")?;
    let id = rest.split_whitespace().next()?.trim_end_matches('.');
    (!id.is_empty()).then_some(id)
}

/// A text of a stranger in one line that does nothing to a terminal.
pub fn one_line(text: &str) -> String {
    let mut line = String::new();
    for letter in text.trim().chars().filter(|letter| !is_unseen(*letter)).take(LONGEST) {
        line.push(if letter.is_control() { ' ' } else { letter });
    }
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Letters without a width, and those that turn the direction of what follows.
const fn is_unseen(letter: char) -> bool {
    matches!(
        letter,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    fn reply(body: &str, headers: &[(&'static str, &str)]) -> Reply {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        let body = Bytes::copy_from_slice(body.as_bytes());
        Reply {
            status: StatusCode::UNAUTHORIZED,
            headers: map,
            body,
            received: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn azures_words_are_taken_apart() {
        let body = r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required, visit https://aka.ms/acr/authorization for more information. CorrelationId: 1b2c.","detail":[]}]}"#;
        let refusal = Refusal::of(&reply(body, &[("date", "Wed, 25 Nov 2026 12:00:00 GMT")]));
        assert_eq!(refusal.code.as_deref(), Some("UNAUTHORIZED"));
        assert_eq!(refusal.correlation_id.as_deref(), Some("1b2c"));
        assert_eq!(refusal.date.unwrap().to_string(), "2026-11-25T12:00:00Z");
        assert_eq!(refusal.cause, None);
    }

    #[test]
    fn our_own_cause_is_read_from_its_header() {
        let headers = [("x-naru-cause", "credential-expired-password"), ("retry-after", "7")];
        let refusal = Refusal::of(&reply("", &headers));
        assert_eq!(refusal.cause, Some(Cause::CredentialExpiredPassword));
        assert_eq!((refusal.retry_after, refusal.message), (Some(7), None));
    }

    #[test]
    fn other_token_services_say_it_otherwise() {
        let refusal = Refusal::of(&reply(r#"{"details":"incorrect username or password"}"#, &[]));
        assert_eq!(refusal.summary(), "401: incorrect username or password");
        let refusal = Refusal::of(&reply(
            r#"{"error":"invalid_client","error_description":"AADSTS7000215"}"#,
            &[],
        ));
        assert_eq!(refusal.summary(), "401 invalid_client: AADSTS7000215");
        assert_eq!(Refusal::of(&reply("<html>", &[])).summary(), "401");
    }

    #[test]
    fn a_strangers_words_do_nothing_to_a_terminal() {
        assert_eq!(one_line("a\x1b[31m\r\nb"), "a [31m b");
        assert_eq!(one_line("a\u{202e}b\u{200b}\u{2066}c\u{feff}"), "abc");
        assert!(one_line(&"a".repeat(9999)).len() <= LONGEST);
    }
}
