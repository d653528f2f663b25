//! Manifests and tags: what is taken, kept, moved and deleted.

use naru_access::{Delete, ListTags, Pull};
use naru_oci::{Algorithm, Digest};
use naru_store::{Barred, ManifestStat, Missing, Repositories};

use super::*;

async fn tags(world: &World, repository: &str) -> Result<Vec<String>, Missing> {
    let access: Access<ListTags> = access(repository);
    let listing = world.database.tags(&access, &page(100, None)).await.unwrap();
    listing.map(|listing| listing.entries)
}

async fn stat(world: &World, repository: &str, wanted: &Reference) -> Result<Digest, Barred> {
    let access: Access<Pull> = access(repository);
    let stat = world.database.stat_manifest(&access, wanted).await.unwrap();
    let whole = world.database.manifest(&access, wanted).await.unwrap();
    assert_eq!(whole.map(|manifest| manifest.stat), stat, "both ways tell the same");
    stat.map(|stat| stat.digest)
}

async fn delete(world: &World, repository: &str, digest: &Digest) -> Result<(), Barred> {
    let (access, event) = (access(repository), event(repository, "Delete", Some(digest)));
    world.database.delete_manifest(&access, digest, event).await.unwrap().map(drop)
}

#[tokio::test]
async fn a_manifest_comes_back_byte_for_byte_by_digest_and_by_tag() {
    let world = World::new();
    let config = world.push_blob("a", b"config", hour(0)).await;
    let text = image_text(&[config], r#" , "unknown" : [ 1 ]  "#);
    let media_type = format!("{IMAGE}; charset=utf-8");
    let new = parsed(Algorithm::Sha256, &media_type, text.clone()).tagged(&["v1", "latest"]);
    let digest = new.digest;
    assert_eq!(world.put("a", new).await, Ok(ManifestPut { new: true }));
    for reference in [Reference::Digest(digest), by_tag("v1"), by_tag("latest")] {
        let pull: Access<Pull> = access("a");
        let found = world.database.manifest(&pull, &reference).await.unwrap().unwrap();
        assert_eq!(found.bytes, text.as_bytes());
        let size = text.len() as u64;
        let expected = ManifestStat { digest, media_type: media_type.clone(), size };
        assert_eq!(found.stat, expected);
    }
    assert_eq!(world.events().await, [("Push".to_owned(), Some(digest.to_string()))]);
}

#[tokio::test]
async fn what_is_missing_is_the_repository_or_the_content() {
    let world = World::new();
    let config = world.push_blob("a", b"config", hour(0)).await;
    let digest = world.put_image("a", &[config], &["v1"]).await;
    world.push_blob("b", b"config", hour(0)).await;
    for wanted in [Reference::Digest(digest), by_tag("v1")] {
        assert_eq!(stat(&world, "a", &wanted).await, Ok(digest));
        assert_eq!(stat(&world, "b", &wanted).await, Err(Barred::Missing(Missing::Content)));
        assert_eq!(stat(&world, "c", &wanted).await, Err(Barred::Missing(Missing::Repository)));
        let elsewhere: Access<Pull> = access_in(SECOND, "a");
        let found = world.database.stat_manifest(&elsewhere, &wanted).await.unwrap();
        assert_eq!(found, Err(Barred::Missing(Missing::Repository)));
    }
    assert_eq!(
        stat(&world, "a", &by_tag("V1")).await,
        Err(Barred::Missing(Missing::Content)),
        "case matters"
    );
}

#[tokio::test]
async fn the_algorithm_of_the_push_is_kept() {
    let world = World::new();
    let config = world.push_blob("a", b"config", hour(0)).await;
    let text = image_text(&[config], "");
    let long = parsed(Algorithm::Sha512, IMAGE, text.clone()).tagged(&["long"]);
    let short = parsed(Algorithm::Sha256, IMAGE, text).tagged(&["short"]);
    let (long_digest, short_digest) = (long.digest, short.digest);
    assert_eq!(world.put("a", long).await, Ok(ManifestPut { new: true }));
    let early = stat(&world, "a", &Reference::Digest(short_digest)).await;
    assert_eq!(
        early,
        Err(Barred::Missing(Missing::Content)),
        "it was not pushed under that digest"
    );
    assert_eq!(world.put("a", short).await, Ok(ManifestPut { new: true }));
    assert_eq!(stat(&world, "a", &by_tag("long")).await, Ok(long_digest));
    assert_eq!(stat(&world, "a", &by_tag("short")).await, Ok(short_digest));
}

#[tokio::test]
async fn a_manifest_is_refused_with_all_that_is_missing_and_leaves_nothing_behind() {
    let world = World::new();
    let (config, layer) = (Digest::sha256(b"config"), Digest::sha256(b"layer"));
    let mut both = vec![config, layer];
    both.sort_unstable();
    let new = || image(&[config, layer]).tagged(&["v1"]);
    assert_eq!(world.put("a", new()).await, Err(PutRefusal::Missing(both)));
    assert_eq!(tags(&world, "a").await, Err(Missing::Repository));

    world.push_blob("a", b"config", hour(0)).await;
    // Bytes that another repository links are not there for this one.
    world.push_blob("b", b"layer", hour(0)).await;
    assert_eq!(world.put("a", new()).await, Err(PutRefusal::Missing(vec![layer])));
    assert_eq!(tags(&world, "a").await, Ok(vec![]));
    assert!(world.events().await.is_empty());
    assert_eq!(world.number("SELECT count(*) FROM repository WHERE listed = 1"), 0);

    world.push_blob("a", b"layer", hour(0)).await;
    assert_eq!(world.put("a", new()).await, Ok(ManifestPut { new: true }));
}

#[tokio::test]
async fn an_index_needs_the_manifests_that_it_lists() {
    let world = World::new();
    let config = world.push_blob("a", b"config", hour(0)).await;
    let image = world.put_image("a", &[config], &[]).await;
    let unknown = Digest::sha256(b"unknown");
    let refused = world.put("a", index(&[image, unknown])).await;
    assert_eq!(refused, Err(PutRefusal::Missing(vec![unknown])));
    // A manifest of another repository is not there for this one.
    let elsewhere = world.put("b", index(&[image])).await;
    assert_eq!(elsewhere, Err(PutRefusal::Missing(vec![image])));
    assert_eq!(world.put("a", index(&[image])).await, Ok(ManifestPut { new: true }));
    assert_eq!(world.put("c", index(&[])).await, Ok(ManifestPut { new: true }), "it lists none");
}

#[tokio::test]
async fn an_index_may_list_blobs_as_buildkit_does_for_its_cache() {
    let world = World::new();
    let layer = world.push_blob("a", b"layer", hour(0)).await;
    let cache = index(&[layer]);
    let digest = cache.digest;
    assert_eq!(world.put("a", cache).await, Ok(ManifestPut { new: true }));
    let stat = world.database.stat_blob(&access("a"), &layer).await.unwrap().unwrap();
    assert_eq!(stat.leased, None, "the index names it");
    let event = event("a", "Delete", Some(&layer));
    let refused = world.database.unlink_blob(&access("a"), &layer, event).await.unwrap();
    assert_eq!(refused, Err(naru_store::UnlinkRefusal::NamedBy(digest)));
}

#[tokio::test]
async fn a_sparse_manifest_links_no_blob() {
    let world = World::new();
    world.push_blob("b", b"layer", hour(0)).await;
    let (config, layer) = (Digest::sha256(b"config"), Digest::sha256(b"layer"));
    let new = image(&[config, layer]).sparse().tagged(&["v1"]);
    let digest = new.digest;
    assert_eq!(world.put("a", new).await, Ok(ManifestPut { new: true }));
    assert_eq!(stat(&world, "a", &by_tag("v1")).await, Ok(digest));
    for blob in [config, layer] {
        let pull: Access<Pull> = access("a");
        assert_eq!(
            world.database.stat_blob(&pull, &blob).await,
            Ok(Err(Barred::Missing(Missing::Content)))
        );
        assert!(world.database.blob(&pull, &blob).await.unwrap().is_err());
    }
    // One that is pushed later is named already.
    world.push_blob("a", b"layer", hour(0)).await;
    let named = world.database.stat_blob(&access("a"), &layer).await.unwrap().unwrap();
    assert_eq!(named.leased, None);
    // Sparse or not is asked of each push.
    let again = world.put("a", image(&[config, layer])).await;
    assert_eq!(again, Err(PutRefusal::Missing(vec![config])));
}

#[tokio::test]
async fn a_manifest_that_is_put_again_stays_as_it_was_and_moves_its_tags() {
    let world = World::new();
    let config = world.push_blob("a", b"config", hour(0)).await;
    let docker = "application/vnd.docker.distribution.manifest.v2+json";
    let text = image_text(&[config], "");
    let first = parsed(Algorithm::Sha256, IMAGE, text.clone()).tagged(&["v1"]);
    let digest = first.digest;
    assert_eq!(world.put("a", first).await, Ok(ManifestPut { new: true }));
    let again = parsed(Algorithm::Sha256, docker, text).tagged(&["v2"]).at(hour(8));
    assert_eq!(world.put("a", again).await, Ok(ManifestPut { new: false }));
    let pull: Access<Pull> = access("a");
    for reference in [by_tag("v1"), by_tag("v2"), Reference::Digest(digest)] {
        let stat = world.database.stat_manifest(&pull, &reference).await.unwrap().unwrap();
        assert_eq!((stat.media_type.as_str(), stat.digest), (IMAGE, digest));
    }
    assert_eq!(world.number("SELECT created FROM manifest"), hour(0).as_millisecond());
    // That it is named keeps the blob: no lease runs, and none is renewed.
    let named = world.database.stat_blob(&pull, &config).await.unwrap().unwrap();
    assert_eq!(named.leased, None);
    assert_eq!(world.number("SELECT lease FROM blob_link"), hour(0).as_millisecond());
    assert_eq!(world.events().await.len(), 2);
}

#[tokio::test]
async fn a_tag_that_moves_was_created_when_it_was_created() {
    let world = World::new();
    let (one, two) =
        (world.push_blob("a", b"1", hour(0)).await, world.push_blob("a", b"2", hour(0)).await);
    world.put("a", image(&[one]).tagged(&["latest"]).at(hour(1))).await.unwrap();
    let next = image(&[two]).tagged(&["latest"]).at(hour(2));
    let digest = next.digest;
    world.put("a", next).await.unwrap();
    assert_eq!(stat(&world, "a", &by_tag("latest")).await, Ok(digest));
    assert_eq!(tags(&world, "a").await.unwrap(), ["latest"]);
    assert_eq!(world.number("SELECT created FROM tag"), hour(1).as_millisecond());
    assert_eq!(world.number("SELECT updated FROM tag"), hour(2).as_millisecond());
}

#[tokio::test]
async fn deleting_a_manifest_takes_its_tags_and_nothing_else() {
    let world = World::new();
    let config = world.push_blob("a", b"config", hour(0)).await;
    let other = world.push_blob("a", b"other", hour(0)).await;
    let digest = world.put_image("a", &[config], &["v1", "v2"]).await;
    let kept = world.put_image("a", &[other], &["v3"]).await;
    assert_eq!(delete(&world, "a", &digest).await, Ok(()));
    for gone in [Reference::Digest(digest), by_tag("v1"), by_tag("v2")] {
        assert_eq!(stat(&world, "a", &gone).await, Err(Barred::Missing(Missing::Content)));
    }
    assert_eq!(stat(&world, "a", &by_tag("v3")).await, Ok(kept));
    assert!(world.database.stat_blob(&access("a"), &config).await.unwrap().is_ok());
    for (table, rows) in [("manifest", 1), ("manifest_content", 1), ("manifest_reference", 1)] {
        assert_eq!(world.number(&format!("SELECT count(*) FROM {table}")), rows, "{table}");
    }

    assert_eq!(delete(&world, "a", &digest).await, Err(Barred::Missing(Missing::Content)));
    assert_eq!(delete(&world, "b", &digest).await, Err(Barred::Missing(Missing::Repository)));
    let events = world.events().await;
    assert_eq!(events.first(), Some(&("Delete".to_owned(), Some(digest.to_string()))));
    assert_eq!(events.len(), 3, "what was refused leaves no event");
}

#[tokio::test]
async fn a_manifest_inside_an_index_may_be_deleted() {
    let world = World::new();
    let config = world.push_blob("a", b"config", hour(0)).await;
    let image = world.put_image("a", &[config], &[]).await;
    let list = index(&[image]).tagged(&["multi"]);
    let digest = list.digest;
    world.put("a", list).await.unwrap();
    assert_eq!(delete(&world, "a", &image).await, Ok(()));
    assert_eq!(stat(&world, "a", &by_tag("multi")).await, Ok(digest));
}

#[tokio::test]
async fn deleting_a_tag_leaves_its_manifest() {
    let world = World::new();
    let config = world.push_blob("a", b"config", hour(0)).await;
    let digest = world.put_image("a", &[config], &["v1", "V1"]).await;
    let untag = async |repository: &str, name: &str| {
        let (access, event): (Access<Delete>, _) =
            (access(repository), event(repository, "Untag", Some(&digest)));
        world.database.delete_tag(&access, &tag(name), event).await.unwrap()
    };
    assert_eq!(untag("a", "v1").await, Ok(()));
    assert_eq!(tags(&world, "a").await.unwrap(), ["V1"], "case matters");
    assert_eq!(stat(&world, "a", &Reference::Digest(digest)).await, Ok(digest));
    assert_eq!(untag("a", "v1").await, Err(Barred::Missing(Missing::Content)));
    assert_eq!(untag("b", "v1").await, Err(Barred::Missing(Missing::Repository)));
    assert_eq!(world.events().await.len(), 2, "a push and a deletion");
}

#[tokio::test]
async fn a_repository_outlives_its_last_manifest() {
    let world = World::new();
    let config = world.push_blob("a", b"config", hour(0)).await;
    let digest = world.put_image("a", &[config], &["v1"]).await;
    delete(&world, "a", &digest).await.unwrap();
    assert_eq!(tags(&world, "a").await, Ok(vec![]));
    assert_eq!(world.number("SELECT listed FROM repository"), 1);
    assert_eq!(world.number("SELECT created FROM repository"), hour(0).as_millisecond());
}

#[tokio::test]
async fn a_manifest_whose_event_cannot_be_written_is_not_there() {
    let world = World::new();
    let config = world.push_blob("a", b"config", hour(0)).await;
    let trigger = "CREATE TRIGGER full BEFORE INSERT ON repository_event \
                   BEGIN SELECT RAISE(ABORT, 'no room'); END";
    world.sql().execute_batch(trigger).unwrap();
    let new = image(&[config]).tagged(&["v1"]);
    let digest = new.digest;
    let event = event("a", "Push", Some(&digest));
    let failed = world.database.put_manifest(&access("a"), new, event).await;
    assert!(failed.is_err(), "{failed:?}");
    assert_eq!(
        stat(&world, "a", &Reference::Digest(digest)).await,
        Err(Barred::Missing(Missing::Content))
    );
    assert_eq!(tags(&world, "a").await, Ok(vec![]));
    assert_eq!(world.number("SELECT listed FROM repository"), 0);
}
