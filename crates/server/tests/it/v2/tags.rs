//! The tags of a repository.

use naru_oci::Digest;
use naru_testkit::{Kit, image, percent};
use serde_json::{Value, json};

use super::{ByOwner as _, IMAGE, WHO, next, put_bytes};

/// A repository `a/b` with these tags, all of one manifest.
async fn tagged(tags: &[&str]) -> Kit {
    let kit = Kit::start().await;
    let image = image("tagged");
    kit.push_image(WHO, "a/b", tags[0], &image).await;
    let more: Vec<String> = tags.iter().map(|tag| format!("tag={}", percent(tag))).collect();
    let target = format!("a/b/manifests/{}?{}", image.digest(), more.join("&"));
    put_bytes(&kit, &target, IMAGE, image.manifest).await.expect(201);
    kit
}

async fn list(kit: &Kit, query: &str) -> (Value, Option<String>) {
    let page = kit.get(&format!("/v2/a/b/tags/list{query}")).by_owner().await.expect(200);
    let next = next(&page).map(str::to_owned);
    (page.json(), next)
}

#[tokio::test]
async fn tags_are_ordered_by_lower_case_and_then_by_bytes() {
    let kit = tagged(&["b", "v10", "A", "_x", "a", "B", "v2", "1.0", "V2"]).await;
    let ordered = json!(["1.0", "_x", "A", "a", "B", "b", "v10", "V2", "v2"]);
    assert_eq!(list(&kit, "").await, (json!({ "name": "a/b", "tags": ordered }), None));
}

#[tokio::test]
async fn pages_cut_in_that_order() {
    let tags = ["A", "a", "B", "b", "c"];
    let kit = tagged(&tags).await;
    let link = |last: &str, n| Some(format!("/v2/a/b/tags/list?last={last}&n={n}"));
    for (query, expected, next) in [
        ("?n=2", json!(["A", "a"]), link("a", 2)),
        ("?n=2&last=a", json!(["B", "b"]), link("b", 2)),
        ("?n=2&last=b", json!(["c"]), None),
        ("?n=5", json!(tags), None),
        ("?last=A", json!(["a", "B", "b", "c"]), None),
        ("?last=aa", json!(["B", "b", "c"]), None),
        ("?last=", json!(tags), None),
        ("?n=0", json!([]), None),
        ("?n=18446744073709551616", json!(tags), None),
    ] {
        let (page, found) = list(&kit, query).await;
        assert_eq!((&page["tags"], found), (&expected, next), "{query}");
    }
    let refused = kit.get("/v2/a/b/tags/list?n=x").by_owner().await.expect(400);
    assert_eq!(refused.code(), "PAGINATION_NUMBER_INVALID");
}

#[tokio::test]
async fn a_page_has_at_most_ten_thousand_entries_however_many_are_asked_for() {
    let kit = Kit::start().await;
    let image = image("many");
    kit.push_image(WHO, "a/b", "v1", &image).await;
    // Our own HTTP client reads at most a hundred headers, and each tag is told in one.
    for group in 0..202 {
        let tags: Vec<String> = (0..50).map(|one| format!("tag=t{group:03}{one:02}")).collect();
        let target = format!("a/b/manifests/{}?{}", image.digest(), tags.join("&"));
        put_bytes(&kit, &target, IMAGE, image.manifest.clone()).await.expect(201);
    }
    let (first, next) = list(&kit, "?n=50000").await;
    assert_eq!(first["tags"].as_array().unwrap().len(), 10_000);
    let rest = kit.get(&next.unwrap()).by_owner().await.expect(200);
    assert_eq!(rest.json()["tags"].as_array().unwrap().len(), 101);
    assert_eq!(super::next(&rest), None);
}

#[tokio::test]
async fn a_repository_without_tags_has_an_empty_list_and_one_that_is_not_there_none() {
    let kit = Kit::start().await;
    let missing = kit.get("/v2/a/b/tags/list").by_owner().await.expect(404);
    assert_eq!(missing.code(), "NAME_UNKNOWN");
    kit.push_blob(WHO, "a/b", b"something").await.expect(201);
    assert_eq!(list(&kit, "").await, (json!({ "name": "a/b", "tags": [] }), None));
    let digest = Digest::sha256(b"something");
    kit.delete(&format!("/v2/a/b/blobs/{digest}")).by_owner().await.expect(202);
    assert_eq!(list(&kit, "").await, (json!({ "name": "a/b", "tags": [] }), None));
}
