//! Azure's metadata calls, as az and the SDKs make them.

use jiff::SignedDuration;
use naru_testkit::{Kit, OWNER, OWNER_PASSWORD, Reply, Sending, image};
use serde_json::{Value, json};

const WHO: (&str, &str) = (OWNER, OWNER_PASSWORD);

trait Owned {
    fn owned(self) -> Sending;
}

impl Owned for Sending {
    fn owned(self) -> Sending {
        self.basic(OWNER, OWNER_PASSWORD)
    }
}

/// A repository with three tags on two manifests, a minute apart.
async fn kit() -> Kit {
    let kit = Kit::start().await;
    for (tag, seed) in [("v1", "one"), ("V2", "two"), ("latest", "two")] {
        kit.push_image(WHO, "team/app", tag, &image(seed)).await;
        kit.clock().advance(SignedDuration::from_mins(1));
    }
    kit
}

async fn get(kit: &Kit, path: &str) -> Value {
    kit.get(path).owned().send().await.expect(200).json()
}

fn names(list: &Value, what: &str, field: &str) -> Vec<String> {
    let list = list[what].as_array().unwrap().iter();
    list.map(|one| one[field].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_repository_shows_its_times_counts_and_attributes() {
    let kit = kit().await;
    let repository = get(&kit, "/acr/v1/team/app").await;
    let (created, updated) = (&repository["createdTime"], &repository["lastUpdateTime"]);
    assert!(created.as_str().unwrap() < updated.as_str().unwrap(), "{repository}");
    let expected = json!({
        "registry": "registry", "imageName": "team/app", "createdTime": created,
        "lastUpdateTime": updated, "manifestCount": 2, "tagCount": 3,
        "changeableAttributes": {
            "deleteEnabled": true, "writeEnabled": true, "readEnabled": true, "listEnabled": true
        },
    });
    assert_eq!(repository, expected);
    assert_eq!(get(&kit, "/acr/v1/team%2Fapp").await, expected, "as the SDKs write it");
    kit.get("/acr/v1/none").owned().send().await.expect(404);
    assert_eq!(get(&kit, "/acr/v1/_catalog").await, json!({ "repositories": ["team/app"] }));
}

#[tokio::test]
async fn a_tag_and_a_manifest_are_wrapped_as_azure_wraps_them() {
    let kit = kit().await;
    let digest = image("two").digest().to_string();
    let tag = get(&kit, "/acr/v1/team/app/_tags/latest").await;
    assert_eq!((&tag["imageName"], &tag["tag"]["name"]), (&json!("team/app"), &json!("latest")));
    assert_eq!((&tag["tag"]["digest"], &tag["tag"]["signed"]), (&json!(digest), &json!(false)));
    let encoded = digest.replace(':', "%3A");
    let manifest = get(&kit, &format!("/acr/v1/team%2Fapp/_manifests/{encoded}")).await;
    let manifest = &manifest["manifest"];
    assert_eq!(manifest["tags"], json!(["latest", "V2"]));
    assert_eq!(manifest["configMediaType"], "application/vnd.oci.image.config.v1+json");
    let image = image("two");
    assert_eq!(manifest["imageSize"], image.config.len() + image.layer.len());
    for missing in ["/acr/v1/team/app/_tags/none", "/acr/v1/none/_tags/v1", "/acr/v1/none/_tags"] {
        kit.get(missing).owned().send().await.expect(404);
    }
}

#[tokio::test]
async fn the_config_says_architecture_and_operating_system() {
    let kit = Kit::start().await;
    let mut image = image("arm");
    let config = br#"{"architecture":"arm64","os":"linux"}"#.to_vec();
    let text = String::from_utf8(image.manifest).unwrap();
    let old = naru_oci::Digest::sha256(&image.config).to_string();
    let new = naru_oci::Digest::sha256(&config).to_string();
    image.manifest = text.replace(&old, &new).into_bytes();
    image.config = config;
    kit.push_image(WHO, "a", "v1", &image).await;
    let manifests = get(&kit, "/acr/v1/a/_manifests").await;
    let manifest = &manifests["manifests"][0];
    assert_eq!((&manifest["architecture"], &manifest["os"]), (&json!("arm64"), &json!("linux")));
}

#[tokio::test]
async fn lists_go_by_name_and_by_time_page_by_page() {
    let kit = kit().await;
    let tags = async |query: &str| {
        names(&get(&kit, &format!("/acr/v1/team/app/_tags{query}")).await, "tags", "name")
    };
    assert_eq!(tags("").await, ["latest", "v1", "V2"]);
    assert_eq!(tags("?orderby=timeasc").await, ["v1", "V2", "latest"]);
    assert_eq!(tags("?orderby=timedesc&n=2").await, ["latest", "V2"]);
    let digest = image("two").digest();
    assert_eq!(tags(&format!("?digest={digest}")).await, ["latest", "V2"]);
    for order in ["", "&orderby=timeasc", "&orderby=timedesc"] {
        let (mut path, mut seen) = (format!("/acr/v1/team/app/_tags?n=1{order}"), Vec::new());
        let mut digests = Vec::new();
        while !path.is_empty() {
            let page = kit.get(&path).owned().send().await.expect(200);
            seen.extend(names(&page.json(), "tags", "name"));
            path = next(&page);
        }
        let whole = tags(&format!("?{}", order.trim_start_matches('&'))).await;
        assert_eq!(seen, whole, "{order}");
        path = format!("/acr/v1/team/app/_manifests?n=1{order}");
        while !path.is_empty() {
            let page = kit.get(&path).owned().send().await.expect(200);
            digests.extend(names(&page.json(), "manifests", "digest"));
            path = next(&page);
        }
        digests.sort();
        let mut both = [image("one"), image("two")].map(|image| image.digest().to_string());
        both.sort();
        assert_eq!(digests, both, "{order}");
    }
    kit.get("/acr/v1/team/app/_tags?orderby=size").owned().send().await.expect(400);
}

/// Where the link of a page leads.
fn next(page: &Reply) -> String {
    let link = page.header("link");
    link.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn each_call_asks_for_the_scope_that_it_needs() {
    let kit = kit().await;
    let digest = image("one").digest();
    let manifest = format!("/acr/v1/team/app/_manifests/{digest}");
    for (request, scope) in [
        (kit.get("/acr/v1/_catalog"), "registry:catalog:*"),
        (kit.get("/acr/v1/team/app"), "repository:team/app:metadata_read"),
        (kit.get("/acr/v1/team%2Fapp/_tags"), "repository:team/app:metadata_read"),
        (kit.head("/acr/v1/team/app/_tags/v1"), "repository:team/app:metadata_read"),
        (kit.patch("/acr/v1/team/app/_tags/v1"), "repository:team/app:metadata_write"),
        (kit.patch(&manifest), "repository:team/app:metadata_write"),
        (kit.delete("/acr/v1/team/app"), "repository:team/app:delete"),
        (kit.delete("/acr/v1/team/app/_tags/v1"), "repository:team/app:delete"),
    ] {
        let challenge = request.send().await.expect(401);
        let challenge = challenge.header("www-authenticate");
        assert!(challenge.ends_with(&format!(r#"scope="{scope}""#)), "{challenge}");
    }
    kit.get("/acr/v1/_deleted/_catalog").owned().send().await.expect(404);
}

#[tokio::test]
async fn a_reader_may_not_change_attributes_and_is_told_as_azure_tells_it() {
    let kit = kit().await;
    kit.admin("user", "create", json!({ "name": "reader", "password": "only reads here" })).await;
    kit.admin("role-assignment", "create", json!({ "assignee": "reader", "role": "AcrPull" }))
        .await;
    let request = kit.patch("/acr/v1/team/app").basic("reader", "only reads here");
    let refused = request.body(r#"{"writeEnabled":false}"#).send().await.expect(401);
    assert_eq!(refused.header("x-naru-cause"), "permission-metadata-write");
    assert!(refused.header("www-authenticate").contains("insufficient_scope"));
    assert!(refused.message().contains("assign Contributor"), "{}", refused.message());
}

#[tokio::test]
async fn the_python_sdk_asks_four_times_for_each_call() {
    let kit = kit().await;
    let principal = kit.admin("sp", "create", json!({ "name": "deploy" })).await;
    let id = principal["appId"].as_str().unwrap();
    kit.admin("role-assignment", "create", json!({ "assignee": id, "role": "Contributor" })).await;
    let challenge = kit.get("/acr/v1/team%2Fapp").send().await.expect(401);
    let challenge = challenge.header("www-authenticate").to_owned();
    let scope = challenge.split(r#"scope=""#).nth(1).unwrap().trim_end_matches('"');
    let directory = format!("/{}/oauth2/v2.0/token", principal["tenant"].as_str().unwrap());
    let identity = kit.post(&directory).form(&[
        ("grant_type", "client_credentials"),
        ("client_id", id),
        ("client_secret", principal["password"].as_str().unwrap()),
        ("scope", "https://containerregistry.azure.net/.default"),
    ]);
    let identity = identity.send().await.expect(200).json();
    let refresh = kit.post("/oauth2/exchange?api-version=2021-07-01").form(&[
        ("grant_type", "access_token"),
        ("service", "registry"),
        ("access_token", identity["access_token"].as_str().unwrap()),
    ]);
    let refresh = refresh.send().await.expect(200).json();
    let access = kit.post("/oauth2/token?api-version=2021-07-01").form(&[
        ("service", "registry"),
        ("scope", scope),
        ("refresh_token", refresh["refresh_token"].as_str().unwrap()),
    ]);
    let access = access.send().await.expect(200).json();
    let token = access["access_token"].as_str().unwrap();
    let replay = kit.get("/acr/v1/team%2Fapp?api-version=2021-07-01").bearer(token).send().await;
    assert_eq!(replay.expect(200).json()["imageName"], "team/app");
}

#[tokio::test]
async fn attributes_are_changed_one_by_one_and_the_rest_stays() {
    let kit = kit().await;
    for path in [
        "/acr/v1/team/app".to_owned(),
        "/acr/v1/team/app/_tags/v1".to_owned(),
        format!("/acr/v1/team/app/_manifests/{}", image("one").digest()),
    ] {
        let patch = async |body: &str| kit.patch(&path).owned().body(body.to_owned()).send().await;
        patch(r#"{"writeEnabled":false}"#).await.expect(200);
        let changed = patch(r#"{"listEnabled":false,"quarantineState":"x"}"#).await.expect(200);
        let text = changed.text();
        let attributes = r#""changeableAttributes":{"deleteEnabled":true,"writeEnabled":false,"readEnabled":true,"listEnabled":false}"#;
        assert!(text.contains(attributes), "{text}");
        patch("{}").await.expect(200);
        patch("nonsense").await.expect(400);
        patch(r#"{"writeEnabled":"no"}"#).await.expect(400);
        assert_eq!(kit.get(&path).owned().send().await.expect(200).text(), text);
    }
    kit.patch("/acr/v1/none").owned().body("{}").send().await.expect(404);
    let events = kit.export("repository").await;
    let updates = events.iter().filter(|event| event["OperationName"] == "Update");
    assert!(updates.count() > 3, "{events:?}");
}

#[tokio::test]
async fn a_deleted_repository_says_what_went_with_it_and_begins_anew() {
    let kit = kit().await;
    let deleted = kit.delete("/acr/v1/team/app").owned().send().await.expect(202).json();
    assert_eq!(deleted["tagsDeleted"], json!(["latest", "v1", "V2"]));
    assert_eq!(deleted["manifestsDeleted"].as_array().unwrap().len(), 2);
    kit.get("/acr/v1/team/app").owned().send().await.expect(404);
    kit.delete("/acr/v1/team/app").owned().send().await.expect(404);
    let layer = naru_oci::Digest::sha256(&image("one").layer);
    kit.get(&format!("/v2/team/app/blobs/{layer}")).owned().send().await.expect(404);
    assert_eq!(get(&kit, "/acr/v1/_catalog").await, json!({ "repositories": [] }));
    kit.push_image(WHO, "team/app", "v9", &image("one")).await;
    assert_eq!(get(&kit, "/acr/v1/team/app").await["tagCount"], 1);
}

#[tokio::test]
async fn untagging_keeps_the_manifest() {
    let kit = kit().await;
    kit.delete("/acr/v1/team/app/_tags/v1").owned().send().await.expect(202);
    kit.delete("/acr/v1/team/app/_tags/v1").owned().send().await.expect(404);
    let digest = image("one").digest();
    let manifest = get(&kit, &format!("/acr/v1/team/app/_manifests/{digest}")).await;
    assert_eq!(manifest["manifest"]["tags"], json!([]));
    kit.delete(&format!("/acr/v1/team/app/_manifests/{digest}")).owned().send().await.expect(202);
    kit.get(&format!("/v2/team/app/manifests/{digest}")).owned().send().await.expect(404);
}

#[tokio::test]
async fn the_catalog_goes_on_where_its_link_leads() {
    let kit = kit().await;
    for repository in ["b", "a/c"] {
        kit.push_image(WHO, repository, "v1", &image(repository)).await;
    }
    let (mut path, mut seen) = ("/acr/v1/_catalog?n=1".to_owned(), Vec::new());
    let first = kit.get(&path).owned().send().await.expect(200);
    assert!(first.header("link").ends_with("; rel=\"next\""), "{}", first.header("link"));
    while !path.is_empty() {
        assert!(path.starts_with("/acr/v1/_catalog?"), "{path}");
        let page = kit.get(&path).owned().send().await.expect(200);
        let names = page.json()["repositories"].as_array().unwrap().clone();
        assert_eq!(names.len(), 1);
        seen.extend(names);
        path = next(&page);
    }
    assert_eq!(seen, ["a/c", "b", "team/app"]);
}

#[tokio::test]
async fn a_head_is_the_get_without_its_body() {
    let kit = kit().await;
    let digest = image("one").digest();
    for path in [
        "/acr/v1/_catalog".to_owned(),
        "/acr/v1/team/app".to_owned(),
        "/acr/v1/team/app/_tags".to_owned(),
        "/acr/v1/team/app/_tags/v1".to_owned(),
        "/acr/v1/team/app/_manifests".to_owned(),
        format!("/acr/v1/team/app/_manifests/{digest}"),
        "/acr/v1/team/app/_tags/none".to_owned(),
        "/acr/v1/none".to_owned(),
    ] {
        let whole = kit.get(&path).owned().send().await;
        let head = kit.head(&path).owned().send().await;
        assert_eq!((head.status, head.body.len()), (whole.status, 0), "{path}");
        let headers = |reply: &Reply| {
            ["content-type", "content-length", "link", "x-naru-cause"]
                .map(|name| reply.header(name).to_owned())
        };
        // The message of a refusal ends in an id of its own, as long as any other.
        assert_eq!(headers(&head), headers(&whole), "{path}");
    }
}
