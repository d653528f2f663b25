//! `naru serve`: starts a server, says how to log in, and ends when it is told to.

use std::path::Path;

use naru_identity::secret::Secret;
use naru_server::ambient::Ambient;
use naru_server::{
    Config, FirstStart, Listening, OwnerPassword, PublicUrl, Scheme, Server, TlsMode,
};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::environment::Environment;
use crate::failure::Failure;
use crate::open_files;
use crate::printer::Printer;
use crate::settings::default_data_dir;
use crate::systemd::{State, Systemd};

/// Serves until SIGTERM or SIGINT, and then finishes what runs. SIGHUP reads the certificate again.
pub(crate) async fn serve(
    mut config: Config,
    mut systemd: Systemd,
    environment: &Environment,
    printer: Printer,
) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    let owner = match environment.owner_password() {
        Some(password) => OwnerPassword::Given(password),
        None if environment.terminal_out => OwnerPassword::Generated,
        None => OwnerPassword::None,
    };
    let sockets = systemd.sockets()?;
    if !sockets.is_empty() {
        tracing::info!(
            "{} sockets were handed over, and no other address is opened",
            sockets.len()
        );
    }
    open_files::allow(&mut config.limits);
    let server = Server::start_on(sockets, config.clone(), Ambient::of_this_machine(), owner);
    let server = server.await.map_err(Failure::Start)?;
    let registries = server.app().store().metadata().registries().await;
    let registry = registries.ok().and_then(|all| all.into_iter().next());
    let name = registry.map_or_else(|| config.registry.clone(), |registry| registry.key());
    announce(&config, &name, &server, printer)?;
    systemd.tell(State::Ready);
    loop {
        tokio::select! {
            asked = signals.next() => {
                if asked == Asked::End {
                    break;
                }
                systemd.tell(State::Reloading);
                server.reload().await;
                systemd.tell(State::Ready);
            }
            () = systemd.watchdog_is_due() => live(&server, &systemd).await,
        }
    }
    systemd.tell(State::Stopping);
    tracing::info!("stopping: what runs is finished first");
    tokio::select! {
        () = server.stop() => tracing::info!("stopped"),
        () = signals.end() => tracing::warn!("stopped at once, as a second signal asked"),
    }
    Ok(())
}

/// Says that the server lives, if its store answers: only then does it do anything for anybody.
async fn live(server: &Server, systemd: &Systemd) {
    match server.app().store().metadata().ping().await {
        Ok(()) => systemd.tell(State::Watchdog),
        Err(error) => tracing::error!(%error, "systemd is not told that the server lives"),
    }
}

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    End,
    Reload,
}

/// The signals that a server listens to.
struct Signals {
    hangup: Signal,
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> Result<Self, Failure> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.hangup.recv() => Asked::Reload,
            _ = self.interrupt.recv() => Asked::End,
            _ = self.terminate.recv() => Asked::End,
        }
    }

    async fn end(&mut self) {
        while self.next().await != Asked::End {}
    }
}

/// Says what a person needs in order to log in. The lines of the listeners are for scripts too.
fn announce(
    config: &Config,
    registry: &str,
    server: &Server,
    printer: Printer,
) -> Result<(), Failure> {
    let (words, first, listening) = (printer.words, server.first_start(), server.listening());
    for listener in listening {
        printer.line(&format!("listening on {listener}"))?;
    }
    if let Some(metrics) = server.metrics() {
        printer.line(&format!("metrics on {metrics}/metrics"))?;
    }
    let host = login_host(config, registry, listening);
    if config.tls == TlsMode::Dev {
        let ca = config.data_dir.join("tls/ca.pem");
        let ca = quoted(&std::path::absolute(&ca).unwrap_or(ca));
        printer.line(&words.get("serve-trust", &[("ca", &ca)]))?;
        printer.line(&words.get("serve-trust-docker", &[("ca", &ca), ("host", &host)]))?;
        printer.line(&words.get("serve-trust-az", &[("ca", &ca)]))?;
        printer.line(&words.get("serve-trust-curl", &[("ca", &ca), ("host", &host)]))?;
    }
    if config.domain.is_none() && config.public_url.is_none() {
        printer.line(&words.get("serve-no-domain", &[]))?;
    }
    match first {
        Some(FirstStart { generated: Some(password), .. }) => {
            let password: &Secret = password;
            printer.line(&words.get("serve-password", &[("password", password.expose())]))?;
        }
        Some(FirstStart { generated: None, has_password: false }) => {
            let command = command(config, "user update -n owner --password-stdin");
            printer.line(&words.get("serve-no-password", &[("command", &command)]))?;
        }
        Some(FirstStart { generated: None, has_password: true }) | None => {}
    }
    printer.line(&format!("docker login {host} -u owner"))?;
    Ok(())
}

/// A command of ours for the same data directory.
fn command(config: &Config, verb: &str) -> String {
    start_command(&config.data_dir, verb)
}

/// A command of ours for a data directory, which is named where it is not the default one.
pub(crate) fn start_command(data_dir: &Path, verb: &str) -> String {
    if default_data_dir().as_deref() == Some(data_dir) {
        format!("naru {verb}")
    } else {
        format!("naru --data-dir {} {verb}", quoted(data_dir))
    }
}

/// The host to log in to.
fn login_host(config: &Config, registry: &str, listening: &[Listening]) -> String {
    let with_port = |host: &str, port: Option<u16>| match port {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let own = |scheme: Scheme, port: u16| match scheme {
        Scheme::Http => port == 80,
        Scheme::Https => port == 443,
    };
    let first = listening.iter().find_map(|one| Some((one.scheme, one.address.tcp()?)));
    match (&config.domain, &config.public_url) {
        (Some(domain), Some(url)) => with_port(&format!("{registry}.{domain}"), url.port),
        (None, Some(PublicUrl { host, port, .. })) => with_port(host.as_str(), *port),
        (Some(domain), None) => {
            let port = first.map(|(scheme, address)| (scheme, address.port()));
            let port = port.filter(|(scheme, port)| !own(*scheme, *port));
            with_port(&format!("{registry}.{domain}"), port.map(|(_, port)| port))
        }
        (None, None) => match first {
            Some((_, address)) if address.ip().is_unspecified() => {
                format!("localhost:{}", address.port())
            }
            Some((_, address)) => address.to_string(),
            None => registry.to_owned(),
        },
    }
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:,@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests;
