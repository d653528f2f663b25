//! Reading manifests.

use naru_oci::Digest;
use naru_testkit::{Kit, image};

use crate::v2::{ByOwner as _, IMAGE, WHO};

#[tokio::test]
async fn a_manifest_comes_with_what_its_clients_check() {
    let kit = Kit::start().await;
    let image = image("read");
    kit.push_image(WHO, "a", "v1", &image).await;
    let digest = image.digest().to_string();
    for (reference, cache) in
        [("v1", "private, no-cache"), (&*digest, "private, max-age=31536000, immutable")]
    {
        let target = format!("/v2/a/manifests/{reference}");
        let pulled = kit.get(&target).by_owner().await.expect(200);
        assert_eq!(pulled.body, image.manifest);
        assert_eq!(pulled.header("content-type"), IMAGE);
        assert_eq!(pulled.header("content-length"), image.manifest.len().to_string());
        assert_eq!(pulled.header("docker-content-digest"), digest);
        assert_eq!(pulled.header("etag"), format!("\"{digest}\""));
        assert_eq!(pulled.header("cache-control"), cache);
    }
}

#[tokio::test]
async fn who_has_it_already_is_not_sent_it_again() {
    let kit = Kit::start().await;
    let image = image("known");
    kit.push_image(WHO, "a", "v1", &image).await;
    let tag = format!("\"{}\"", image.digest());
    for known in [&*tag, &format!("W/{tag}"), &format!("\"other\", {tag}"), "*"] {
        for sending in [kit.get("/v2/a/manifests/v1"), kit.head("/v2/a/manifests/v1")] {
            let same = sending.header("if-none-match", known).by_owner().await.expect(304);
            assert_eq!(same.header("etag"), tag, "{known}");
            assert!(same.body.is_empty());
        }
    }
    let get = kit.get("/v2/a/manifests/v1").header("if-none-match", "\"other\"");
    get.by_owner().await.expect(200);
}

#[tokio::test]
async fn what_is_missing_is_told_apart_from_a_repository_that_is() {
    let kit = Kit::start().await;
    let missing = kit.get("/v2/a/manifests/v1").by_owner().await.expect(404);
    assert_eq!(missing.code(), "NAME_UNKNOWN");
    kit.push_image(WHO, "a", "v1", &image("here")).await;
    for reference in ["v2".to_owned(), Digest::sha256(b"nothing").to_string()] {
        let target = format!("/v2/a/manifests/{reference}");
        assert_eq!(kit.get(&target).by_owner().await.expect(404).code(), "MANIFEST_UNKNOWN");
        assert!(kit.head(&target).by_owner().await.expect(404).body.is_empty());
    }
    // Case tells tags apart.
    kit.get("/v2/a/manifests/V1").by_owner().await.expect(404);
}

#[tokio::test]
async fn a_manifest_is_no_blob_and_in_no_other_repository() {
    let kit = Kit::start().await;
    let image = image("elsewhere");
    kit.push_image(WHO, "a", "v1", &image).await;
    let digest = image.digest();
    kit.get(&format!("/v2/a/blobs/{digest}")).by_owner().await.expect(404);
    kit.push_blob(WHO, "b", b"something").await.expect(201);
    kit.get(&format!("/v2/b/manifests/{digest}")).by_owner().await.expect(404);
}
