//! Administration over the server's own socket: HTTP/1.1, `POST /v1/NOUN/VERB`, JSON both ways.
//!
//! Whoever may open the socket is an owner; so it is this user's alone. Nothing is decided here:
//! a request becomes a call of the use case that [`TABLE`] names, and its outcome an answer.
//!
//! Whoever accepts [`LINES`] gets lines of JSON: while it runs `{"progress":{"step","done","total"}}`,
//! and at last `{"status","body"}` with what would have been the answer. A client that goes away
//! ends what it asked for.

use std::convert::Infallible;
use std::fs::{self, DirBuilder};
use std::future::Future;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Either, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use naru_access::{Holder, Principal, Rights};
use naru_codes::Language;
use naru_store::Registry;
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::net::{UnixListener, UnixStream};
use uuid::Uuid;

use super::watch::{self, Lines};
use super::{Caller, Failure, Fault, Row, TABLE, find_registry};
use crate::edge::answer::CORRELATION_ID;
use crate::listen::unix;
use crate::state::App;

/// The media type of answers in lines.
pub const LINES: &str = "application/x-ndjson";

/// The largest request.
const BODY_LIMIT: usize = 1 << 20;

/// The longest path that every platform takes for a socket, with some room.
const PATH_LIMIT: usize = 100;

/// Where the socket of a data directory is. A path that is too long for a socket gets a short one
/// in a directory of its own, beside the platform's runtime directory.
pub fn socket_path(data_dir: &Path, runtime_dir: Option<&Path>) -> PathBuf {
    // Both sides must come to the same path, from whatever directory they were started in.
    let data_dir = canonical(data_dir);
    let path = data_dir.join("naru.sock");
    if path.as_os_str().len() <= PATH_LIMIT {
        return path;
    }
    let hash = digest(&SHA256, data_dir.as_os_str().as_encoded_bytes());
    let number =
        hash.as_ref().iter().take(8).fold(0_u64, |so_far, byte| so_far << 8 | u64::from(*byte));
    let parent = runtime_dir.unwrap_or(Path::new("/tmp"));
    parent.join(format!("naru-{number:016x}")).join("naru.sock")
}

/// The path without links, also of a directory that is not there yet.
fn canonical(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let there = absolute.ancestors().find_map(|part| Some((part, fs::canonicalize(part).ok()?)));
    match there {
        Some((part, canonical)) => match absolute.strip_prefix(part) {
            Ok(rest) if rest.as_os_str().is_empty() => canonical,
            Ok(rest) => canonical.join(rest),
            Err(_) => absolute,
        },
        None => absolute,
    }
}

/// Takes the place of the socket, also from a server that died. The lock on the data directory says
/// that nobody else is there.
pub(crate) fn bind(path: &Path) -> io::Result<UnixListener> {
    let directory = path.parent().unwrap_or(Path::new("."));
    if !directory.exists() {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    if let Some(parent) = directory.parent() {
        check_owner(directory, parent)?;
    }
    unix::replace(path, 0o600)
}

/// Refuses a directory that somebody else made where everybody may make one: they could put
/// another socket in our place.
fn check_owner(directory: &Path, parent: &Path) -> io::Result<()> {
    let anybodys = fs::metadata(parent)?.permissions().mode() & 0o002 != 0;
    if anybodys && fs::metadata(directory)?.uid() != rustix::process::geteuid().as_raw() {
        let text = format!("{} belongs to somebody else", directory.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
    }
    Ok(())
}

/// Serves until it is told to stop, and then finishes what runs.
pub(crate) async fn serve(
    app: Arc<App>,
    listener: UnixListener,
    stop: impl Future<Output = ()> + Send,
) {
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, _)) => {
                tokio::spawn(connection(Arc::clone(&app), stream, graceful.watcher()));
            }
            Err(error) => {
                // Mostly too many open files: others must end first.
                tracing::warn!(%error, "the local socket did not accept");
                tokio::task::yield_now().await;
            }
        }
    }
    graceful.shutdown().await;
}

async fn connection(
    app: Arc<App>,
    stream: UnixStream,
    watcher: hyper_util::server::graceful::Watcher,
) {
    let service = service_fn(move |request| {
        let app = Arc::clone(&app);
        async move { Ok::<_, Infallible>(answer(app, request).await) }
    });
    let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(serving).await {
        tracing::debug!(%error, "a connection of the local socket ended");
    }
}

/// An answer, whole or as lines while it is made.
type Answered = Response<Either<Full<Bytes>, Lines>>;

async fn answer(app: Arc<App>, request: Request<Incoming>) -> Answered {
    let (correlation_id, language) = (app.guid(), language(request.headers()));
    let time = app.now();
    let asked = match understand(&app, request).await {
        Ok(asked) => asked,
        Err(failure) => return whole(correlation_id, &refuse(&failure, correlation_id, language)),
    };
    let caller = |watch| {
        let principal = Principal::operator(asked.registry.tenant);
        let holder = Holder { principal, rights: Rights::Operator, ceiling: None };
        Caller { holder, correlation_id, time, language, watch }
    };
    if !asked.lines {
        return whole(correlation_id, &asked.done(&app, &caller(None)).await);
    }
    let (watch, lines) = watch::lines();
    let caller = caller(Some(watch.clone()));
    // It ends by itself when nobody listens any more.
    tokio::spawn(async move {
        let Outcome { status, body } = asked.done(&app, &caller).await;
        drop(caller);
        // Line ends stand between values alone: within a text they are written as `\\n`.
        let body = serde_json::value::RawValue::from_string(body.replace('\n', " ")).ok();
        watch.end(&LastLine { status: status.as_u16(), body }).await;
    });
    let body = Either::Right(lines);
    described(correlation_id, StatusCode::OK, LINES, body)
}

/// What a call came to.
struct Outcome {
    status: StatusCode,
    body: String,
}

/// The last of the lines: what would have been the whole answer.
#[derive(Serialize)]
struct LastLine {
    status: u16,
    body: Option<Box<serde_json::value::RawValue>>,
}

fn whole(correlation_id: Uuid, Outcome { status, body }: &Outcome) -> Answered {
    let body = Either::Left(Full::new(Bytes::from(body.clone())));
    described(correlation_id, *status, "application/json", body)
}

fn described(
    correlation_id: Uuid,
    status: StatusCode,
    content_type: &'static str,
    body: Either<Full<Bytes>, Lines>,
) -> Answered {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    if let Ok(id) = correlation_id.to_string().parse() {
        headers.insert(CORRELATION_ID, id);
    }
    response
}

/// A use case, the registry that it is called for, and what it is asked.
struct Asked {
    row: &'static Row,
    registry: Registry,
    request: Value,
    /// Whether the answer comes in lines, with how far it is.
    lines: bool,
}

impl Asked {
    async fn done(&self, app: &App, caller: &Caller) -> Outcome {
        let Self { row, registry, request, .. } = self;
        let (correlation_id, language) = (caller.correlation_id, caller.language);
        let done = row.run(app, caller, registry, request.clone()).await;
        let result = done.as_ref().map_or_else(Failure::code, |_| "done");
        tracing::info!(%correlation_id, noun = row.noun, verb = row.verb, registry = registry.name, result, "administration");
        match done.map(String::from_utf8) {
            Ok(Ok(body)) => Outcome { status: StatusCode::OK, body },
            Ok(Err(_)) => refuse(&Failure::Broken, correlation_id, language),
            Err(failure) => refuse(&failure, correlation_id, language),
        }
    }
}

/// Finds the use case and the registry that a request means.
async fn understand(app: &App, request: Request<Incoming>) -> Result<Asked, Failure> {
    let path = request.uri().path().to_owned();
    let verb = path.strip_prefix("/v1/").and_then(|rest| rest.split_once('/'));
    let row = verb
        .filter(|_| request.method() == Method::POST)
        .and_then(|verb| TABLE.iter().find(|row| (row.noun, row.verb) == verb))
        .ok_or_else(|| Fault::Verb(format!("{} {path}", request.method())))?;
    let lines = request.headers().get(ACCEPT).is_some_and(|accepted| accepted == LINES);
    let body = Limited::new(request.into_body(), BODY_LIMIT).collect().await;
    let body = body.map_err(|error| Fault::Request(error.to_string()))?.to_bytes();
    let mut fields: Map<String, Value> =
        serde_json::from_slice(&body).map_err(|error| Fault::Request(error.to_string()))?;
    let name = match fields.remove("registry") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name),
        Some(_) => return Err(Fault::Request("`registry` is no text".to_owned()).into()),
    };
    let registry = find_registry(app, name.as_deref()).await?;
    Ok(Asked { row, registry, request: Value::Object(fields), lines })
}

/// A failure as an answer.
#[derive(Serialize)]
struct ErrorBody<'a> {
    error: ErrorView<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorView<'a> {
    code: &'a str,
    message: String,
    correlation_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

fn refuse(failure: &Failure, correlation_id: Uuid, language: Language) -> Outcome {
    let (message, hint) = (failure.message(language), failure.hint(language));
    let error = ErrorView { code: failure.code(), message, correlation_id, hint };
    let body = serde_json::to_string_pretty(&ErrorBody { error }).unwrap_or_default();
    let status = StatusCode::from_u16(failure.outcome().status());
    Outcome { status: status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), body }
}

fn language(headers: &HeaderMap) -> Language {
    let header = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    header.map(Language::from_accept).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_too_long_for_a_socket_gets_a_short_one_of_its_own() {
        let short = socket_path(Path::new("/nowhere/naru"), Some(Path::new("/run/user/1")));
        assert_eq!(short, Path::new("/nowhere/naru/naru.sock"));
        let long = |letter: &str| {
            let path = format!("/nowhere/{}", letter.repeat(100));
            socket_path(Path::new(&path), Some(Path::new("/run/user/1")))
        };
        assert!(long("a").as_os_str().len() <= PATH_LIMIT);
        assert!(long("a").starts_with("/run/user/1"));
        assert_ne!(long("a"), long("b"));
        assert_eq!(long("a"), long("a"));
    }

    #[test]
    fn the_path_is_the_same_before_and_after_the_directory_is_there() {
        let parent = tempfile::tempdir().unwrap();
        fs::create_dir(parent.path().join("real")).unwrap();
        std::os::unix::fs::symlink("real", parent.path().join("link")).unwrap();
        let data = parent.path().join("link").join("d".repeat(100));
        let before = socket_path(&data, None);
        fs::create_dir(&data).unwrap();
        assert_eq!(before, socket_path(&data, None));
    }

    #[tokio::test]
    async fn a_dead_servers_socket_is_replaced_and_nobody_else_may_open_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sub/naru.sock");
        drop(bind(&path).unwrap());
        assert!(path.exists());
        let listener = bind(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let (client, server) = tokio::join!(UnixStream::connect(&path), listener.accept());
        assert!(client.is_ok() && server.is_ok());
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}
