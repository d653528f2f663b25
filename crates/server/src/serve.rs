//! Listening: connections in, requests to the gate, and an end that loses nothing.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use naru_store::DataDir;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::ambient::Ambient;
use crate::config::{Config, Scheme};
use crate::control;
use crate::edge::{host, is_trusted};
use crate::listen::{Accepted, Address, Doing, Inherited, Peer, Places, Serving, Socket};
use crate::metrics;
use crate::start::{FirstStart, OwnerPassword, StartError, open};
use crate::state::App;
use crate::tls::Tls;
use crate::upkeep;

/// How often old uploads are looked for, and keys looked at.
const HOUSEKEEPING: Duration = Duration::from_mins(10);

/// How often what was allowed is written.
const FLUSH: Duration = Duration::from_secs(1);

/// How long an upload may lie untouched.
const UPLOAD_LEASE: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// How often the files of a certificate are looked at. A look asks the file system for their times.
const LOOK: Duration = Duration::from_secs(1);

/// A listener that is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listening {
    /// How clients speak to it.
    pub scheme: Scheme,
    /// Where, with the real port.
    pub address: Address,
}

impl fmt::Display for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.address {
            Address::Tcp(address) => write!(f, "{}://{address}", self.scheme),
            Address::Unix(_) => self.address.fmt(f),
        }
    }
}

/// A server that runs.
pub struct Server {
    app: Arc<App>,
    tls: Option<Arc<Tls>>,
    listening: Vec<Listening>,
    metrics: Option<Listening>,
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
        config: Config,
        ambient: Ambient,
        owner: OwnerPassword,
    ) -> Result<Self, StartError> {
        Self::start_on(Vec::new(), config, ambient, owner).await
    }

    /// Starts a server on sockets that were handed over; where there are any, it binds none.
    pub async fn start_on(
        inherited: Vec<Inherited>,
        mut config: Config,
        ambient: Ambient,
        owner: OwnerPassword,
    ) -> Result<Self, StartError> {
        let data_dir = DataDir::open(&config.data_dir)?;
        // Before a first start makes anything, since its password is shown once.
        let sockets = sockets(inherited, &config).await?;
        config.listen = sockets.iter().map(|socket| socket.address.clone()).collect();
        let metrics_socket = match &config.metrics_listen {
            None => None,
            Some(address) => {
                let failed = |error| StartError::Listen { address: address.to_string(), error };
                Some(Socket::bind(address, config.socket_mode).await.map_err(failed)?)
            }
        };
        let drain = config.drain;
        let (app, first_start) = open(config, &data_dir, ambient, owner).await?;
        let tls = Tls::open(&app.config, &data_dir.tls(), app.now())?;
        let path = &app.config.socket;
        let failed = |error| StartError::Listen { address: path.display().to_string(), error };
        let socket = control::socket::bind(path).map_err(failed)?;
        let app = Arc::new(app);
        let (stop, stopped) = watch::channel(false);
        let (mut listening, mut tasks) = (Vec::new(), JoinSet::new());
        let places = Places::new(&app.config.limits);
        for socket in sockets {
            let encrypted = tls.is_some() && socket.address.tcp().is_some();
            let address = socket.address.clone();
            listening.push(Listening { scheme: host::scheme(encrypted), address });
            let serving = Serving { app: Arc::clone(&app), stopped: stopped.clone() };
            tasks.spawn(accept(serving, socket, tls.clone(), Arc::clone(&places)));
        }
        let metrics = metrics_socket.map(|socket| {
            let address = socket.address.clone();
            tasks.spawn(metrics::serve(Arc::clone(&app), socket, until(stopped.clone())));
            Listening { scheme: Scheme::Http, address }
        });
        let ended = until(stopped.clone());
        tasks.spawn(control::socket::serve(Arc::clone(&app), socket, ended));
        if let Some(tls) = tls.clone().filter(|tls| tls.has_files()) {
            tasks.spawn(look(Arc::clone(&app), tls, until(stopped.clone())));
        }
        tasks.spawn(housekeep(Arc::clone(&app), until(stopped.clone())));
        tasks.spawn(upkeep::schedule(Arc::clone(&app), until(stopped.clone())));
        tasks.spawn(write_events(Arc::clone(&app), until(stopped)));
        Ok(Self { app, tls, listening, metrics, first_start, stop, tasks, drain, data_dir })
    }

    /// Reads again what may have changed beside a server that runs: the certificate and its key.
    pub async fn reload(&self) {
        let (Some(tls), now) = (self.tls.clone(), self.app.now()) else { return };
        // It fails only where the runtime ends.
        let _done = tokio::task::spawn_blocking(move || tls.reload(now)).await;
    }

    /// The listeners, in the order in which they were asked for.
    pub fn listening(&self) -> &[Listening] {
        &self.listening
    }

    /// Where the metrics are.
    pub const fn metrics(&self) -> Option<&Listening> {
        self.metrics.as_ref()
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
        self.app.upkeep.stop();
        // Each task keeps to that time by itself; the rest of it is for a socket that hangs.
        let patience = self.drain.saturating_add(Duration::from_secs(5));
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(patience, all).await.is_err() {
            tracing::warn!("requests were still running after {} s", patience.as_secs());
        }
        self.app.audit.log_last_counts();
        // Nothing is noted any more: the last of what was allowed is written now.
        if let Err(error) = self.app.flush_events().await {
            tracing::warn!(%error, "the last events could not be written");
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

/// The sockets to listen on.
async fn sockets(inherited: Vec<Inherited>, config: &Config) -> Result<Vec<Socket>, StartError> {
    let mut sockets = Vec::new();
    if inherited.is_empty() {
        for address in &config.listen {
            let failed = |error| StartError::Listen { address: address.to_string(), error };
            sockets.push(Socket::bind(address, config.socket_mode).await.map_err(failed)?);
        }
    }
    for (number, one) in inherited.into_iter().enumerate() {
        let address = format!("socket {} of those handed over", number + 1);
        let failed = |error| StartError::Listen { address, error };
        sockets.push(Socket::inherit(one).map_err(failed)?);
    }
    Ok(sockets)
}

/// Takes connections until the server stops, and waits for those to end.
async fn accept(serving: Serving, socket: Socket, tls: Option<Arc<Tls>>, places: Arc<Places>) {
    let mut connections = JoinSet::new();
    let ended = until(serving.stopped.clone());
    tokio::pin!(ended);
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            () = &mut ended => break,
        };
        match accepted {
            Ok(accepted) => {
                let peer = Peer::of(&accepted);
                let (counted, doing) = (counted(&serving.app.config, &accepted), Doing::new());
                let Some(place) = places.take(counted, doing.clone()) else {
                    if let Some(count) = places.turn_away(serving.app.now()) {
                        tracing::warn!(peer = %peer.address.ip(), count, "connections were closed: their address has as many as it may (`limits.connections-per-address`)");
                    }
                    continue;
                };
                let entered = tokio::select! {
                    entered = places.enter(&place, || serving.app.now()) => entered,
                    () = &mut ended => break,
                };
                let Some((total, gave_way)) = entered else { break };
                if let Some(count) = gave_way {
                    tracing::warn!(
                        count,
                        "connections were closed to make place for others: there are as many as there may be (`limits.connections`)"
                    );
                }
                let acceptor = tls.as_ref().map(|tls| tls.acceptor());
                let served = serving.clone().serve(accepted, peer, acceptor, doing.clone());
                connections.spawn(async move {
                    tokio::select! {
                        () = served => {}
                        () = doing.leaves() => {}
                    }
                    drop((place, total));
                });
            }
            Err(error) => {
                // Out of descriptors, most likely: others end, and then it goes on.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    socket.close();
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(serving.app.config.drain, all).await.is_err() {
        tracing::warn!("some requests did not finish in time");
        connections.shutdown().await;
    }
}

/// The address that a connection counts for; none of a proxy, which speaks for many.
fn counted(config: &Config, accepted: &Accepted) -> Option<IpAddr> {
    match accepted {
        Accepted::Tcp(_, peer) => {
            let address = peer.ip().to_canonical();
            (!is_trusted(&config.trusted_proxies, address)).then_some(address)
        }
        Accepted::Unix(_) => None,
    }
}

/// Looks whether the certificate is another.
async fn look(app: Arc<App>, tls: Arc<Tls>, ended: impl Future<Output = ()>) {
    tokio::pin!(ended);
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = &mut ended => return,
        }
        let (tls, now) = (Arc::clone(&tls), app.now());
        // It fails only where the runtime ends.
        let _done = tokio::task::spawn_blocking(move || tls.look(now)).await;
    }
}

/// What no request asks for: old uploads and events go, and keys get successors.
async fn housekeep(app: Arc<App>, ended: impl Future<Output = ()>) {
    tokio::pin!(ended);
    loop {
        tokio::select! {
            () = tokio::time::sleep(HOUSEKEEPING) => {}
            () = &mut ended => return,
        }
        let now = app.now();
        let since = app.now_for(UPLOAD_LEASE).saturating_sub(UPLOAD_LEASE).unwrap_or(now);
        app.store.expire_uploads(&app.upkeep.maintenance, since).await;
        if let Err(error) = app.keys.rotate(now) {
            tracing::error!(%error, "the keys could not be rotated");
        }
        if let Err(error) = app.expire_events().await {
            tracing::warn!(%error, "old events could not be deleted");
        }
    }
}

/// Writes what was allowed, behind the answers.
async fn write_events(app: Arc<App>, ended: impl Future<Output = ()>) {
    tokio::pin!(ended);
    loop {
        tokio::select! {
            () = tokio::time::sleep(FLUSH) => {}
            () = &mut ended => return,
        }
        app.audit.log_counts(app.now());
        if let Err(error) = app.flush_events().await {
            tracing::warn!(%error, "events could not be written; they are kept for the next time");
        }
    }
}
