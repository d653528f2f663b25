//! Pushing manifests.

use naru_oci::{Algorithm, Digest, MAX_MANIFEST_BYTES};
use naru_testkit::{Kit, Reply, image};
use serde_json::{Value, json};

use crate::v2::wire::Wire;
use crate::v2::{
    ByOwner as _, CONFIG, IMAGE, INDEX, LAYER, WHO, descriptor, put, put_bytes, small,
};

const ARTIFACT: &str = "application/vnd.oci.artifact.manifest.v1+json";
const DOCKER: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

/// Pushes, and reads the same bytes back under tag and digest.
async fn round_trip(kit: &Kit, media_type: &str, text: &str) {
    let pushed = put_bytes(kit, "a/manifests/v1", media_type, text.to_owned()).await.expect(201);
    let digest = Digest::sha256(text.as_bytes()).to_string();
    assert_eq!(pushed.header("docker-content-digest"), digest);
    assert_eq!(pushed.header("location"), format!("/v2/a/manifests/{digest}"));
    assert_eq!(pushed.header("content-length"), "0");
    for reference in ["v1", &digest] {
        let pulled = kit.get(&format!("/v2/a/manifests/{reference}")).by_owner().await.expect(200);
        assert_eq!(pulled.text(), text);
        assert_eq!(pulled.header("content-type"), media_type);
    }
}

#[tokio::test]
async fn every_kind_comes_back_byte_for_byte() {
    let kit = Kit::start().await;
    for content in ["{}", "layer"] {
        kit.push_blob(WHO, "a", content.as_bytes()).await.expect(201);
    }
    let (config, layer) = (descriptor(CONFIG, b"{}"), descriptor(LAYER, b"layer"));
    let odd = format!(
        "{{ \"layers\": [{layer}],\n\t\"config\": {config},\r\n \"schemaVersion\":2, \
         \"unknown\": {{\"z\":1, \"a\":[1.0, 1e2]}}, \"mediaType\": \"{IMAGE}\" }}\n\n"
    );
    round_trip(&kit, IMAGE, &odd).await;
    let unnamed = json!({ "schemaVersion": 2, "config": config, "layers": [layer] }).to_string();
    round_trip(&kit, IMAGE, &unnamed).await;
    let image = descriptor(IMAGE, odd.as_bytes());
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [image] }).to_string();
    round_trip(&kit, INDEX, &index).await;
    let nested = descriptor(INDEX, index.as_bytes());
    let nested = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [nested, image] });
    round_trip(&kit, INDEX, &nested.to_string()).await;
    let empty = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [] });
    round_trip(&kit, INDEX, &empty.to_string()).await;
    let docker = json!({
        "schemaVersion": 2,
        "mediaType": DOCKER,
        "config": descriptor("application/vnd.docker.container.image.v1+json", b"{}"),
        "layers": [descriptor("application/vnd.docker.image.rootfs.diff.tar.gzip", b"layer")],
    });
    round_trip(&kit, DOCKER, &docker.to_string()).await;
    let listed = descriptor(DOCKER, docker.to_string().as_bytes());
    let list = json!({ "schemaVersion": 2, "mediaType": DOCKER_LIST, "manifests": [listed] });
    round_trip(&kit, DOCKER_LIST, &list.to_string()).await;
    let artifact = json!({
        "mediaType": ARTIFACT,
        "artifactType": "application/vnd.example",
        "blobs": [layer],
        "subject": image,
    });
    round_trip(&kit, ARTIFACT, &artifact.to_string()).await;
}

#[tokio::test]
async fn what_a_manifest_names_must_be_there() {
    let kit = Kit::start().await;
    let image = image("incomplete");
    // In another repository is not there.
    kit.push_image(WHO, "other", "v1", &image).await;
    kit.push_blob(WHO, "a", &image.config).await.expect(201);
    let refused =
        put_bytes(&kit, "a/manifests/v1", IMAGE, image.manifest.clone()).await.expect(400);
    assert_eq!(refused.code(), "MANIFEST_BLOB_UNKNOWN");
    let layer = Digest::sha256(&image.layer).to_string();
    assert!(refused.message().contains(&layer), "{}", refused.message());
    assert_eq!(refused.json()["errors"][0]["detail"]["digests"], json!([layer]));
    kit.get("/v2/a/manifests/v1").by_owner().await.expect(404);
    let index = json!({
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": [descriptor(IMAGE, &image.manifest)],
    });
    let refused = put(&kit, "a/manifests/v1", INDEX, &index).await.expect(400);
    assert_eq!(refused.code(), "MANIFEST_BLOB_UNKNOWN");
    // A subject may come later, and some layers never come.
    let mut manifest = small(&kit, "a", &json!({ "subject": descriptor(IMAGE, b"later") })).await;
    let foreign = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
    manifest["layers"] = json!([descriptor(foreign, b"never pushed")]);
    put(&kit, "a/manifests/v1", IMAGE, &manifest).await.expect(201);
}

#[tokio::test]
async fn a_registry_can_be_told_to_take_sparse_manifests_which_link_nothing() {
    let kit = Kit::start().await;
    let image = image("sparse");
    let layer = Digest::sha256(&image.layer);
    kit.push_image(WHO, "other", "v1", &image).await;
    put_bytes(&kit, "a/manifests/v1", IMAGE, image.manifest.clone()).await.expect(400);
    kit.admin("registry", "update", json!({ "sparseManifestsEnabled": true })).await;
    put_bytes(&kit, "a/manifests/v1", IMAGE, image.manifest.clone()).await.expect(201);
    let pulled = kit.get("/v2/a/manifests/v1").by_owner().await.expect(200);
    assert_eq!(pulled.body, image.manifest);
    for sending in
        [kit.get(&format!("/v2/a/blobs/{layer}")), kit.head(&format!("/v2/a/blobs/{layer}"))]
    {
        sending.by_owner().await.expect(404);
    }
    // It is the manifest's once somebody pushes it there.
    kit.push_blob(WHO, "a", &image.layer).await.expect(201);
    kit.delete(&format!("/v2/a/blobs/{layer}")).by_owner().await.expect(405);
}

#[tokio::test]
async fn four_mebibytes_are_taken_and_no_byte_more() {
    let kit = Kit::start().await;
    let manifest = small(&kit, "a", &json!({ "annotations": { "padding": "" } })).await.to_string();
    let padded = |size: usize| {
        let padding = "x".repeat(size - manifest.len());
        manifest.replace(r#""padding":"""#, &format!(r#""padding":"{padding}""#))
    };
    let largest = padded(MAX_MANIFEST_BYTES);
    put_bytes(&kit, "a/manifests/v1", IMAGE, largest.clone()).await.expect(201);
    let pulled = kit.get("/v2/a/manifests/v1").by_owner().await.expect(200);
    assert!(pulled.body == largest, "{} bytes", pulled.body.len());
    for size in [MAX_MANIFEST_BYTES + 1, 2 * MAX_MANIFEST_BYTES] {
        let larger = padded(size);
        let refused = put_bytes(&kit, "a/manifests/v2", IMAGE, larger.clone()).await.expect(413);
        assert_eq!(refused.code(), "SIZE_INVALID");
        // Without a length it shows only on the way; the client still gets to read the answer.
        let refused = put_in_chunks(&kit, "a/manifests/v2", &larger).await.expect(413);
        assert_eq!(refused.code(), "SIZE_INVALID");
    }
    kit.get("/v2/a/manifests/v2").by_owner().await.expect(404);
}

async fn put_in_chunks(kit: &Kit, target: &str, manifest: &str) -> Reply {
    let mut wire = Wire::open(kit.address()).await;
    let headers = [("content-type", IMAGE), ("transfer-encoding", "chunked")];
    wire.head(&format!("PUT /v2/{target}"), &headers).await;
    for chunk in manifest.as_bytes().chunks(100_000) {
        wire.chunk(chunk).await;
    }
    wire.last_chunk().await;
    wire.reply().await
}

#[tokio::test]
async fn a_manifest_may_come_without_a_length() {
    let kit = Kit::start().await;
    let manifest = small(&kit, "a", &json!({})).await.to_string();
    put_in_chunks(&kit, "a/manifests/v1", &manifest).await.expect(201);
    let pulled = kit.get("/v2/a/manifests/v1").by_owner().await.expect(200);
    assert_eq!(pulled.text(), manifest);
}

#[tokio::test]
async fn what_is_no_manifest_is_refused() {
    let kit = Kit::start().await;
    let good = small(&kit, "a", &json!({})).await;
    let without = |field: &str| {
        let mut manifest = good.clone();
        manifest.as_object_mut().unwrap().remove(field);
        manifest.to_string()
    };
    for (media_type, text) in [
        (IMAGE, String::new()),
        (IMAGE, "not json".to_owned()),
        (IMAGE, "[]".to_owned()),
        (IMAGE, without("config")),
        (IMAGE, without("layers")),
        (INDEX, json!({ "schemaVersion": 2 }).to_string()),
        // Header and body differ.
        (INDEX, good.to_string()),
        (DOCKER, good.to_string()),
        ("application/json", without("mediaType")),
        ("text/plain", good.to_string()),
    ] {
        let refused = put_bytes(&kit, "a/manifests/v1", media_type, text.clone()).await.expect(400);
        assert_eq!(refused.code(), "MANIFEST_INVALID", "{media_type}: {text}");
    }
    kit.get("/v2/a/manifests/v1").by_owner().await.expect(404);
    let refused = put(&kit, "a/manifests/-v1", IMAGE, &good).await.expect(400);
    assert_eq!(refused.code(), "TAG_INVALID");
    let refused = put(&kit, "a/manifests/sha256:baddigeststring", IMAGE, &good).await.expect(400);
    assert_eq!(refused.code(), "DIGEST_INVALID");
    // Its own media type does where no header says one.
    let put = kit.put("/v2/a/manifests/v1").body(good.to_string()).by_owner().await;
    put.expect(201);
}

#[tokio::test]
async fn a_digest_given_must_be_the_manifests_own() {
    let kit = Kit::start().await;
    let manifest = small(&kit, "a", &json!({})).await;
    for wrong in [Algorithm::Sha256, Algorithm::Sha512] {
        let target = format!("a/manifests/{}", Digest::of(wrong, b"something else"));
        let refused = put(&kit, &target, IMAGE, &manifest).await.expect(400);
        assert_eq!(refused.code(), "DIGEST_INVALID");
    }
}

#[tokio::test]
async fn a_digest_stays_in_the_algorithm_that_it_was_pushed_under() {
    let kit = Kit::start().await;
    let manifest = small(&kit, "a", &json!({})).await;
    let text = manifest.to_string();
    let digest = Digest::of(Algorithm::Sha512, text.as_bytes()).to_string();
    let target = format!("a/manifests/{digest}?tag=v1");
    let pushed = put(&kit, &target, IMAGE, &manifest).await.expect(201);
    assert_eq!(pushed.header("docker-content-digest"), digest);
    assert_eq!(pushed.header("oci-tag"), "v1");
    for reference in ["v1", &digest] {
        let pulled = kit.get(&format!("/v2/a/manifests/{reference}")).by_owner().await.expect(200);
        assert_eq!(pulled.header("docker-content-digest"), digest);
        assert_eq!(pulled.text(), text);
    }
    // A client that pushed under one digest does not know of another.
    let other = Digest::sha256(text.as_bytes());
    kit.get(&format!("/v2/a/manifests/{other}")).by_owner().await.expect(404);
    kit.delete(&format!("/v2/a/manifests/{digest}")).by_owner().await.expect(202);
    kit.get("/v2/a/manifests/v1").by_owner().await.expect(404);
}

#[tokio::test]
async fn several_tags_are_set_at_once_and_each_is_told() {
    let kit = Kit::start().await;
    let manifest = small(&kit, "a", &json!({})).await;
    let digest = Digest::sha256(manifest.to_string().as_bytes());
    let tags = |reply: &Reply| {
        let tags = reply.headers.get_all("oci-tag").iter();
        tags.map(|tag| tag.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let target = format!("a/manifests/{digest}?tag=a&tag=b&tag=a");
    let pushed = put(&kit, &target, IMAGE, &manifest).await.expect(201);
    assert_eq!(tags(&pushed), ["a", "b"]);
    let pushed = put(&kit, "a/manifests/c?tag=d", IMAGE, &manifest).await.expect(201);
    assert_eq!(tags(&pushed), ["d"]);
    let listed = kit.get("/v2/a/tags/list").by_owner().await.expect(200).json();
    assert_eq!(listed["tags"], json!(["a", "b", "c", "d"]));
    let target = format!("a/manifests/{digest}?tag=good&tag=-bad");
    let refused = put(&kit, &target, IMAGE, &manifest).await.expect(400);
    assert_eq!(refused.code(), "TAG_INVALID");
    kit.get("/v2/a/manifests/good").by_owner().await.expect(404);
}

#[tokio::test]
async fn a_tag_moves_and_its_old_manifest_stays() {
    let kit = Kit::start().await;
    let (old, new) = (image("old"), image("new"));
    kit.push_image(WHO, "a", "v1", &old).await;
    kit.push_image(WHO, "a", "v1", &new).await;
    let pulled = kit.get("/v2/a/manifests/v1").by_owner().await.expect(200);
    assert_eq!(pulled.body, new.manifest);
    kit.get(&format!("/v2/a/manifests/{}", old.digest())).by_owner().await.expect(200);
    kit.push_image(WHO, "a", "v1", &old).await;
    let pulled = kit.get("/v2/a/manifests/v1").by_owner().await.expect(200);
    assert_eq!(pulled.body, old.manifest);
}

#[tokio::test]
async fn a_push_about_something_says_so_by_tag_and_by_digest() {
    let kit = Kit::start().await;
    let subject = descriptor(IMAGE, b"subject");
    let manifest = small(&kit, "a", &json!({ "subject": subject })).await;
    let digest = Digest::sha256(manifest.to_string().as_bytes());
    for reference in ["v1".to_owned(), digest.to_string()] {
        let pushed = put(&kit, &format!("a/manifests/{reference}"), IMAGE, &manifest).await;
        assert_eq!(pushed.expect(201).header("oci-subject"), subject["digest"].as_str().unwrap());
    }
    let plain = small(&kit, "a", &json!({})).await;
    let pushed = put(&kit, "a/manifests/v2", IMAGE, &plain).await.expect(201);
    assert!(!pushed.headers.contains_key("oci-subject"));
}

#[tokio::test]
async fn a_push_is_an_event_with_all_that_it_was() {
    let kit = Kit::start().await;
    let more = json!({ "artifactType": "application/vnd.example" });
    let manifest = small(&kit, "team/app", &more).await;
    let text = manifest.to_string();
    let pushed = kit
        .put("/v2/team/app/manifests/v1")
        .header("content-type", IMAGE)
        .header("user-agent", "tester/1")
        .header("x-ms-client-request-id", "mine")
        .body(text.clone())
        .by_owner()
        .await
        .expect(201);
    let events = kit.admin("events", "repository", json!({})).await;
    let event = &events[0];
    let mut seen = json!({});
    let expected = json!({
        "OperationName": "Push",
        "CorrelationId": pushed.correlation_id(),
        "ClientRequestId": "mine",
        "Identity": "owner",
        "Credential": event["Credential"],
        "CallerIpAddress": "127.0.0.1",
        "UserAgent": "tester/1",
        "LoginServer": "registry",
        "ResultDescription": "201",
        "Repository": "team/app",
        "Tag": "v1",
        "Digest": Digest::sha256(text.as_bytes()).to_string(),
        "MediaType": IMAGE,
        "ArtifactType": "application/vnd.example",
        "Size": text.len(),
        "Rule": event["Rule"],
    });
    for name in expected.as_object().unwrap().keys() {
        seen[name] = event[name].clone();
    }
    assert_eq!(seen, expected);
    assert!(event["Rule"].as_str().unwrap().contains("Owner"), "{event}");
    assert!(matches!(&event["Credential"], Value::String(kind) if !kind.is_empty()), "{event}");
}
