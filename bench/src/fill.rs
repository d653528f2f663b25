//! Filling a store, by what a push asks it for.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use naru_access::{
    Access, Holder, InRegistry, InRepository, Principal, PrincipalKind, Push, RegistryPolicy,
    Rights, ScopePath, decide,
};
use naru_identity::EntropyExt as _;
use naru_oci::{Algorithm, Digest, Manifest, RepositoryName, Tag};
use naru_server::ambient::Ambient;
use naru_store::{
    NewManifest, PutRefusal, RepositoryEvent, RequestFacts, Source, SourceError, Store, StoreError,
    Tally, UploadError, UploadKey,
};
use tokio::task::JoinSet;

use crate::{Image, MANIFEST, Plan};

/// How many images are pushed at once; what waits at a time commits in one transaction.
const AT_ONCE: usize = 256;

/// Why a store was not filled.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    /// It has no registry yet.
    #[error("the data directory has no registry: start `naru serve` on it once")]
    Empty,
    /// The generator made what a registry does not take.
    #[error("a generated image is not legal: {0}")]
    Image(String),
    /// The store refused it.
    #[error("an image was not taken: {0:?}")]
    Refused(PutRefusal),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store did not take a blob.
    #[error("a blob was not taken: {0:?}")]
    Upload(UploadError),
    /// A task of ours did not end by itself.
    #[error(transparent)]
    Task(#[from] tokio::task::JoinError),
}

/// Where images are pushed to, and what for.
struct Filling<I> {
    store: Store,
    ambient: Ambient,
    place: InRegistry,
    login_server: String,
    waiting: Mutex<I>,
}

/// Pushes all that is planned to the first registry of a store. `told` hears of every image that
/// is in.
pub async fn fill(
    store: &Store,
    plan: Plan,
    ambient: Ambient,
    told: impl Fn() + Clone + Send + 'static,
) -> Result<(), FillError> {
    let registries = store.metadata().registries().await?;
    let registry = registries.first().ok_or(FillError::Empty)?;
    let filling = Arc::new(Filling {
        store: store.clone(),
        ambient,
        place: registry.place(),
        login_server: registry.name.clone(),
        // The first image of each repository goes before the others: they refer to it.
        waiting: Mutex::new(
            plan.images().filter(|(_, image)| *image == 0).collect::<Vec<_>>().into_iter(),
        ),
    });
    all(&filling, &told).await?;
    let others = plan.images().filter(|(_, image)| *image != 0).collect::<Vec<_>>().into_iter();
    *filling.waiting.lock().unwrap_or_else(PoisonError::into_inner) = others;
    all(&filling, &told).await
}

async fn all<I>(
    filling: &Arc<Filling<I>>,
    told: &(impl Fn() + Clone + Send + 'static),
) -> Result<(), FillError>
where
    I: Iterator<Item = (u32, u32)> + Send + 'static,
{
    let mut pushing = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (filling, told) = (Arc::clone(filling), told.clone());
        pushing.spawn(async move {
            while let Some(number) = filling.next() {
                let image = Image::of(number).map_err(illegal)?;
                filling.push(image).await?;
                told();
            }
            Ok::<_, FillError>(())
        });
    }
    while let Some(pushed) = pushing.join_next().await {
        pushed??;
    }
    Ok(())
}

impl<I: Iterator<Item = (u32, u32)>> Filling<I> {
    fn next(&self) -> Option<(u32, u32)> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).next()
    }
}

impl<I> Filling<I> {
    async fn push(&self, image: Image) -> Result<(), FillError> {
        let access = self.may_push(image.repository)?;
        for blob in image.blobs {
            self.push_blob(&access, blob.into()).await?;
        }
        let bytes = Bytes::from(image.manifest);
        let digest = Digest::sha256(&bytes);
        let manifest = Manifest::parse(Some(MANIFEST), &bytes).map_err(illegal)?;
        let tag = image.tag.parse::<Tag>().map_err(illegal)?;
        let created = self.ambient.clock.now();
        let request = RequestFacts {
            time: created,
            duration_ms: 0,
            correlation_id: self.ambient.entropy.guid(),
            client_request_id: None,
            caller_ip: "127.0.0.1".to_owned(),
            user_agent: "naru-bench".to_owned(),
            login_server: self.login_server.clone(),
            identity: access.holder().name.clone(),
            identity_kind: Some(access.holder().kind),
            credential: "admin-password".to_owned(),
        };
        let event = RepositoryEvent {
            place: self.place,
            tally: Tally::one(created),
            request,
            operation: "Push".to_owned(),
            result: 201,
            reason: None,
            repository: access.repository().to_string(),
            tag: Some(image.tag),
            digest: Some(digest.to_string()),
            media_type: Some(manifest.media_type.clone()),
            artifact_type: manifest.artifact_type.clone(),
            size: Some(bytes.len() as u64),
            rule: Some(access.rule().to_string()),
        };
        let new = NewManifest { digest, bytes, manifest, tags: vec![tag], sparse: false, created };
        let put = self.store.metadata().put_manifest(&access, new, event).await?;
        put.map(drop).map_err(FillError::Refused)
    }

    async fn push_blob(&self, access: &Access<Push>, content: Bytes) -> Result<(), FillError> {
        let (upload, now) = (UploadKey(self.ambient.entropy.bytes()), self.ambient.clock.now());
        let digest = Digest::sha256(&content);
        let store = &self.store;
        store.begin_upload(access, upload, Algorithm::Sha256, now).map_err(FillError::Upload)?;
        let mut source = Once(Some(content));
        store.append(access, upload, None, &mut source, now).await.map_err(FillError::Upload)?;
        store.finish_upload(access, upload, digest, now).await.map_err(FillError::Upload)
    }

    /// The right to push, as the registry's admin user has it.
    fn may_push(&self, repository: RepositoryName) -> Result<Access<Push>, FillError> {
        let id = naru_access::PrincipalId(self.place.registry.0);
        let name = self.login_server.clone();
        let kind = PrincipalKind::Admin;
        let principal = Principal { kind, id, name, tenant: self.place.tenant };
        let holder = Holder { principal, rights: Rights::Admin, ceiling: None };
        let path = ScopePath::root();
        let policy = RegistryPolicy { place: self.place, path, anonymous_pull: false };
        let place = InRepository { registry: self.place, repository };
        decide(&holder, &policy, place).map_err(|denial| FillError::Image(format!("{denial:?}")))
    }
}

fn illegal<E: std::fmt::Display>(error: E) -> FillError {
    FillError::Image(format!("{error}"))
}

/// Content that comes at once.
struct Once(Option<Bytes>);

#[async_trait]
impl Source for Once {
    async fn next(&mut self) -> Option<Result<Bytes, SourceError>> {
        self.0.take().map(Ok)
    }
}
