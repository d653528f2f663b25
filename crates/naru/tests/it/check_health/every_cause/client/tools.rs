//! The tools on this machine, and docker's engine.

use std::os::unix::fs::PermissionsExt as _;

use super::Faulty;
use crate::check_health::bench::Bench;
use crate::check_health::faults::{Server, engine, open_registry};

const NEW: &str = "echo Docker version 28.2.2, build e6534b4";
const VERSION: &[&str] = &["--only", "docker.version"];
const DAEMON: &[&str] = &["--only", "docker.daemon"];

/// With a docker that says this of itself.
fn docker(script: &str) -> Bench {
    let mut bench = Bench::bare();
    bench.program("docker", script);
    bench
}

/// With a docker whose engine is at a socket of the home, or would be.
fn with_engine(info: Option<&str>) -> Bench {
    let mut bench = docker(NEW);
    if let Some(info) = info {
        answers(&mut bench, "docker.sock", info);
    } else {
        let socket = bench.path("docker.sock");
        bench.variable("DOCKER_HOST", &format!("unix://{}", socket.display()));
    }
    bench
}

/// An engine that says this of itself, at a socket of the home.
fn answers(bench: &mut Bench, name: &str, info: &str) {
    let socket = bench.path(name);
    engine(&socket, info);
    bench.variable("DOCKER_HOST", &format!("unix://{}", socket.display()));
}

pub(in super::super) fn cli_missing() -> Faulty {
    Faulty::new(Bench::bare(), &[])
}

pub(in super::super) fn cli_too_old() -> Faulty {
    Faulty::new(docker("echo Docker version 17.12.1-ce, build 7390fc6"), VERSION)
}

pub(in super::super) fn version_unknown() -> Faulty {
    Faulty::new(docker("echo segmentation fault; exit 139"), VERSION)
}

/// A tool as there are today.
pub(in super::super) fn install(faulty: &mut Faulty) {
    let (name, script) = if faulty.line.is_empty() {
        ("podman", "echo podman version 5.4.2")
    } else {
        ("docker", NEW)
    };
    faulty.bench.program(name, script);
}

pub(in super::super) fn daemon_unreachable() -> Faulty {
    Faulty::new(with_engine(None), &[])
}

pub(in super::super) fn start(faulty: &mut Faulty) {
    engine(&faulty.bench.path("docker.sock"), r#"{"ServerVersion":"28.2.2"}"#);
}

pub(in super::super) fn socket_permission() -> Faulty {
    let mut bench = with_engine(Some(r#"{"ServerVersion":"28.2.2"}"#));
    let mode = std::fs::Permissions::from_mode(0o000);
    std::fs::set_permissions(bench.path("docker.sock"), mode).unwrap();
    if rustix::process::geteuid().is_root() {
        // Nothing is denied to root; to nobody it is.
        bench.as_user(65534);
    }
    Faulty::new(bench, DAEMON)
}

pub(in super::super) fn permit(faulty: &mut Faulty) {
    let mode = std::fs::Permissions::from_mode(0o666);
    std::fs::set_permissions(faulty.bench.path("docker.sock"), mode).unwrap();
}

pub(in super::super) fn insecure_registry() -> Faulty {
    let server = Server::http(open_registry);
    let info = r#"{"ServerVersion":"28.2.2","RegistryConfig":{"InsecureRegistryCIDRs":
        ["127.0.0.0/8"],"IndexConfigs":{"docker.io":{"Secure":true}}}}"#;
    // A name of this machine that no tool takes for it.
    let host = format!("0.0.0.0:{}", server.port());
    Faulty::new(with_engine(Some(info)), &[&host]).server(server)
}

/// The engine with the registry under `insecure-registries`.
pub(in super::super) fn allow(faulty: &mut Faulty) {
    let host = &faulty.line[0];
    let info = format!(
        r#"{{"ServerVersion":"28.2.2","RegistryConfig":{{"InsecureRegistryCIDRs":["127.0.0.0/8"],
        "IndexConfigs":{{"{host}":{{"Name":"{host}","Secure":false}}}}}}}}"#
    );
    answers(&mut faulty.bench, "restarted.sock", &info);
}

pub(in super::super) fn proxy() -> Faulty {
    let info =
        r#"{"ServerVersion":"28.2.2","HttpsProxy":"http://me:hunter2hunter2@proxy.example:3128"}"#;
    let mut bench = with_engine(Some(info));
    bench.secret("hunter2hunter2");
    let line = ["registry.invalid", "--only", "docker.daemon", "--only", "proxy.usable"];
    Faulty::new(bench, &line)
}

pub(in super::super) fn same_proxy(faulty: &mut Faulty) {
    faulty.bench.variable("HTTPS_PROXY", "http://me:hunter2hunter2@proxy.example:3128");
}
