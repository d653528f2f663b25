//! A refused upload, as the client sees it that is in the middle of sending.

use naru_testkit::{Kit, Reply, blob};

use super::received;
use crate::v2::wire::Wire;
use crate::v2::{ByOwner as _, LARGE, begin, closing, somebody};

const PATH: &str = "/v2/a/blobs/uploads/?digest=sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn denied(reply: Reply) {
    let reply = reply.expect(403);
    assert_eq!(reply.code(), "DENIED");
    assert!(reply.message().contains("reader may not push to a"), "{}", reply.message());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_all_at_once_reads_why_it_was_refused() {
    let kit = Kit::start().await;
    let (name, password) = somebody(&kit, "reader", "AcrPull").await;
    let content = blob("refused", 2 * LARGE);
    let length = content.len().to_string();
    for headers in [("content-length", length.as_str()), ("transfer-encoding", "chunked")] {
        let mut wire = Wire::open(kit.address()).await;
        wire.head_of((&name, &password), &format!("POST {PATH}"), &[headers]).await;
        wire.body(headers.0, &content).await;
        denied(wire.reply().await);
        // All was read, so the connection goes on.
        wire.head("GET /v2/", &[]).await;
        wire.reply().await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_far_beyond_the_limit_is_refused_in_words_too() {
    let kit = Kit::start().await;
    let content = blob("far too large", 12 << 20);
    let length = content.len().to_string();
    for headers in [("content-length", length.as_str()), ("transfer-encoding", "chunked")] {
        let mut wire = Wire::open(kit.address()).await;
        wire.head("PUT /v2/a/manifests/v1", &[headers]).await;
        wire.body(headers.0, &content).await;
        assert_eq!(wire.reply().await.expect(413).code(), "SIZE_INVALID");
        wire.head("GET /v2/", &[]).await;
        wire.reply().await.expect(200);
    }
}

#[tokio::test]
async fn a_client_that_asks_before_it_sends_is_refused_without_sending() {
    let kit = Kit::start().await;
    let (name, password) = somebody(&kit, "reader", "AcrPull").await;
    let mut wire = Wire::open(kit.address()).await;
    let headers = [("content-length", "6000000"), ("expect", "100-continue")];
    wire.head_of((&name, &password), &format!("POST {PATH}"), &headers).await;
    denied(wire.reply().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_that_is_refused_is_read_before_the_connection_goes_on() {
    let kit = Kit::start().await;
    let (location, content) = (begin(&kit, "a").await, blob("late", LARGE));
    let digest = naru_oci::Digest::sha256(&content);
    let length = LARGE.to_string();
    let range = format!("10-{}", LARGE + 9);
    for (line, range, status) in [
        (format!("PATCH {location}"), Some(range.as_str()), 416),
        (format!("PUT {}", closing(&location, &digest)), Some(range.as_str()), 416),
        (format!("PATCH {location}"), Some("0-3"), 400),
        (format!("PUT {location}"), None, 400),
        ("PATCH /v2/a/blobs/uploads/unknown".to_owned(), None, 404),
    ] {
        let mut wire = Wire::open(kit.address()).await;
        let mut headers = vec![("content-length", length.as_str())];
        headers.extend(range.map(|range| ("content-range", range)));
        wire.head(&line, &headers).await;
        wire.send(&content).await;
        wire.reply().await.expect(status);
        wire.head("GET /v2/", &[]).await;
        wire.reply().await.expect(200);
        assert_eq!(received(&kit, &location).await, 0, "{line}");
    }
    kit.put(&closing(&location, &digest)).body(content).by_owner().await.expect(201);
}
