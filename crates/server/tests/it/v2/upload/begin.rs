//! Beginning uploads, pushing whole blobs, mounting.

use naru_oci::{Algorithm, Digest};
use naru_testkit::{Kit, blob};
use serde_json::json;

use crate::v2::{ByOwner as _, LARGE, WHO, files, somebody};

#[tokio::test]
async fn an_upload_begins_with_a_place_to_go_on() {
    let kit = Kit::start().await;
    for path in ["/v2/a/b/blobs/uploads/", "/v2/a/b/blobs/uploads"] {
        let begun = kit.post(path).by_owner().await.expect(202);
        let id = begun.header("docker-upload-uuid");
        assert!(!id.is_empty());
        assert_eq!(begun.header("location"), format!("/v2/a/b/blobs/uploads/{id}"));
        assert_eq!(begun.header("range"), "0-0");
        assert_eq!(begun.header("content-length"), "0");
    }
}

#[tokio::test]
async fn a_whole_blob_comes_in_one_request() {
    let kit = Kit::start().await;
    for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
        for size in [0, 1, 64 * 1024, 64 * 1024 + 1, LARGE] {
            let content = blob("whole", size);
            let digest = Digest::of(algorithm, &content).to_string();
            let post = kit.post(&format!("/v2/a/blobs/uploads/?digest={digest}"));
            let created = post.body(content.clone()).by_owner().await.expect(201);
            assert_eq!(created.header("location"), format!("/v2/a/blobs/{digest}"));
            assert_eq!(created.header("docker-content-digest"), digest);
            let pulled = kit.get(created.header("location")).by_owner().await.expect(200);
            assert!(pulled.body == content, "{digest}");
            assert_eq!(pulled.header("docker-content-digest"), digest);
        }
    }
    assert_eq!(files(&kit, "uploads"), Vec::<std::path::PathBuf>::new());
    // Small ones lie beside their rows; two of two algorithms are two.
    assert_eq!(files(&kit, "blobs").len(), 4);
}

#[tokio::test]
async fn a_wrong_digest_links_nothing_and_leaves_nothing() {
    let kit = Kit::start().await;
    for size in [100, LARGE] {
        let content = blob("wrong", size);
        let digest = Digest::sha256(b"something else");
        let post = kit.post(&format!("/v2/a/blobs/uploads/?digest={digest}"));
        let refused = post.body(content.clone()).by_owner().await.expect(400);
        assert_eq!(refused.code(), "DIGEST_INVALID");
        for digest in [digest, Digest::sha256(&content)] {
            kit.get(&format!("/v2/a/blobs/{digest}")).by_owner().await.expect(404);
        }
    }
    for bad in ["sha256:baddigeststring", "md5:d41d8cd98f00b204e9800998ecf8427e", ""] {
        let post = kit.post(&format!("/v2/a/blobs/uploads/?digest={bad}"));
        let refused = post.body("content").by_owner().await.expect(400);
        assert_eq!(refused.code(), "DIGEST_INVALID");
    }
    assert!(files(&kit, "uploads").is_empty() && files(&kit, "blobs").is_empty());
}

#[tokio::test]
async fn a_mount_links_what_its_source_holds() {
    let kit = Kit::start().await;
    for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
        let content = blob(algorithm.name(), LARGE);
        let digest = Digest::of(algorithm, &content).to_string();
        let post = kit.post(&format!("/v2/a/blobs/uploads/?digest={digest}"));
        post.body(content.clone()).by_owner().await.expect(201);
        let mount = kit.post(&format!("/v2/b/c/blobs/uploads/?mount={digest}&from=a"));
        let mounted = mount.by_owner().await.expect(201);
        assert_eq!(mounted.header("location"), format!("/v2/b/c/blobs/{digest}"));
        assert_eq!(mounted.header("docker-content-digest"), digest);
        let pulled = kit.get(mounted.header("location")).by_owner().await.expect(200);
        assert!(pulled.body == content);
    }
    assert_eq!(files(&kit, "blobs").len(), 2);
}

#[tokio::test]
async fn what_cannot_be_mounted_is_an_ordinary_upload() {
    let kit = Kit::start().await;
    kit.push_blob(WHO, "a", b"held").await.expect(201);
    kit.push_blob(WHO, "empty", b"other").await.expect(201);
    let (held, unknown) = (Digest::sha256(b"held"), Digest::sha256(b"unknown"));
    for query in [
        format!("mount={held}&from=empty"),
        format!("mount={held}&from=not/there"),
        format!("mount={held}&from=Not-A-Name"),
        format!("mount={unknown}&from=a"),
        format!("mount={unknown}"),
    ] {
        let post = kit.post(&format!("/v2/b/blobs/uploads/?{query}"));
        let begun = post.by_owner().await.expect(202);
        let location = begun.header("location");
        assert!(location.starts_with("/v2/b/blobs/uploads/"), "{query}");
        kit.get(location).by_owner().await.expect(204);
        kit.get(&format!("/v2/b/blobs/{held}")).by_owner().await.expect(404);
    }
    let post = kit.post("/v2/b/blobs/uploads/?mount=sha256:bad&from=a");
    assert_eq!(post.by_owner().await.expect(400).code(), "DIGEST_INVALID");
}

#[tokio::test]
async fn a_mount_without_a_source_finds_one_that_may_be_pulled() {
    let kit = Kit::start().await;
    kit.push_blob(WHO, "a", b"held").await.expect(201);
    let digest = Digest::sha256(b"held");
    let mount = kit.post(&format!("/v2/b/blobs/uploads/?mount={digest}"));
    mount.by_owner().await.expect(201);
    assert_eq!(
        kit.get(&format!("/v2/b/blobs/{digest}")).by_owner().await.expect(200).text(),
        "held"
    );
}

#[tokio::test]
async fn nobody_mounts_what_they_may_not_pull() {
    let kit = Kit::start().await;
    kit.push_blob(WHO, "secret", b"secret").await.expect(201);
    let rule = json!({ "repository": "mine", "actions": ["content/read", "content/write"] });
    let create = json!({ "name": "mine-token", "repositories": [rule] });
    let token = kit.admin("token", "create", create).await;
    let password = token["credentials"]["passwords"][0]["value"].as_str().unwrap();
    let digest = Digest::sha256(b"secret");
    for query in [format!("mount={digest}&from=secret"), format!("mount={digest}")] {
        let post = kit.post(&format!("/v2/mine/blobs/uploads/?{query}"));
        post.basic("mine-token", password).send().await.expect(202);
        let get = kit.get(&format!("/v2/mine/blobs/{digest}"));
        get.basic("mine-token", password).send().await.expect(404);
    }
    // Nor does one who may read everywhere mount where they may not push.
    let (name, password) = somebody(&kit, "reader", "AcrPull").await;
    let post = kit.post(&format!("/v2/mine/blobs/uploads/?mount={digest}&from=secret"));
    post.basic(&name, &password).send().await.expect(403);
}
