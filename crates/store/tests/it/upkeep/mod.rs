//! Collection and verification, on a database and a directory as the server has them.

mod collect;
mod crash;
mod verify;

use std::ops::ControlFlow;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use naru_access::{Delete, Maintenance, Push};
use naru_oci::{Digest, Manifest};
use naru_store::upkeep::Observer;
use naru_store::{
    Collected, Collection, CollectionPlan, Fault, FaultKind, NewManifest, Progress,
    RepositoryEvent, RequestFacts, Step, Verification,
};
use uuid::Uuid;

use crate::content::{Bench, LARGE, content, key};
use crate::world::now;

const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// So many hours after everything was pushed.
fn hours(number: i64) -> Timestamp {
    now() + SignedDuration::from_hours(number)
}

/// Writes down what it hears, and may end it.
struct Notes<T> {
    items: Vec<T>,
    steps: Vec<Progress>,
    /// Ends it when it has heard of this step so often.
    until: Option<(Step, usize)>,
}

impl<T> Notes<T> {
    fn new() -> Self {
        Self { items: Vec::new(), steps: Vec::new(), until: None }
    }

    fn until(step: Step, times: usize) -> Self {
        Self { until: Some((step, times)), ..Self::new() }
    }
}

#[async_trait]
impl<T: Send> Observer<T> for Notes<T> {
    async fn progress(&mut self, progress: Progress) -> ControlFlow<()> {
        assert!(progress.done <= progress.total, "{progress:?}");
        self.steps.push(progress);
        let heard = |step| self.steps.iter().filter(|heard| heard.step == step).count();
        match self.until {
            Some((step, times)) if heard(step) >= times => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }

    async fn found(&mut self, item: T) {
        self.items.push(item);
    }
}

impl Bench {
    /// Collects what was of no use for a day, then.
    async fn collect(&self, then: Timestamp) -> (Collection, Vec<Collected>) {
        self.collect_with(then, false).await
    }

    async fn collect_with(&self, then: Timestamp, dry_run: bool) -> (Collection, Vec<Collected>) {
        let mut notes = Notes::new();
        let plan = CollectionPlan { now: then, lease: SignedDuration::from_hours(24), dry_run };
        let maintenance = Maintenance::of_this_process();
        let sum = self.store.collect(&maintenance, plan, &mut notes).await.unwrap();
        assert_eq!(sum.bytes, notes.items.iter().map(|item| item.bytes).sum::<u64>());
        (sum, notes.items)
    }

    async fn verify(&self, resume: bool) -> (Verification, Vec<Fault>) {
        self.verify_with(resume, &mut Notes::new()).await
    }

    async fn verify_with(
        &self,
        resume: bool,
        notes: &mut Notes<Fault>,
    ) -> (Verification, Vec<Fault>) {
        let maintenance = Maintenance::of_this_process();
        let sum = self.store.verify(&maintenance, resume, now(), notes).await.unwrap();
        let remarks = notes.items.iter().filter(|fault| fault.kind.is_remark()).count() as u64;
        assert_eq!((sum.faults + sum.remarks, sum.remarks), (notes.items.len() as u64, remarks));
        (sum, notes.items.clone())
    }

    /// The kinds of what is wrong.
    async fn faults(&self) -> Vec<FaultKind> {
        self.verify(false).await.1.into_iter().map(|fault| fault.kind).collect()
    }

    async fn put(&self, repository: &str, media_type: &str, text: String, tag: &str) -> Digest {
        let digest = Digest::sha256(text.as_bytes());
        let tags = if tag.is_empty() { Vec::new() } else { vec![tag.parse().unwrap()] };
        let manifest = Manifest::parse(Some(media_type), text.as_bytes()).unwrap();
        let new = NewManifest {
            digest,
            bytes: text.into(),
            manifest,
            tags,
            sparse: false,
            created: now(),
        };
        let push = self.may_in::<Push>(repository);
        let event = self.event(repository, now());
        self.store.metadata().put_manifest(&push, new, event).await.unwrap().unwrap();
        digest
    }

    /// Puts an image that names these blobs.
    async fn put_image(&self, repository: &str, blobs: &[Digest], tag: &str) -> Digest {
        self.put(repository, IMAGE, image(blobs, ""), tag).await
    }

    async fn put_index(&self, repository: &str, listed: &[Digest], tag: &str) -> Digest {
        let listed: Vec<_> = listed.iter().map(|digest| descriptor(IMAGE, digest)).collect();
        let text = format!(r#"{{"schemaVersion":2,"manifests":[{}]}}"#, listed.join(","));
        self.put(repository, INDEX, text, tag).await
    }

    async fn delete_manifest(&self, repository: &str, digest: &Digest, then: Timestamp) {
        let delete = self.may_in::<Delete>(repository);
        let event = self.event(repository, then);
        self.store.metadata().delete_manifest(&delete, digest, event).await.unwrap().unwrap();
    }

    async fn unlink(&self, repository: &str, digest: &Digest, then: Timestamp) {
        let delete = self.may_in::<Delete>(repository);
        let event = self.event(repository, then);
        self.store.metadata().unlink_blob(&delete, digest, event).await.unwrap().unwrap();
    }

    fn event(&self, repository: &str, time: Timestamp) -> RepositoryEvent {
        let request = RequestFacts {
            time,
            duration_ms: 1,
            correlation_id: Uuid::from_u128(7),
            client_request_id: None,
            caller_ip: "192.0.2.1".to_owned(),
            user_agent: "test".to_owned(),
            login_server: "registry.localhost".to_owned(),
            identity: "local".to_owned(),
            identity_kind: None,
            credential: "operator".to_owned(),
        };
        RepositoryEvent {
            place: self.place,
            tally: naru_store::Tally::one(request.time),
            request,
            reason: None,
            operation: "Test".to_owned(),
            result: 200,
            repository: repository.to_owned(),
            tag: None,
            digest: None,
            media_type: None,
            artifact_type: None,
            size: None,
            rule: None,
        }
    }

    fn sql(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.directory.path().join("naru.db")).unwrap()
    }

    fn number(&self, sql: &str) -> i64 {
        self.sql().query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

fn descriptor(media_type: &str, digest: &Digest) -> String {
    format!(r#"{{"mediaType":"{media_type}","digest":"{digest}","size":1}}"#)
}

fn image(blobs: &[Digest], more: &str) -> String {
    let (config, layers) = blobs.split_first().unwrap();
    let layer = |digest| descriptor("application/vnd.oci.image.layer.v1.tar", digest);
    let layers: Vec<_> = layers.iter().map(layer).collect();
    let config = descriptor("application/vnd.oci.image.config.v1+json", config);
    format!(r#"{{"schemaVersion":2,"config":{config},"layers":[{}]{more}}}"#, layers.join(","))
}

/// A key that no upload of another number has.
fn number_key(number: u16) -> naru_store::UploadKey {
    let mut bytes = [9; 16];
    bytes[..2].copy_from_slice(&number.to_be_bytes());
    naru_store::UploadKey(bytes)
}
