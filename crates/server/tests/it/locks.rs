//! Locks: every lock, on a repository, a manifest and a tag, against every route that changes or
//! reads something (`gate.md` §7).

use naru_oci::Digest;
use naru_testkit::{Image, Kit, MANIFEST, OWNER, OWNER_PASSWORD, Reply, Sending, image};
use serde_json::json;

const WHO: (&str, &str) = (OWNER, OWNER_PASSWORD);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lock {
    Delete,
    Write,
    Read,
    List,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum On {
    Repository,
    Manifest,
    Tag,
}

/// What is tried, with what it is answered where nothing is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Try {
    BeginUpload,
    WholeUpload,
    FinishUpload,
    MountInto,
    MountFrom,
    /// Without `from`: from wherever it is.
    MountIntoFromAnywhere,
    MountFromAnywhere,
    PutSameTag,
    PutNewTag,
    PutByDigest,
    /// By its digest, with the tag in `?tag=`.
    PutWithTag,
    PutReferrer,
    GetByTag,
    GetByDigest,
    GetBlob,
    HeadByTag,
    HeadByDigest,
    HeadBlob,
    ListTags,
    ListTagRecords,
    ListManifestRecords,
    Catalog,
    CatalogRecord,
    ReadItem,
    ChangeItem,
    DeleteManifest,
    DeleteManifestRecord,
    Untag,
    UntagRecord,
    DeleteBlob,
    DeleteRepository,
}

const TRIES: [Try; 31] = [
    Try::BeginUpload,
    Try::WholeUpload,
    Try::FinishUpload,
    Try::MountInto,
    Try::MountFrom,
    Try::MountIntoFromAnywhere,
    Try::MountFromAnywhere,
    Try::PutSameTag,
    Try::PutNewTag,
    Try::PutByDigest,
    Try::PutWithTag,
    Try::PutReferrer,
    Try::GetByTag,
    Try::GetByDigest,
    Try::GetBlob,
    Try::HeadByTag,
    Try::HeadByDigest,
    Try::HeadBlob,
    Try::ListTags,
    Try::ListTagRecords,
    Try::ListManifestRecords,
    Try::Catalog,
    Try::CatalogRecord,
    Try::ReadItem,
    Try::ChangeItem,
    Try::DeleteManifest,
    Try::DeleteManifestRecord,
    Try::Untag,
    Try::UntagRecord,
    Try::DeleteBlob,
    Try::DeleteRepository,
];

/// What comes of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    /// 405, in Azure's words.
    Locked,
    /// Done, and the item is not in the list.
    Hidden,
    /// An ordinary upload begins in its place.
    NotMounted,
}

/// What a lock refuses by `gate.md` §7.
fn refuses(lock: Lock, on: On, what: Try) -> bool {
    use Try::*;
    match (lock, on) {
        (Lock::Write, On::Repository) => matches!(
            what,
            BeginUpload
                | WholeUpload
                | FinishUpload
                | MountInto
                | MountIntoFromAnywhere
                | PutSameTag
                | PutNewTag
                | PutByDigest
                | PutWithTag
                | PutReferrer
                | DeleteManifest
                | DeleteManifestRecord
                | Untag
                | UntagRecord
                | DeleteBlob
                | DeleteRepository
        ),
        (Lock::Delete, On::Repository) => matches!(
            what,
            DeleteManifest
                | DeleteManifestRecord
                | Untag
                | UntagRecord
                | DeleteBlob
                | DeleteRepository
        ),
        (Lock::Read, On::Repository) => {
            matches!(what, GetByTag | GetByDigest | GetBlob | HeadByTag | HeadByDigest | HeadBlob)
        }
        (Lock::Write, On::Manifest) => matches!(
            what,
            PutSameTag
                | PutNewTag
                | PutByDigest
                | PutWithTag
                | DeleteManifest
                | DeleteManifestRecord
                | DeleteRepository
        ),
        (Lock::Delete, On::Manifest) => {
            matches!(what, DeleteManifest | DeleteManifestRecord | DeleteRepository)
        }
        (Lock::Read, On::Manifest) => {
            matches!(what, GetByTag | GetByDigest | HeadByTag | HeadByDigest)
        }
        (Lock::Write, On::Tag) => matches!(
            what,
            PutSameTag
                | PutWithTag
                | Untag
                | UntagRecord
                | DeleteManifest
                | DeleteManifestRecord
                | DeleteRepository
        ),
        (Lock::Delete, On::Tag) => matches!(
            what,
            Untag | UntagRecord | DeleteManifest | DeleteManifestRecord | DeleteRepository
        ),
        (Lock::Read, On::Tag) => matches!(what, GetByTag | HeadByTag),
        (Lock::List, _) => false,
    }
}

/// `gate.md` §7, once more.
fn expected(lock: Lock, on: On, what: Try) -> Outcome {
    use Try::*;
    let hidden = matches!(
        (lock, on, what),
        (Lock::List, On::Repository, Catalog | CatalogRecord)
            | (Lock::List, On::Manifest, ListManifestRecords)
            | (Lock::List, On::Tag, ListTags | ListTagRecords)
    );
    if refuses(lock, on, what) {
        Outcome::Locked
    } else if hidden {
        Outcome::Hidden
    } else if matches!(
        (lock, on, what),
        (Lock::Read, On::Repository, MountFrom | MountFromAnywhere)
    ) {
        Outcome::NotMounted
    } else {
        Outcome::Done
    }
}

/// A repository of its own for each cell, with an image and an upload in progress.
struct Cell<'a> {
    kit: &'a Kit,
    name: String,
    image: Image,
    spare: Vec<u8>,
    upload: String,
}

impl<'a> Cell<'a> {
    async fn new(kit: &'a Kit, name: String) -> Self {
        let image = image(&name);
        kit.push_image(WHO, &name, "v1", &image).await;
        let spare = format!("spare {name}").into_bytes();
        kit.push_blob(WHO, &name, &spare).await.expect(201);
        let begun = kit.post(&format!("/v2/{name}/blobs/uploads/")).basic(WHO.0, WHO.1);
        let upload = begun.send().await.expect(202).header("location").to_owned();
        Self { kit, name, image, spare, upload }
    }

    fn item(&self, on: On) -> String {
        match on {
            On::Repository => format!("/acr/v1/{}", self.name),
            On::Manifest => format!("/acr/v1/{}/_manifests/{}", self.name, self.image.digest()),
            On::Tag => format!("/acr/v1/{}/_tags/v1", self.name),
        }
    }

    async fn lock(&self, lock: Lock, on: On) {
        let field = match lock {
            Lock::Delete => "deleteEnabled",
            Lock::Write => "writeEnabled",
            Lock::Read => "readEnabled",
            Lock::List => "listEnabled",
        };
        let body = json!({ field: false }).to_string();
        send(self.kit.patch(&self.item(on)).body(body)).await.expect(200);
    }

    async fn outcome(&self, on: On, what: Try) -> Outcome {
        let (reply, shown) = self.attempt(on, what).await;
        match reply.status.as_u16() {
            405 => {
                let head = matches!(what, Try::HeadByTag | Try::HeadByDigest | Try::HeadBlob);
                assert_eq!(reply.body.is_empty(), head, "{what:?}: {}", reply.text());
                if !head {
                    assert_eq!(reply.code(), "REGISTRY_DISALLOWED_OPERATION");
                    let text = "The operation is disallowed on this registry, repository or image.";
                    assert!(reply.message().starts_with(text), "{}", reply.message());
                }
                assert_eq!(reply.header("x-naru-cause"), "registry-locked");
                Outcome::Locked
            }
            202 if matches!(what, Try::MountFrom | Try::MountFromAnywhere) => Outcome::NotMounted,
            200..300 if shown => Outcome::Done,
            200..300 => Outcome::Hidden,
            status => panic!("{what:?} of {on:?}: {status}: {}", reply.text()),
        }
    }

    /// Tries it; and whether the item is in the list, where it is one.
    async fn attempt(&self, on: On, what: Try) -> (Reply, bool) {
        let (kit, name, digest) = (self.kit, &self.name, self.image.digest());
        let layer = Digest::sha256(&self.image.layer);
        let (v2, acr) = (format!("/v2/{name}"), format!("/acr/v1/{name}"));
        let put = |target: &str, body: &[u8]| {
            let request = kit.put(&format!("{v2}/manifests/{target}"));
            request.header("content-type", MANIFEST).body(body.to_vec())
        };
        let new = b"some new content".to_vec();
        let whole = format!("{v2}/blobs/uploads/?digest={}", Digest::sha256(&new));
        let spare = Digest::sha256(&self.spare);
        let request = match what {
            Try::BeginUpload => kit.post(&format!("{v2}/blobs/uploads/")),
            Try::WholeUpload => kit.post(&whole).body(new),
            Try::FinishUpload => {
                let target = format!("{}?digest={}", self.upload, Digest::sha256(&new));
                kit.put(&target).body(new)
            }
            Try::MountInto => {
                let source = Digest::sha256(b"a blob of the source");
                kit.post(&format!("{v2}/blobs/uploads/?mount={source}&from=source"))
            }
            Try::MountFrom => {
                kit.post(&format!("/v2/target/blobs/uploads/?mount={layer}&from={name}"))
            }
            Try::MountIntoFromAnywhere => {
                let source = Digest::sha256(b"a blob of the source");
                kit.post(&format!("{v2}/blobs/uploads/?mount={source}"))
            }
            Try::MountFromAnywhere => kit.post(&format!("/v2/target/blobs/uploads/?mount={layer}")),
            Try::PutWithTag => put(&format!("{digest}?tag=v1"), &self.image.manifest),
            Try::PutSameTag => put("v1", &self.image.manifest),
            Try::PutNewTag => put("v2", &self.image.manifest),
            Try::PutByDigest => put(&digest.to_string(), &self.image.manifest),
            Try::PutReferrer => {
                let mut referrer: serde_json::Value =
                    serde_json::from_slice(&self.image.manifest).unwrap();
                let size = self.image.manifest.len();
                referrer["subject"] =
                    json!({ "mediaType": MANIFEST, "digest": digest, "size": size });
                put("referrer", referrer.to_string().as_bytes())
            }
            Try::GetByTag => kit.get(&format!("{v2}/manifests/v1")),
            Try::GetByDigest => kit.get(&format!("{v2}/manifests/{digest}")),
            Try::GetBlob => kit.get(&format!("{v2}/blobs/{layer}")),
            Try::HeadByTag => kit.head(&format!("{v2}/manifests/v1")),
            Try::HeadByDigest => kit.head(&format!("{v2}/manifests/{digest}")),
            Try::HeadBlob => kit.head(&format!("{v2}/blobs/{layer}")),
            Try::ListTags => kit.get(&format!("{v2}/tags/list")),
            Try::ListTagRecords => kit.get(&format!("{acr}/_tags")),
            Try::ListManifestRecords => kit.get(&format!("{acr}/_manifests")),
            Try::Catalog => kit.get("/v2/_catalog"),
            Try::CatalogRecord => kit.get("/acr/v1/_catalog"),
            Try::ReadItem => kit.get(&self.item(on)),
            Try::ChangeItem => kit.patch(&self.item(on)).body("{}"),
            Try::DeleteManifest => kit.delete(&format!("{v2}/manifests/{digest}")),
            Try::DeleteManifestRecord => kit.delete(&format!("{acr}/_manifests/{digest}")),
            Try::Untag => kit.delete(&format!("{v2}/manifests/v1")),
            Try::UntagRecord => kit.delete(&format!("{acr}/_tags/v1")),
            Try::DeleteBlob => kit.delete(&format!("{v2}/blobs/{spare}")),
            Try::DeleteRepository => kit.delete(&acr),
        };
        let reply = send(request).await;
        let text = reply.text();
        let shown = match what {
            Try::ListTags | Try::ListTagRecords => text.contains("\"v1\""),
            Try::ListManifestRecords => text.contains(&digest.to_string()),
            Try::Catalog | Try::CatalogRecord => text.contains(&format!("\"{name}\"")),
            _ => true,
        };
        (reply, shown)
    }
}

async fn send(request: Sending) -> Reply {
    request.basic(WHO.0, WHO.1).send().await
}

#[tokio::test]
async fn every_lock_is_held_by_every_route() {
    let kit = Kit::start().await;
    kit.push_blob(WHO, "source", b"a blob of the source").await.expect(201);
    let (mut wrong, mut cells) = (Vec::new(), 0);
    for lock in [Lock::Delete, Lock::Write, Lock::Read, Lock::List] {
        for on in [On::Repository, On::Manifest, On::Tag] {
            for what in TRIES {
                cells += 1;
                let cell = Cell::new(&kit, format!("cell{cells}")).await;
                cell.lock(lock, on).await;
                let (is, due) = (cell.outcome(on, what).await, expected(lock, on, what));
                if is != due {
                    wrong.push(format!("{lock:?} on {on:?}, {what:?}: {is:?}, not {due:?}"));
                }
                if due == Outcome::Locked {
                    cell.unchanged(lock, on).await;
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(cells, 4 * 3 * TRIES.len());
}

impl Cell<'_> {
    /// What was refused changed nothing: with the lock lifted all is as it was.
    async fn unchanged(&self, lock: Lock, on: On) {
        let lifted = json!({
            "deleteEnabled": true, "writeEnabled": true, "readEnabled": true, "listEnabled": true
        });
        send(self.kit.patch(&self.item(on)).body(lifted.to_string())).await.expect(200);
        let pulled = send(self.kit.get(&format!("/v2/{}/manifests/v1", self.name))).await;
        assert_eq!(pulled.expect(200).body, self.image.manifest, "{lock:?} on {on:?}");
        let tags = send(self.kit.get(&format!("/v2/{}/tags/list", self.name))).await;
        assert_eq!(tags.expect(200).json()["tags"], json!(["v1"]));
        let spare = Digest::sha256(&self.spare);
        send(self.kit.get(&format!("/v2/{}/blobs/{spare}", self.name))).await.expect(200);
    }
}

#[tokio::test]
async fn without_a_lock_everything_is_done() {
    let kit = Kit::start().await;
    kit.push_blob(WHO, "source", b"a blob of the source").await.expect(201);
    for (number, what) in TRIES.into_iter().enumerate() {
        let cell = Cell::new(&kit, format!("open{number}")).await;
        for on in [On::Repository, On::Manifest, On::Tag] {
            if on == On::Repository || matches!(what, Try::ReadItem | Try::ChangeItem) {
                assert_eq!(cell.outcome(on, what).await, Outcome::Done, "{what:?}");
            }
        }
    }
}
