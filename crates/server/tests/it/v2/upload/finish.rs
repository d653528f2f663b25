//! Closing uploads.

use naru_oci::{Algorithm, Digest};
use naru_testkit::{Kit, blob};

use super::{patch, received};
use crate::v2::{ByOwner as _, LARGE, begin, closing, files};

#[tokio::test]
async fn a_blob_comes_with_the_closing_request() {
    let kit = Kit::start().await;
    for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
        for size in [0, 1, LARGE] {
            let (location, content) = (begin(&kit, "a").await, blob("closing", size));
            let digest = Digest::of(algorithm, &content);
            let put = kit.put(&closing(&location, &digest)).body(content.clone());
            let created = put.by_owner().await.expect(201);
            assert_eq!(created.header("docker-content-digest"), digest.to_string());
            assert_eq!(created.header("location"), format!("/v2/a/blobs/{digest}"));
            assert_eq!(created.header("content-length"), "0");
            let pulled = kit.get(created.header("location")).by_owner().await.expect(200);
            assert!(pulled.body == content, "{digest}");
            kit.get(&location).by_owner().await.expect(404);
        }
    }
    assert!(files(&kit, "uploads").is_empty());
}

#[tokio::test]
async fn the_last_chunk_comes_with_the_closing_request() {
    let kit = Kit::start().await;
    let content = blob("last chunk", 100_000);
    let digest = Digest::sha256(&content);
    let location = begin(&kit, "a").await;
    patch(&kit, &location, Some((0, 59_999)), &content[..60_000]).await.expect(202);
    let put = |range: &str| {
        let put = kit.put(&closing(&location, &digest)).header("content-range", range);
        put.body(content[60_000..].to_vec())
    };
    // Out of order, it is told where to go on, and the upload lives.
    let refused = put("60001-100000").by_owner().await.expect(416);
    assert_eq!(refused.header("range"), "0-59999");
    assert_eq!(refused.header("location"), location);
    assert_eq!(received(&kit, &location).await, 60_000);
    put("60000-99999").by_owner().await.expect(201);
    let pulled = kit.get(&format!("/v2/a/blobs/{digest}")).by_owner().await.expect(200);
    assert!(pulled.body == content);
}

#[tokio::test]
async fn a_wrong_digest_links_nothing() {
    let kit = Kit::start().await;
    for size in [10, LARGE] {
        let (location, content) = (begin(&kit, "a").await, blob("wrong", size));
        let (right, wrong) = (Digest::sha256(&content), Digest::sha256(b"something else"));
        patch(&kit, &location, None, &content).await.expect(202);
        for wrong in [wrong, Digest::of(Algorithm::Sha512, b"something else")] {
            let refused = kit.put(&closing(&location, &wrong)).by_owner().await.expect(400);
            assert_eq!(refused.code(), "DIGEST_INVALID");
            kit.get(&format!("/v2/a/blobs/{wrong}")).by_owner().await.expect(404);
        }
        kit.get(&format!("/v2/a/blobs/{right}")).by_owner().await.expect(404);
        for bad in [location.clone(), format!("{location}?digest=sha256:baddigeststring")] {
            let refused = kit.put(&bad).by_owner().await.expect(400);
            assert_eq!(refused.code(), "DIGEST_INVALID");
        }
        // Nothing was lost: the right one closes it.
        kit.put(&closing(&location, &right)).by_owner().await.expect(201);
    }
}

#[tokio::test]
async fn a_digest_of_another_algorithm_than_announced_is_taken() {
    let kit = Kit::start().await;
    for size in [10, LARGE] {
        let content = blob("announced", size);
        let post = kit.post("/v2/a/blobs/uploads/?digest-algorithm=sha512");
        let location = post.by_owner().await.expect(202).header("location").to_owned();
        patch(&kit, &location, None, &content).await.expect(202);
        let digest = Digest::sha256(&content);
        kit.put(&closing(&location, &digest)).by_owner().await.expect(201);
        let pulled = kit.get(&format!("/v2/a/blobs/{digest}")).by_owner().await.expect(200);
        assert!(pulled.body == content);
    }
    let refused = kit.post("/v2/a/blobs/uploads/?digest-algorithm=md5").by_owner().await;
    refused.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clients_with_the_same_blob_leave_it_once() {
    let kit = Kit::start().await;
    let content = blob("twice", LARGE);
    let digest = Digest::sha256(&content);
    let push = async |repository: &str| {
        let location = begin(&kit, repository).await;
        patch(&kit, &location, None, &content).await.expect(202);
        kit.put(&closing(&location, &digest)).by_owner().await.expect(201);
    };
    tokio::join!(push("a"), push("a"), push("b"), push("c"));
    assert_eq!(files(&kit, "blobs").len(), 1);
    assert!(files(&kit, "uploads").is_empty());
    for repository in ["a", "b", "c"] {
        let target = format!("/v2/{repository}/blobs/{digest}");
        let pulled = kit.get(&target).by_owner().await.expect(200);
        assert!(pulled.body == content);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_upload_is_closed_once() {
    let kit = Kit::start().await;
    let (location, content) = (begin(&kit, "a").await, blob("once", LARGE));
    patch(&kit, &location, None, &content).await.expect(202);
    let target = closing(&location, &Digest::sha256(&content));
    let close = || kit.put(&target).by_owner();
    let (first, second) = tokio::join!(close(), close());
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 404]);
}
