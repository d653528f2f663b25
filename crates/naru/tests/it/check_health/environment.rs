//! The tools on this machine.

use std::os::unix::fs::PermissionsExt as _;

use super::bench::{Bench, filters};
use super::faults::{Server, engine, open_registry};

#[test]
fn no_tool_is_a_warning_since_the_registry_may_be_well() {
    let bench = Bench::bare();
    let ran = bench.check(&[]);
    assert_eq!((ran.code, &ran.json["causes"][0]), (0, &"docker-cli-missing".into()));
    assert_eq!(bench.command(&["check-health", "--strict"]).status().unwrap().code(), Some(4));
    filters().bind(|| insta::assert_snapshot!("docker-cli-missing", ran.text));
}

#[test]
fn an_old_tool_is_named_with_its_version() {
    let mut bench = Bench::bare();
    bench.program("docker", "echo Docker version 17.12.1-ce, build 7390fc6");
    let ran = bench.check(&["--only", "docker.version"]);
    assert_eq!(ran.root("docker-cli-too-old")["certainty"], "proven");
    filters().bind(|| insta::assert_json_snapshot!("docker-cli-too-old", ran.failures()));
    bench.program("docker", "echo Docker version 28.2.2, build e6534b4");
    bench.check(&["--only", "docker.version"]).healthy();
}

#[test]
fn a_tool_that_does_not_say_its_version_is_told() {
    let mut bench = Bench::bare();
    bench.program("docker", "echo segmentation fault; exit 139");
    let ran = bench.check(&["--only", "docker.version"]);
    assert_eq!((ran.code, &ran.json["causes"][0]), (0, &"docker-version-unknown".into()));
}

#[test]
fn an_engine_that_is_expected_and_silent_is_an_error() {
    let mut bench = Bench::bare();
    bench.program("docker", "echo Docker version 28.2.2, build e6534b4");
    let socket = bench.path("docker.sock");
    bench.variable("DOCKER_HOST", &format!("unix://{}", socket.display()));
    let ran = bench.check(&[]);
    assert_eq!(ran.root("docker-daemon-unreachable")["severity"], "error");
    filters().bind(|| insta::assert_snapshot!("docker-daemon-unreachable", ran.text));
    engine(&socket, r#"{"ServerVersion":"28.2.2"}"#);
    bench.check(&[]).healthy();
}

#[test]
fn a_context_that_is_not_there_is_an_engine_that_does_not_answer() {
    let mut bench = Bench::bare();
    bench.program("docker", "echo Docker version 28.2.2, build e6534b4");
    bench.variable("DOCKER_CONTEXT", "gone");
    let ran = bench.check(&["--only", "docker.daemon"]);
    ran.root("docker-daemon-unreachable");
    assert!(ran.text.contains("docker context gone"), "{}", ran.text);
}

#[test]
fn a_socket_that_this_user_may_not_open_is_told_from_one_where_nobody_listens() {
    let mut bench = Bench::bare();
    bench.program("docker", "echo Docker version 28.2.2, build e6534b4");
    let socket = bench.path("docker.sock");
    engine(&socket, r#"{"ServerVersion":"28.2.2"}"#);
    let mode = std::fs::Permissions::from_mode(0o000);
    std::fs::set_permissions(&socket, mode).unwrap();
    bench.variable("DOCKER_HOST", &format!("unix://{}", socket.display()));
    if rustix::process::geteuid().is_root() {
        // Nothing is denied to root; to nobody it is.
        bench.as_user(65534);
    }
    let ran = bench.check(&["--only", "docker.daemon"]);
    ran.root("docker-socket-permission");
}

#[test]
fn plain_http_that_the_engine_does_not_allow_is_its_own_cause() {
    let server = Server::http(open_registry);
    let mut bench = Bench::bare();
    bench.program("docker", "echo Docker version 28.2.2, build e6534b4");
    let socket = bench.path("docker.sock");
    engine(
        &socket,
        r#"{"ServerVersion":"28.2.2","RegistryConfig":{"InsecureRegistryCIDRs":["127.0.0.0/8"],"IndexConfigs":{"docker.io":{"Secure":true}}}}"#,
    );
    bench.variable("DOCKER_HOST", &format!("unix://{}", socket.display()));
    // A name of this machine that no tool takes for it.
    let host = format!("0.0.0.0:{}", server.port());
    let ran = bench.check(&[&host]);
    ran.root("docker-insecure-registry");
    assert_eq!(ran.outcome("registry.api"), "skipped");
}

#[test]
fn an_engine_with_another_proxy_is_a_warning() {
    let mut bench = Bench::bare();
    bench.program("docker", "echo Docker version 28.2.2, build e6534b4");
    let socket = bench.path("docker.sock");
    engine(
        &socket,
        r#"{"ServerVersion":"28.2.2","HttpsProxy":"http://me:hunter2hunter2@proxy.example:3128"}"#,
    );
    bench.variable("DOCKER_HOST", &format!("unix://{}", socket.display()));
    bench.secret("hunter2hunter2");
    let ran =
        bench.check(&["registry.invalid", "--only", "docker.daemon", "--only", "proxy.usable"]);
    assert_eq!((ran.code, &ran.json["causes"][0]), (0, &"docker-proxy".into()));
    assert!(ran.text.contains("proxy.example:3128"), "{}", ran.text);
}

#[test]
fn an_engine_across_the_network_is_not_asked_offline() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut bench = Bench::bare();
    bench.program("docker", "echo Docker version 28.2.2, build e6534b4");
    bench.variable("DOCKER_HOST", &format!("tcp://{}", listener.local_addr().unwrap()));
    let ran = bench.check(&["--offline"]);
    assert_eq!(ran.outcome("docker.daemon"), "skipped", "{}", ran.text);
    listener.set_nonblocking(true).unwrap();
    let asked = listener.accept().map(|_| ()).unwrap_err();
    assert_eq!(asked.kind(), std::io::ErrorKind::WouldBlock, "nobody connected");
}
