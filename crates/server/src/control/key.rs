//! The keys that sign tokens: looking at them, giving them successors, revoking one.
//!
//! They are the server's, and so the whole tenant's. A successor logs nobody out: the key before is
//! honoured until the last token that it signed is dead. A key that others may know is revoked:
//! then what it signed ends at once. The master key of keyed hashes stays, since what it hashed
//! cannot be hashed again.

use std::sync::Arc;

use jiff::Timestamp;
use naru_access::operation as op;
use naru_identity::{KeyState, KeyUse};
use naru_store::Registry;
use serde::{Deserialize, Serialize};

use super::registry::ShowRequest;
use super::{Caller, Failure, allow, not_found};
use crate::keys::{KeyFileError, Keys};
use crate::state::App;

/// Which keys get a successor; without a use, all.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RotateRequest {
    /// `registry` or `issuer`.
    #[serde(rename = "use")]
    pub usage: Option<KeyUse>,
}

/// Which key is revoked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RevokeRequest {
    /// Its id.
    pub key_id: String,
}

/// A signing key, without its secret.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyView {
    /// Its id, as in the `kid` of the tokens that it signed.
    pub key_id: String,
    /// `registry` or `issuer`.
    #[serde(rename = "use")]
    pub usage: KeyUse,
    /// `next`, `signing` or `honoured`.
    pub state: &'static str,
    /// When it was made.
    pub creation_date: Timestamp,
    /// From when on it signs.
    pub signs_from: Timestamp,
    /// When it is forgotten; none while no other is to sign in its place.
    pub honoured_until: Option<Timestamp>,
}

/// Lists the keys.
#[expect(clippy::unused_async, reason = "a use case is asynchronous, whatever it reads")]
pub async fn list(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    _request: ShowRequest,
) -> Result<Vec<KeyView>, Failure> {
    allow::<op::ReadKeys>(caller, registry)?;
    Ok(views(app))
}

/// Gives keys successors; all keys afterwards.
pub async fn rotate(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: RotateRequest,
) -> Result<Vec<KeyView>, Failure> {
    allow::<op::WriteKeys>(caller, registry)?;
    let now = app.now();
    let uses = request.usage.map_or(KeyUse::ALL.to_vec(), |usage| vec![usage]);
    changed(app, move |keys| keys.succeed(&uses, now)).await?;
    Ok(views(app))
}

/// Revokes a key; the keys that are left.
pub async fn revoke(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: RevokeRequest,
) -> Result<Vec<KeyView>, Failure> {
    allow::<op::WriteKeys>(caller, registry)?;
    let (now, id) = (app.now(), request.key_id.clone());
    if changed(app, move |keys| keys.revoke(&id, now)).await? {
        Ok(views(app))
    } else {
        Err(not_found("signing key", &request.key_id))
    }
}

/// Making a key takes a while, and so does writing the file: not where requests are answered.
async fn changed<T: Send + 'static>(
    app: &App,
    change: impl FnOnce(&Keys) -> Result<T, KeyFileError> + Send + 'static,
) -> Result<T, Failure> {
    let keys = Arc::clone(&app.keys);
    let done = tokio::task::spawn_blocking(move || change(&keys)).await;
    done.map_err(|_| Failure::Broken)?.map_err(|error| Failure::Keys(error.to_string()))
}

fn views(app: &App) -> Vec<KeyView> {
    let (ring, now) = (app.keys.ring(), app.now());
    let second = |time: Timestamp| Timestamp::from_second(time.as_second()).unwrap_or(time);
    let view = |key: &naru_identity::SigningKey| KeyView {
        key_id: key.id.clone(),
        usage: key.usage,
        state: match ring.state(key, now) {
            KeyState::Honoured => "honoured",
            KeyState::Next => "next",
            KeyState::Signing => "signing",
        },
        creation_date: second(key.created),
        signs_from: second(key.signs_from),
        honoured_until: ring.honoured_until(key).map(second),
    };
    ring.keys().into_iter().map(view).collect()
}
