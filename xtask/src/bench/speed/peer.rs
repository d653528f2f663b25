//! distribution v3, built and started as `distribution.yml` says.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::failure::Failure;
use crate::http::Request;
use crate::tools::{self, GoTool};

/// The version that is built.
pub(super) const VERSION: &str = "v3.1.2";

const REGISTRY: GoTool = GoTool {
    name: "registry",
    package: "github.com/distribution/distribution/v3/cmd/registry",
    version: VERSION,
    remedy: "install Go: https://go.dev/dl/",
};

/// How often it is asked whether it listens, and how long is waited in between.
const ASKED: u32 = 600;
const PAUSE: Duration = Duration::from_millis(50);

/// A running peer, ended when it is dropped.
pub(super) struct Peer {
    child: Child,
    address: String,
}

/// Builds it.
pub(super) fn build() -> Result<PathBuf, Failure> {
    REGISTRY.pinned()
}

impl Peer {
    /// Starts it on an empty directory under `folder`, and waits until it answers.
    pub(super) fn start(program: &Path, settings: &Path, folder: &Path) -> Result<Self, Failure> {
        let address = free_address()?;
        let data = folder.join("distribution");
        fs::create_dir_all(&data).map_err(Failure::machine("make a folder for the peer"))?;
        let log = File::create(folder.join("peer.log"))
            .map_err(Failure::machine("write the peer's log"))?;
        let errors = log.try_clone().map_err(Failure::machine("write the peer's log"))?;
        let child = Command::new(program)
            .arg("serve")
            .arg(settings)
            .env_clear()
            .env("PATH", tools::search_path())
            .env("OTEL_TRACES_EXPORTER", "none")
            .env("REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", &data)
            .env("REGISTRY_HTTP_ADDR", &address)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .map_err(Failure::machine("start distribution"))?;
        let peer = Self { child, address };
        // It does not say when it listens. Nobody sends: this only bounds how often it is asked.
        let (_quiet, tick) = mpsc::channel::<()>();
        for _ in 0..ASKED {
            if peer.answers() {
                return Ok(peer);
            }
            let _ = tick.recv_timeout(PAUSE);
        }
        let log = fs::read_to_string(folder.join("peer.log")).unwrap_or_default();
        Err(Failure::unexpected("distribution to answer", log))
    }

    fn answers(&self) -> bool {
        let asked = Request {
            method: "GET",
            target: "/v2/",
            login: ("", ""),
            media_type: "application/json",
            body: b"",
        };
        asked.send(&self.address).is_ok_and(|answer| answer.status == 200)
    }

    /// Host and port.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Its process id.
    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address on loopback that nobody listens on: distribution does not say which one it took.
fn free_address() -> Result<String, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0");
    let address = listener.and_then(|listener| listener.local_addr());
    Ok(address.map_err(Failure::machine("find a free port"))?.to_string())
}
