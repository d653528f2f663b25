//! Requests that two readers take for different ones: whatever stands in front of Naru, nothing
//! that it forwarded as a body is ever read as a request.

use super::{Victim, head, untag};

/// A manifest is put with this body, in which another request hides.
const PUT: &str = "PUT /v2/a/manifests/v2 HTTP/1.1";

#[tokio::test]
async fn lengths_that_contradict_each_other_or_are_none_are_refused() {
    let victim = Victim::new().await;
    let hidden = untag();
    for fields in [
        "content-length: 0\r\ncontent-length: 5\r\n",
        "content-length: 5\r\ncontent-length: 0\r\n",
        "content-length: 0, 5\r\n",
        "content-length: 5, 5\r\n",
        "content-length: +0\r\n",
        "content-length: -1\r\n",
        "content-length: 0x0\r\n",
        "content-length: 0 0\r\n",
        "content-length: 0_0\r\n",
        "content-length: \r\n",
        "content-length: 18446744073709551616\r\n",
        "content-length: 99999999999999999999999999\r\n",
        "content-length : 0\r\n",
        "content-length\t: 0\r\n",
        " content-length: 0\r\n",
        "content-length: \x0b0\r\n",
        "content-length:\r\n 0\r\n",
    ] {
        let answered = victim.send(head(PUT, fields) + &hidden).await;
        assert_eq!(answered, [400], "{fields:?}");
    }
    victim.is_unharmed().await;
}

#[tokio::test]
async fn a_transfer_coding_that_is_not_exactly_chunked_is_refused() {
    let victim = Victim::new().await;
    let hidden = format!("0\r\n\r\n{}", untag());
    for fields in [
        "transfer-encoding: xchunked\r\n",
        "transfer-encoding: chunkedx\r\n",
        "transfer-encoding: \"chunked\"\r\n",
        "transfer-encoding: identity\r\n",
        "transfer-encoding: gzip\r\n",
        "transfer-encoding: gzip, chunked\r\n",
        "transfer-encoding: chunked, chunked\r\n",
        "transfer-encoding: chunked, identity\r\n",
        "transfer-encoding: identity, chunked\r\n",
        "transfer-encoding: identity\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n",
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked;q=1\r\n",
        "transfer-encoding: ,chunked\r\n",
        "transfer-encoding: \x0bchunked\r\n",
        "transfer-encoding:\x0cchunked\r\n",
        "transfer-encoding:\r\n chunked\r\n",
        "transfer-encoding : chunked\r\n",
        " transfer-encoding: chunked\r\n",
        "x: y\r\n transfer-encoding: chunked\r\n",
        "transfer-encoding: \r\n",
        "transfer\u{2010}encoding: chunked\r\n",
    ] {
        let answered = victim.send(head(PUT, fields) + &hidden).await;
        let first = answered.first().copied();
        assert!(matches!(first, Some(400 | 501)), "{fields:?}: {answered:?}");
        // What came after it is either its body, and was none, or nobody's.
        assert!(!answered.contains(&202), "{fields:?}: {answered:?}");
    }
    victim.is_unharmed().await;
}

#[tokio::test]
async fn chunks_before_http_1_1_are_refused() {
    let victim = Victim::new().await;
    let line = PUT.replace("1.1", "1.0");
    let answered = victim.send(head(&line, "transfer-encoding: chunked\r\n") + &untag()).await;
    assert_eq!(answered, [400]);
    victim.is_unharmed().await;
}

/// RFC 9112 §6.3: the coding overrides the length, and the connection ends with the answer, so
/// that nothing which a proxy counted into another message is ever read.
#[tokio::test]
async fn a_length_beside_chunks_ends_the_connection_with_its_answer() {
    let victim = Victim::new().await;
    let hidden = untag();
    let body = format!("0\r\n\r\n{hidden}");
    for fields in [
        format!("content-length: {}\r\ntransfer-encoding: chunked\r\n", body.len()),
        format!("transfer-encoding: chunked\r\ncontent-length: {}\r\n", body.len()),
        "content-length: 5\r\ntransfer-encoding: chunked\r\n".to_owned(),
        "transfer-encoding: chunked\r\ncontent-length: nonsense\r\n".to_owned(),
        "transfer-encoding: chunked\r\ncontent-length: 1\r\ncontent-length: 2\r\n".to_owned(),
        "connection: keep-alive\r\ncontent-length: 5\r\ntransfer-encoding: CHUNKED\r\n".to_owned(),
    ] {
        let answered = victim.send(head(PUT, &fields) + &body).await;
        assert_eq!(answered, [400], "{fields:?}: an empty manifest, and an end");
    }
    victim.is_unharmed().await;
}

#[tokio::test]
async fn chunks_that_are_none_are_refused_and_end_the_connection() {
    let victim = Victim::new().await;
    let (hidden, manifest) = (untag(), String::from_utf8(victim.image.manifest.clone()).unwrap());
    let size = format!("{:x}", manifest.len());
    let put = head(PUT, "transfer-encoding: chunked\r\n");
    for body in [
        format!("-{size}\r\n{manifest}\r\n0\r\n\r\n"),
        format!("+{size}\r\n{manifest}\r\n0\r\n\r\n"),
        format!("0x{size}\r\n{manifest}\r\n0\r\n\r\n"),
        format!("{size}g\r\n{manifest}\r\n0\r\n\r\n"),
        format!("fffffffffffffff{size}\r\n{manifest}\r\n0\r\n\r\n"),
        format!("10000000000000000\r\n{manifest}\r\n0\r\n\r\n"),
        format!("{size}\n{manifest}\r\n0\r\n\r\n"),
        format!("{size}\r{manifest}\r\n0\r\n\r\n"),
        format!("{size}\r\n{manifest}0\r\n\r\n"),
        format!("{size}\r\n{manifest}\n0\r\n\r\n"),
        format!("{size};a=\n{manifest}\r\n0\r\n\r\n"),
        format!("\r\n{size}\r\n{manifest}\r\n0\r\n\r\n"),
        format!("{size};{}\r\n{manifest}\r\n0\r\n\r\n", "x".repeat(17 << 10)),
        format!("{size}\r\n{manifest}\r\n0\r\nx: {}\r\n\r\n", "y".repeat(80 << 10)),
        format!("{size}\r\n{manifest}\r\n0\r\n{}\r\n", "x: y\r\n".repeat(2000)),
        format!("{size}\r\n{manifest}\r\n0\r\nno field\r\n\r\n"),
    ] {
        let answered = victim.send(format!("{put}{body}{hidden}")).await;
        let shown: String = body.chars().take(20).collect();
        assert_eq!(answered, [400], "{shown:?}");
    }
    victim.is_unharmed().await;
}

#[tokio::test]
async fn what_chunks_may_carry_changes_nothing_of_the_request() {
    let victim = Victim::new().await;
    let manifest = String::from_utf8(victim.image.manifest.clone()).unwrap();
    let put = head(
        "PUT /v2/a/manifests/v1 HTTP/1.1",
        "transfer-encoding: chunked\r\ntrailer: authorization\r\n\
         content-type: application/vnd.oci.image.manifest.v1+json\r\n",
    );
    let trailers = "authorization: Basic Og==\r\ncontent-length: 3\r\nhost: other\r\n";
    let body = format!("{:x};a=\"b\"\r\n{manifest}\r\n000\r\n{trailers}\r\n", manifest.len());
    assert_eq!(victim.send(put + &body).await, [201, 200]);
    let tags = victim.kit.get("/v2/a/tags/list");
    assert_eq!(crate::v2::ByOwner::by_owner(tags).await.json(), victim.before.tags);
}

/// A body that no handler wants is never read as the next request.
#[tokio::test]
async fn the_body_of_a_request_that_has_none_is_no_request() {
    let victim = Victim::new().await;
    let hidden = untag();
    let length = format!("content-length: {}\r\n", hidden.len());
    let chunked = format!("{:x}\r\n{hidden}\r\n0\r\n\r\n", hidden.len());
    for line in [
        "GET /healthz HTTP/1.1",
        "GET /v2/ HTTP/1.1",
        "HEAD /v2/a/manifests/v1 HTTP/1.1",
        "GET /v2/a/manifests/v1 HTTP/1.1",
        "GET /v2/none/manifests/v1 HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "DELETE /v2/a/manifests/none HTTP/1.1",
        "TRACE /v2/ HTTP/1.1",
        "PATCH /v2/a/blobs/uploads/none HTTP/1.1",
    ] {
        let with_length = victim.send(head(line, &length) + &hidden).await;
        let fields = "transfer-encoding: chunked\r\n";
        let in_chunks = victim.send(head(line, fields) + &chunked).await;
        for answered in [with_length, in_chunks] {
            assert!(matches!(answered.len(), 1 | 2), "{line}: {answered:?}");
            assert!(!answered.contains(&202), "{line}: {answered:?}");
        }
    }
    victim.is_unharmed().await;
}

#[tokio::test]
async fn an_upgrade_is_not_taken() {
    let victim = Victim::new().await;
    for fields in [
        "connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n",
        "connection: upgrade\r\nupgrade: websocket\r\n",
        "connection: upgrade\r\nupgrade: tls/1.3\r\n",
    ] {
        let answered = victim.send(head("GET /v2/ HTTP/1.1", fields)).await;
        assert_eq!(answered, [200, 200], "{fields:?}");
    }
    victim.is_unharmed().await;
}
