//! A server of its own for each test.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ::http::Method;
use jiff::SignedDuration;
use naru_access::Maintenance;
use naru_identity::secret::Secret;
use naru_server::ambient::{Ambient, SystemEntropy};
use naru_server::{Config, OwnerPassword, Server};
use tempfile::TempDir;

use crate::{Sending, SetClock};

/// The first owner.
pub const OWNER: &str = "owner";

/// The first owner's password.
pub const OWNER_PASSWORD: &str = "a password for tests";

/// A running server, with its directory and its clock.
pub struct Kit {
    server: Option<Server>,
    address: SocketAddr,
    clock: Arc<SetClock>,
    config: Config,
    /// Removed with the kit.
    directory: TempDir,
}

impl Kit {
    /// Starts a server on a free port, with one registry, `registry`, and an owner.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// As [`Kit::start`], with other settings.
    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let data_dir = directory.path().join("data");
        let mut config = Config {
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 0)).into()],
            drain: Duration::from_secs(10),
            ..Config::at(data_dir, directory.path().join("naru.sock"))
        };
        change(&mut config);
        let clock = Arc::new(SetClock::default());
        let (server, address) = serve(config.clone(), &clock).await;
        Self { server: Some(server), address, clock, config, directory }
    }

    /// Stops the server. Its directory stays as long as the kit.
    pub async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
    }

    /// Stops the server and starts another on the same directory.
    pub async fn restart(&mut self) {
        self.stop().await;
        let (server, address) = serve(self.config.clone(), &self.clock).await;
        self.server = Some(server);
        self.address = address;
    }

    /// The clock that the server goes by.
    pub fn clock(&self) -> &SetClock {
        &self.clock
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The server itself.
    pub fn server(&self) -> &Server {
        self.server.as_ref().expect("the server runs")
    }

    /// The local socket.
    pub fn socket(&self) -> PathBuf {
        self.config.socket.clone()
    }

    /// The directory that holds everything of this kit.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Creates a further registry, which no verb does yet, a second after the one before.
    pub async fn create_registry(&self, name: &str) {
        self.clock.advance(SignedDuration::from_secs(1));
        let app = self.server().app();
        let registry = app.new_registry(name).await.expect("a name");
        let maintenance = Maintenance::of_this_process();
        let metadata = app.store().metadata();
        metadata.create_registry(&maintenance, registry).await.expect("a registry");
    }

    /// A request with any method.
    pub fn request(&self, method: Method, target: &str) -> Sending {
        Sending::new(self.address, method, target)
    }

    /// A GET.
    pub fn get(&self, target: &str) -> Sending {
        self.request(Method::GET, target)
    }

    /// A HEAD.
    pub fn head(&self, target: &str) -> Sending {
        self.request(Method::HEAD, target)
    }

    /// A POST.
    pub fn post(&self, target: &str) -> Sending {
        self.request(Method::POST, target)
    }

    /// A PUT.
    pub fn put(&self, target: &str) -> Sending {
        self.request(Method::PUT, target)
    }

    /// A PATCH.
    pub fn patch(&self, target: &str) -> Sending {
        self.request(Method::PATCH, target)
    }

    /// A DELETE.
    pub fn delete(&self, target: &str) -> Sending {
        self.request(Method::DELETE, target)
    }
}

async fn serve(config: Config, clock: &Arc<SetClock>) -> (Server, SocketAddr) {
    let clock = Arc::clone(clock);
    let ambient = Ambient { clock, entropy: Arc::new(SystemEntropy) };
    let owner = OwnerPassword::Given(Secret::new(OWNER_PASSWORD.to_owned()));
    let server = Server::start(config, ambient, owner).await.expect("a server that starts");
    let address = server.listening().iter().find_map(|one| one.address.tcp());
    let address = address.expect("a listener of the network");
    (server, address)
}
