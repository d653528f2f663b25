//! A docker engine of our own, which has to verify certificates though its registry is on loopback.
//!
//! An engine takes every address of 127.0.0.0/8 without asking who it is. So it is given a name
//! that nobody resolves but a hosts file of its own, in a mount namespace of its own, and there to
//! an address for documentation; it gets to loopback by a proxy ([`super::proxy`]). Nothing of this
//! machine is changed, and nothing leaves it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::clients::daemon::Daemon;
use crate::clients::proxy::Proxy;
use crate::clients::registry::{ALIAS, NOBODY};
use crate::failure::Failure;
use crate::tools;

/// What is bound over this machine's own before the engine starts; `$1` is the engine's folder.
const NAMESPACE: &str = "set -e\n\
    mkdir -p /etc/docker\n\
    mount --bind \"$1/etc-docker\" /etc/docker\n\
    mount --bind \"$1/hosts\" /etc/hosts\n\
    shift\n\
    exec \"$@\"\n";

/// A running engine.
pub(super) struct Engine {
    // Dropped in this order: the engine ends before its proxy goes.
    daemon: Daemon,
    proxy: Proxy,
    folder: PathBuf,
}

impl Engine {
    /// Starts it in `folder`, and waits until it answers. `tls` is where [`ALIAS`] leads.
    pub(super) fn start(docker: &Path, folder: &Path, tls: &str) -> Result<Self, Failure> {
        let dockerd = tools::need("dockerd", "install your system's docker engine (docker.io)")?;
        let unshare = tools::need("unshare", "install your system's util-linux")?;
        fs::create_dir_all(folder.join("etc-docker/certs.d"))
            .map_err(Failure::machine("make a folder for the engine"))?;
        let hosts = format!("127.0.0.1 localhost {NOBODY}\n192.0.2.1 {ALIAS}\n");
        fs::write(folder.join("hosts"), hosts).map_err(Failure::machine("write a hosts file"))?;
        let proxy = Proxy::to(tls)?;
        let place = |name: &str| folder.join(name).display().to_string();
        let mut options: Vec<String> =
            ["--mount", "sh", "-c", NAMESPACE, "sh"].map(str::to_owned).to_vec();
        options.extend([
            folder.display().to_string(),
            dockerd.display().to_string(),
            "--storage-driver=vfs".to_owned(),
            "--bridge=none".to_owned(),
            "--iptables=false".to_owned(),
            "--ip6tables=false".to_owned(),
            format!("--host=unix://{}", place("docker.sock")),
            format!("--data-root={}", place("data")),
            format!("--exec-root={}", place("exec")),
            format!("--pidfile={}", place("dockerd.pid")),
        ]);
        let url = proxy.url();
        let direct = format!("127.0.0.1,localhost,{NOBODY}");
        let environment = [("HTTPS_PROXY", &*url), ("NO_PROXY", &*direct)];
        let daemon = Daemon::start(&unshare, &options, &environment, folder)?;
        let engine = Self { daemon, proxy, folder: folder.to_owned() };
        engine.daemon.answers(docker, &["--host", &engine.address(), "version"])?;
        Ok(engine)
    }

    /// Where it listens, as docker names it.
    pub(super) fn address(&self) -> String {
        format!("unix://{}", self.folder.join("docker.sock").display())
    }

    /// Its process, whose mounts are its own.
    pub(super) fn process(&self) -> u32 {
        self.daemon.process()
    }

    /// The proxy that leads to the registry.
    pub(super) fn proxy(&self) -> String {
        self.proxy.url()
    }

    /// Lays the authority where the engine looks for it, or takes it away; it looks at each use.
    pub(super) fn trust(&self, host: &str, authority: Option<&Path>) -> Result<(), Failure> {
        let folder = self.folder.join("etc-docker/certs.d").join(host);
        let doing = || format!("tell the engine whom to trust for {host}");
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(Failure::machine(doing()))?;
        }
        let Some(authority) = authority else { return Ok(()) };
        fs::create_dir_all(&folder).map_err(Failure::machine(doing()))?;
        symlink(authority, folder.join("ca.crt")).map_err(Failure::machine(doing()))
    }
}
