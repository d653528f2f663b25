//! `POST`: begins an upload, takes a whole blob at once, or mounts one.

use http::StatusCode;
use naru_access::{Access, Push};
use naru_identity::EntropyExt as _;
use naru_identity::ticket::Ticket;
use naru_oci::{Algorithm, Digest, ErrorCode, RepositoryName};

use super::{Upload, append_body, close, created, digest_asked};
use crate::edge::Answer;
use crate::gate::refusal::locked;
use crate::gate::{Caller, Exchange, Refusal, Refused};
use crate::http::v2::barred;

/// How many repositories that hold a blob are looked at for one that the caller may pull from.
const SOURCES: usize = 100;

pub(crate) async fn post(exchange: &mut Exchange, access: Access<Push>) -> Result<Answer, Refusal> {
    if !exchange.attributes(access.place()).await?.write_enabled {
        return Err(locked());
    }
    let digest = digest_asked(exchange)?;
    if let Some(mount) = exchange.inbound.query.first("mount") {
        let mount: Digest = mount.parse().map_err(Refused::from)?;
        if self::mount(exchange, &access, &mount).await? {
            return Ok(created(&access, &mount));
        }
    }
    let app = &exchange.app;
    let jti = exchange.caller.as_ref().and_then(Caller::token).map(|token| &*token.claims.jti);
    let ticket = Ticket::begin(&app.upload_key, app.ambient.entropy.bytes(), jti);
    let upload = Upload::new(exchange, &access, ticket);
    let announced = exchange.inbound.query.first("digest-algorithm");
    let algorithm = match (&digest, announced) {
        (Some(digest), _) => digest.algorithm(),
        (None, Some(name)) => name.parse().map_err(Refused::from)?,
        (None, None) => Algorithm::Sha256,
    };
    let begun = app.store.begin_upload(&access, upload.key, algorithm, exchange.inbound.time);
    begun.map_err(|error| upload.refuse(error))?;
    let Some(digest) = digest else { return Ok(upload.progress(StatusCode::ACCEPTED, 0)) };
    let whole = match append_body(exchange, &access, &upload).await {
        Ok(_) => close(exchange, &access, &upload, digest).await,
        Err(refusal) => Err(refusal),
    };
    if whole.is_err() {
        // Nobody was told its id, so nobody can go on with it. It may be gone already.
        let _gone = exchange.app.store.cancel_upload(&access, upload.key).await;
    }
    whole
}

/// Links a blob that another repository has, if the caller may presently pull it there. What may
/// not be known is answered as what is not there: the client uploads.
async fn mount(
    exchange: &Exchange,
    access: &Access<Push>,
    digest: &Digest,
) -> Result<bool, Refusal> {
    let (store, metadata) = (&exchange.app.store, exchange.app.store.metadata());
    let sources: Vec<RepositoryName> = match exchange.inbound.query.first("from") {
        Some(from) => from.parse().into_iter().collect(),
        None => metadata.repositories_with(access, digest, SOURCES).await?,
    };
    for source in sources {
        if let Some(source) = exchange.may_pull(&source).await?
            && store.stat_blob(&source, digest).await?.is_ok()
            && metadata
                .mount_blob(access, &source, digest, exchange.inbound.time)
                .await?
                .map_err(|why| barred(why, ErrorCode::BlobUnknown, "the blob"))?
        {
            return Ok(true);
        }
    }
    Ok(false)
}
