//! Collection under load: pushes, deletes, mounts, moving tags and clients that go away, while what
//! nobody needs is collected all the time, without any lease to protect it.
//!
//! `NARU_LOAD_OPERATIONS` says how many operations each client does, for a longer run.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use naru_testkit::MANIFEST;

use super::*;

const CLIENTS: u64 = 4;

/// How many operations each client does, where nothing else is said.
const OPERATIONS: u64 = 40;

/// The longest that somebody tries again what collection was faster with.
const ATTEMPTS: usize = 200;

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        // Xorshift, as Marsaglia gave it.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// Blobs that all clients push and delete, small ones and such as lie in files.
fn shared(number: u64) -> Vec<u8> {
    let size = if number.is_multiple_of(2) { 500 } else { 70_000 };
    blob(&format!("shared {number}"), size)
}

/// The bytes of a manifest, and those of its blobs.
type Pushed = (Vec<u8>, Vec<Vec<u8>>);

/// What a client was told that it has.
#[derive(Default)]
struct Told {
    /// By repository and digest: a manifest with its blobs.
    manifests: BTreeMap<(String, Digest), Pushed>,
    /// By repository and tag.
    tags: BTreeMap<(String, String), Digest>,
    /// How often collection was faster.
    again: usize,
}

struct Client {
    kit: Arc<Kit>,
    name: u64,
    numbers: Numbers,
    told: Told,
}

impl Client {
    fn repository(&mut self) -> String {
        format!("team/client{}/{}", self.name, self.numbers.below(2))
    }

    /// One of the manifests that it has.
    fn any(&mut self) -> Option<(String, Digest)> {
        let count = self.told.manifests.len() as u64;
        let at = usize::try_from(self.numbers.below(count.max(1))).unwrap();
        self.told.manifests.keys().nth(at).cloned()
    }

    async fn step(&mut self, number: u64) {
        match self.numbers.below(10) {
            0..=3 => self.push(number).await,
            4 => self.delete().await,
            5 => self.move_tag().await,
            6 => self.mount().await,
            7 => self.delete_blob().await,
            8 => self.leave_in_the_middle(number).await,
            _ => self.look().await,
        }
    }

    async fn push(&mut self, number: u64) {
        let repository = self.repository();
        let tag = format!("v{}", self.numbers.below(3));
        let own = format!("{{\"client\":{},\"number\":{number}}}", self.name).into_bytes();
        let blobs = vec![own, shared(self.numbers.below(6)), shared(self.numbers.below(6))];
        let manifest = manifest(&blobs);
        for _ in 0..ATTEMPTS {
            for content in &blobs {
                self.kit.push_blob(WHO, &repository, content).await.expect(201);
            }
            let put = self
                .kit
                .put(&format!("/v2/{repository}/manifests/{tag}"))
                .basic(WHO.0, WHO.1)
                .header("content-type", MANIFEST)
                .body(manifest.clone())
                .send()
                .await;
            if put.status == 201 {
                let digest = Digest::sha256(&manifest);
                self.told.tags.insert((repository.clone(), tag), digest);
                // From here on nothing of it may go.
                for content in &blobs {
                    assert_eq!(head(&self.kit, &repository, &Digest::sha256(content)).await, 200);
                }
                self.told.manifests.insert((repository, digest), (manifest, blobs));
                return;
            }
            // Without a lease a blob may be collected before its manifest comes: it says so.
            assert_eq!(put.code(), "MANIFEST_BLOB_UNKNOWN", "{}", put.text());
            self.told.again += 1;
        }
        panic!("collection was always faster");
    }

    async fn delete(&mut self) {
        let Some((repository, digest)) = self.any() else { return };
        let target = format!("/v2/{repository}/manifests/{digest}");
        self.kit.delete(&target).basic(WHO.0, WHO.1).send().await.expect(202);
        self.told.tags.retain(|(at, _), tagged| *at != repository || *tagged != digest);
        self.told.manifests.remove(&(repository, digest));
    }

    async fn move_tag(&mut self) {
        let Some((repository, digest)) = self.any() else { return };
        let tag = format!("v{}", self.numbers.below(3));
        let bytes = self.told.manifests[&(repository.clone(), digest)].0.clone();
        let target = format!("/v2/{repository}/manifests/{tag}");
        let put = self.kit.put(&target).basic(WHO.0, WHO.1).header("content-type", MANIFEST);
        put.body(bytes).send().await.expect(201);
        self.told.tags.insert((repository, tag), digest);
    }

    async fn mount(&mut self) {
        let Some((from, digest)) = self.any() else { return };
        let repository = self.repository();
        let content = &self.told.manifests[&(from.clone(), digest)].1[1];
        let blob = Digest::sha256(content);
        let target = format!("/v2/{repository}/blobs/uploads/?mount={blob}&from={from}");
        // The manifest of its source names it all the while.
        self.kit.post(&target).basic(WHO.0, WHO.1).send().await.expect(201);
    }

    async fn delete_blob(&mut self) {
        let repository = self.repository();
        let digest = Digest::sha256(&shared(self.numbers.below(6)));
        let target = format!("/v2/{repository}/blobs/{digest}");
        let status = self.kit.delete(&target).basic(WHO.0, WHO.1).send().await.status.as_u16();
        let named = self.told.manifests.iter().any(|((at, _), (_, blobs))| {
            *at == repository && blobs.iter().any(|content| Digest::sha256(content) == digest)
        });
        assert!(if named { status == 405 } else { status == 202 || status == 404 }, "{status}");
    }

    /// A client that goes away, at whatever point of its upload.
    async fn leave_in_the_middle(&mut self, number: u64) {
        let repository = self.repository();
        let content = blob(&format!("left {} {number}", self.name), 150_000);
        let patience = self.numbers.below(60);
        let push = pin!(self.kit.push_blob(WHO, &repository, &content));
        let leave = pin!(async {
            for _ in 0..patience {
                tokio::task::yield_now().await;
            }
        });
        tokio::select! {
            _ = push => {}
            () = leave => {}
        }
    }

    async fn look(&mut self) {
        let Some((repository, digest)) = self.any() else { return };
        let (bytes, blobs) = &self.told.manifests[&(repository.clone(), digest)];
        check(&self.kit, &repository, &digest, bytes, blobs).await;
    }
}

fn manifest(blobs: &[Vec<u8>]) -> Vec<u8> {
    let described = |media_type: &str, content: &[u8]| {
        let digest = Digest::sha256(content).to_string();
        json!({ "mediaType": media_type, "digest": digest, "size": content.len() })
    };
    let layer = "application/vnd.oci.image.layer.v1.tar";
    let layers: Vec<_> = blobs[1..].iter().map(|content| described(layer, content)).collect();
    let config = described("application/vnd.oci.image.config.v1+json", &blobs[0]);
    let manifest =
        json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers });
    manifest.to_string().into_bytes()
}

/// A manifest and its blobs are there, byte for byte.
async fn check(kit: &Kit, repository: &str, digest: &Digest, bytes: &[u8], blobs: &[Vec<u8>]) {
    let get = async |target: &str| {
        kit.get(&format!("/v2/{repository}/{target}")).basic(WHO.0, WHO.1).send().await.expect(200)
    };
    assert_eq!(get(&format!("manifests/{digest}")).await.body, bytes);
    for content in blobs {
        assert!(get(&format!("blobs/{}", Digest::sha256(content))).await.body == *content);
    }
}

/// Collects by hand, when it is nobody else's turn.
async fn collect(kit: &Kit) {
    loop {
        let reply = kit.try_admin("gc", "run", json!({ "lease": "0s" })).await;
        if reply.status == 200 {
            return;
        }
        assert_eq!(reply.body["error"]["code"], "already-running", "{}", reply.body);
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_and_nothing_else_stays() {
    let operations = std::env::vars().find(|(name, _)| name == "NARU_LOAD_OPERATIONS");
    let operations = operations.map_or(OPERATIONS, |(_, count)| count.parse().unwrap());
    let kit = Kit::start_with(|config| {
        config.collection.interval = Some(Duration::from_millis(10));
        config.collection.lease = SignedDuration::ZERO;
    });
    let kit = Arc::new(kit.await);
    // Later than any file is written: so stray files are looked for all the while too.
    kit.clock().advance(SignedDuration::from_hours(24 * 365 * 100));
    let clients = (1..=CLIENTS).map(|name| {
        let numbers = Numbers(0x9e37_79b9_7f4a_7c15 ^ name);
        let mut client = Client { kit: Arc::clone(&kit), name, numbers, told: Told::default() };
        tokio::spawn(async move {
            for number in 0..operations {
                client.step(number).await;
            }
            client.told
        })
    });
    let clients: Vec<_> = clients.collect();
    let mut all = Vec::new();
    for client in clients {
        all.push(client.await.unwrap());
    }
    assert!(all.iter().any(|told| !told.manifests.is_empty()));

    let report = kit.admin("verify", "run", json!({})).await;
    let faults = report["faults"].as_array().unwrap();
    // But for what clients left in the middle, and the next collection takes.
    let strays = faults.iter().all(|fault| fault["code"] == "file-stray");
    assert!(strays, "{report:#}");
    collect(&kit).await;
    let report = kit.admin("verify", "run", json!({})).await;
    assert_eq!(report["clean"], true, "{report:#}");
    let mut named = BTreeSet::new();
    for told in &all {
        for ((repository, digest), (bytes, blobs)) in &told.manifests {
            check(&kit, repository, digest, bytes, blobs).await;
            named.extend(blobs.iter().map(|content| Digest::sha256(content).to_string()));
        }
        for ((repository, tag), digest) in &told.tags {
            let target = format!("/v2/{repository}/manifests/{tag}");
            let head = kit.head(&target).basic(WHO.0, WHO.1).send().await.expect(200);
            assert_eq!(head.header("docker-content-digest"), digest.to_string());
        }
    }

    // What lies there is what rows name, and these are what manifests name.
    let database = rusqlite::Connection::open(kit.directory().join("data/naru.db")).unwrap();
    let mut rows =
        database.prepare("SELECT location FROM blob WHERE location IS NOT NULL").unwrap();
    let rows = rows.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let rows: BTreeSet<_> = rows.map(Result::unwrap).collect();
    let blobs = kit.directory().join("data/blobs");
    let lying = files(&kit)
        .into_iter()
        .map(|file| file.strip_prefix(&blobs).unwrap().to_str().unwrap().to_owned());
    assert_eq!(lying.collect::<BTreeSet<_>>(), rows);
    let count = "SELECT count(*) FROM blob";
    let count: u32 = database.query_row(count, [], |row| row.get(0)).unwrap();
    assert_eq!(u32::try_from(named.len()), Ok(count));
}
