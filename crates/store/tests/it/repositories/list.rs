//! Lists: their order, their pages, and who is on them.

use std::collections::BTreeSet;

use naru_access::{Catalog, ListTags, Pull};
use naru_oci::Referrer;
use naru_store::{Listing, Missing, Repositories};
use proptest::prelude::*;

use super::*;

async fn tags(world: &World, limit: usize, after: Option<&str>) -> Listing<String> {
    let access: Access<ListTags> = access("a");
    world.database.tags(&access, &page(limit, after)).await.unwrap().unwrap()
}

async fn catalog(world: &World, limit: usize, after: Option<&str>) -> Listing<String> {
    let access: Access<Catalog> = decide(&operator(FIRST), &policy(FIRST), FIRST).unwrap();
    world.database.catalog(&access, &page(limit, after)).await.unwrap()
}

async fn referrers(
    world: &World,
    subject: &Digest,
    artifact_type: Option<&str>,
    page: Page,
) -> Listing<Referrer> {
    let access: Access<Pull> = access("a");
    world.database.referrers(&access, subject, artifact_type, &page).await.unwrap()
}

fn listing(entries: &[&str], next: Option<&str>) -> Listing<String> {
    let entries = entries.iter().map(|&entry| entry.to_owned()).collect();
    Listing { entries, next: next.map(str::to_owned) }
}

#[tokio::test]
async fn tags_are_ordered_by_lower_case_then_bytes_and_cut_in_that_order() {
    let world = World::new();
    let config = world.push_blob("a", b"config", hour(0)).await;
    world.put_image("a", &[config], &["b", "B", "a", "C", "_", "a.1", "A"]).await;
    let whole = ["_", "A", "a", "a.1", "B", "b", "C"];
    assert_eq!(tags(&world, 100, None).await, listing(&whole, None));
    assert_eq!(tags(&world, 7, None).await, listing(&whole, None), "there is no further page");
    assert_eq!(tags(&world, 3, None).await, listing(&["_", "A", "a"], Some("a")));
    assert_eq!(tags(&world, 3, Some("a")).await, listing(&["a.1", "B", "b"], Some("b")));
    assert_eq!(tags(&world, 3, Some("b")).await, listing(&["C"], None));
    assert_eq!(tags(&world, 3, Some("C")).await, listing(&[], None));
    assert_eq!(tags(&world, 1, Some("AA")).await, listing(&["B"], Some("B")), "it need not exist");
    assert_eq!(tags(&world, 0, None).await, listing(&[], None));
}

#[tokio::test]
async fn tags_of_a_repository_with_blobs_alone_are_none_and_without_it_there_is_no_list() {
    let world = World::new();
    world.push_blob("a", b"layer", hour(0)).await;
    assert_eq!(tags(&world, 100, None).await, listing(&[], None));
    let none: Access<ListTags> = access("none");
    let found = world.database.tags(&none, &page(0, None)).await.unwrap();
    assert_eq!(found, Err(Missing::Repository));
}

#[tokio::test]
async fn the_catalog_lists_what_had_a_manifest_by_name() {
    let world = World::new();
    for repository in ["b", "a/c", "a-b", "unlisted"] {
        world.push_blob(repository, b"config", hour(0)).await;
    }
    let config = Digest::sha256(b"config");
    for repository in ["b", "a/c", "a-b"] {
        world.put_image(repository, &[config], &[]).await;
    }
    world.push_blob_to(SECOND, "elsewhere", b"config", hour(0)).await;
    let push = access_in(SECOND, "elsewhere");
    let event = event("elsewhere", "Push", None);
    world.database.put_manifest(&push, image(&[config]), event).await.unwrap().unwrap();

    assert_eq!(catalog(&world, 100, None).await, listing(&["a-b", "a/c", "b"], None));
    assert_eq!(catalog(&world, 2, None).await, listing(&["a-b", "a/c"], Some("a/c")));
    assert_eq!(catalog(&world, 2, Some("a/c")).await, listing(&["b"], None));
    assert_eq!(catalog(&world, 0, None).await, listing(&[], None));
}

#[tokio::test]
async fn referrers_come_in_the_order_of_their_push_with_type_and_annotations() {
    let world = World::new();
    let config = world.push_blob("a", b"config", hour(0)).await;
    // The subject need not be there.
    let subject = Digest::sha256(b"subject");
    let notes = BTreeMap::from([("made.by".to_owned(), "\"me\"".to_owned())]);
    let first = about(&subject, &config, "application/sbom", &notes);
    let second = about(&subject, &config, "application/signature", &BTreeMap::new());
    let other = about(&Digest::sha256(b"other"), &config, "application/sbom", &notes);
    let row = |new: &NewManifest, artifact_type: &str, annotations: &BTreeMap<_, _>| Referrer {
        media_type: IMAGE.to_owned(),
        digest: new.digest,
        size: new.bytes.len() as u64,
        artifact_type: Some(artifact_type.to_owned()),
        annotations: annotations.clone(),
    };
    let expected = [
        row(&first, "application/sbom", &notes),
        row(&second, "application/signature", &BTreeMap::new()),
    ];
    for new in [first, second, other] {
        world.put("a", new).await.unwrap();
    }
    let whole = referrers(&world, &subject, None, page(10, None)).await;
    assert_eq!(whole, Listing { entries: expected.to_vec(), next: None });

    for (artifact_type, entries) in [
        ("application/sbom", &expected[..1]),
        ("application/signature", &expected[1..]),
        ("application/SBOM", &[]),
    ] {
        let found = referrers(&world, &subject, Some(artifact_type), page(10, None)).await;
        assert_eq!(found.entries, entries, "{artifact_type}");
    }

    let one = referrers(&world, &subject, None, page(1, None)).await;
    assert_eq!(one.entries, &expected[..1]);
    let two = referrers(&world, &subject, None, page(1, one.next.as_deref())).await;
    assert_eq!(two, Listing { entries: expected[1..].to_vec(), next: None });
    let none = referrers(&world, &subject, None, page(0, None)).await;
    assert_eq!(none, Listing { entries: vec![], next: None });
}

#[tokio::test]
async fn there_are_no_referrers_where_there_is_no_repository() {
    let world = World::new();
    let found = referrers(&world, &Digest::sha256(b"subject"), None, page(10, None)).await;
    assert_eq!(found, Listing { entries: vec![], next: None });
}

#[tokio::test]
async fn a_referrer_that_is_deleted_is_not_listed() {
    let world = World::new();
    let config = world.push_blob("a", b"config", hour(0)).await;
    let subject = world.put_image("a", &[config], &["v1"]).await;
    let new = about(&subject, &config, "application/sbom", &BTreeMap::new());
    let digest = new.digest;
    world.put("a", new).await.unwrap();
    assert_eq!(referrers(&world, &subject, None, page(10, None)).await.entries.len(), 1);
    let event = event("a", "Delete", Some(&digest));
    world.database.delete_manifest(&access("a"), &digest, event).await.unwrap().unwrap();
    assert!(referrers(&world, &subject, None, page(10, None)).await.entries.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn pages_of_tags_are_the_whole_list_in_order(
        names in prop::collection::btree_set("[a-cA-C0_][a-cA-C0_.-]{0,3}", 1..40),
        limit in 1_usize..12,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (whole, pages) = runtime.block_on(whole_and_pages(&names, limit));
        let mut expected: Vec<String> = names.into_iter().collect();
        expected.sort_by_key(|name| (name.to_ascii_lowercase(), name.clone()));
        prop_assert_eq!(&whole, &expected);
        prop_assert!(pages.iter().rev().skip(1).all(|page| page.len() == limit));
        prop_assert!(pages.iter().all(|page| !page.is_empty()));
        prop_assert_eq!(pages.concat(), expected);
    }
}

async fn whole_and_pages(
    names: &BTreeSet<String>,
    limit: usize,
) -> (Vec<String>, Vec<Vec<String>>) {
    let world = World::new();
    let config = world.push_blob("a", b"config", hour(0)).await;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    world.put_image("a", &[config], &names).await;
    let whole = tags(&world, names.len(), None).await;
    assert_eq!(whole.next, None);
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let page = tags(&world, limit, after.as_deref()).await;
        pages.push(page.entries);
        match page.next {
            Some(next) => after = Some(next),
            None => return (whole.entries, pages),
        }
    }
}
