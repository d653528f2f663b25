//! Reading blobs, whole and in part.

use jiff::{SignedDuration, Timestamp};
use naru_access::{
    Access, Holder, InRepository, Principal, Pull, RegistryPolicy, Rights, ScopePath, decide,
};
use naru_identity::Clock as _;
use naru_oci::Digest;
use naru_testkit::{Kit, blob, image};

use crate::v2::{ByOwner as _, IMAGE, LARGE, WHO, put_bytes};

/// Pushes a blob to the repository `a`; its target.
async fn pushed(kit: &Kit, content: &[u8]) -> String {
    kit.push_blob(WHO, "a", content).await.expect(201);
    format!("/v2/a/blobs/{}", Digest::sha256(content))
}

#[tokio::test]
async fn a_blob_comes_whole_whatever_its_size() {
    let kit = Kit::start().await;
    for size in [0, 1, 64 * 1024, 64 * 1024 + 1, LARGE] {
        let content = blob("whole", size);
        let target = pushed(&kit, &content).await;
        let digest = Digest::sha256(&content).to_string();
        for sending in [kit.get(&target), kit.head(&target)] {
            let pulled = sending.by_owner().await.expect(200);
            assert_eq!(pulled.header("content-length"), size.to_string());
            assert_eq!(pulled.header("content-type"), "application/octet-stream");
            assert_eq!(pulled.header("docker-content-digest"), digest);
            assert_eq!(pulled.header("etag"), format!("\"{digest}\""));
            assert_eq!(pulled.header("accept-ranges"), "bytes");
            assert_eq!(pulled.header("cache-control"), "private, max-age=31536000, immutable");
        }
        let pulled = kit.get(&target).by_owner().await.expect(200);
        assert!(pulled.body == content, "{size}");
    }
}

#[tokio::test]
async fn ranges_are_cut_exactly() {
    let kit = Kit::start().await;
    for size in [1000, LARGE] {
        let content = blob("range", size);
        let target = pushed(&kit, &content).await;
        for (range, first, last) in [
            ("bytes=0-0".to_owned(), 0, 0),
            ("bytes=10-99".to_owned(), 10, 99),
            ("bytes=990-".to_owned(), 990, size - 1),
            ("bytes=-7".to_owned(), size - 7, size - 1),
            (format!("bytes=-{}", 2 * size), 0, size - 1),
            (format!("bytes={}-{}", size - 3, 9 * size), size - 3, size - 1),
            (format!("bytes={}-{}", size / 2, size - 2), size / 2, size - 2),
            // What Azure's SDK always asks for, and takes no 200 for an answer.
            ("bytes=0-4194303".to_owned(), 0, size - 1),
        ] {
            let part = kit.get(&target).header("range", &range).by_owner().await.expect(206);
            let expected = format!("bytes {first}-{last}/{size}");
            assert_eq!(part.header("content-range"), expected, "{range}");
            assert_eq!(part.header("content-length"), (last - first + 1).to_string(), "{range}");
            assert!(part.body == content[first..=last], "{range}");
        }
        for range in [format!("bytes={size}-"), "bytes=500-0".to_owned(), "bytes=-0".to_owned()] {
            let beyond = kit.get(&target).header("range", &range).by_owner().await.expect(416);
            assert_eq!(beyond.header("content-range"), format!("bytes */{size}"), "{range}");
            assert_eq!(beyond.code(), "RANGE_INVALID", "{range}");
        }
        for range in ["bytes=0-1,3-4", "lines=1-2", "bytes=a-b", "bytes=1"] {
            let whole = kit.get(&target).header("range", range).by_owner().await.expect(200);
            assert_eq!(whole.body.len(), size, "{range}");
        }
        // A range is a matter of GET alone.
        let head = kit.head(&target).header("range", "bytes=0-1").by_owner().await.expect(200);
        assert_eq!(head.header("content-length"), size.to_string());
    }
}

#[tokio::test]
async fn who_has_it_already_is_not_sent_it_again() {
    let kit = Kit::start().await;
    let target = pushed(&kit, b"known").await;
    let tag = format!("\"{}\"", Digest::sha256(b"known"));
    for sending in [kit.get(&target), kit.head(&target)] {
        let same = sending.header("if-none-match", &tag).by_owner().await.expect(304);
        assert_eq!(same.header("etag"), tag);
        assert!(same.body.is_empty());
    }
    // Not even where it has only a part of it.
    let get = kit.get(&target).header("range", "bytes=0-1").header("if-none-match", &tag);
    get.by_owner().await.expect(304);
}

#[tokio::test]
async fn a_range_goes_on_with_the_same_content_alone() {
    let kit = Kit::start().await;
    let target = pushed(&kit, b"0123456789").await;
    let tag = format!("\"{}\"", Digest::sha256(b"0123456789"));
    let range = |tag: &str| kit.get(&target).header("range", "bytes=4-5").header("if-range", tag);
    assert_eq!(range(&tag).by_owner().await.expect(206).text(), "45");
    assert_eq!(range("\"other\"").by_owner().await.expect(200).text(), "0123456789");
    // A date never is one that we gave.
    let dated = range("Wed, 21 Oct 2026 07:28:00 GMT").by_owner().await.expect(200);
    assert_eq!(dated.text(), "0123456789");
}

#[tokio::test]
async fn a_blob_is_read_through_a_repository_that_links_it_alone() {
    let kit = Kit::start().await;
    let target = pushed(&kit, b"mine").await;
    kit.get(&target).by_owner().await.expect(200);
    let elsewhere = target.replace("/a/", "/b/");
    // Whether there is such a repository or not.
    for _ in 0..2 {
        let missing = kit.get(&elsewhere).by_owner().await.expect(404);
        assert_eq!(missing.code(), "BLOB_UNKNOWN");
        kit.head(&elsewhere).by_owner().await.expect(404);
        kit.push_blob(WHO, "b", b"other").await.expect(201);
    }
}

#[tokio::test]
async fn a_head_renews_the_lease_of_what_no_manifest_names_yet() {
    let kit = Kit::start().await;
    let image = image("lease");
    for content in [&image.config, &image.layer] {
        pushed(&kit, content).await;
    }
    let (digest, access) = (Digest::sha256(&image.layer), may_pull(&kit, "a").await);
    let metadata = kit.server().app().store().metadata();
    let leased = async || metadata.stat_blob(&access, &digest).await.unwrap().unwrap().leased;
    let target = format!("/v2/a/blobs/{digest}");
    let pushed = kit.clock().now();
    assert_eq!(leased().await, Some(pushed));
    // A young one is left as it is, for the sake of those who ask again and again.
    kit.clock().advance(SignedDuration::from_mins(9));
    kit.head(&target).by_owner().await.expect(200);
    assert_eq!(leased().await, Some(pushed));
    kit.clock().advance(SignedDuration::from_hours(23));
    let renewed: Timestamp = kit.clock().now();
    kit.get(&target).by_owner().await.expect(200);
    assert_eq!(leased().await, Some(pushed));
    kit.head(&target).by_owner().await.expect(200);
    assert_eq!(leased().await, Some(renewed));
    put_bytes(&kit, "a/manifests/v1", IMAGE, image.manifest).await.expect(201);
    assert_eq!(leased().await, None);
}

/// The right to pull, for a look at the store itself.
async fn may_pull(kit: &Kit, repository: &str) -> Access<Pull> {
    let registries = kit.server().app().store().metadata().registries().await.unwrap();
    let place = registries[0].place();
    let principal = Principal::operator(place.tenant);
    let holder = Holder { principal, rights: Rights::Operator, ceiling: None };
    let policy = RegistryPolicy { place, path: ScopePath::root(), anonymous_pull: false };
    let place = InRepository { registry: place, repository: repository.parse().unwrap() };
    decide(&holder, &policy, place).unwrap()
}
