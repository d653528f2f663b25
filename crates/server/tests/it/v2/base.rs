//! `/v2/` itself, and what holds of every path below it.

use naru_testkit::{Kit, image};

use super::{ByOwner as _, WHO, begin};

#[tokio::test]
async fn the_base_answers_with_and_without_its_slash() {
    let kit = Kit::start().await;
    for path in ["/v2/", "/v2"] {
        let base = kit.get(path).by_owner().await.expect(200);
        assert_eq!(base.header("docker-distribution-api-version"), "registry/2.0");
        assert_eq!(base.header("content-type"), "application/json");
        assert_eq!(base.header("cache-control"), "no-store");
        assert_eq!(base.text(), "{}");
    }
}

#[tokio::test]
async fn head_answers_wherever_get_does_with_the_same_headers() {
    let kit = Kit::start().await;
    let image = image("head");
    kit.push_image(WHO, "a/b", "v1", &image).await;
    let (manifest, upload) = (image.digest(), begin(&kit, "a/b").await);
    let blob = naru_oci::Digest::sha256(&image.layer);
    for path in [
        "/v2/".to_owned(),
        "/v2/_catalog".to_owned(),
        "/v2/a/b/tags/list".to_owned(),
        "/v2/a/b/manifests/v1".to_owned(),
        format!("/v2/a/b/manifests/{manifest}"),
        format!("/v2/a/b/blobs/{blob}"),
        format!("/v2/a/b/referrers/{manifest}"),
        upload,
    ] {
        let (get, head) = (kit.get(&path).by_owner().await, kit.head(&path).by_owner().await);
        assert!(get.status.is_success(), "{path}: {}", get.status);
        assert_eq!(get.status, head.status, "{path}");
        assert!(head.body.is_empty(), "{path}");
        assert_eq!(get.header("docker-distribution-api-version"), "registry/2.0", "{path}");
        let [mut get, mut head] = [get.headers, head.headers];
        for headers in [&mut get, &mut head] {
            for one in ["date", "x-ms-correlation-request-id"] {
                assert!(headers.remove(one).is_some(), "{path}: no {one}");
            }
        }
        assert_eq!(get, head, "{path}");
    }
}

#[tokio::test]
async fn another_method_is_told_which_ones_there_are() {
    let kit = Kit::start().await;
    let refused = kit.put("/v2/a/tags/list").by_owner().await.expect(405);
    assert_eq!(refused.header("allow"), "GET, HEAD");
    assert_eq!(refused.code(), "UNSUPPORTED");
    let refused = kit.patch("/v2/a/blobs/uploads/").by_owner().await.expect(405);
    assert_eq!(refused.header("allow"), "POST");
}

#[tokio::test]
async fn a_path_may_hide_its_slashes_and_colons() {
    let kit = Kit::start().await;
    let image = image("encoded");
    kit.push_image(WHO, "team/app", "v1", &image).await;
    let digest = image.digest().to_string();
    let (colon, blob) = (digest.replace(':', "%3A"), naru_oci::Digest::sha256(&image.layer));
    for path in [
        "/v2/team%2Fapp/manifests/v1".to_owned(),
        format!("/v2/team%2fapp/manifests/{colon}"),
        format!("/v2/team%2Fapp%2Fmanifests%2F{colon}"),
    ] {
        let pulled = kit.get(&path).by_owner().await.expect(200);
        assert_eq!(pulled.body, image.manifest, "{path}");
    }
    let blob = blob.to_string().replace(':', "%3A");
    kit.head(&format!("/v2/team%2Fapp/blobs/{blob}")).by_owner().await.expect(200);
    let tags = kit.get("/v2/team%2Fapp/tags/list").by_owner().await.expect(200).json();
    assert_eq!(tags["name"], "team/app");
    kit.get(&format!("/v2/team%2Fapp/referrers/{colon}")).by_owner().await.expect(200);
    let begun = kit.post("/v2/team%2Fapp/blobs/uploads/").by_owner().await.expect(202);
    assert!(begun.header("location").starts_with("/v2/team/app/blobs/uploads/"));
    kit.delete(&format!("/v2/team%2Fapp/manifests/{colon}")).by_owner().await.expect(202);
    // Decoded once, and no more.
    let twice = kit.get("/v2/team%252Fapp/tags/list").by_owner().await.expect(400);
    assert_eq!(twice.code(), "NAME_INVALID");
}

#[tokio::test]
async fn what_is_no_name_tag_or_digest_is_told_so() {
    let kit = Kit::start().await;
    let long = "a".repeat(256);
    for (path, code) in [
        ("/v2/Upper/tags/list", "NAME_INVALID"),
        ("/v2/a//b/tags/list", "NAME_INVALID"),
        (&*format!("/v2/{long}/tags/list"), "NAME_INVALID"),
        ("/v2/a/manifests/-v1", "TAG_INVALID"),
        ("/v2/a/manifests/sha256:bad", "DIGEST_INVALID"),
        ("/v2/a/blobs/sha256:bad", "DIGEST_INVALID"),
        ("/v2/a/blobs/md5:d41d8cd98f00b204e9800998ecf8427e", "DIGEST_INVALID"),
        ("/v2/a/referrers/v1", "DIGEST_INVALID"),
    ] {
        assert_eq!(kit.get(path).by_owner().await.expect(400).code(), code, "{path}");
    }
}
