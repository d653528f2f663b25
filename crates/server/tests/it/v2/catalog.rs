//! The list of repositories.

use naru_testkit::{Kit, image};
use serde_json::json;

use super::{ByOwner as _, WHO, next};

async fn repositories(kit: &Kit, query: &str) -> (serde_json::Value, Option<String>) {
    let page = kit.get(&format!("/v2/_catalog{query}")).by_owner().await.expect(200);
    let next = next(&page).map(str::to_owned);
    (page.json()["repositories"].clone(), next)
}

#[tokio::test]
async fn a_repository_is_listed_from_its_first_manifest() {
    let kit = Kit::start().await;
    assert_eq!(repositories(&kit, "").await, (json!([]), None));
    let image = image("first");
    kit.push_blob(WHO, "a", &image.layer).await.expect(201);
    assert_eq!(repositories(&kit, "").await, (json!([]), None));
    kit.push_image(WHO, "a", "v1", &image).await;
    assert_eq!(repositories(&kit, "").await, (json!(["a"]), None));
    kit.delete(&format!("/v2/a/manifests/{}", image.digest())).by_owner().await.expect(202);
    assert_eq!(repositories(&kit, "").await, (json!(["a"]), None));
}

#[tokio::test]
async fn pages_follow_each_other_by_their_links() {
    let kit = Kit::start().await;
    let image = image("paged");
    let names = ["a", "a-b", "a/b", "b", "c/d/e"];
    for name in names {
        kit.push_image(WHO, name, "v1", &image).await;
    }
    let (mut seen, mut target) = (Vec::new(), "/v2/_catalog?n=2".to_owned());
    let mut pages = 0;
    loop {
        let page = kit.get(&target).by_owner().await.expect(200);
        seen.extend(page.json()["repositories"].as_array().unwrap().clone());
        pages += 1;
        let Some(next) = next(&page) else { break };
        target = next.to_owned();
    }
    assert_eq!((json!(seen), pages), (json!(names), 3));
}

#[tokio::test]
async fn n_and_last_cut_the_list() {
    let kit = Kit::start().await;
    let image = image("cut");
    for name in ["a", "b", "c"] {
        kit.push_image(WHO, name, "v1", &image).await;
    }
    let link = |last: &str, n| Some(format!("/v2/_catalog?last={last}&n={n}"));
    for (query, names, next) in [
        ("?n=1", json!(["a"]), link("a", 1)),
        ("?n=3", json!(["a", "b", "c"]), None),
        ("?n=0", json!([]), None),
        ("?n=99999999999999999999999", json!(["a", "b", "c"]), None),
        ("?last=a", json!(["b", "c"]), None),
        ("?last=aa&n=1", json!(["b"]), link("b", 1)),
        ("?last=c", json!([]), None),
    ] {
        assert_eq!(repositories(&kit, query).await, (names, next), "{query}");
    }
    for query in ["?n=x", "?n=-1", "?n="] {
        let refused = kit.get(&format!("/v2/_catalog{query}")).by_owner().await.expect(400);
        assert_eq!(refused.code(), "PAGINATION_NUMBER_INVALID", "{query}");
    }
}
