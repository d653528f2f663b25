//! Serving: encrypted and not, by either version of HTTP; the end, and the start after it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use naru_identity::Clock as _;
use naru_identity::secret::Secret;
use naru_oci::Digest;
use naru_server::ambient::{Ambient, SystemEntropy};
use naru_server::{Config, OwnerPassword, Server, StartError, TlsMode};
use naru_testkit::{Kit, OWNER_PASSWORD, Reply, SetClock, blob, image};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::v2::wire::Wire;
use crate::v2::{ByOwner as _, LARGE, WHO, begin, closing, files};

/// The time by the clock that the server goes by.
#[derive(Debug)]
struct KitTime(UnixTime);

impl TimeProvider for KitTime {
    fn current_time(&self) -> Option<UnixTime> {
        Some(self.0)
    }
}

/// What a client is set to that trusts the authority of a server for development alone.
fn trusting(kit: &Kit, protocol: &[u8]) -> ClientConfig {
    let authority = kit.directory().join("data/tls/ca.pem");
    trusting_only(kit, protocol, [CertificateDer::from_pem_file(authority).unwrap()])
}

/// What a client is set to that trusts these alone.
pub(crate) fn trusting_only(
    kit: &Kit,
    protocol: &[u8],
    authorities: impl IntoIterator<Item = CertificateDer<'static>>,
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        roots.add(authority).unwrap();
    }
    let seconds = kit.clock().now().as_second().try_into().unwrap();
    let time = Arc::new(KitTime(UnixTime::since_unix_epoch(Duration::from_secs(seconds))));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut settings = ClientConfig::builder_with_details(provider, time)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    settings.alpn_protocols = vec![protocol.to_vec()];
    settings
}

pub(crate) async fn encrypted(
    settings: ClientConfig,
    address: SocketAddr,
    name: &'static str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from(name).unwrap();
    TlsConnector::from(Arc::new(settings)).connect(name, stream).await
}

/// Sends requests over one connection of HTTP/2.
async fn by_http2(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    requests: impl IntoIterator<Item = Request<Full<bytes::Bytes>>>,
) -> Vec<Reply> {
    let handshake =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    let mut replies = Vec::new();
    for request in requests {
        let (head, body) = sender.send_request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        replies.push(Reply { status: head.status, headers: head.headers, body });
    }
    replies
}

fn request(method: Method, uri: &str, body: Vec<u8>) -> Request<Full<bytes::Bytes>> {
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", WHO.0, WHO.1));
    let request = Request::builder().method(method).uri(uri);
    let request = request.header("authorization", format!("Basic {encoded}"));
    request.body(Full::new(body.into())).unwrap()
}

#[tokio::test]
async fn whoever_trusts_the_development_authority_gets_in_by_either_version() {
    let kit = Kit::start_with(|config| config.tls = TlsMode::Dev).await;
    for name in ["localhost", "127.0.0.1", "::1"] {
        let settings = trusting(&kit, b"http/1.1");
        let stream = encrypted(settings, kit.address(), name).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let host = kit.address().to_string();
        let challenge = Request::get("/v2/").header("host", &host);
        let challenge = challenge.body(Empty::<bytes::Bytes>::new()).unwrap();
        let reply = sender.send_request(challenge).await.unwrap();
        assert_eq!(reply.status(), 401);
        // People are sent on over the scheme that they came by.
        let expected = format!(r#"Bearer realm="https://{host}/oauth2/token",service="registry""#);
        assert_eq!(reply.headers()["www-authenticate"], expected);
    }
    let stream = encrypted(trusting(&kit, b"h2"), kit.address(), "localhost").await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let content = blob("encrypted", LARGE);
    let digest = Digest::sha256(&content);
    let base = format!("https://{}/v2/a/blobs", kit.address());
    let push = format!("{base}/uploads/?digest={digest}");
    let requests = [
        request(Method::POST, &push, content.clone()),
        request(Method::GET, &format!("{base}/{digest}"), Vec::new()),
        request(Method::HEAD, &format!("{base}/{digest}"), Vec::new()),
    ];
    let replies = by_http2(stream, requests).await;
    let statuses: Vec<_> = replies.iter().map(|reply| reply.status.as_u16()).collect();
    assert_eq!(statuses, [201, 200, 200]);
    assert!(replies[1].body == content);
    assert_eq!(replies[2].header("content-length"), LARGE.to_string());
}

#[tokio::test]
async fn the_development_authority_is_this_servers_own_and_stays_the_same() {
    let mut kit = Kit::start_with(|config| config.tls = TlsMode::Dev).await;
    let other = Kit::start_with(|config| config.tls = TlsMode::Dev).await;
    let settings = trusting(&kit, b"http/1.1");
    let foreign = encrypted(settings.clone(), other.address(), "localhost").await;
    assert!(foreign.unwrap_err().to_string().contains("certificate"));
    let named = encrypted(settings.clone(), kit.address(), "registry.example.com").await;
    assert!(named.unwrap_err().to_string().contains("certificate"));
    kit.restart().await;
    encrypted(settings, kit.address(), "localhost").await.unwrap();
    let key = std::fs::metadata(kit.directory().join("data/tls/ca.key")).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&key.permissions()) & 0o777, 0o600);
}

#[tokio::test]
async fn http2_is_spoken_without_encryption_too() {
    let kit = Kit::start().await;
    let stream = TcpStream::connect(kit.address()).await.unwrap();
    let content = blob("plain", 100_000);
    let digest = Digest::sha256(&content);
    let base = format!("http://{}/v2/a/blobs", kit.address());
    let push = format!("{base}/uploads/?digest={digest}");
    let requests = [
        request(Method::POST, &push, content.clone()),
        request(Method::GET, &format!("{base}/{digest}"), Vec::new()),
        request(Method::PATCH, &format!("{base}/uploads/unknown"), content.clone()),
    ];
    let replies = by_http2(stream, requests).await;
    let statuses: Vec<_> = replies.iter().map(|reply| reply.status.as_u16()).collect();
    assert_eq!(statuses, [201, 200, 404]);
    assert!(replies[1].body == content);
}

#[tokio::test]
async fn health_is_asked_for_without_credentials_and_past_the_network_rules() {
    let kit = Kit::start().await;
    kit.admin("registry", "update", serde_json::json!({ "publicNetworkEnabled": false })).await;
    kit.get("/v2/").by_owner().await.expect(403);
    for path in ["/healthz", "/readyz"] {
        for sending in [kit.get(path), kit.head(path)] {
            assert!(sending.send().await.expect(200).body.is_empty());
        }
    }
    assert_ne!(kit.post("/healthz").send().await.status, 200);
}

#[tokio::test]
async fn a_server_that_cannot_begin_content_is_not_ready_until_it_can_again() {
    let kit = Kit::start().await;
    let ready = async |status: u16| {
        assert!(kit.get("/readyz").send().await.expect(status).body.is_empty());
        kit.get("/healthz").send().await.expect(200);
    };
    let later = || kit.clock().advance(jiff::SignedDuration::from_secs(1));
    ready(200).await;
    for part in ["uploads", "blobs"] {
        let (there, away) = (kit.directory().join("data").join(part), kit.directory().join("away"));
        std::fs::rename(&there, &away).unwrap();
        ready(200).await;
        later();
        ready(503).await;
        std::fs::rename(&away, &there).unwrap();
        ready(503).await;
        later();
        ready(200).await;
        assert!(!there.join("probe").exists());
    }
}

/// Settings of a server in a directory, and what else it starts with.
pub(crate) fn settings(
    directory: &std::path::Path,
    drain: Duration,
) -> (Config, Ambient, OwnerPassword) {
    let config = Config {
        listen: vec![SocketAddr::from(([127, 0, 0, 1], 0)).into()],
        drain,
        ..Config::at(directory.join("data"), directory.join("naru.sock"))
    };
    let ambient =
        Ambient { clock: Arc::new(SetClock::default()), entropy: Arc::new(SystemEntropy) };
    (config, ambient, OwnerPassword::Given(Secret::new(OWNER_PASSWORD.to_owned())))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_lets_a_slow_upload_finish_and_takes_nobody_new() {
    let directory = tempfile::tempdir().unwrap();
    let (config, ambient, owner) = settings(directory.path(), Duration::from_secs(30));
    let server = Server::start(config, ambient, owner).await.unwrap();
    let address = server.listening()[0].address.tcp().unwrap();
    let content = blob("slow", LARGE);
    let digest = Digest::sha256(&content);
    let (mut slow, mut idle) = (Wire::open(address).await, Wire::open(address).await);
    idle.head("GET /v2/", &[]).await;
    idle.reply().await.expect(200);
    let length = LARGE.to_string();
    let line = format!("POST /v2/a/blobs/uploads/?digest={digest}");
    // Once it is told to go on, its request is running.
    slow.head(&line, &[("content-length", &length), ("expect", "100-continue")]).await;
    slow.reply().await.expect(100);
    slow.send(&content[..LARGE / 2]).await;
    let stopping = tokio::spawn(server.stop());
    // An idle connection ends at once, which also shows that the end has begun.
    idle.break_off().await;
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!stopping.is_finished());
    slow.send(&content[LARGE / 2..]).await;
    let created = slow.reply().await.expect(201);
    assert_eq!(created.header("docker-content-digest"), digest.to_string());
    stopping.await.unwrap();
    assert!(!directory.path().join("naru.sock").exists());
    let (config, ambient, owner) = settings(directory.path(), Duration::from_secs(30));
    let server = Server::start(config, ambient, owner).await.unwrap();
    let mut wire = Wire::open(server.listening()[0].address.tcp().unwrap()).await;
    wire.head(&format!("GET /v2/a/blobs/{digest}"), &[]).await;
    assert!(wire.reply().await.expect(200).body == content);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_does_not_wait_for_ever() {
    let directory = tempfile::tempdir().unwrap();
    let (config, ambient, owner) = settings(directory.path(), Duration::from_millis(50));
    let server = Server::start(config, ambient, owner).await.unwrap();
    let mut stuck = Wire::open(server.listening()[0].address.tcp().unwrap()).await;
    let headers = [("content-length", "8"), ("expect", "100-continue")];
    let digest = Digest::sha256(b"complete");
    stuck.head(&format!("POST /v2/a/blobs/uploads/?digest={digest}"), &headers).await;
    stuck.reply().await.expect(100);
    server.stop().await;
    // And the directory is free for the next.
    let (config, ambient, owner) = settings(directory.path(), Duration::ZERO);
    Server::start(config, ambient, owner).await.unwrap().stop().await;
}

#[tokio::test]
async fn a_second_server_on_the_same_directory_is_refused_and_harms_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let (config, ambient, owner) = settings(directory.path(), Duration::ZERO);
    let server = Server::start(config, ambient, owner).await.unwrap();
    let (config, ambient, owner) = settings(directory.path(), Duration::ZERO);
    let Err(refused) = Server::start(config, ambient, owner).await else {
        panic!("two servers on one directory");
    };
    assert!(matches!(refused, StartError::DataDir(_)), "{refused}");
    let message = refused.to_string();
    assert!(message.contains(&format!("(process {})", std::process::id())), "{message}");
    assert!(directory.path().join("naru.sock").exists());
    let mut wire = Wire::open(server.listening()[0].address.tcp().unwrap()).await;
    wire.head("GET /v2/", &[]).await;
    wire.reply().await.expect(200);
    server.stop().await;
}

#[tokio::test]
async fn a_restart_keeps_all_that_was_acknowledged_and_drops_what_was_in_progress() {
    let mut kit = Kit::start().await;
    let (image, large) = (image("kept"), blob("kept", LARGE));
    kit.push_image(WHO, "a", "v1", &image).await;
    kit.push_blob(WHO, "a", &large).await.expect(201);
    kit.push_blob(WHO, "a", b"deleted").await.expect(201);
    let deleted = format!("/v2/a/blobs/{}", Digest::sha256(b"deleted"));
    kit.delete(&deleted).by_owner().await.expect(202);
    let mut open = Vec::new();
    for content in [blob("small", 100), blob("large", LARGE)] {
        let location = begin(&kit, "a").await;
        kit.patch(&location).body(content.clone()).by_owner().await.expect(202);
        open.push((location, Digest::sha256(&content)));
    }
    assert_eq!(files(&kit, "uploads").len(), 1);
    kit.restart().await;
    assert!(files(&kit, "uploads").is_empty());
    let pulled = kit.get("/v2/a/manifests/v1").by_owner().await.expect(200);
    assert_eq!(pulled.body, image.manifest);
    for content in [&image.config, &image.layer, &large] {
        let target = format!("/v2/a/blobs/{}", Digest::sha256(content));
        assert!(kit.get(&target).by_owner().await.expect(200).body == *content);
    }
    kit.get(&deleted).by_owner().await.expect(404);
    for (location, digest) in open {
        for sending in [kit.get(&location), kit.put(&closing(&location, &digest))] {
            assert_eq!(sending.by_owner().await.expect(404).code(), "BLOB_UPLOAD_UNKNOWN");
        }
    }
}
