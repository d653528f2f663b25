//! Talking to the running server over its own socket.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;

use http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, HOST};
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use naru_codes::Language;
use naru_server::control::Outcome;
use serde_json::Value;
use tokio::net::UnixStream;

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
        (noun, verb): (&str, &str),
        registry: Option<&str>,
        mut request: Value,
    ) -> Result<Bytes, Failure> {
        if let Value::Object(fields) = &mut request {
            fields.insert("registry".to_owned(), registry.into());
        }
        let broken = |error: &dyn std::error::Error| Failure::Answer(error.to_string());
        let body = serde_json::to_vec(&request).map_err(|error| broken(&error))?;
        let request = Request::post(format!("/v1/{noun}/{verb}"))
            .header(HOST, "localhost")
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT_LANGUAGE, self.language.tag())
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| broken(&error))?;
        let stream = TokioIo::new(self.connect().await?);
        let (mut sender, connection) =
            http1::handshake(stream).await.map_err(|error| broken(&error))?;
        let connection = tokio::spawn(connection);
        let response = sender.send_request(request).await.map_err(|error| broken(&error))?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| broken(&error))?.to_bytes();
        drop(sender);
        // How the connection ended no longer matters: the answer is here.
        let _ended = connection.await;
        if head.status == StatusCode::OK { Ok(body) } else { Err(refusal(head.status, &body)) }
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

fn refusal(status: StatusCode, body: &[u8]) -> Failure {
    let Ok(document) = serde_json::from_slice::<Document>(body) else {
        return Failure::Answer(format!("status {status}"));
    };
    let text = |key: &str| document.at(key).and_then(Document::text).map(str::to_owned);
    Failure::Refused(Refusal {
        outcome: Outcome::of_status(status.as_u16()),
        code: text("error/code").unwrap_or_default(),
        message: text("error/message").unwrap_or_else(|| status.to_string()),
        correlation_id: text("error/correlationId"),
        hint: text("error/hint"),
    })
}
