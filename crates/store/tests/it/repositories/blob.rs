//! Blobs: who may reach them, whose bytes they are, and how leases run.

use naru_access::{Delete, Maintenance, Pull, Push};
use naru_oci::{Algorithm, Digest};
use naru_store::{Barred, BlobBody, BlobStat, Linked, Missing, Repositories, UnlinkRefusal};

use super::*;

#[tokio::test]
async fn a_blob_is_served_through_a_repository_that_links_it_alone() {
    let world = World::new();
    let digest = world.push_blob("a", b"hello", hour(0)).await;
    let blob = world.database.blob(&access("a"), &digest).await.unwrap().unwrap();
    let BlobBody::Inline(bytes) = blob.body else { panic!("{blob:?}") };
    assert_eq!((blob.size, bytes.as_ref()), (5, b"hello".as_slice()));

    world.push_blob("b", b"other", hour(0)).await;
    for elsewhere in
        [access::<Pull>("b"), access("c"), access_in(SECOND, "a"), access_in(FOREIGN, "a")]
    {
        let blob = world.database.blob(&elsewhere, &digest).await.unwrap();
        assert!(blob.is_err(), "{elsewhere:?}");
        assert_eq!(
            world.database.stat_blob(&elsewhere, &digest).await,
            Ok(Err(Barred::Missing(Missing::Content))),
            "{elsewhere:?}"
        );
    }
}

#[tokio::test]
async fn a_repository_of_the_same_name_in_another_registry_is_another() {
    let world = World::new();
    let here = world.push_blob_to(FIRST, "a", b"here", hour(0)).await;
    let there = world.push_blob_to(SECOND, "a", b"there", hour(0)).await;
    let stat = async |registry, digest| {
        world.database.stat_blob(&access_in(registry, "a"), digest).await.unwrap().is_ok()
    };
    assert!(stat(FIRST, &here).await && stat(SECOND, &there).await);
    assert!(!stat(FIRST, &there).await && !stat(SECOND, &here).await);
}

#[tokio::test]
async fn an_empty_blob_is_a_blob() {
    let world = World::new();
    let digest = world.push_blob("a", b"", hour(0)).await;
    let blob = world.database.blob(&access("a"), &digest).await.unwrap().unwrap();
    let BlobBody::Inline(bytes) = blob.body else { panic!("{blob:?}") };
    assert!(blob.size == 0 && bytes.is_empty());
}

#[tokio::test]
async fn after_a_crash_a_location_is_kept_where_a_row_names_it_alone() {
    let world = World::new();
    let linked = world.seal(Algorithm::Sha256, &large(1)).await;
    world.seal(Algorithm::Sha256, &large(2)).await;
    world.database.link_blob(&access("a"), &linked, hour(0)).await.unwrap().unwrap();
    let blob = world.database.blob(&access("a"), linked.digest()).await.unwrap().unwrap();
    let BlobBody::Stored(location) = blob.body else { panic!("{blob:?}") };

    let (blobs, uploads) =
        (world.directory.path().join("blobs"), world.directory.path().join("uploads"));
    let (_content, leftovers) = Directory::open(blobs, uploads).unwrap();
    assert_eq!(leftovers.len(), 2);
    let maintenance = Maintenance::of_this_process();
    for leftover in leftovers {
        let named = world.database.has_location(&maintenance, &leftover.location).await;
        assert_eq!(named, Ok(leftover.location == location));
    }
}

#[tokio::test]
async fn the_bytes_of_a_second_upload_are_not_used() {
    let world = World::new();
    let (first, second) = (
        world.seal(Algorithm::Sha256, &large(1)).await,
        world.seal(Algorithm::Sha256, &large(1)).await,
    );
    assert_eq!(world.database.link_blob(&access("a"), &first, hour(0)).await, Ok(Ok(Linked::New)));
    let location = async |repository| {
        let blob = world.database.blob(&access(repository), first.digest()).await;
        match blob.unwrap().unwrap().body {
            BlobBody::Stored(location) => location,
            BlobBody::Inline(_) => panic!("it is too large for that"),
        }
    };
    let kept = location("a").await;
    let known = Linked::Known { location: Some(kept.clone()), damaged: false };
    assert_eq!(
        world.database.link_blob(&access("b"), &second, hour(1)).await,
        Ok(Ok(known.clone()))
    );
    assert_eq!(world.database.link_blob(&access("a"), &second, hour(2)).await, Ok(Ok(known)));
    assert_eq!((location("a").await, location("b").await), (kept.clone(), kept));
    // Each link has a lease of its own, and a second upload renews it.
    let lease = async |repository| {
        let stat = world.database.stat_blob(&access(repository), first.digest()).await;
        stat.unwrap().unwrap().leased
    };
    assert_eq!((lease("a").await, lease("b").await), (Some(hour(2)), Some(hour(1))));
}

#[tokio::test]
async fn tenants_share_no_bytes() {
    let world = World::new();
    let sealed = world.seal(Algorithm::Sha256, b"same").await;
    let link = async |registry| {
        world
            .database
            .link_blob(&access_in(registry, "a"), &sealed, hour(0))
            .await
            .unwrap()
            .unwrap()
    };
    assert_eq!(link(FIRST).await, Linked::New);
    assert!(matches!(link(SECOND).await, Linked::Known { .. }));
    assert_eq!(link(FOREIGN).await, Linked::New);
    assert_eq!(world.number("SELECT count(*) FROM blob"), 2);
}

#[tokio::test]
async fn the_algorithms_do_not_meet() {
    let world = World::new();
    let long = world.seal(Algorithm::Sha512, b"same").await;
    world.database.link_blob(&access("a"), &long, hour(0)).await.unwrap().unwrap();
    let stat = async |digest: &Digest| {
        world.database.stat_blob(&access("a"), digest).await.unwrap().is_ok()
    };
    assert!(stat(long.digest()).await);
    assert!(!stat(&Digest::sha256(b"same")).await);
}

#[tokio::test]
async fn a_lease_runs_where_no_manifest_names_the_blob_and_only_forward() {
    let world = World::new();
    let digest = world.push_blob("a", b"layer", hour(5)).await;
    let stat = async || world.database.stat_blob(&access("a"), &digest).await.unwrap().unwrap();
    assert_eq!(stat().await, BlobStat { size: 5, location: None, leased: Some(hour(5)) });

    let renew = async |repository, now| {
        world.database.renew_lease(&access(repository), &digest, now).await.unwrap()
    };
    assert!(renew("a", hour(9)).await);
    assert!(renew("a", hour(3)).await);
    // Who does not link it has nothing to renew.
    assert!(!renew("b", hour(20)).await);
    assert_eq!(stat().await.leased, Some(hour(9)));
    assert_eq!(world.number("SELECT lease FROM blob"), hour(9).as_millisecond());
    assert_eq!(world.number("SELECT count(*) FROM repository"), 1);

    let manifest = world.put_image("a", &[digest], &[]).await;
    assert_eq!(stat().await.leased, None);

    let event = event_at(hour(30), "a", "Delete", Some(&manifest));
    world.database.delete_manifest(&access("a"), &manifest, event).await.unwrap().unwrap();
    assert_eq!(stat().await.leased, Some(hour(30)), "a client may have seen it just before");
    assert_eq!(world.number("SELECT lease FROM blob"), hour(30).as_millisecond());
}

#[tokio::test]
async fn a_mount_links_what_its_source_links() {
    let world = World::new();
    let digest = world.push_blob("from", b"layer", hour(0)).await;
    let mount = async |target: &str, source: Access<Pull>, digest: &Digest| {
        let push: Access<Push> = access(target);
        world.database.mount_blob(&push, &source, digest, hour(4)).await.unwrap().unwrap()
    };
    assert!(mount("to", access("from"), &digest).await);
    let lease = async |repository| {
        let stat = world.database.stat_blob(&access(repository), &digest).await;
        stat.unwrap().unwrap().leased
    };
    assert_eq!((lease("from").await, lease("to").await), (Some(hour(4)), Some(hour(4))));

    assert!(!mount("new", access("none"), &digest).await);
    assert!(!mount("new", access("from"), &Digest::sha256(b"unknown")).await);
    assert!(!mount("new", access_in(SECOND, "from"), &digest).await);
    let new: Access<Pull> = access("new");
    assert_eq!(
        world.database.stat_blob(&new, &digest).await,
        Ok(Err(Barred::Missing(Missing::Content)))
    );
    assert_eq!(world.number("SELECT count(*) FROM repository WHERE name = 'new'"), 0);
}

#[tokio::test]
async fn nothing_is_mounted_out_of_another_tenant() {
    let world = World::new();
    let digest = world.push_blob_to(FOREIGN, "from", b"layer", hour(0)).await;
    let push: Access<Push> = access("to");
    let source: Access<Pull> = access_in(FOREIGN, "from");
    assert_eq!(world.database.mount_blob(&push, &source, &digest, hour(0)).await, Ok(Ok(false)));
    // Nor where both have the bytes.
    world.push_blob_to(FIRST, "other", b"layer", hour(0)).await;
    assert_eq!(world.database.mount_blob(&push, &source, &digest, hour(0)).await, Ok(Ok(false)));
}

#[tokio::test]
async fn repositories_that_link_a_blob_are_those_of_the_registry_the_oldest_first() {
    let world = World::new();
    for repository in ["b", "c/d", "a"] {
        world.push_blob(repository, b"layer", hour(0)).await;
    }
    world.push_blob_to(SECOND, "0", b"layer", hour(0)).await;
    world.push_blob_to(FOREIGN, "1", b"layer", hour(0)).await;
    let digest = world.push_blob("other", b"other", hour(0)).await;
    let with = async |digest: &Digest, limit| {
        let found = world.database.repositories_with(&access("x"), digest, limit).await.unwrap();
        found.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(with(&Digest::sha256(b"layer"), 10).await, ["b", "c/d", "a"]);
    assert_eq!(with(&Digest::sha256(b"layer"), 2).await, ["b", "c/d"]);
    assert_eq!(with(&digest, 10).await, ["other"]);
    assert!(with(&Digest::sha256(b"unknown"), 10).await.is_empty());
}

#[tokio::test]
async fn a_blob_that_a_manifest_names_is_not_deleted_by_itself() {
    let world = World::new();
    let digest = world.push_blob("a", b"layer", hour(0)).await;
    world.push_blob("b", b"layer", hour(0)).await;
    let manifest = world.put_image("a", &[digest], &[]).await;
    let unlink = async |repository: &str| {
        let event = event(repository, "Delete", Some(&digest));
        world.database.unlink_blob(&access(repository), &digest, event).await.unwrap()
    };
    assert_eq!(unlink("a").await, Err(UnlinkRefusal::NamedBy(manifest)));
    assert_eq!(unlink("b").await, Ok(()), "no manifest of that repository names it");
    assert_eq!(unlink("b").await, Err(UnlinkRefusal::Missing));
    assert_eq!(unlink("none").await, Err(UnlinkRefusal::Missing));
    let deletes = world.events().await.iter().filter(|(what, _)| what == "Delete").count();
    assert_eq!(deletes, 1, "what was refused leaves no event");

    let event = event("a", "Delete", Some(&manifest));
    let access: Access<Delete> = access("a");
    world.database.delete_manifest(&access, &manifest, event).await.unwrap().unwrap();
    assert_eq!(unlink("a").await, Ok(()));
}

#[tokio::test]
async fn cve_2026_35172_a_deleted_blob_stays_deleted_whoever_else_looks_at_it() {
    let world = World::new();
    let digest = world.push_blob("a", b"layer", hour(0)).await;
    world.push_blob("b", b"layer", hour(0)).await;
    let event = event("a", "Delete", Some(&digest));
    world.database.unlink_blob(&access("a"), &digest, event).await.unwrap().unwrap();

    let (a, b): (Access<Pull>, Access<Pull>) = (access("a"), access("b"));
    assert!(world.database.stat_blob(&b, &digest).await.unwrap().is_ok());
    world.database.renew_lease(&b, &digest, hour(1)).await.unwrap();
    assert!(world.database.blob(&b, &digest).await.unwrap().is_ok());
    assert_eq!(
        world.database.stat_blob(&a, &digest).await,
        Ok(Err(Barred::Missing(Missing::Content)))
    );
    assert!(world.database.blob(&a, &digest).await.unwrap().is_err());
    // Nor is it a place to mount it from, nor good enough for a manifest.
    assert_eq!(world.database.mount_blob(&access("c"), &a, &digest, hour(1)).await, Ok(Ok(false)));
    assert_eq!(world.put("a", image(&[digest])).await, Err(PutRefusal::Missing(vec![digest])));
    // An upload brings it back.
    world.push_blob("a", b"layer", hour(2)).await;
    assert!(world.database.blob(&a, &digest).await.unwrap().is_ok());
}

#[tokio::test]
async fn bytes_that_nobody_links_are_out_of_reach_and_wait_for_collection() {
    let world = World::new();
    let digest = world.push_blob("a", b"layer", hour(0)).await;
    let event = event_at(hour(6), "a", "Delete", Some(&digest));
    world.database.unlink_blob(&access("a"), &digest, event).await.unwrap().unwrap();
    let pull: Access<Pull> = access("a");
    assert!(world.database.blob(&pull, &digest).await.unwrap().is_err());
    let holders = world.database.repositories_with(&access("b"), &digest, 10).await.unwrap();
    assert!(holders.is_empty());
    assert_eq!(world.number("SELECT lease FROM blob"), hour(6).as_millisecond());
    let delete = ("Delete".to_owned(), Some(digest.to_string()));
    assert_eq!(world.events().await, [delete]);
}
