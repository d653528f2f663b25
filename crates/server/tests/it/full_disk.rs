//! A disk that fills up under a server that runs: whatever writes is refused in words, nothing that
//! was acknowledged is lost, and when there is room it goes on by itself.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use http::Method;
use naru_oci::Digest;
use naru_testkit::{Kit, MANIFEST, OWNER, OWNER_PASSWORD, Reply, Sending, image};
use serde_json::json;

/// A small file system of its own.
struct Disk(PathBuf);

impl Disk {
    /// `None`, said aloud, where only root could have one.
    fn new(at: &Path) -> Option<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs"])
            .arg(at)
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(at.to_owned()));
        }
        println!("SKIPPED: a file system cannot be mounted by this user");
        None
    }

    /// Takes all the room that is left.
    fn fill(&self) -> PathBuf {
        let filler = self.0.join("filler");
        let mut file = OpenOptions::new().create(true).append(true).open(&filler).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
        filler
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _unmounted = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// What is tried on the full disk; each by a number, and each time something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Write {
    /// A blob that would lie in a file, at once.
    File,
    /// The same in chunks.
    Chunks,
    /// A blob that would lie in the database.
    Row,
    Manifest,
    Token,
    /// A refused login, which is answered when its event is written.
    Event,
}

use Write::{Chunks, Event, File, Manifest, Row, Token};

/// Content that no other number gives.
fn content(number: usize, size: usize) -> Vec<u8> {
    number.to_be_bytes().into_iter().cycle().take(size).collect()
}

fn by_owner(sending: Sending) -> Sending {
    sending.basic(OWNER, OWNER_PASSWORD)
}

impl Write {
    fn content(self, number: usize) -> Vec<u8> {
        content(number, if self == Row { 60_000 } else { 300_000 })
    }

    fn manifest(number: usize) -> Vec<u8> {
        let text = String::from_utf8(image("app").manifest).unwrap();
        let annotated = format!("{{\"annotations\":{{\"number\":\"{number:02000}\"}},");
        text.replacen('{', &annotated, 1).into_bytes()
    }

    /// Does it; the status, and the whole answer where it came over HTTP.
    async fn attempt(self, kit: &Kit, number: usize) -> (u16, Option<Reply>) {
        let uploads = "/v2/team/app/blobs/uploads/";
        let (name, content) = (format!("token-{number}"), self.content(number));
        let digest = Digest::sha256(&content);
        let reply = match self {
            File | Row => {
                let post = kit.post(&format!("{uploads}?digest={digest}"));
                by_owner(post).body(content).send().await
            }
            Chunks => {
                let begun = by_owner(kit.post(uploads)).send().await.expect(202);
                let mut location = begun.header("location").to_owned();
                for chunk in content.chunks(100_000) {
                    let patch = kit.request(Method::PATCH, &location).body(chunk.to_vec());
                    let reply = by_owner(patch).send().await;
                    if reply.status != 202 {
                        return (reply.status.as_u16(), Some(reply));
                    }
                    location = reply.header("location").to_owned();
                }
                by_owner(kit.put(&format!("{location}?digest={digest}"))).send().await
            }
            Manifest => {
                let put = kit.put(&format!("/v2/team/app/manifests/v{number}"));
                let put = put.header("content-type", MANIFEST).body(Self::manifest(number));
                by_owner(put).send().await
            }
            Token => {
                let token = json!({ "name": name, "scopeMap": "_repositories_pull" });
                let reply = kit.try_admin("token", "create", token).await;
                if reply.status != 200 {
                    assert_eq!(reply.status, 503, "{}", reply.body);
                    let words = reply.body["error"]["message"].as_str().unwrap();
                    assert!(words.contains("the disk is full"), "{words}");
                }
                return (reply.status.as_u16(), None);
            }
            Event => kit.get("/v2/").basic(&name, &"x".repeat(200)).send().await,
        };
        (reply.status.as_u16(), Some(reply))
    }

    /// The status of success.
    fn done(self) -> u16 {
        match self {
            File | Chunks | Row | Manifest => 201,
            Token => 200,
            Event => 401,
        }
    }

    /// Whether it is there.
    async fn there(self, kit: &Kit, number: usize) -> bool {
        match self {
            File | Chunks | Row => {
                let content = self.content(number);
                let target = format!("/v2/team/app/blobs/{}", Digest::sha256(&content));
                let reply = by_owner(kit.get(&target)).send().await;
                assert!(reply.status == 404 || reply.expect(200).body == content);
                by_owner(kit.head(&target)).send().await.status == 200
            }
            Manifest => {
                let target = format!("/v2/team/app/manifests/v{number}");
                let reply = by_owner(kit.get(&target)).send().await;
                reply.status == 200 && reply.body == Self::manifest(number)
            }
            Token => {
                let name = format!("token-{number}");
                let shown = kit.try_admin("token", "show", json!({ "name": name })).await;
                shown.status == 200
            }
            Event => {
                let events = kit.export("login").await;
                let name = json!(format!("token-{number}"));
                events.iter().any(|event| event["Identity"] == name)
            }
        }
    }
}

#[track_caller]
fn refused(reply: &Reply) {
    assert_eq!(reply.status, 507, "{}", reply.text());
    let words = "the registry's disk is full, and nothing was lost: try again when its operator has \
                 made room. CorrelationId: ";
    assert!(reply.message().starts_with(words), "{}", reply.message());
    assert_eq!(reply.header("x-naru-cause"), "registry-unavailable");
    assert_eq!(reply.header("retry-after"), "5");
}

#[tokio::test]
async fn a_full_disk_refuses_in_words_loses_nothing_and_heals_when_there_is_room() {
    let directory = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::new(directory.path()) else { return };
    let data_dir = directory.path().join("data");
    let mut kit = Kit::start_with(|config| config.data_dir = data_dir).await;
    let (mut acknowledged, mut told_full) = (Vec::new(), Vec::new());
    let writes = [File, Chunks, Row, Manifest, Token, Event];
    kit.push_image((OWNER, OWNER_PASSWORD), "team/app", "v1", &image("app")).await;
    for write in writes {
        assert_eq!(write.attempt(&kit, 0).await.0, write.done(), "{write:?}");
        acknowledged.push((write, 0));
    }
    let filler = disk.fill();
    for write in writes {
        // The log of the database may have some room yet.
        for number in 1.. {
            assert!(number < 2_000, "{write:?}: the disk is full some time");
            let (status, reply) = write.attempt(&kit, number).await;
            if status == write.done() {
                acknowledged.push((write, number));
                continue;
            }
            if let Some(reply) = reply {
                refused(&reply);
            }
            told_full.push((write, number));
            break;
        }
    }
    let all_is_as_told = async |kit: &Kit| {
        for (write, number) in &acknowledged {
            assert!(write.there(kit, *number).await, "{write:?} {number} is lost");
        }
        for (write, number) in &told_full {
            assert!(!write.there(kit, *number).await, "{write:?} {number} is there");
        }
    };
    all_is_as_told(&kit).await;
    fs::remove_file(filler).unwrap();
    all_is_as_told(&kit).await;
    kit.restart().await;
    all_is_as_told(&kit).await;
    let report = kit.admin("verify", "run", json!({})).await;
    assert_eq!(report["clean"], true, "{report:#}");
}

#[tokio::test]
async fn a_disk_that_was_full_needs_room_and_no_restart() {
    let directory = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::new(directory.path()) else { return };
    let data_dir = directory.path().join("data");
    let kit = Kit::start_with(|config| config.data_dir = data_dir).await;
    kit.push_image((OWNER, OWNER_PASSWORD), "team/app", "v1", &image("app")).await;
    for round in 1..3 {
        let filler = disk.fill();
        let mut last = Vec::new();
        for write in [File, Chunks, Row, Manifest, Token, Event] {
            let mut number = round * 10_000;
            while write.attempt(&kit, number).await.0 == write.done() {
                number += 1;
            }
            last.push((write, number));
        }
        fs::remove_file(filler).unwrap();
        for (write, number) in last {
            assert_eq!(write.attempt(&kit, number).await.0, write.done(), "{write:?} {round}");
            assert!(write.there(&kit, number).await, "{write:?} {round}");
        }
        kit.get("/readyz").send().await.expect(200);
        // What was told can go again, or the disk is full for good.
        for number in 0..200 {
            let target = format!("/v2/team/app/manifests/v{}", round * 10_000 + number);
            by_owner(kit.delete(&target)).send().await;
        }
        kit.admin("gc", "run", json!({ "lease": "0s" })).await;
    }
}
