//! A disk that fills up under a server that runs: pushes are refused in words, nothing that was
//! acknowledged is lost, and when there is room it goes on by itself.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use naru_oci::Digest;
use naru_testkit::{Kit, OWNER, OWNER_PASSWORD, Reply};

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

/// Content of a size that no other number gives.
fn content(number: u8, size: usize) -> Vec<u8> {
    vec![number; size]
}

async fn push(kit: &Kit, content: &[u8]) -> Reply {
    let target = format!("/v2/team/app/blobs/uploads/?digest={}", Digest::sha256(content));
    kit.post(&target).basic(OWNER, OWNER_PASSWORD).body(content.to_vec()).send().await
}

async fn pull(kit: &Kit, content: &[u8]) -> Reply {
    let target = format!("/v2/team/app/blobs/{}", Digest::sha256(content));
    kit.get(&target).basic(OWNER, OWNER_PASSWORD).send().await
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
    let kit = Kit::start_with(|config| config.data_dir = data_dir).await;
    let (first, second) = (content(1, 300_000), content(2, 300_000));
    push(&kit, &first).await.expect(201);
    let filler = disk.fill();
    // A file, and a row: small content lies in the database, whose log may have some room yet.
    refused(&push(&kit, &second).await);
    let mut acknowledged = Vec::new();
    let row = loop {
        let number = u8::try_from(10 + acknowledged.len()).expect("the disk is full some time");
        let row = content(number, 60_000);
        let reply = push(&kit, &row).await;
        if reply.status != 201 {
            refused(&reply);
            break row;
        }
        acknowledged.push(row);
    };
    assert_eq!(pull(&kit, &first).await.expect(200).body, first);
    for row in &acknowledged {
        assert_eq!(pull(&kit, row).await.expect(200).body, *row);
    }
    for lost in [&second, &row] {
        pull(&kit, lost).await.expect(404);
    }
    fs::remove_file(filler).unwrap();
    for content in [&second, &row] {
        push(&kit, content).await.expect(201);
        assert_eq!(pull(&kit, content).await.expect(200).body, *content);
    }
    kit.get("/readyz").send().await.expect(200);
}
