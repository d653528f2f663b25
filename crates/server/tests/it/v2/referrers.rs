//! Who refers to a digest.

use naru_oci::Digest;
use naru_testkit::{Kit, Reply, image, percent};
use serde_json::{Value, json};

use super::{ByOwner as _, CONFIG, IMAGE, INDEX, WHO, descriptor, next, put, small};

async fn referrers(kit: &Kit, subject: &Digest, query: &str) -> Reply {
    let target = format!("/v2/a/referrers/{subject}{query}");
    let list = kit.get(&target).by_owner().await.expect(200);
    assert_eq!(list.header("content-type"), INDEX);
    let body = list.json();
    assert_eq!((&body["schemaVersion"], &body["mediaType"]), (&json!(2), &json!(INDEX)));
    list
}

/// Pushes a manifest about a subject; its digest.
async fn refer(kit: &Kit, subject: &Value, more: Value) -> Digest {
    let mut manifest = small(kit, "a", &more).await;
    manifest["subject"] = subject.clone();
    let digest = Digest::sha256(manifest.to_string().as_bytes());
    let target = format!("a/manifests/{digest}");
    let pushed = put(kit, &target, IMAGE, &manifest).await.expect(201);
    assert_eq!(pushed.header("oci-subject"), subject["digest"].as_str().unwrap());
    digest
}

fn digests(list: &Reply) -> Vec<String> {
    let body = list.json();
    let manifests = body["manifests"].as_array().unwrap();
    manifests.iter().map(|one| one["digest"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn nobody_refers_to_what_is_not_there() {
    let kit = Kit::start().await;
    let list = referrers(&kit, &Digest::sha256(b"nothing"), "").await;
    assert_eq!(list.json()["manifests"], json!([]));
    assert_eq!(list.header("oci-filters-applied"), "");
}

#[tokio::test]
async fn a_referrer_is_listed_with_all_that_tells_what_it_is() {
    let kit = Kit::start().await;
    let image = image("subject");
    kit.push_image(WHO, "a", "v1", &image).await;
    let subject = descriptor(IMAGE, &image.manifest);
    let annotations = json!({ "org.example.made": "가나다" });
    let more =
        json!({ "artifactType": "application/vnd.example.sbom", "annotations": annotations });
    let signed = refer(&kit, &subject, more).await;
    let plain = refer(&kit, &subject, json!({})).await;
    let list = referrers(&kit, &image.digest(), "").await.json();
    let [first, second] = list["manifests"].as_array().unwrap().as_slice() else {
        panic!("{list}");
    };
    let stored = kit.get(&format!("/v2/a/manifests/{signed}")).by_owner().await.expect(200);
    let expected = json!({
        "mediaType": IMAGE,
        "digest": signed.to_string(),
        "size": stored.body.len(),
        "artifactType": "application/vnd.example.sbom",
        "annotations": annotations,
    });
    assert_eq!(first, &expected);
    // Without an artifact type, the config's media type stands for it.
    assert_eq!(second["digest"], plain.to_string());
    assert_eq!(second["artifactType"], CONFIG);
    assert!(second.get("annotations").is_none());
}

#[tokio::test]
async fn a_filter_is_applied_and_said_to_be() {
    let kit = Kit::start().await;
    let subject = descriptor(IMAGE, b"a subject that nobody pushed");
    let wanted = Digest::sha256(b"a subject that nobody pushed");
    let sbom = refer(&kit, &subject, json!({ "artifactType": "application/sbom+json" })).await;
    let other = refer(&kit, &subject, json!({ "artifactType": "application/other" })).await;
    let both = referrers(&kit, &wanted, "").await;
    assert_eq!(digests(&both), [sbom.to_string(), other.to_string()]);
    assert_eq!(both.header("oci-filters-applied"), "");
    let query = format!("?artifactType={}", percent("application/sbom+json"));
    let list = referrers(&kit, &wanted, &query).await;
    assert_eq!(digests(&list), [sbom.to_string()]);
    assert_eq!(list.header("oci-filters-applied"), "artifactType");
    let list = referrers(&kit, &wanted, "?artifactType=application/none").await;
    assert_eq!(digests(&list), Vec::<String>::new());
    assert_eq!(list.header("oci-filters-applied"), "artifactType");
}

#[tokio::test]
async fn pages_follow_each_other_and_keep_the_filter() {
    let kit = Kit::start().await;
    let subject = descriptor(IMAGE, b"subject");
    let mut expected = Vec::new();
    for number in 0..5 {
        let kind = format!("application/kind-{}", number % 2);
        let more = json!({ "artifactType": kind, "annotations": { "n": number.to_string() } });
        let digest = refer(&kit, &subject, more).await;
        if number % 2 == 0 {
            expected.push(digest.to_string());
        }
    }
    let wanted = Digest::sha256(b"subject");
    let mut page = referrers(&kit, &wanted, "?n=2&artifactType=application%2Fkind-0").await;
    let mut seen = digests(&page);
    assert_eq!(seen.len(), 2);
    while let Some(target) = next(&page) {
        page = kit.get(target).by_owner().await.expect(200);
        assert_eq!(page.header("oci-filters-applied"), "artifactType");
        seen.extend(digests(&page));
    }
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_referrer_goes_with_its_manifest_and_stays_when_its_subject_goes() {
    let kit = Kit::start().await;
    let image = image("gone");
    kit.push_image(WHO, "a", "v1", &image).await;
    let digest = image.digest();
    let referrer = refer(&kit, &descriptor(IMAGE, &image.manifest), json!({})).await;
    kit.delete(&format!("/v2/a/manifests/{digest}")).by_owner().await.expect(202);
    assert_eq!(digests(&referrers(&kit, &digest, "").await), [referrer.to_string()]);
    kit.delete(&format!("/v2/a/manifests/{referrer}")).by_owner().await.expect(202);
    assert_eq!(digests(&referrers(&kit, &digest, "").await), Vec::<String>::new());
}
