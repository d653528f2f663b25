//! One connection: its handshake, its requests, and its end, which it comes to by itself, by having
//! nothing to do, or when the server stops.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;

use super::answering::{Answering, Streams};
use super::patient::{Patient, Version};
use super::{Accepted, Doing};
use crate::config::Scheme;
use crate::edge::{Connection, RequestBody};
use crate::http as routes;
use crate::limits::Limits;
use crate::state::App;

/// What is read of a connection at once: a body comes in such frames.
const BUFFER_BYTES: usize = 512 << 10;

/// How much larger than its bound a head may be and still be refused in words. What has not ended by
/// then is not read on.
const HEAD_SLACK: usize = 16 << 10;

/// How many requests of a connection of HTTP/2 are answered at once; a client with more to ask waits,
/// or connects again. Each may hold a head, and a frame of a body.
const STREAMS: u32 = 64;

/// What waits to be sent of each of them, beside the piece that it is a part of.
const SEND_BYTES: usize = 64 << 10;

/// How often a client of HTTP/2 is asked whether it is still there.
const PING: Duration = Duration::from_secs(30);

/// The other end of a connection, and this one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    /// The other end. Who connects to a unix socket is on this machine, and counts as loopback.
    pub(crate) address: SocketAddr,
    /// This end, where it has an address.
    pub(crate) local: Option<SocketAddr>,
}

/// What serves connections.
#[derive(Clone)]
pub(crate) struct Serving {
    pub(crate) app: Arc<App>,
    /// Says when to end.
    pub(crate) stopped: tokio::sync::watch::Receiver<bool>,
}

impl Peer {
    pub(crate) fn of(accepted: &Accepted) -> Self {
        match accepted {
            Accepted::Tcp(stream, peer) => Self { address: *peer, local: stream.local_addr().ok() },
            Accepted::Unix(_) => {
                Self { address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), local: None }
            }
        }
    }
}

impl Serving {
    /// Serves a connection until its end. What comes over a unix socket leaves no machine, and is
    /// not encrypted.
    pub(crate) async fn serve(
        self,
        accepted: Accepted,
        peer: Peer,
        tls: Option<TlsAcceptor>,
        doing: Doing,
    ) {
        match accepted {
            Accepted::Tcp(stream, _) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection ended at once");
                }
                match tls {
                    None => self.requests(stream, peer, Scheme::Http, doing).await,
                    Some(acceptor) => self.encrypted(acceptor, stream, peer, doing).await,
                }
            }
            Accepted::Unix(stream) => self.requests(stream, peer, Scheme::Http, doing).await,
        }
    }

    async fn encrypted(
        self,
        acceptor: TlsAcceptor,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: Peer,
        doing: Doing,
    ) {
        let patience = self.app.config.limits.head_timeout;
        match tokio::time::timeout(patience, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => self.requests(stream, peer, Scheme::Https, doing).await,
            Ok(Err(error)) => {
                tracing::debug!(peer = %peer.address, %error, "a TLS handshake failed");
            }
            Err(_) => tracing::debug!(peer = %peer.address, "a TLS handshake took too long"),
        }
    }

    async fn requests(
        mut self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: Peer,
        scheme: Scheme,
        doing: Doing,
    ) {
        let limits = self.app.config.limits.clone();
        let patience = limits.patience();
        let metrics = &self.app.metrics;
        let traffic = (metrics.received.clone(), metrics.sent.clone());
        let mut stream = Patient::new(stream, patience, traffic, doing.clone());
        let version = tokio::select! {
            version = stream.version() => version,
            () = doing.idle(limits.head_timeout) => return,
            // An error means that the server is gone, which is an end too.
            _ = self.stopped.wait_for(|stop| *stop) => return,
        };
        let version = match version {
            Ok(version) => version,
            Err(error) => {
                tracing::debug!(peer = %peer.address, %error, "a connection ended at once");
                return;
            }
        };
        let connection = Connection { scheme, peer: peer.address, local: peer.local };
        let (app, does) = (Arc::clone(&self.app), doing.clone());
        let service = service_fn(move |request: Request<Incoming>| {
            let (app, doing) = (Arc::clone(&app), does.clone());
            let begun = doing.begin();
            let request = request.map(|body| RequestBody::new(body, patience, doing));
            async move {
                let answer = routes::handle(app, request, connection).await;
                Ok::<_, Infallible>(answer.map(|body| match version {
                    Version::One => Answering::new(body, begun),
                    Version::Two => Answering::on_stream(body, begun, patience),
                }))
            }
        });
        let stream = TokioIo::new(stream);
        match version {
            Version::One => {
                let serving = Box::pin(one(&limits).serve_connection(stream, service));
                self.drive(serving, &doing, peer).await;
            }
            Version::Two => {
                let streams = Streams::new(patience, doing.clone());
                let serving = Box::pin(two(&limits, streams).serve_connection(stream, service));
                self.drive(serving, &doing, peer).await;
            }
        }
    }

    /// Lets a connection go on until it ends, has nothing to do, or is to stop. It lies by itself:
    /// one that has not said anything yet has no room for it.
    async fn drive(
        mut self,
        mut serving: Pin<Box<impl GracefulConnection<Error = hyper::Error>>>,
        doing: &Doing,
        peer: Peer,
    ) {
        let patience = self.app.config.limits.head_timeout;
        let ended = tokio::select! {
            ended = serving.as_mut() => Some(ended),
            () = doing.idle(patience) => None,
            // An error means that the server is gone, which is an end too.
            _ = self.stopped.wait_for(|stop| *stop) => None,
        };
        let ended = if let Some(ended) = ended {
            ended
        } else {
            serving.as_mut().graceful_shutdown();
            doing.goes_on();
            tokio::select! {
                ended = serving.as_mut() => ended,
                // What is still open, with nothing to answer, is only being held.
                () = doing.idle(patience) => return,
            }
        };
        if let Err(error) = ended {
            tracing::debug!(peer = %peer.address, %error, "a connection ended early");
        }
    }
}

fn one(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_header_size(limits.head_bytes.saturating_add(HEAD_SLACK))
        .max_buf_size(BUFFER_BYTES);
    builder
}

fn two(limits: &Limits, streams: Streams) -> http2::Builder<Streams> {
    let mut builder = http2::Builder::new(streams);
    builder
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .max_concurrent_streams(STREAMS)
        .max_send_buf_size(SEND_BYTES)
        .keep_alive_interval(Some(PING));
    builder
}
