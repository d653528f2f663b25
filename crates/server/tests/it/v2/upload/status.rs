//! How far an upload is, and who may ask.

use naru_oci::Digest;
use naru_testkit::{Kit, blob};

use super::patch;
use crate::v2::{ByOwner as _, begin, closing, somebody};

#[tokio::test]
async fn the_status_says_where_to_go_on() {
    let kit = Kit::start().await;
    let location = begin(&kit, "a").await;
    let mut size = 0;
    for (chunk, range) in [(0, "0-0"), (1, "0-0"), (99, "0-99"), (100_000, "0-100099")] {
        patch(&kit, &location, None, &blob("status", chunk)).await.expect(202);
        size += chunk;
        for sending in [kit.get(&location), kit.head(&location)] {
            let status = sending.by_owner().await.expect(204);
            assert_eq!(status.header("range"), range, "{size}");
            assert_eq!(status.header("location"), location);
            assert!(location.ends_with(status.header("docker-upload-uuid")));
        }
    }
}

#[tokio::test]
async fn an_upload_is_unknown_to_others_and_elsewhere() {
    let kit = Kit::start().await;
    kit.create_registry("another").await;
    let location = begin(&kit, "a").await;
    patch(&kit, &location, None, b"content").await.expect(202);
    let digest = Digest::sha256(b"content");
    let (name, password) = somebody(&kit, "pusher", "AcrPush").await;
    let elsewhere = location.replace("/v2/a/", "/v2/b/");
    let altered = location.replacen("/uploads/", "/uploads/A", 1);
    let owner = crate::v2::WHO;
    for (who, location) in [
        ((name.as_str(), password.as_str()), location.as_str()),
        (owner, elsewhere.as_str()),
        (owner, altered.as_str()),
        (owner, "/v2/a/blobs/uploads/no-such-upload"),
    ] {
        for sending in [
            kit.get(location),
            kit.head(location),
            kit.patch(location).body("more"),
            kit.put(&closing(location, &digest)),
            kit.delete(location),
        ] {
            let reply = sending.basic(who.0, who.1).send().await.expect(404);
            if !reply.body.is_empty() {
                assert_eq!(reply.code(), "BLOB_UPLOAD_UNKNOWN");
            }
        }
    }
    // It was not touched.
    kit.put(&closing(&location, &digest)).by_owner().await.expect(201);
    kit.get(&location).by_owner().await.expect(404);
}
