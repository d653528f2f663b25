//! Several addresses, a unix socket, and sockets that were handed over.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use naru_server::{Address, Inherited, Scheme, Server, TlsMode};
use naru_testkit::Kit;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use crate::serve::settings;

/// The answer to a request over a unix socket.
async fn ask(socket: &Path, host: &str, more: &str) -> String {
    let mut stream = UnixStream::connect(socket).await.unwrap();
    let head = format!("GET /v2/ HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{more}\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn kit_on(directory: &Path, mode: u32) -> Kit {
    let socket = directory.join("registry.sock");
    Kit::start_with(|config| {
        config.listen.push(Address::Unix(socket));
        config.listen.push("127.0.0.1:0".parse().unwrap());
        config.socket_mode = mode;
        config.domain = Some("example.com".parse().unwrap());
    })
    .await
}

#[tokio::test]
async fn every_address_answers_and_a_unix_socket_knows_the_host_too() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("registry.sock");
    let mut kit = kit_on(directory.path(), 0o600).await;
    kit.create_registry("second").await;
    let listening = kit.server().listening();
    let shown: Vec<_> = listening.iter().map(ToString::to_string).collect();
    assert_eq!(shown[1], format!("unix:{}", socket.display()));
    for one in listening.iter().filter_map(|one| one.address.tcp()) {
        let answer = naru_testkit::Sending::new(one, http::Method::GET, "/healthz").send().await;
        answer.expect(200);
    }
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    for (host, service) in [
        ("registry.example.com", "registry.example.com"),
        ("second.example.com", "second.example.com"),
        ("localhost", "registry.example.com"),
    ] {
        let answer = ask(&socket, host, "").await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
        assert!(answer.contains(&format!("service=\"{service}\"")), "{host}: {answer}");
    }
    assert!(ask(&socket, "third.example.com", "").await.starts_with("HTTP/1.1 404"));
    // It is left by the end, and its place is taken by the next start.
    kit.restart().await;
    assert!(ask(&socket, "localhost", "").await.starts_with("HTTP/1.1 401"));
    drop(kit);
}

#[tokio::test]
async fn whoever_connects_to_a_unix_socket_is_loopback_to_the_network_rules() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("registry.sock");
    let kit = kit_on(directory.path(), 0o660).await;
    kit.admin("network-rule", "add", serde_json::json!({ "ipAddress": "127.0.0.1" })).await;
    let deny = serde_json::json!({ "defaultAction": "deny" });
    kit.admin("registry", "update", deny).await;
    assert!(ask(&socket, "localhost", "").await.starts_with("HTTP/1.1 401"));
    // Nobody is believed about whom he speaks for, as long as loopback is no trusted proxy.
    let answer = ask(&socket, "localhost", "x-forwarded-for: 192.0.2.1\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    kit.admin("network-rule", "remove", serde_json::json!({ "ipAddress": "127.0.0.1" })).await;
    assert!(ask(&socket, "localhost", "").await.starts_with("HTTP/1.1 403"));
}

#[tokio::test]
async fn a_unix_socket_is_plain_also_beside_tls() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("registry.sock");
    let kit = Kit::start_with(|config| {
        config.listen.push(Address::Unix(socket.clone()));
        config.tls = TlsMode::Dev;
    })
    .await;
    let schemes: Vec<_> = kit.server().listening().iter().map(|one| one.scheme).collect();
    assert_eq!(schemes, [Scheme::Https, Scheme::Http]);
    assert!(ask(&socket, "localhost", "").await.contains("realm=\"http://localhost/"));
}

#[tokio::test]
async fn sockets_that_are_handed_over_are_used_in_the_place_of_others() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("handed.sock");
    let network = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = network.local_addr().unwrap();
    let local = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let (mut config, ambient, owner) = settings(directory.path(), std::time::Duration::ZERO);
    config.listen = vec![Address::Unix(directory.path().join("not-bound.sock"))];
    let inherited = vec![Inherited::Tcp(network), Inherited::Unix(local)];
    let server = Server::start_on(inherited, config, ambient, owner).await.unwrap();
    let all: Vec<_> = server.listening().iter().map(|one| one.address.clone()).collect();
    assert_eq!(all, [Address::Tcp(address), Address::Unix(path.clone())]);
    let healthy = naru_testkit::Sending::new(address, http::Method::GET, "/healthz");
    healthy.send().await.expect(200);
    assert!(ask(&path, "localhost", "").await.starts_with("HTTP/1.1 401"));
    server.stop().await;
    assert!(!directory.path().join("not-bound.sock").exists());
    assert!(path.exists(), "it belongs to whoever made it");
}
