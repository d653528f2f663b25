//! What systemd and we say to each other: sockets that it opened, that we are ready, that we live.

use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::time::Duration;

use listenfd::ListenFd;
use naru_server::Inherited;

use crate::environment::Environment;

/// systemd, if it started us.
pub(crate) struct Systemd {
    /// Where it listens to us.
    notify: Option<(UnixDatagram, SocketAddr)>,
    /// How often it wants to hear that we live.
    watchdog: Option<Duration>,
    sockets: ListenFd,
}

/// What it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// The server answers.
    Ready,
    /// It reads its certificate again. `Ready` follows.
    Reloading,
    /// It finishes what runs.
    Stopping,
    /// It lives.
    Watchdog,
}

impl Systemd {
    /// The one that started this process.
    pub(crate) fn of(environment: &Environment) -> Self {
        let notify = environment.variable("NOTIFY_SOCKET").and_then(|name| {
            let address = address(name).inspect_err(|error| {
                tracing::warn!(%error, "systemd cannot be told anything: NOTIFY_SOCKET is no socket");
            });
            Some((UnixDatagram::unbound().ok()?, address.ok()?))
        });
        let ours = environment
            .variable("WATCHDOG_PID")
            .is_none_or(|id| id.parse() == Ok(std::process::id()));
        let within = environment.variable("WATCHDOG_USEC").filter(|_| ours);
        let within = within.and_then(|micros| micros.parse().ok()).map(Duration::from_micros);
        // Twice in the time, as its manual says.
        let watchdog = within.map(|within| within / 2).filter(|often| !often.is_zero());
        Self { notify, watchdog, sockets: ListenFd::from_env() }
    }

    /// The sockets that it opened for us.
    pub(crate) fn sockets(&mut self) -> io::Result<Vec<Inherited>> {
        let mut sockets = Vec::new();
        for number in 0..self.sockets.len() {
            // Whether a socket is one of the network shows by its being taken as one.
            let network = self.sockets.take_tcp_listener(number);
            sockets.extend(match network {
                Ok(listener) => listener.map(Inherited::Tcp),
                Err(_) => self.sockets.take_unix_listener(number)?.map(Inherited::Unix),
            });
        }
        Ok(sockets)
    }

    /// Tells it something.
    pub(crate) fn tell(&self, state: State) {
        let Some((socket, address)) = &self.notify else { return };
        let text = match state {
            State::Ready => "READY=1".to_owned(),
            State::Reloading => {
                let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
                let micros = i128::from(now.tv_sec) * 1_000_000 + i128::from(now.tv_nsec) / 1000;
                format!("RELOADING=1\nMONOTONIC_USEC={micros}")
            }
            State::Stopping => "STOPPING=1".to_owned(),
            State::Watchdog => "WATCHDOG=1".to_owned(),
        };
        if let Err(error) = socket.send_to_addr(text.as_bytes(), address) {
            tracing::warn!(%error, "systemd could not be told {text:?}");
        }
    }

    /// Waits until it is time to say again that we live; for ever where nobody asks.
    pub(crate) async fn watchdog_is_due(&self) {
        match self.watchdog {
            Some(often) => tokio::time::sleep(often).await,
            None => std::future::pending().await,
        }
    }
}

/// The address of a socket: a path, or after `@` an abstract name.
fn address(name: &str) -> io::Result<SocketAddr> {
    match name.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(Path::new(name)),
    }
}
