//! The two passwords of a repository token.

use jiff::Timestamp;
use naru_access::operation as op;
use naru_identity::secret::SecretKind;
use naru_store::{NewSecret, Registry, SecretRecord};
use serde::{Deserialize, Serialize};

use super::secrets::generated;
use super::token::CredentialsView;
use super::{Caller, Deleted, Disclosed, Failure, Fault, Span, allow, metadata, now};
use crate::state::App;

/// The slots that a token has, as Azure names them.
pub(super) const SLOTS: [&str; 2] = ["password1", "password2"];

/// Which passwords are made.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenerateRequest {
    /// Of which token.
    pub name: String,
    /// The first one. Both, where neither is named.
    #[serde(default)]
    pub password1: bool,
    /// The second one.
    #[serde(default)]
    pub password2: bool,
    /// For how many days they hold.
    pub expiration_in_days: Option<u32>,
}

/// Which passwords are deleted.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteRequest {
    /// Of which token.
    pub name: String,
    /// The first one.
    #[serde(default)]
    pub password1: bool,
    /// The second one.
    #[serde(default)]
    pub password2: bool,
}

/// A password of a token.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PasswordView {
    /// `password1` or `password2`.
    pub name: String,
    /// The password, where it was just made.
    pub value: Option<Disclosed>,
    /// Its first characters.
    pub hint: String,
    /// When it was made.
    pub creation_time: Timestamp,
    /// Until when it holds; none: for ever.
    pub expiry: Option<Timestamp>,
}

impl PasswordView {
    pub(super) fn stored(record: &SecretRecord) -> Self {
        Self {
            name: record.slot.clone(),
            value: None,
            hint: record.hint.clone(),
            creation_time: record.created,
            expiry: record.expires,
        }
    }
}

/// Makes passwords; those of the same names die, with what was made from them.
pub async fn generate(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: GenerateRequest,
) -> Result<CredentialsView, Failure> {
    let access = allow::<op::GenerateCredentials>(caller, registry)?;
    let mut slots = named(request.password1, request.password2);
    if slots.is_empty() {
        slots = SLOTS.to_vec();
    }
    let expires = expiry(app, request.expiration_in_days)?;
    let (passwords, stored) = new_passwords(app, &slots, expires);
    metadata(app).set_token_passwords(&access, &request.name, stored).await?;
    Ok(CredentialsView { username: request.name, passwords })
}

/// Deletes passwords, with what was made from them.
pub async fn delete(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: DeleteRequest,
) -> Result<Deleted, Failure> {
    let access = allow::<op::GenerateCredentials>(caller, registry)?;
    let slots = named(request.password1, request.password2);
    if slots.is_empty() {
        return Err(Fault::Combination("failure-no-password-named").into());
    }
    let owned = slots.into_iter().map(str::to_owned).collect();
    metadata(app).delete_token_passwords(&access, &request.name, owned).await?;
    Ok(Deleted::named(request.name))
}

/// New passwords for slots: to be shown, and to be stored.
pub(super) fn new_passwords(
    app: &App,
    slots: &[&str],
    expires: Option<Timestamp>,
) -> (Vec<PasswordView>, Vec<NewSecret>) {
    let make = |slot: &&str| {
        let (secret, stored) = generated(app, SecretKind::Token, Some(slot), expires);
        let view = PasswordView {
            name: stored.slot.clone(),
            value: Some(Disclosed(secret)),
            hint: stored.hint.clone(),
            creation_time: stored.created,
            expiry: stored.expires,
        };
        (view, stored)
    };
    slots.iter().map(make).unzip()
}

/// When something ends that holds for so many days.
pub(super) fn expiry(app: &App, days: Option<u32>) -> Result<Option<Timestamp>, Fault> {
    days.map(|days| Span::of_days(days)?.after(now(app))).transpose()
}

fn named(password1: bool, password2: bool) -> Vec<&'static str> {
    let wanted = SLOTS.into_iter().zip([password1, password2]);
    wanted.filter(|(_, wanted)| *wanted).map(|(slot, _)| slot).collect()
}
