//! One connection: its handshake, its requests, and its end, which it comes to by itself, by having
//! nothing to do, or when the server stops.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;

use super::patient::Patient;
use super::{Accepted, Running};
use crate::config::Scheme;
use crate::edge::Connection;
use crate::http as routes;
use crate::state::App;

/// What is read of a connection at once; a head is bounded by it, and a body comes in such frames.
const BUFFER_BYTES: usize = 512 << 10;

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
    pub(crate) async fn serve(self, accepted: Accepted, peer: Peer, tls: Option<TlsAcceptor>) {
        match accepted {
            Accepted::Tcp(stream, _) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection ended at once");
                }
                match tls {
                    None => self.requests(stream, peer, Scheme::Http).await,
                    Some(acceptor) => self.encrypted(acceptor, stream, peer).await,
                }
            }
            Accepted::Unix(stream) => self.requests(stream, peer, Scheme::Http).await,
        }
    }

    async fn encrypted(
        self,
        acceptor: TlsAcceptor,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: Peer,
    ) {
        let patience = self.app.config.limits.head_timeout;
        match tokio::time::timeout(patience, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => self.requests(stream, peer, Scheme::Https).await,
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
    ) {
        let limits = self.app.config.limits.clone();
        let connection = Connection { scheme, peer: peer.address, local: peer.local };
        let running = Running::new();
        let (app, begun) = (Arc::clone(&self.app), running.clone());
        let service = service_fn(move |request: Request<Incoming>| {
            let (app, request_runs) = (Arc::clone(&app), begun.begin());
            async move {
                let answer = routes::handle(app, request, connection).await;
                Ok::<_, Infallible>(answer.map(|body| request_runs.answered_with(body)))
            }
        });
        let builder = builder(limits.head_timeout, limits.head_bytes);
        let metrics = &self.app.metrics;
        let traffic = (metrics.received.clone(), metrics.sent.clone());
        let stream = TokioIo::new(Patient::new(stream, limits.stall_timeout, traffic));
        let serving = builder.serve_connection(stream, service);
        tokio::pin!(serving);
        let ended = tokio::select! {
            ended = serving.as_mut() => Some(ended),
            () = running.idle(limits.head_timeout) => None,
            // An error means that the server is gone, which is an end too.
            _ = self.stopped.wait_for(|stop| *stop) => None,
        };
        let ended = if let Some(ended) = ended {
            ended
        } else {
            serving.as_mut().graceful_shutdown();
            tokio::select! {
                ended = serving.as_mut() => ended,
                // What is still open, with nothing to answer, is only being held.
                () = running.idle(limits.head_timeout) => return,
            }
        };
        if let Err(error) = ended {
            tracing::debug!(peer = %peer.address, %error, "a connection ended early");
        }
    }
}

fn builder(head_timeout: Duration, head_bytes: usize) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(head_timeout)
        .max_buf_size(BUFFER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(head_bytes).unwrap_or(u32::MAX))
        .keep_alive_interval(Some(PING));
    builder
}
