//! Talking to the running server over its own socket.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;

use http::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, HOST};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use naru_codes::Language;
use naru_server::control::Outcome;
use naru_server::control::socket::LINES;
use serde::Deserialize;
use serde_json::Value;
use tokio::net::UnixStream;
use tokio::task::JoinHandle;

use crate::document::Document;
use crate::failure::{Failure, Refusal};

/// A server that runs here.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    /// Its data directory.
    pub(crate) data_dir: PathBuf,
    /// Its socket.
    pub(crate) socket: PathBuf,
    /// The command that starts it, for whoever finds it not running.
    pub(crate) start_command: String,
    /// The language in which it should answer.
    pub(crate) language: Language,
}

impl Client {
    /// Asks for something to be done; the view of it, in JSON.
    pub(crate) async fn call(
        &self,
        verb: (&str, &str),
        registry: Option<&str>,
        request: Value,
    ) -> Result<Bytes, Failure> {
        let (response, connection) = self.send(verb, registry, request, "application/json").await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| broken(&error))?.to_bytes();
        // How the connection ended no longer matters: the answer is here.
        let _ended = connection.await;
        if head.status == StatusCode::OK { Ok(body) } else { Err(refusal(head.status, &body)) }
    }

    /// As [`Client::call`], and tells how far it is while it runs.
    pub(crate) async fn watch(
        &self,
        verb: (&str, &str),
        registry: Option<&str>,
        request: Value,
        mut told: impl FnMut(&Document),
    ) -> Result<Document, Failure> {
        let (response, connection) = self.send(verb, registry, request, LINES).await?;
        let (head, mut body) = response.into_parts();
        if head.status != StatusCode::OK {
            let body = body.collect().await.map_err(|error| broken(&error))?.to_bytes();
            return Err(refusal(head.status, &body));
        }
        let mut waiting = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| broken(&error))?;
            waiting.extend_from_slice(frame.data_ref().map(AsRef::as_ref).unwrap_or_default());
            while let Some(end) = waiting.iter().position(|byte| *byte == b'\n') {
                let line: Vec<_> = waiting.drain(..=end).collect();
                let line = serde_json::from_slice(&line).map_err(|error| broken(&error))?;
                match line {
                    Line { progress: Some(progress), .. } => told(&progress),
                    Line { status: Some(200), body: Some(view), .. } => {
                        let _ended = connection.await;
                        return Ok(view);
                    }
                    Line { status: Some(status), body: Some(body), .. } => {
                        let status =
                            StatusCode::from_u16(status).map_err(|error| broken(&error))?;
                        return Err(refused(status, &body));
                    }
                    Line { .. } => return Err(Failure::Answer("an empty line".to_owned())),
                }
            }
        }
        Err(Failure::Answer("it ended before its end".to_owned()))
    }

    async fn send(
        &self,
        (noun, verb): (&str, &str),
        registry: Option<&str>,
        mut request: Value,
        accepted: &str,
    ) -> Result<(Response<Incoming>, JoinHandle<hyper::Result<()>>), Failure> {
        if let Value::Object(fields) = &mut request {
            fields.insert("registry".to_owned(), registry.into());
        }
        let body = serde_json::to_vec(&request).map_err(|error| broken(&error))?;
        let request = Request::post(format!("/v1/{noun}/{verb}"))
            .header(HOST, "localhost")
            .header(ACCEPT, accepted)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT_LANGUAGE, self.language.tag())
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| broken(&error))?;
        let stream = TokioIo::new(self.connect().await?);
        let (mut sender, connection) =
            http1::handshake(stream).await.map_err(|error| broken(&error))?;
        let connection = tokio::spawn(connection);
        let response = sender.send_request(request).await.map_err(|error| broken(&error))?;
        Ok((response, connection))
    }

    async fn connect(&self) -> Result<UnixStream, Failure> {
        self.check_place()?;
        UnixStream::connect(&self.socket).await.map_err(|error| match error.kind() {
            std::io::ErrorKind::PermissionDenied => Failure::Machine(error),
            _ => Failure::Unreachable {
                socket: self.socket.clone(),
                command: self.start_command.clone(),
            },
        })
    }

    /// A socket that lies where everybody may put one must be in a directory of the owner of the
    /// data: passwords are sent over it.
    fn check_place(&self) -> Result<(), Failure> {
        let Some(directory) = self.socket.parent() else { return Ok(()) };
        let places = (directory.parent().map(fs::metadata), fs::metadata(directory));
        let (Some(Ok(parent)), Ok(place)) = places else { return Ok(()) };
        let anybodys = parent.permissions().mode() & 0o002 != 0;
        let owner = fs::metadata(&self.data_dir).map(|data| data.uid()).ok();
        if anybodys && place.uid() != 0 && Some(place.uid()) != owner {
            return Err(Failure::Untrusted(directory.to_owned()));
        }
        Ok(())
    }
}

/// A line of an answer that comes in lines.
#[derive(Deserialize)]
struct Line {
    progress: Option<Document>,
    status: Option<u16>,
    body: Option<Document>,
}

fn broken(error: &dyn std::error::Error) -> Failure {
    Failure::Answer(error.to_string())
}

fn refusal(status: StatusCode, body: &[u8]) -> Failure {
    match serde_json::from_slice(body) {
        Ok(document) => refused(status, &document),
        Err(_) => Failure::Answer(format!("status {status}")),
    }
}

fn refused(status: StatusCode, document: &Document) -> Failure {
    let text = |key: &str| document.at(key).and_then(Document::text).map(str::to_owned);
    Failure::Refused(Refusal {
        outcome: Outcome::of_status(status.as_u16()),
        code: text("error/code").unwrap_or_default(),
        message: text("error/message").unwrap_or_else(|| status.to_string()),
        correlation_id: text("error/correlationId"),
        hint: text("error/hint"),
    })
}
