//! What the metadata calls show and change: orders, what lists hide, times, and locks.

use std::collections::BTreeMap;

use naru_access::{Delete, ReadMetadata, WriteMetadata};
use naru_store::{
    Attributes, AttributesPatch, Barred, Deed, Item, Listing, ManifestRecord, Missing, Order,
    Properties, TagRecord,
};
use proptest::prelude::*;

use super::*;

const ORDERS: [Order; 3] = [Order::Name, Order::TimeAscending, Order::TimeDescending];

const ALL: AttributesPatch = AttributesPatch {
    delete_enabled: Some(true),
    write_enabled: Some(true),
    read_enabled: Some(true),
    list_enabled: Some(true),
};

fn hidden() -> AttributesPatch {
    AttributesPatch { list_enabled: Some(false), ..AttributesPatch::default() }
}

fn undeletable() -> AttributesPatch {
    AttributesPatch { delete_enabled: Some(false), ..AttributesPatch::default() }
}

fn unwritable() -> AttributesPatch {
    AttributesPatch { write_enabled: Some(false), ..AttributesPatch::default() }
}

fn unreadable() -> AttributesPatch {
    AttributesPatch { read_enabled: Some(false), ..AttributesPatch::default() }
}

/// A numbered manifest, put under tags at an hour.
async fn put(world: &World, number: u8, tags: &[&str], at: i64) -> Digest {
    let config = world.push_blob("a", &[number], hour(0)).await;
    let new = image(&[config]).tagged(tags).at(hour(at));
    let digest = new.digest;
    world.put("a", new).await.unwrap();
    digest
}

async fn set(world: &World, item: Item, patch: AttributesPatch) {
    let access: Access<WriteMetadata> = access("a");
    let event = event("a", "Update", None);
    world.database.set_attributes(&access, &item, patch, event).await.unwrap().unwrap();
}

async fn tags(world: &World, order: Order, page: &Page) -> Listing<TagRecord> {
    let access: Access<ReadMetadata> = access("a");
    world.database.tag_records(&access, None, order, page).await.unwrap().unwrap()
}

async fn manifests(world: &World, order: Order, page: &Page) -> Listing<ManifestRecord> {
    let access: Access<ReadMetadata> = access("a");
    world.database.manifest_records(&access, order, page).await.unwrap().unwrap()
}

async fn manifest(world: &World, digest: &Digest) -> ManifestRecord {
    let access: Access<ReadMetadata> = access("a");
    world.database.manifest_record(&access, digest).await.unwrap().unwrap()
}

/// All pages of a list.
async fn pages<T>(limit: usize, read: impl AsyncFn(Page) -> Listing<T>) -> Vec<Vec<T>> {
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let listing = read(Page { limit, after }).await;
        pages.push(listing.entries);
        match listing.next {
            Some(next) => after = Some(next),
            None => return pages,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Tags with the hour of their last push, several of them within the same one, and whether
    /// they are hidden; so manifests.
    #[test]
    fn pages_in_every_order_are_the_whole_list_of_what_is_not_hidden(
        pushed in prop::collection::btree_map("[a-cA-C0_][a-cA-C0_.-]{0,2}", (0..4_i64, any::<bool>()), 1..16),
        limit in 1_usize..6,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(every_order(&pushed, limit))?;
    }
}

async fn every_order(
    pushed: &BTreeMap<String, (i64, bool)>,
    limit: usize,
) -> Result<(), TestCaseError> {
    let world = World::new();
    // Each tag is on a manifest of its own, so that a manifest's time is its tag's. Time goes
    // forwards, as it does.
    let mut model = Vec::new();
    let mut in_time: Vec<_> = pushed.iter().collect();
    in_time.sort_by_key(|(_, (at, _))| *at);
    for (number, (name, (at, hide))) in in_time.into_iter().enumerate() {
        let digest = put(&world, u8::try_from(number).unwrap(), &[name], *at).await;
        if *hide {
            set(&world, Item::Tag(tag(name)), hidden()).await;
            set(&world, Item::Manifest(digest), hidden()).await;
        } else {
            model.push((*at, name.clone(), digest));
        }
    }
    for order in ORDERS {
        let read = async |page: Page| tags(&world, order, &page).await;
        let pages_of_tags = pages(limit, read).await;
        let key = |(at, name, _): &(i64, String, Digest)| {
            let at = if order == Order::Name { 0 } else { *at };
            (at, name.to_ascii_lowercase(), name.clone())
        };
        model.sort_by_key(key);
        if order == Order::TimeDescending {
            model.reverse();
        }
        let due: Vec<_> = model.iter().map(|(_, name, _)| name.clone()).collect();
        prop_assert!(pages_of_tags.iter().rev().skip(1).all(|page| page.len() == limit));
        let is: Vec<_> = pages_of_tags.into_iter().flatten().map(|tag| tag.name).collect();
        prop_assert_eq!(is, due, "{:?}", order);

        let read = async |page: Page| manifests(&world, order, &page).await;
        let pages_of_manifests = pages(limit, read).await;
        prop_assert!(pages_of_manifests.iter().rev().skip(1).all(|page| page.len() == limit));
        let records: Vec<_> = pages_of_manifests.into_iter().flatten().collect();
        let times: Vec<_> = records.iter().map(|record| record.updated).collect();
        match order {
            Order::Name => {
                prop_assert!(records.is_sorted_by_key(|record| record.digest.to_string()));
            }
            Order::TimeAscending => prop_assert!(times.is_sorted()),
            Order::TimeDescending => prop_assert!(times.iter().rev().is_sorted()),
        }
        let mut is: Vec<_> = records.iter().map(|record| record.digest.to_string()).collect();
        let mut due: Vec<_> = model.iter().map(|(_, _, digest)| digest.to_string()).collect();
        is.sort();
        due.sort();
        prop_assert_eq!(is, due, "{:?}", order);
    }
    Ok(())
}

#[tokio::test]
async fn a_manifest_is_as_new_as_its_last_push_and_a_tag_that_moves_away_leaves_it_be() {
    let world = World::new();
    let old = put(&world, 1, &["v1", "latest"], 1).await;
    let new = put(&world, 2, &["v2"], 2).await;
    let by_time = async || {
        let listing = manifests(&world, Order::TimeDescending, &page(9, None)).await;
        listing.entries.into_iter().map(|record| record.digest).collect::<Vec<_>>()
    };
    assert_eq!(by_time().await, [new, old]);
    // Put again, it is the latest.
    put(&world, 1, &["again"], 3).await;
    assert_eq!(by_time().await, [old, new]);
    assert_eq!(
        (manifest(&world, &old).await.created, hour(3)),
        (hour(1), manifest(&world, &old).await.updated)
    );
    // A tag goes over to the other: that one changes, and the one it leaves does not.
    put(&world, 2, &["latest"], 4).await;
    assert_eq!(manifest(&world, &old).await.updated, hour(3));
    assert_eq!(manifest(&world, &new).await.updated, hour(4));
    assert_eq!(manifest(&world, &old).await.tags, ["again", "v1"]);
    let access: Access<ReadMetadata> = access("a");
    let latest = world.database.tag_record(&access, &tag("latest")).await.unwrap().unwrap();
    assert_eq!((latest.created, latest.updated), (hour(1), hour(4)));
}

#[tokio::test]
async fn a_change_of_attributes_is_no_change_of_content() {
    let world = World::new();
    let digest = put(&world, 1, &["v1"], 1).await;
    let repository = async || {
        let access: Access<ReadMetadata> = access("a");
        world.database.repository(&access).await.unwrap().unwrap()
    };
    let before = repository().await;
    for item in [Item::Repository, Item::Manifest(digest), Item::Tag(tag("v1"))] {
        set(&world, item, unwritable()).await;
    }
    let after = repository().await;
    assert_eq!((before.updated, before.created), (after.updated, after.created));
    assert!(!after.attributes.write_enabled);
    assert_eq!(manifest(&world, &digest).await.updated, hour(1));
    let v1 = &tags(&world, Order::Name, &page(1, None)).await.entries[0];
    assert_eq!((v1.updated, v1.attributes.write_enabled), (hour(1), false));
    let updates = world.events().await.iter().filter(|(what, _)| what == "Update").count();
    assert_eq!(updates, 3);
}

#[tokio::test]
async fn what_lists_hide_is_found_by_its_name() {
    let world = World::new();
    let digest = put(&world, 1, &["v1", "v2"], 1).await;
    set(&world, Item::Tag(tag("v1")), hidden()).await;
    let names = async || {
        let listing = tags(&world, Order::Name, &page(9, None)).await;
        listing.entries.into_iter().map(|tag| tag.name).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["v2"]);
    assert_eq!(manifest(&world, &digest).await.tags, ["v2"]);
    let read: Access<ReadMetadata> = access("a");
    let found = world.database.tag_record(&read, &tag("v1")).await.unwrap().unwrap();
    assert!(!found.attributes.list_enabled);
    assert_eq!(world.database.repository(&read).await.unwrap().unwrap().tags, 2, "it counts");
    set(&world, Item::Manifest(digest), hidden()).await;
    assert!(manifests(&world, Order::Name, &page(9, None)).await.entries.is_empty());
    assert_eq!(
        manifest(&world, &digest).await.attributes,
        Attributes { list_enabled: false, ..Attributes::default() }
    );
    set(&world, Item::Tag(tag("v1")), ALL).await;
    assert_eq!(names().await, ["v1", "v2"]);
}

#[tokio::test]
async fn who_may_not_write_is_told_so_rather_than_what_is_missing() {
    let world = World::new();
    put(&world, 1, &["v1"], 1).await;
    set(&world, Item::Repository, unwritable()).await;
    let absent = Digest::sha256(b"absent");
    assert_eq!(world.put("a", image(&[absent])).await, Err(PutRefusal::Locked));
}

#[tokio::test]
async fn a_lock_anywhere_in_it_keeps_a_repository_and_is_named() {
    let world = World::new();
    let one = put(&world, 1, &["v1"], 1).await;
    let two = put(&world, 2, &["v2", "V2"], 1).await;
    let delete: Access<Delete> = access("a");
    let read: Access<ReadMetadata> = access("a");
    let blocking =
        async |item: &Item, deed| world.database.locked(&read, item, deed).await.unwrap();
    for item in [Item::Repository, Item::Manifest(two), Item::Tag(tag("v1"))] {
        for patch in [undeletable(), unwritable()] {
            assert_eq!(blocking(&Item::Repository, Deed::Delete).await, None);
            set(&world, item.clone(), patch).await;
            let refused = world.database.delete_repository(&delete, event("a", "Delete", None));
            assert_eq!(refused.await.unwrap(), Err(Barred::Locked), "{item:?} {patch:?}");
            assert_eq!(blocking(&Item::Repository, Deed::Delete).await.as_ref(), Some(&item));
            set(&world, item.clone(), ALL).await;
        }
        for patch in [unreadable(), hidden()] {
            set(&world, item.clone(), patch).await;
            assert_eq!(blocking(&Item::Repository, Deed::Delete).await, None, "{item:?} {patch:?}");
            set(&world, item.clone(), ALL).await;
        }
    }
    // A manifest is kept by itself and by its tags, a tag by itself alone.
    set(&world, Item::Tag(tag("V2")), unwritable()).await;
    assert_eq!(blocking(&Item::Manifest(two), Deed::Delete).await, Some(Item::Tag(tag("V2"))));
    assert_eq!(blocking(&Item::Manifest(one), Deed::Delete).await, None);
    assert_eq!(blocking(&Item::Tag(tag("V2")), Deed::Delete).await, Some(Item::Tag(tag("V2"))));
    assert_eq!(blocking(&Item::Tag(tag("v2")), Deed::Delete).await, None);
    assert_eq!(blocking(&Item::Tag(tag("V2")), Deed::Pull).await, None);
    set(&world, Item::Manifest(two), undeletable()).await;
    assert_eq!(blocking(&Item::Tag(tag("v2")), Deed::Delete).await, None, "its manifest stays");
    // What is not pulled is the manifest, or the tag that leads to it.
    set(&world, Item::Manifest(one), unreadable()).await;
    assert_eq!(blocking(&Item::Manifest(one), Deed::Pull).await, Some(Item::Manifest(one)));
    assert_eq!(blocking(&Item::Tag(tag("v1")), Deed::Pull).await, Some(Item::Manifest(one)));
    set(&world, Item::Tag(tag("v2")), unreadable()).await;
    assert_eq!(blocking(&Item::Tag(tag("v2")), Deed::Pull).await, Some(Item::Tag(tag("v2"))));
    assert_eq!(blocking(&Item::Manifest(two), Deed::Pull).await, None, "by its digest it is");
    let none: Access<ReadMetadata> = access("none");
    let found = world.database.locked(&none, &Item::Repository, Deed::Delete).await.unwrap();
    assert_eq!(found, None);
}

#[tokio::test]
async fn a_deleted_repository_starts_the_leases_of_its_blobs() {
    let world = World::new();
    put(&world, 1, &["v1", "V1"], 0).await;
    let spare = world.push_blob("a", b"spare", hour(0)).await;
    world.push_blob("b", b"spare", hour(0)).await;
    let lease = |digest: &Digest| {
        let sql = "SELECT lease FROM blob WHERE digest = ?1";
        let key = [&[1], digest.bytes()].concat();
        world.sql().query_row(sql, [key], |row| row.get::<_, i64>(0)).unwrap()
    };
    let config = Digest::sha256(&[1]);
    let delete: Access<Delete> = access("a");
    let event = event_at(hour(5), "a", "Delete", None);
    let deleted = world.database.delete_repository(&delete, event).await.unwrap().unwrap();
    assert_eq!(deleted.tags, ["V1", "v1"]);
    assert_eq!(deleted.manifests.len(), 1);
    for digest in [&config, &spare] {
        assert_eq!(lease(digest), hour(5).as_millisecond(), "kept as long as if it came just now");
    }
    assert_eq!(world.number("SELECT count(*) FROM repository WHERE name = 'a'"), 0);
    assert_eq!(world.number("SELECT count(*) FROM blob_link"), 1, "that of the other repository");
    assert_eq!(world.number("SELECT count(*) FROM blob"), 2, "the bytes are for collection");
    // An earlier clock does not shorten a lease.
    let other: Access<Delete> = access("b");
    let event = event_at(hour(2), "b", "Delete", None);
    world.database.delete_repository(&other, event).await.unwrap().unwrap();
    assert_eq!(lease(&spare), hour(5).as_millisecond());
    let again = world.database.delete_repository(&delete, event_at(hour(6), "a", "Delete", None));
    assert_eq!(again.await.unwrap(), Err(Barred::Missing(Missing::Repository)));
    let deletes = world.events().await.iter().filter(|(what, _)| what == "Delete").count();
    assert_eq!(deletes, 2, "what was refused leaves no event");
}

#[tokio::test]
async fn a_deleted_manifest_says_which_tags_went_those_too_that_lists_hide() {
    let world = World::new();
    let digest = put(&world, 1, &["v1", "V2", "latest"], 1).await;
    put(&world, 2, &["other"], 1).await;
    set(&world, Item::Tag(tag("V2")), hidden()).await;
    let delete: Access<Delete> = access("a");
    let event = event("a", "Delete", Some(&digest));
    let went = world.database.delete_manifest(&delete, &digest, event).await.unwrap().unwrap();
    assert_eq!(went, ["latest", "v1", "V2"]);
    assert_eq!(world.number("SELECT count(*) FROM tag"), 1);
}
