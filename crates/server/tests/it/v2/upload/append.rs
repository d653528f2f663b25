//! Uploads in chunks and streams.

use naru_oci::{Algorithm, Digest};
use naru_testkit::{Kit, blob};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{patch, received};
use crate::v2::wire::Wire;
use crate::v2::{ByOwner as _, LARGE, begin, closing};

#[tokio::test]
async fn chunks_make_a_blob() {
    let kit = Kit::start().await;
    let content = blob("chunks", 200_000);
    let location = begin(&kit, "a").await;
    for (number, chunk) in content.chunks(60_000).enumerate() {
        let first = number * 60_000;
        let last = first + chunk.len() - 1;
        let patched = patch(&kit, &location, Some((first, last)), chunk).await.expect(202);
        assert_eq!(patched.header("range"), format!("0-{last}"));
        assert_eq!(patched.header("location"), location);
        assert_eq!(patched.header("content-length"), "0");
    }
    let digest = Digest::sha256(&content);
    kit.put(&closing(&location, &digest)).by_owner().await.expect(201);
    let pulled = kit.get(&format!("/v2/a/blobs/{digest}")).by_owner().await.expect(200);
    assert!(pulled.body == content);
}

#[tokio::test]
async fn a_chunk_out_of_order_is_told_where_to_go_on() {
    let kit = Kit::start().await;
    let content = blob("order", 150_000);
    let location = begin(&kit, "a").await;
    let refuse = async |range: (usize, usize), until: &str| {
        let chunk = &content[range.0..=range.1];
        let refused = patch(&kit, &location, Some(range), chunk).await.expect(416);
        assert_eq!(refused.header("range"), until);
        assert_eq!(refused.header("location"), location);
        assert_eq!(refused.code(), "BLOB_UPLOAD_INVALID");
    };
    refuse((100, 199), "0-0").await;
    patch(&kit, &location, Some((0, 69_999)), &content[..70_000]).await.expect(202);
    // Too early, again, and too late.
    refuse((80_000, 149_999), "0-69999").await;
    refuse((0, 69_999), "0-69999").await;
    refuse((60_000, 79_999), "0-69999").await;
    assert_eq!(received(&kit, &location).await, 70_000);
    patch(&kit, &location, Some((70_000, 149_999)), &content[70_000..]).await.expect(202);
    let digest = Digest::sha256(&content);
    kit.put(&closing(&location, &digest)).by_owner().await.expect(201);
}

#[tokio::test]
async fn a_range_that_cannot_be_is_refused() {
    let kit = Kit::start().await;
    let location = begin(&kit, "a").await;
    for (range, status) in [("x", 400), ("0", 400), ("5-2", 416), ("0-8", 400), ("0-10", 400)] {
        let patch = kit.patch(&location).header("content-range", range);
        patch.body("0123456789").by_owner().await.expect(status);
        assert_eq!(received(&kit, &location).await, 0, "{range}");
    }
    // The general form of HTTP means the same.
    let patch = kit.patch(&location).header("content-range", "bytes 0-9/*");
    patch.body("0123456789").by_owner().await.expect(202);
}

#[tokio::test]
async fn a_stream_comes_without_a_length() {
    let kit = Kit::start().await;
    for size in [0, 10, LARGE] {
        let (content, location) = (blob("stream", size), begin(&kit, "a").await);
        let mut wire = Wire::open(kit.address()).await;
        wire.head(&format!("PATCH {location}"), &[("transfer-encoding", "chunked")]).await;
        for chunk in content.chunks(50_000) {
            wire.chunk(chunk).await;
        }
        wire.last_chunk().await;
        let patched = wire.reply().await.expect(202);
        assert_eq!(patched.header("range"), format!("0-{}", size.saturating_sub(1)));
        let digest = Digest::sha256(&content);
        // The connection goes on to be used.
        let close = format!("PUT {}", closing(&location, &digest));
        wire.head(&close, &[("content-length", "0")]).await;
        wire.reply().await.expect(201);
        let pulled = kit.get(&format!("/v2/a/blobs/{digest}")).by_owner().await.expect(200);
        assert!(pulled.body == content);
    }
}

#[tokio::test]
async fn a_client_that_asks_before_it_sends_is_told_to_go_on() {
    let kit = Kit::start().await;
    let location = begin(&kit, "a").await;
    let mut wire = Wire::open(kit.address()).await;
    let headers = [("content-length", "7"), ("expect", "100-continue")];
    wire.head(&format!("PATCH {location}"), &headers).await;
    wire.reply().await.expect(100);
    wire.send(b"content").await;
    wire.reply().await.expect(202);
    assert_eq!(received(&kit, &location).await, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_after_its_connection_broke() {
    let kit = Kit::start().await;
    for (size, sent) in [(60_000, 30_000), (2 * LARGE, LARGE)] {
        let (content, location) = (blob("broken", size), begin(&kit, "a").await);
        let mut wire = Wire::open(kit.address()).await;
        let length = size.to_string();
        wire.head(&format!("PATCH {location}"), &[("content-length", &length)]).await;
        wire.send(&content[..sent]).await;
        wire.break_off().await;
        let kept = received(&kit, &location).await;
        assert!(kept <= sent, "{kept} of {sent}");
        if size > LARGE {
            assert!(kept >= 1 << 20, "{kept} of {sent}");
        }
        patch(&kit, &location, Some((kept, size - 1)), &content[kept..]).await.expect(202);
        let digest = Digest::sha256(&content);
        kit.put(&closing(&location, &digest)).by_owner().await.expect(201);
        let pulled = kit.get(&format!("/v2/a/blobs/{digest}")).by_owner().await.expect(200);
        assert!(pulled.body == content);
    }
}

#[tokio::test]
async fn a_body_shorter_than_it_says_closes_nothing() {
    let kit = Kit::start().await;
    let digest = Digest::sha256(b"half");
    let location = begin(&kit, "a").await;
    for line in [
        format!("POST /v2/a/blobs/uploads/?digest={digest}"),
        format!("PUT {}", closing(&location, &digest)),
    ] {
        let mut wire = Wire::open(kit.address()).await;
        wire.head(&line, &[("content-length", "8")]).await;
        wire.send(b"half").await;
        wire.break_off().await;
    }
    // What came may be kept for the client to go on with, but it is no blob.
    assert!(received(&kit, &location).await <= 4);
    kit.head(&format!("/v2/a/blobs/{digest}")).by_owner().await.expect(404);
}

#[tokio::test]
async fn a_stream_of_another_size_than_its_range_is_refused() {
    let kit = Kit::start().await;
    for (range, content) in [("0-3", "01234567"), ("0-7", "0123")] {
        let location = begin(&kit, "a").await;
        let mut wire = Wire::open(kit.address()).await;
        let headers = [("transfer-encoding", "chunked"), ("content-range", range)];
        wire.head(&format!("PATCH {location}"), &headers).await;
        wire.chunk(content.as_bytes()).await;
        wire.last_chunk().await;
        let refused = wire.reply().await.expect(400);
        assert_eq!(refused.code(), "SIZE_INVALID");
        assert!(received(&kit, &location).await <= 4);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_chunks_for_the_same_place_one_is_taken() {
    let kit = Kit::start().await;
    for size in [1000, LARGE] {
        let (content, location) = (blob("both", size), begin(&kit, "a").await);
        let chunk = || patch(&kit, &location, Some((0, size - 1)), &content);
        let (first, second) = tokio::join!(chunk(), chunk());
        let mut statuses = [first.status.as_u16(), second.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [202, 416]);
        assert_eq!(received(&kit, &location).await, size);
        let digest = Digest::sha256(&content);
        kit.put(&closing(&location, &digest)).by_owner().await.expect(201);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_streams_at_once_neither_is_torn() {
    let kit = Kit::start().await;
    let (ones, twos) = (vec![b'1'; LARGE], vec![b'2'; LARGE]);
    let location = begin(&kit, "a").await;
    let send = async |content: &[u8]| patch(&kit, &location, None, content).await.expect(202);
    tokio::join!(send(&ones), send(&twos));
    assert_eq!(received(&kit, &location).await, 2 * LARGE);
    let (first, second) = ([&*ones, &*twos].concat(), [&*twos, &*ones].concat());
    let close = async |content: &[u8]| {
        let put = kit.put(&closing(&location, &Digest::sha256(content)));
        put.by_owner().await.status.as_u16()
    };
    assert!(close(&first).await == 201 || close(&second).await == 201);
}

/// How content is cut, and what it is closed with.
#[derive(Clone, Debug)]
struct Cut {
    chunks: Vec<usize>,
    ranged: bool,
    last_with_put: bool,
    algorithm: Algorithm,
}

fn cut() -> impl Strategy<Value = Cut> {
    let size = prop_oneof![0..10_usize, 60_000..70_000_usize, Just(65_536), 100_000..300_000_usize];
    let algorithm = prop_oneof![Just(Algorithm::Sha256), Just(Algorithm::Sha512)];
    let chunks = proptest::collection::vec(size, 0..5);
    (chunks, any::<bool>(), any::<bool>(), algorithm).prop_map(
        |(chunks, ranged, last_with_put, algorithm)| Cut {
            chunks,
            ranged,
            last_with_put,
            algorithm,
        },
    )
}

async fn upload_in(kit: &Kit, cut: Cut, seed: usize) {
    let size = cut.chunks.iter().sum();
    let content = blob(&format!("cut {seed}"), size);
    let digest = Digest::of(cut.algorithm, &content);
    let location = begin(kit, "a").await;
    let (mut first, mut chunks) = (0, cut.chunks);
    let last = if cut.last_with_put { chunks.pop().unwrap_or_default() } else { 0 };
    for chunk in chunks {
        let end = first + chunk;
        let range = (cut.ranged && chunk > 0).then(|| (first, end - 1));
        let patched = patch(kit, &location, range, &content[first..end]).await.expect(202);
        assert_eq!(patched.header("range"), format!("0-{}", end.saturating_sub(1)));
        first = end;
    }
    let mut put = kit.put(&closing(&location, &digest)).body(content[first..].to_vec());
    if cut.ranged && last > 0 {
        put = put.header("content-range", &format!("{first}-{}", size - 1));
    }
    put.by_owner().await.expect(201);
    let pulled = kit.get(&format!("/v2/a/blobs/{digest}")).by_owner().await.expect(200);
    assert_eq!(pulled.header("content-length"), size.to_string());
    assert!(pulled.body == content);
}

#[test]
fn however_content_is_cut_the_blob_is_the_same() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let kit = runtime.block_on(Kit::start());
    let seeds = std::cell::Cell::new(0);
    let config = Config { cases: 60, failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&cut(), |cut| {
        seeds.set(seeds.get() + 1);
        runtime.block_on(upload_in(&kit, cut, seeds.get()));
        Ok(())
    });
    result.unwrap();
}
