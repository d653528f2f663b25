//! Deleting manifests and tags.

use naru_oci::Digest;
use naru_testkit::{Kit, image};
use serde_json::json;

use crate::v2::{ByOwner as _, IMAGE, WHO, put_bytes};

#[tokio::test]
async fn a_tag_goes_alone() {
    let kit = Kit::start().await;
    let image = image("untagged");
    kit.push_image(WHO, "a", "v1", &image).await;
    put_bytes(&kit, "a/manifests/v2", IMAGE, image.manifest.clone()).await.expect(201);
    let deleted = kit.delete("/v2/a/manifests/v1").by_owner().await.expect(202);
    assert_eq!(deleted.header("content-length"), "0");
    kit.get("/v2/a/manifests/v1").by_owner().await.expect(404);
    kit.get("/v2/a/manifests/v2").by_owner().await.expect(200);
    kit.get(&format!("/v2/a/manifests/{}", image.digest())).by_owner().await.expect(200);
    let again = kit.delete("/v2/a/manifests/v1").by_owner().await.expect(404);
    assert_eq!(again.code(), "MANIFEST_UNKNOWN");
}

#[tokio::test]
async fn a_manifest_goes_with_its_tags() {
    let kit = Kit::start().await;
    let image = image("deleted");
    kit.push_image(WHO, "a", "v1", &image).await;
    put_bytes(&kit, "a/manifests/v2", IMAGE, image.manifest.clone()).await.expect(201);
    let target = format!("/v2/a/manifests/{}", image.digest());
    kit.delete(&target).by_owner().await.expect(202);
    for gone in [&*target, "/v2/a/manifests/v1", "/v2/a/manifests/v2"] {
        kit.get(gone).by_owner().await.expect(404);
    }
    let tags = kit.get("/v2/a/tags/list").by_owner().await.expect(200).json();
    assert_eq!(tags["tags"], json!([]));
    kit.delete(&target).by_owner().await.expect(404);
    // Its blobs are there for whoever pushes it again.
    let layer = Digest::sha256(&image.layer);
    kit.head(&format!("/v2/a/blobs/{layer}")).by_owner().await.expect(200);
    put_bytes(&kit, "a/manifests/v1", IMAGE, image.manifest).await.expect(201);
}

#[tokio::test]
async fn nothing_is_deleted_where_nothing_is() {
    let kit = Kit::start().await;
    let missing = kit.delete("/v2/a/manifests/v1").by_owner().await.expect(404);
    assert_eq!(missing.code(), "NAME_UNKNOWN");
    let target = format!("/v2/a/manifests/{}", Digest::sha256(b"nothing"));
    kit.delete(&target).by_owner().await.expect(404);
    let events = kit.export("repository").await;
    assert_eq!(events.len(), 2);
    for (event, tag) in events.iter().zip([json!("v1"), json!(null)]) {
        assert_eq!(event["Reason"], "name-repository-unknown");
        assert_eq!((&event["ResultDescription"], &event["Tag"]), (&json!("404"), &tag));
    }
}

#[tokio::test]
async fn deletions_are_events() {
    let kit = Kit::start().await;
    let image = image("events");
    kit.push_image(WHO, "a", "v1", &image).await;
    let untagged = kit.delete("/v2/a/manifests/v1").by_owner().await.expect(202);
    let target = format!("/v2/a/manifests/{}", image.digest());
    let deleted = kit.delete(&target).by_owner().await.expect(202);
    let events = kit.admin("events", "repository", json!({})).await;
    let digest = image.digest().to_string();
    for (event, reply, operation, field, value) in [
        (&events[0], deleted, "Delete", "Digest", &*digest),
        (&events[1], untagged, "Untag", "Tag", "v1"),
    ] {
        assert_eq!(event["OperationName"], operation);
        assert_eq!(event["CorrelationId"], reply.correlation_id());
        assert_eq!(event["Repository"], "a");
        assert_eq!(event["Identity"], "owner");
        assert_eq!(event["ResultDescription"], "202");
        assert_eq!(event[field], value);
    }
}
