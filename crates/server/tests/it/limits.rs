//! Hostile clients: each takes what it may, and no more.

use std::time::Duration;

use naru_server::Limits;
use naru_testkit::Kit;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::v2::wire::{Wire, basic};
use crate::v2::{ByOwner as _, WHO, begin};

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

/// It is waited for as long as for one that stands still, however often a byte of it comes.
#[tokio::test]
async fn a_body_that_trickles_stands_still() {
    let kit = limited(|limits| {
        (limits.stall_timeout, limits.stall_bytes) = (SHORT, 1 << 10);
    })
    .await;
    let location = begin(&kit, "a").await;
    for (line, header) in [
        (format!("PATCH {location}"), ("content-length", "100000")),
        (format!("PATCH {location}"), ("transfer-encoding", "chunked")),
        ("PUT /v2/a/manifests/v1".to_owned(), ("content-length", "100000")),
        ("POST /oauth2/token".to_owned(), ("content-length", "60000")),
    ] {
        let (mut from, mut to) = TcpStream::connect(kit.address()).await.unwrap().into_split();
        let (name, value) = header;
        let fields = format!("host: localhost\r\nauthorization: {}\r\n{name}: {value}", basic(WHO));
        to.write_all(format!("{line} HTTP/1.1\r\n{fields}\r\n\r\n").as_bytes()).await.unwrap();
        let byte: &[u8] = if name == "content-length" { b"x" } else { b"1\r\nx\r\n" };
        let trickling = tokio::spawn(async move {
            let mut every = tokio::time::interval(SHORT / 20);
            while to.write_all(byte).await.is_ok() {
                every.tick().await;
            }
        });
        let mut said = [0; 12];
        from.read_exact(&mut said).await.unwrap();
        assert_eq!(&said, b"HTTP/1.1 408", "{line} {header:?}");
        trickling.abort();
    }
}

/// One that is slow and comes is another matter: each time enough of it, for far longer in all.
#[tokio::test]
async fn a_body_that_comes_slowly_comes() {
    let kit = limited(|limits| {
        (limits.stall_timeout, limits.stall_bytes) = (SHORT * 10, 1 << 10);
    })
    .await;
    let some = vec![1; 2 << 10];
    let digest = naru_oci::Digest::sha256(&some.repeat(20));
    let mut wire = Wire::open(kit.address()).await;
    let length = (some.len() * 20).to_string();
    let line = format!("POST /v2/a/blobs/uploads/?digest={digest}");
    wire.head(&line, &[("content-length", &length)]).await;
    let mut every = tokio::time::interval(SHORT);
    for _ in 0..20 {
        every.tick().await;
        wire.send(&some).await;
    }
    wire.reply().await.expect(201);
}

/// A client that asks for much, and takes so many bytes of it at a time, until it is sent away.
async fn reads_only(kit: &Kit, bytes: usize) {
    // More than the system keeps for a client that does not read.
    let content = naru_testkit::blob("unread", 8 << 20);
    kit.push_blob(WHO, "a", &content).await.expect(201);
    let digest = naru_oci::Digest::sha256(&content);
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 << 10).unwrap();
    let mut stream = socket.connect(kit.address()).await.unwrap();
    let head = format!("GET /v2/a/blobs/{digest} HTTP/1.1\r\nhost: localhost\r\n");
    let head = format!("{head}authorization: {}\r\n\r\n", basic(WHO));
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut every = tokio::time::interval(SHORT / 20);
    let mut taken = vec![0; bytes];
    // What is sent to somebody who has closed is answered with a reset.
    while stream.write_all(b"x").await.is_ok() {
        if bytes > 0 && !matches!(stream.read(&mut taken).await, Ok(1..)) {
            break;
        }
        every.tick().await;
    }
}

#[tokio::test]
async fn an_answer_that_nobody_reads_is_given_up() {
    let kit = limited(|limits| limits.stall_timeout = SHORT).await;
    reads_only(&kit, 0).await;
    kit.get("/v2/").by_owner().await.expect(200);
}

#[tokio::test]
async fn an_answer_that_is_read_by_the_byte_is_given_up() {
    let kit = limited(|limits| limits.stall_timeout = SHORT).await;
    reads_only(&kit, 1).await;
    kit.get("/v2/").by_owner().await.expect(200);
}

/// Opens a connection from another address of this machine.
async fn open_from(kit: &Kit, address: [u8; 4]) -> Wire {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((std::net::Ipv4Addr::from(address), 0).into()).unwrap();
    Wire::of(socket.connect(kit.address()).await.unwrap())
}

#[tokio::test]
async fn more_connections_than_there_may_be_wait_for_one_to_end() {
    let kit = limited(|limits| limits.connections = 2).await;
    let (one, two) = (begin(&kit, "a").await, begin(&kit, "a").await);
    let mut at_work = Vec::new();
    for location in [one, two] {
        let mut wire = Wire::open(kit.address()).await;
        wire.head(&format!("PATCH {location}"), &[("content-length", "8")]).await;
        wire.send(b"half").await;
        at_work.push(wire);
    }
    let mut third = Wire::open(kit.address()).await;
    third.head("GET /v2/", &[]).await;
    for wire in &mut at_work {
        wire.send(b"half").await;
        wire.reply().await.expect(202);
    }
    third.reply().await.expect(200);
}

#[tokio::test]
async fn idle_connections_give_their_places_to_whoever_asks() {
    let kit = limited(|limits| limits.connections = 4).await;
    let mut idle = Vec::new();
    for said in ["", "GET /v2/ HTTP/1.1\r\nhost: ", "PRI * HTTP/2.0\r\n", "GET /v2/"] {
        let mut wire = Wire::open(kit.address()).await;
        match said {
            "GET /v2/" => {
                wire.head("GET /v2/", &[]).await;
                wire.reply().await.expect(200);
            }
            said => wire.send(said.as_bytes()).await,
        }
        idle.push(wire);
    }
    // None of them ends by itself for half a minute.
    let mut others = Vec::new();
    for last in 2..6 {
        let mut other = open_from(&kit, [127, 0, 0, last]).await;
        other.head("GET /v2/", &[]).await;
        other.reply().await.expect(200);
        others.push(other);
    }
    for wire in idle {
        assert!(wire.ended().await);
    }
    // Each of those has one, and nobody gives way to whoever would have more.
    others[0].head("GET /v2/", &[]).await;
    others[0].reply().await.expect(200);
}

#[tokio::test]
async fn who_stands_still_gives_his_place_to_whoever_asks() {
    // Long enough that none of them is answered before.
    let kit = limited(|limits| {
        (limits.connections, limits.stall_timeout) = (3, Duration::from_secs(12));
    })
    .await;
    let mut still = Vec::new();
    for _ in 0..3 {
        let mut wire = Wire::open(kit.address()).await;
        wire.head("PUT /v2/a/manifests/v1", &[("content-length", "100")]).await;
        wire.send(b"half").await;
        still.push(wire);
    }
    let mut other = open_from(&kit, [127, 0, 0, 2]).await;
    other.head("GET /v2/", &[]).await;
    other.reply().await.expect(200);
    let mut ended: tokio::task::JoinSet<_> = still.into_iter().map(Wire::ended).collect();
    assert!(ended.join_next().await.unwrap().unwrap(), "it is not told, as it would be by then");
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
    kit.push_blob(WHO, "a", &[1; 1000]).await.expect(201);
    let refused = kit.push_blob(WHO, "a", &[1; 1001]).await.expect(413);
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
