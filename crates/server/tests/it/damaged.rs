//! Content that is not what was stored any more: `verify` finds it, and it is never served as if it
//! were whole where that can be known. In the database it always is; of a file it is its size. That
//! the bytes of a file that kept its size are others is known once a verification has read them.
//! Whoever pushes again is asked for what is not whole, and puts it right.

use std::fs;
use std::path::PathBuf;

use naru_oci::Digest;
use naru_testkit::{Kit, OWNER, OWNER_PASSWORD, Reply, blob, image};
use serde_json::{Value, json};

const WHO: (&str, &str) = (OWNER, OWNER_PASSWORD);

async fn get(kit: &Kit, target: &str) -> Reply {
    kit.get(&format!("/v2/team/app/{target}")).basic(WHO.0, WHO.1).send().await
}

fn file(kit: &Kit) -> PathBuf {
    let shards = fs::read_dir(kit.directory().join("data/blobs")).unwrap();
    let mut files = shards.flat_map(|shard| fs::read_dir(shard.unwrap().path()).unwrap());
    files.next().unwrap().unwrap().path()
}

#[track_caller]
fn refused(reply: &Reply) {
    assert_eq!(reply.status, 503, "{}", reply.text());
    assert_eq!(reply.header("x-naru-cause"), "registry-unavailable");
}

async fn faults(kit: &Kit) -> Vec<(Value, Value)> {
    let report = kit.admin("verify", "run", json!({})).await;
    let faults = report["faults"].as_array().unwrap().iter();
    faults.map(|fault| (fault["code"].clone(), fault["digest"].clone())).collect()
}

#[tokio::test]
async fn a_file_of_another_size_is_not_served_not_even_in_part() {
    let kit = Kit::start().await;
    let content = blob("layer", 300_000);
    let digest = Digest::sha256(&content);
    kit.push_blob(WHO, "team/app", &content).await.expect(201);
    let path = file(&kit);
    let longer = [content.clone(), vec![0; 10]].concat();
    for wrong in [&content[..299_999], &longer, b""] {
        fs::write(&path, wrong).unwrap();
        refused(&get(&kit, &format!("blobs/{digest}")).await);
        let part = kit.get(&format!("/v2/team/app/blobs/{digest}")).header("range", "bytes=0-9");
        refused(&part.basic(WHO.0, WHO.1).send().await);
        assert_eq!(faults(&kit).await, [(json!("blob-damaged"), json!(digest.to_string()))]);
    }
    fs::remove_file(&path).unwrap();
    refused(&get(&kit, &format!("blobs/{digest}")).await);
    assert_eq!(faults(&kit).await, [(json!("blob-missing"), json!(digest.to_string()))]);
    // Put back from elsewhere, it is served again.
    fs::write(&path, &content).unwrap();
    assert_eq!(get(&kit, &format!("blobs/{digest}")).await.expect(200).body, content);
    // As it is where it is pushed again.
    fs::remove_file(&path).unwrap();
    push_again(&kit, &content).await;
    assert_eq!(get(&kit, &format!("blobs/{digest}")).await.expect(200).body, content);
    assert_eq!(faults(&kit).await, []);
}

/// Pushes as every client does: only what is not there.
async fn push_again(kit: &Kit, content: &[u8]) {
    let path = format!("/v2/team/app/blobs/{}", Digest::sha256(content));
    kit.head(&path).basic(WHO.0, WHO.1).send().await.expect(404);
    kit.push_blob(WHO, "team/app", content).await.expect(201);
    kit.head(&path).basic(WHO.0, WHO.1).send().await.expect(200);
}

#[tokio::test]
async fn a_file_of_the_same_size_is_not_served_once_verification_has_found_it() {
    let mut kit = Kit::start().await;
    let content = blob("layer", 300_000);
    let digest = Digest::sha256(&content);
    kit.push_blob(WHO, "team/app", &content).await.expect(201);
    let mut turned = content.clone();
    turned[150_000] ^= 1;
    fs::write(file(&kit), turned).unwrap();
    get(&kit, &format!("blobs/{digest}")).await.expect(200);
    assert_eq!(faults(&kit).await, [(json!("blob-damaged"), json!(digest.to_string()))]);
    refused(&get(&kit, &format!("blobs/{digest}")).await);
    kit.restart().await;
    refused(&get(&kit, &format!("blobs/{digest}")).await);
    // Nor is it mounted elsewhere: the client is to upload.
    let mount = format!("/v2/team/copy/blobs/uploads/?mount={digest}&from=team/app");
    kit.post(&mount).basic(WHO.0, WHO.1).send().await.expect(202);
    push_again(&kit, &content).await;
    assert_eq!(get(&kit, &format!("blobs/{digest}")).await.expect(200).body, content);
    kit.post(&mount).basic(WHO.0, WHO.1).send().await.expect(201);
    assert_eq!(faults(&kit).await, []);
}

#[tokio::test]
async fn what_lies_in_the_database_is_looked_at_each_time() {
    let mut kit = Kit::start().await;
    let image = image("app");
    kit.push_image(WHO, "team/app", "v1", &image).await;
    let layer = Digest::sha256(&image.layer);
    for (sql, damaged) in [
        ("UPDATE blob_content SET bytes = zeroblob(length(bytes))", format!("blobs/{layer}")),
        ("UPDATE blob_content SET bytes = x'00'", format!("blobs/{layer}")),
        ("UPDATE manifest_content SET bytes = zeroblob(length(bytes))", "manifests/v1".to_owned()),
    ] {
        let database = rusqlite::Connection::open(kit.directory().join("data/naru.db")).unwrap();
        database.execute(sql, []).unwrap();
        drop(database);
        // What is kept in memory is what was right.
        kit.restart().await;
        refused(&get(&kit, &damaged).await);
    }
    let codes: Vec<_> = faults(&kit).await.into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["blob-damaged", "blob-damaged", "manifest-damaged"]);
}
