//! Listening: connections in, requests to the gate, and an end that loses nothing.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use naru_access::Maintenance;
use naru_store::DataDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::ambient::Ambient;
use crate::config::{Config, Scheme, TlsMode};
use crate::edge::{Connection, host};
use crate::start::{FirstStart, OwnerPassword, StartError, open};
use crate::state::App;
use crate::{control, http as routes, tls};

/// What is read of a connection at once; a head is bounded by it, and a body comes in such frames.
const BUFFER_BYTES: usize = 1 << 20;

/// The largest head over HTTP/2.
const HEAD_BYTES: u32 = 64 * 1024;

/// How long a head may take to come, and a handshake.
const HEAD_TIME: Duration = Duration::from_secs(30);

/// How often old uploads are looked for, and keys looked at.
const HOUSEKEEPING: Duration = Duration::from_mins(10);

/// How long an upload may lie untouched.
const UPLOAD_LEASE: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// A listener that is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listening {
    /// How clients speak to it.
    pub scheme: Scheme,
    /// Where, with the real port.
    pub address: SocketAddr,
}

impl fmt::Display for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.address)
    }
}

/// A server that runs.
pub struct Server {
    app: Arc<App>,
    listening: Vec<Listening>,
    first_start: Option<FirstStart>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    drain: Duration,
    /// Held for its lock, until everything else is done.
    data_dir: DataDir,
}

impl Server {
    /// Starts a server. When this returns, it answers.
    pub async fn start(
        mut config: Config,
        ambient: Ambient,
        owner: OwnerPassword,
    ) -> Result<Self, StartError> {
        let data_dir = DataDir::open(&config.data_dir)?;
        // Before a first start makes anything, since its password is shown once.
        let mut listeners = Vec::new();
        for address in &mut config.listen {
            let asked = *address;
            let failed = |error| StartError::Listen { address: asked.to_string(), error };
            let listener = TcpListener::bind(asked).await.map_err(failed)?;
            *address = listener.local_addr().map_err(failed)?;
            listeners.push(listener);
        }
        let drain = config.drain;
        let (app, first_start) = open(config, &data_dir, ambient, owner).await?;
        let acceptor = match app.config.tls {
            TlsMode::Off => None,
            TlsMode::Dev => {
                let settings = tls::dev(&app.config, &data_dir.tls(), app.now())?;
                Some(TlsAcceptor::from(Arc::new(settings)))
            }
        };
        let path = &app.config.socket;
        let failed = |error| StartError::Listen { address: path.display().to_string(), error };
        let socket = control::socket::bind(path).map_err(failed)?;
        let app = Arc::new(app);
        let (stop, stopped) = watch::channel(false);
        let (mut listening, mut tasks) = (Vec::new(), JoinSet::new());
        for listener in listeners {
            let address = listener
                .local_addr()
                .map_err(|error| StartError::Listen { address: "a listener".to_owned(), error })?;
            let scheme = host::scheme(acceptor.is_some());
            listening.push(Listening { scheme, address });
            tasks.spawn(accept(
                Arc::clone(&app),
                listener,
                acceptor.clone(),
                (stopped.clone(), drain),
            ));
        }
        let ended = until(stopped.clone());
        tasks.spawn(control::socket::serve(Arc::clone(&app), socket, ended));
        tasks.spawn(housekeep(Arc::clone(&app), until(stopped)));
        Ok(Self { app, listening, first_start, stop, tasks, drain, data_dir })
    }

    /// The listeners, in the order in which they were asked for.
    pub fn listening(&self) -> &[Listening] {
        &self.listening
    }

    /// What a first start made; none where it was not one.
    pub const fn first_start(&self) -> Option<&FirstStart> {
        self.first_start.as_ref()
    }

    /// What all requests share.
    pub const fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Stops accepting, lets running requests finish for a while, and ends.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        // Each task keeps to that time by itself; the rest of it is for a socket that hangs.
        let patience = self.drain.saturating_add(Duration::from_secs(5));
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(patience, all).await.is_err() {
            tracing::warn!("requests were still running after {} s", patience.as_secs());
        }
        let socket = &self.app.config.socket;
        if let Err(error) = std::fs::remove_file(socket) {
            tracing::warn!(%error, "the socket could not be removed");
        }
        drop(self.data_dir);
    }
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that the server is gone, which is an end too.
    let _gone = stopped.wait_for(|stop| *stop).await;
}

async fn accept(
    app: Arc<App>,
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    (stopped, drain): (watch::Receiver<bool>, Duration),
) {
    let connections = GracefulShutdown::new();
    let ended = until(stopped);
    tokio::pin!(ended);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut ended => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let watcher = connections.watcher();
                tokio::spawn(connect(Arc::clone(&app), stream, peer, acceptor.clone(), watcher));
            }
            Err(error) => {
                // Out of descriptors, most likely: others end, and then it goes on.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(drain, connections.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
}

async fn connect(
    app: Arc<App>,
    stream: TcpStream,
    peer: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    watcher: Watcher,
) {
    let Ok(local) = stream.local_addr() else { return };
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection ended at once");
    }
    let scheme = host::scheme(acceptor.is_some());
    let connection = Connection { scheme, peer, local };
    let service = service_fn(move |request: Request<Incoming>| {
        let app = Arc::clone(&app);
        async move { Ok::<_, std::convert::Infallible>(routes::handle(app, request, connection).await) }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(BUFFER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(HEAD_BYTES)
        .keep_alive_interval(Some(HEAD_TIME));
    let served = match acceptor {
        None => {
            watcher
                .watch(builder.serve_connection(TokioIo::new(stream), service).into_owned())
                .await
        }
        Some(acceptor) => {
            let handshake = tokio::time::timeout(HEAD_TIME, acceptor.accept(stream)).await;
            let Ok(Ok(stream)) = handshake else {
                tracing::debug!(%peer, "a TLS handshake failed");
                return;
            };
            watcher
                .watch(builder.serve_connection(TokioIo::new(stream), service).into_owned())
                .await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%peer, %error, "a connection ended early");
    }
}

/// What no request asks for: old uploads go, and keys get successors.
async fn housekeep(app: Arc<App>, ended: impl Future<Output = ()>) {
    let maintenance = Maintenance::of_this_process();
    tokio::pin!(ended);
    loop {
        tokio::select! {
            () = tokio::time::sleep(HOUSEKEEPING) => {}
            () = &mut ended => return,
        }
        let now = app.now();
        let since = now.saturating_sub(UPLOAD_LEASE).unwrap_or(now);
        app.store.expire_uploads(&maintenance, since).await;
        if let Err(error) = app.keys.rotate(now) {
            tracing::error!(%error, "the keys could not be rotated");
        }
    }
}
