//! The listener of the figures: HTTP/1.1, `GET /metrics`, and nothing else. It stands apart from
//! the registry's own, so that whoever may pull need not be whoever may watch.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

use crate::listen::{Accepted, Socket};
use crate::state::App;

/// The text form of OpenMetrics.
const TEXT: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// How many may ask at once: there is one who watches, or a few.
const MOST: usize = 32;

/// How long a head may take, and a connection may have nothing to ask.
const PATIENCE: Duration = Duration::from_secs(30);

/// Answers whoever asks, until the end.
pub(crate) async fn serve(app: Arc<App>, socket: Socket, ended: impl Future<Output = ()>) {
    let mut connections = JoinSet::new();
    tokio::pin!(ended);
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept(), if connections.len() < MOST => accepted,
            Some(_) = connections.join_next() => continue,
            () = &mut ended => break,
        };
        match accepted {
            Ok(Accepted::Tcp(stream, _)) => {
                connections.spawn(connection(Arc::clone(&app), stream));
            }
            Ok(Accepted::Unix(stream)) => {
                connections.spawn(connection(Arc::clone(&app), stream));
            }
            Err(error) => {
                // Out of descriptors, most likely: others end, and then it goes on.
                tracing::warn!(%error, "the listener of the metrics did not accept");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    socket.close();
    connections.shutdown().await;
}

async fn connection(app: Arc<App>, stream: impl AsyncRead + AsyncWrite + Unpin) {
    let service = service_fn(move |request| {
        let app = Arc::clone(&app);
        async move { Ok::<_, Infallible>(answer(&app, &request).await) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    if let Err(error) = builder.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "a connection of the metrics ended");
    }
}

async fn answer(app: &App, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let of = |status: StatusCode, text: String| {
        let mut response = Response::new(Full::new(Bytes::from(text)));
        *response.status_mut() = status;
        response
    };
    if request.uri().path() != "/metrics" {
        return of(StatusCode::NOT_FOUND, String::new());
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = of(StatusCode::METHOD_NOT_ALLOWED, String::new());
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    match app.metrics.text(&app.store, &app.upkeep.maintenance, app.now()).await {
        Ok(text) => {
            let mut response = of(StatusCode::OK, text);
            response.headers_mut().insert(CONTENT_TYPE, TEXT);
            response
        }
        Err(error) => {
            tracing::error!(%error, "the metrics could not be written down");
            of(StatusCode::INTERNAL_SERVER_ERROR, String::new())
        }
    }
}
