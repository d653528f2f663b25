//! Collection and verification in a server that runs.

mod load;

use std::os::unix::fs::MetadataExt as _;

use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use jiff::SignedDuration;
use naru_oci::Digest;
use naru_testkit::{Kit, OWNER, OWNER_PASSWORD, blob, image};
use serde_json::{Value, json};
use tokio::net::UnixStream;

const WHO: (&str, &str) = (OWNER, OWNER_PASSWORD);

/// The status of a HEAD of a blob.
async fn head(kit: &Kit, repository: &str, digest: &Digest) -> u16 {
    let target = format!("/v2/{repository}/blobs/{digest}");
    kit.head(&target).basic(WHO.0, WHO.1).send().await.status.as_u16()
}

#[tokio::test]
async fn a_head_keeps_what_it_says_is_there_and_says_when_it_is_gone() {
    let kit = Kit::start().await;
    let content = blob("layer", 100_000);
    let digest = Digest::sha256(&content);
    kit.push_blob(WHO, "team/app", &content).await.expect(201);
    kit.clock().advance(SignedDuration::from_hours(20));
    assert_eq!(head(&kit, "team/app", &digest).await, 200);
    kit.clock().advance(SignedDuration::from_hours(20));
    assert_eq!(kit.admin("gc", "run", json!({})).await["links"], 0);
    assert_eq!(head(&kit, "team/app", &digest).await, 200);
    kit.clock().advance(SignedDuration::from_hours(25));
    let would = kit.admin("gc", "run", json!({ "dryRun": true })).await;
    assert_eq!(head(&kit, "team/app", &digest).await, 200);
    kit.clock().advance(SignedDuration::from_hours(25));
    let report = kit.admin("gc", "run", json!({})).await;
    assert_eq!((&report["blobs"], &report["bytes"]), (&json!(1), &json!(100_000)));
    assert_eq!((&report["collected"], &would["dryRun"]), (&would["collected"], &json!(true)));
    let one = &report["collected"][0];
    assert_eq!((&one["reason"], &one["repository"]), (&json!("unnamed"), &json!("team/app")));
    assert_eq!(one["digest"], digest.to_string());
    assert_eq!(head(&kit, "team/app", &digest).await, 404);
    let target = format!("/v2/team/app/blobs/{digest}");
    let gone = kit.get(&target).basic(WHO.0, WHO.1).send().await.expect(404);
    assert_eq!(gone.code(), "BLOB_UNKNOWN");
    kit.push_blob(WHO, "team/app", &content).await.expect(201);
    assert_eq!(head(&kit, "team/app", &digest).await, 200);
}

#[tokio::test]
async fn a_short_lease_is_renewed_in_time() {
    let kit = Kit::start_with(|config| {
        config.collection.lease = SignedDuration::from_mins(8);
    })
    .await;
    kit.push_blob(WHO, "team/app", b"layer").await.expect(201);
    let digest = Digest::sha256(b"layer");
    for _ in 0..4 {
        kit.clock().advance(SignedDuration::from_mins(5));
        assert_eq!(head(&kit, "team/app", &digest).await, 200);
        assert_eq!(kit.admin("gc", "run", json!({})).await["links"], 0);
    }
}

#[tokio::test]
async fn verification_names_what_is_wrong_with_which_tag_in_the_readers_language() {
    let kit = Kit::start().await;
    let mut image = image("app");
    image.layer = blob("layer", 100_000);
    let manifest = String::from_utf8(image.manifest).unwrap();
    let old = Digest::sha256(&blob("app", 300)).to_string();
    let new = Digest::sha256(&image.layer).to_string();
    image.manifest = manifest.replace(&old, &new).into_bytes();
    kit.push_image(WHO, "team/app", "v1", &image).await;
    assert_eq!(kit.admin("verify", "run", json!({})).await["clean"], true);
    let file = files(&kit).pop().unwrap();
    std::fs::write(&file, "broken").unwrap();
    let report = kit.admin("verify", "run", json!({})).await;
    assert_eq!((&report["clean"], &report["faultCount"]), (&json!(false), &json!(1)));
    let fault = &report["faults"][0];
    assert_eq!((&fault["code"], &fault["severity"]), (&json!("blob-damaged"), &json!("fault")));
    assert_eq!(fault["digest"], new);
    let concerned = json!([{ "registry": "registry", "repository": "team/app", "tags": ["v1"] }]);
    assert_eq!(fault["repositories"], concerned);
    assert!(fault["remedy"].as_str().unwrap().contains("push an image"), "{fault}");
    let lines = lines(&kit, "verify", "ko").await;
    let last = lines.last().unwrap();
    assert_eq!((&last["status"], &last["body"]["faultCount"]), (&json!(200), &json!(1)));
    let told = last["body"]["faults"][0]["message"].as_str().unwrap();
    assert!(told.ends_with("다릅니다"), "{told}");
    let steps = lines.iter().filter_map(|line| line["progress"]["step"].as_str());
    assert!(steps.count() > 0);
}

#[tokio::test]
async fn a_request_in_lines_that_cannot_be_understood_is_a_plain_refusal() {
    let kit = Kit::start().await;
    let lines = lines(&kit, "nothing", "en").await;
    assert_eq!(lines[0]["error"]["code"], "request-invalid");
}

/// The lines that the socket answers.
async fn lines(kit: &Kit, noun: &str, language: &str) -> Vec<Value> {
    let stream = UnixStream::connect(kit.socket()).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::post(format!("/v1/{noun}/run"))
        .header("host", "localhost")
        .header("accept", "application/x-ndjson")
        .header("accept-language", language)
        .body(Full::new(bytes::Bytes::from_static(b"{}")))
        .unwrap();
    let body = sender.send_request(request).await.unwrap().into_body();
    let body = body.collect().await.unwrap().to_bytes();
    serde_json::Deserializer::from_slice(&body).into_iter().map(Result::unwrap).collect()
}

/// The files of finished content.
fn files(kit: &Kit) -> Vec<std::path::PathBuf> {
    let blobs = kit.directory().join("data/blobs");
    let shards = std::fs::read_dir(blobs).unwrap().map(|entry| entry.unwrap().path());
    let below = |shard: std::path::PathBuf| {
        assert!(std::fs::metadata(&shard).unwrap().mode() & 0o040_000 != 0, "{shard:?}");
        std::fs::read_dir(shard).unwrap().map(|entry| entry.unwrap().path())
    };
    shards.flat_map(below).collect()
}
