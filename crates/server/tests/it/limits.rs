//! Hostile clients: each takes what it may, and no more.

use std::time::Duration;

use naru_server::Limits;
use naru_testkit::Kit;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::v2::wire::Wire;
use crate::v2::{ByOwner as _, begin};

/// Short enough to be waited for.
const SHORT: Duration = Duration::from_millis(100);

async fn limited(change: impl FnOnce(&mut Limits)) -> Kit {
    Kit::start_with(|config| change(&mut config.limits)).await
}

/// Waits until the server ends a connection; what it sent until then.
async fn ended(mut stream: TcpStream) -> String {
    let mut said = Vec::new();
    // An end and a reset are the same to a client that is sent away.
    let _end = stream.read_to_end(&mut said).await;
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test]
async fn whoever_says_nothing_or_half_a_head_is_sent_away() {
    let kit = limited(|limits| limits.head_timeout = SHORT).await;
    for said in ["", "G", "GET /v2/ HTTP/1.1\r\nhost: ", "PRI * HTTP/2.0\r\n", H2_PREFACE] {
        let mut stream = TcpStream::connect(kit.address()).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        ended(stream).await;
    }
    kit.get("/v2/").by_owner().await.expect(200);
}

const H2_PREFACE: &str = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0";

#[tokio::test]
async fn a_connection_that_has_nothing_to_do_ends() {
    let kit = limited(|limits| limits.head_timeout = SHORT).await;
    let mut wire = Wire::open(kit.address()).await;
    for _ in 0..3 {
        wire.head("GET /v2/", &[]).await;
        wire.reply().await.expect(200);
    }
    assert!(wire.ended().await);
}

#[tokio::test]
async fn a_handshake_that_does_not_go_on_ends() {
    let kit = Kit::start_with(|config| {
        config.tls = naru_server::TlsMode::Dev;
        config.limits.head_timeout = SHORT;
    })
    .await;
    for said in [&b""[..], &[22, 3, 1, 0, 200, 1]] {
        let mut stream = TcpStream::connect(kit.address()).await.unwrap();
        stream.write_all(said).await.unwrap();
        ended(stream).await;
    }
}

#[tokio::test]
async fn a_body_that_stands_still_is_answered_and_its_upload_goes_on() {
    let kit = limited(|limits| limits.stall_timeout = SHORT).await;
    let location = begin(&kit, "a").await;
    let mut wire = Wire::open(kit.address()).await;
    wire.head(&format!("PATCH {location}"), &[("content-length", "10")]).await;
    wire.send(b"half").await;
    let refused = wire.reply().await.expect(408);
    assert_eq!(refused.code(), "REQUEST_INVALID");
    assert_eq!(kit.get(&location).by_owner().await.expect(204).header("range"), "0-3");
    for line in ["PUT /v2/a/manifests/v1", "POST /oauth2/token", "PATCH /acr/v1/a"] {
        let mut wire = Wire::open(kit.address()).await;
        let json = ("content-type", "application/vnd.oci.image.manifest.v1+json");
        wire.head(line, &[("content-length", "10"), json]).await;
        wire.send(b"{").await;
        let status = wire.reply().await.status.as_u16();
        assert!(matches!(status, 408 | 404), "{line}: {status}");
    }
}

#[tokio::test]
async fn an_answer_that_nobody_reads_is_given_up() {
    // More than the system keeps for a client that does not read.
    let content = naru_testkit::blob("unread", 32 << 20);
    let kit = limited(|limits| {
        (limits.connections, limits.stall_timeout) = (1, SHORT);
    })
    .await;
    kit.push_blob(crate::v2::WHO, "a", &content).await.expect(201);
    let digest = naru_oci::Digest::sha256(&content);
    let mut unread = Wire::open(kit.address()).await;
    unread.head(&format!("GET /v2/a/blobs/{digest}"), &[]).await;
    // It has the only place, so this is answered once that one is given up.
    kit.get("/v2/").by_owner().await.expect(200);
    drop(unread);
}

#[tokio::test]
async fn more_connections_than_there_may_be_wait_for_one_to_end() {
    let kit = limited(|limits| limits.connections = 2).await;
    let (mut one, two) = (Wire::open(kit.address()).await, Wire::open(kit.address()).await);
    one.head("GET /v2/", &[]).await;
    one.reply().await.expect(200);
    let mut third = Wire::open(kit.address()).await;
    third.head("GET /v2/", &[]).await;
    one.head("GET /v2/", &[]).await;
    one.reply().await.expect(200);
    two.break_off().await;
    third.reply().await.expect(200);
}

#[tokio::test]
async fn one_address_has_only_so_many_and_a_proxy_that_is_trusted_any() {
    let kit = limited(|limits| limits.connections_per_address = 1).await;
    let mut one = Wire::open(kit.address()).await;
    one.head("GET /v2/", &[]).await;
    one.reply().await.expect(200);
    assert_eq!(ended(TcpStream::connect(kit.address()).await.unwrap()).await, "");
    one.head("GET /v2/", &[]).await;
    one.reply().await.expect(200);
    one.break_off().await;
    let trusting = Kit::start_with(|config| {
        config.limits.connections_per_address = 1;
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut wire = Wire::open(trusting.address()).await;
        wire.head("GET /v2/", &[]).await;
        wire.reply().await.expect(200);
        open.push(wire);
    }
}

#[tokio::test]
async fn sizes_are_what_was_set() {
    let kit = limited(|limits| {
        (limits.blob_bytes, limits.manifest_bytes, limits.head_bytes) = (1000, 500, 2000);
    })
    .await;
    kit.push_blob(crate::v2::WHO, "a", &[1; 1000]).await.expect(201);
    let refused = kit.push_blob(crate::v2::WHO, "a", &[1; 1001]).await.expect(413);
    assert_eq!(refused.code(), "SIZE_INVALID");
    assert!(refused.text().contains("at most 1000 bytes"), "{}", refused.text());
    let manifest = kit.put("/v2/a/manifests/v1").body(vec![b' '; 501]).by_owner().await;
    assert!(manifest.expect(413).text().contains("at most 500 bytes"));
    kit.get("/v2/").header("x-long", &"a".repeat(1500)).by_owner().await.expect(200);
    kit.get("/v2/").header("x-long", &"a".repeat(2500)).by_owner().await.expect(431);
}

#[tokio::test]
async fn only_so_many_uploads_are_open() {
    let kit = limited(|limits| limits.uploads = 2).await;
    let (one, _two) = (begin(&kit, "a").await, begin(&kit, "a").await);
    let refused = kit.post("/v2/a/blobs/uploads/").by_owner().await.expect(503);
    assert!(refused.text().contains("unavailable") || refused.code() == "UNAVAILABLE");
    kit.delete(&one).by_owner().await.expect(204);
    begin(&kit, "a").await;
}
