//! Repositories and what is in them, against the boundary alone.

mod blob;
mod list;
mod manifest;
mod properties;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use naru_access::{
    Access, DataAction, Holder, InRegistry, InRepository, Principal, PrincipalId, RegistryId,
    RegistryPolicy, Rights, ScopePath, TenantId, decide, decide_management, operation,
};
use naru_oci::{Algorithm, Digest, Manifest, Reference, Tag};
use naru_store::content::{Content, Directory, INLINE_LIMIT, Source, SourceError, UploadKey};
use naru_store::sqlite::Sqlite;
use naru_store::{
    Audit, EventFilter, ManifestPut, NewManifest, Page, PutRefusal, Repositories, RepositoryEvent,
    RequestFacts, Sealed, Tally,
};
use uuid::Uuid;

const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// A database and a content store with two registries of one tenant, and one of another.
struct World {
    directory: tempfile::TempDir,
    database: Sqlite,
    content: Directory,
}

/// The registries of the world.
const FIRST: InRegistry = place(1, 1);
const SECOND: InRegistry = place(1, 2);
const FOREIGN: InRegistry = place(2, 3);

const fn place(tenant: u128, registry: u128) -> InRegistry {
    InRegistry {
        tenant: TenantId(Uuid::from_u128(tenant)),
        registry: RegistryId(Uuid::from_u128(registry)),
    }
}

/// A moment, in hours after the beginning.
fn hour(number: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + number * 3600).unwrap()
}

impl World {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("naru.db");
        let database = Sqlite::open(&path).unwrap();
        let (blobs, uploads) = (directory.path().join("blobs"), directory.path().join("uploads"));
        let (content, leftovers) = Directory::open(blobs, uploads).unwrap();
        assert!(leftovers.is_empty());
        let world = Self { directory, database, content };
        // There is one tenant so far above the boundary, and so no other way to have two.
        let connection = world.sql();
        for place in [FIRST, FOREIGN] {
            let sql = "INSERT INTO tenant (id, subscription, created) VALUES (?1, ?1, 0)";
            connection.execute(sql, [place.tenant.bytes()]).unwrap();
        }
        for (place, name) in [(FIRST, "first"), (SECOND, "second"), (FOREIGN, "foreign")] {
            let sql = "INSERT INTO registry (id, tenant, name, name_key, created) \
                       VALUES (?1, ?2, ?3, ?3, 0)";
            let params = (place.registry.bytes(), place.tenant.bytes(), name);
            connection.execute(sql, params).unwrap();
        }
        world
    }

    /// The database itself, for what the boundary does not show.
    fn sql(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.directory.path().join("naru.db")).unwrap()
    }

    /// A number out of the database.
    fn number(&self, sql: &str) -> i64 {
        self.sql().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Uploads bytes, up to the point where they wait for their row.
    async fn seal(&self, algorithm: Algorithm, bytes: &[u8]) -> Sealed {
        let key = next_upload();
        self.content.begin(key, PrincipalId(Uuid::nil()), algorithm, hour(0)).unwrap();
        let mut source = Once(Some(Bytes::copy_from_slice(bytes)));
        self.content.append(key, None, &mut source, hour(0)).await.unwrap();
        self.content.seal(key, Digest::of(algorithm, bytes)).await.unwrap()
    }

    /// Uploads a blob to a repository of the first registry.
    async fn push_blob(&self, repository: &str, bytes: &[u8], now: Timestamp) -> Digest {
        self.push_blob_to(FIRST, repository, bytes, now).await
    }

    async fn push_blob_to(
        &self,
        registry: InRegistry,
        repository: &str,
        bytes: &[u8],
        now: Timestamp,
    ) -> Digest {
        let sealed = self.seal(Algorithm::Sha256, bytes).await;
        let access = access_in(registry, repository);
        self.database.link_blob(&access, &sealed, now).await.unwrap().unwrap();
        *sealed.digest()
    }

    /// Puts a manifest into a repository of the first registry.
    async fn put(&self, repository: &str, new: NewManifest) -> Result<ManifestPut, PutRefusal> {
        let event = event(repository, "Push", Some(&new.digest));
        self.database.put_manifest(&access(repository), new, event).await.unwrap()
    }

    /// Puts an image that names these blobs, and nothing else; its digest.
    async fn put_image(&self, repository: &str, blobs: &[Digest], tags: &[&str]) -> Digest {
        let new = image(blobs).tagged(tags);
        let digest = new.digest;
        self.put(repository, new).await.unwrap();
        digest
    }

    /// What was written into the log of repository events, the latest first.
    async fn events(&self) -> Vec<(String, Option<String>)> {
        let filter = EventFilter { limit: 100, ..EventFilter::default() };
        let access =
            decide_management::<operation::ReadEvents>(&operator(FIRST), &ScopePath::root(), FIRST);
        let events = self.database.repository_events(&access.unwrap(), filter).await.unwrap();
        events.into_iter().map(|stored| (stored.event.operation, stored.event.digest)).collect()
    }
}

/// The key of an upload that was not there yet.
fn next_upload() -> UploadKey {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    UploadKey(Uuid::from_u128(number.into()).into_bytes())
}

/// The source of one frame.
struct Once(Option<Bytes>);

#[async_trait]
impl Source for Once {
    async fn next(&mut self) -> Option<Result<Bytes, SourceError>> {
        self.0.take().map(Ok)
    }
}

fn operator(place: InRegistry) -> Holder {
    Holder { principal: Principal::operator(place.tenant), rights: Rights::Operator, ceiling: None }
}

/// A capability in a repository of the first registry.
fn access<A: DataAction<Place = InRepository>>(repository: &str) -> Access<A> {
    access_in(FIRST, repository)
}

fn access_in<A: DataAction<Place = InRepository>>(
    registry: InRegistry,
    repository: &str,
) -> Access<A> {
    let place = InRepository { registry, repository: repository.parse().unwrap() };
    decide(&operator(registry), &policy(registry), place).unwrap()
}

fn policy(place: InRegistry) -> RegistryPolicy {
    RegistryPolicy { place, path: ScopePath::root(), anonymous_pull: false }
}

fn event(repository: &str, operation: &str, digest: Option<&Digest>) -> RepositoryEvent {
    event_at(hour(0), repository, operation, digest)
}

fn event_at(
    time: Timestamp,
    repository: &str,
    operation: &str,
    digest: Option<&Digest>,
) -> RepositoryEvent {
    RepositoryEvent {
        place: FIRST,
        request: RequestFacts {
            time,
            duration_ms: 1,
            correlation_id: Uuid::from_u128(7),
            client_request_id: None,
            caller_ip: "192.0.2.1".to_owned(),
            user_agent: "test".to_owned(),
            login_server: "first.localhost".to_owned(),
            identity: "local".to_owned(),
            identity_kind: None,
            credential: "operator".to_owned(),
        },
        operation: operation.to_owned(),
        result: 201,
        reason: None,
        tally: Tally::one(time),
        repository: repository.to_owned(),
        tag: None,
        digest: digest.map(ToString::to_string),
        media_type: None,
        artifact_type: None,
        size: None,
        rule: None,
    }
}

/// A manifest of this text, ready to be put.
fn parsed(algorithm: Algorithm, media_type: &str, text: String) -> NewManifest {
    NewManifest {
        digest: Digest::of(algorithm, text.as_bytes()),
        manifest: Manifest::parse(Some(media_type), text.as_bytes()).unwrap(),
        bytes: text.into(),
        tags: Vec::new(),
        sparse: false,
        created: hour(0),
    }
}

fn descriptor(media_type: &str, digest: &Digest) -> String {
    format!(r#"{{"mediaType":"{media_type}","digest":"{digest}","size":1}}"#)
}

/// An image whose config is the first of these blobs, and whose layers are the others.
fn image(blobs: &[Digest]) -> NewManifest {
    parsed(Algorithm::Sha256, IMAGE, image_text(blobs, ""))
}

fn image_text(blobs: &[Digest], more: &str) -> String {
    let (config, layers) = blobs.split_first().unwrap();
    let layers: Vec<String> = layers.iter().map(|layer| descriptor(LAYER, layer)).collect();
    let (config, layers) = (descriptor(CONFIG, config), layers.join(","));
    format!(r#"{{"schemaVersion":2,"config":{config},"layers":[{layers}]{more}}}"#)
}

/// An index that lists these manifests.
fn index(listed: &[Digest]) -> NewManifest {
    let listed: Vec<String> = listed.iter().map(|digest| descriptor(IMAGE, digest)).collect();
    let listed = listed.join(",");
    parsed(
        Algorithm::Sha256,
        INDEX,
        format!(r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":[{listed}]}}"#),
    )
}

/// An artifact about a subject.
fn about(
    subject: &Digest,
    config: &Digest,
    artifact_type: &str,
    annotations: &BTreeMap<String, String>,
) -> NewManifest {
    let annotations = serde_json::to_string(annotations).unwrap();
    let more = format!(
        r#","artifactType":"{artifact_type}","annotations":{annotations},"subject":{}"#,
        descriptor(IMAGE, subject)
    );
    parsed(Algorithm::Sha256, IMAGE, image_text(&[*config], &more))
}

/// What tests say about a manifest that is to be put.
trait With {
    fn tagged(self, tags: &[&str]) -> Self;
    fn sparse(self) -> Self;
    fn at(self, now: Timestamp) -> Self;
}

impl With for NewManifest {
    fn tagged(mut self, tags: &[&str]) -> Self {
        self.tags = tags.iter().map(|text| tag(text)).collect();
        self
    }

    fn sparse(mut self) -> Self {
        self.sparse = true;
        self
    }

    fn at(mut self, now: Timestamp) -> Self {
        self.created = now;
        self
    }
}

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

fn by_tag(text: &str) -> Reference {
    Reference::Tag(tag(text))
}

fn page(limit: usize, after: Option<&str>) -> Page {
    Page { limit, after: after.map(str::to_owned) }
}

/// Bytes that are too many to lie beside the row.
fn large(fill: u8) -> Vec<u8> {
    vec![fill; INLINE_LIMIT + 1]
}
