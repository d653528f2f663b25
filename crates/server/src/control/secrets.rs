//! Secrets on their way between an administrator and the store.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use naru_access::CredentialId;
use naru_identity::password::PasswordError;
use naru_identity::secret::{self, Secret, SecretKind};
use naru_store::{NewSecret, Registry, SecretForm};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Failure, Fault, metadata, now};
use crate::gate::PasswordFailure;
use crate::start::hint;
use crate::state::App;

/// A secret that is told once, or is just coming in: the only one that serializes. It prints no
/// more than any other.
#[derive(Clone)]
pub struct Disclosed(pub Secret);

impl fmt::Debug for Disclosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Disclosed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

impl<'de> Deserialize<'de> for Disclosed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Secret::new).map(Self)
    }
}

/// Generates a secret, and what is stored of it.
pub(super) fn generated(
    app: &App,
    kind: SecretKind,
    slot: Option<&str>,
    expires: Option<Timestamp>,
) -> (Secret, NewSecret) {
    let secret = secret::generate(kind, app.ambient.entropy.as_ref());
    let id = CredentialId(app.guid());
    let stored = NewSecret {
        id,
        slot: slot.map_or_else(|| id.to_string(), str::to_owned),
        form: SecretForm::Generated(secret::hash(&app.secret_key, secret.expose())),
        hint: hint(&secret),
        generation: 1,
        created: now(app),
        expires,
    };
    (secret, stored)
}

/// What is stored of a password that somebody thought up. One that has the generated form is
/// stored as such, since the form alone says how a secret is checked.
pub(super) async fn thought_up(
    app: &App,
    registry: &Registry,
    password: &Secret,
) -> Result<NewSecret, Failure> {
    let form = match secret::SecretForm::of(password.expose()) {
        secret::SecretForm::Token => return Err(Fault::TokenAsPassword.into()),
        secret::SecretForm::Generated(_) => {
            let tag = secret::hash(&app.secret_key, password.expose());
            if metadata(app).account_by_secret(registry.tenant, tag).await?.is_some() {
                return Err(Fault::PasswordInUse.into());
            }
            SecretForm::Generated(tag)
        }
        secret::SecretForm::Human => {
            let entropy = Arc::clone(&app.ambient.entropy);
            SecretForm::Human(app.passwords.hash(password.expose(), entropy).await?)
        }
    };
    Ok(NewSecret {
        id: CredentialId(app.guid()),
        slot: "password".to_owned(),
        form,
        hint: String::new(),
        generation: 1,
        created: now(app),
        expires: None,
    })
}

impl From<PasswordFailure> for Failure {
    fn from(failure: PasswordFailure) -> Self {
        match failure {
            PasswordFailure::Busy => Self::Busy,
            PasswordFailure::Refused(PasswordError::Length) => Fault::PasswordLength.into(),
            PasswordFailure::Refused(PasswordError::Hashing) => Self::Broken,
        }
    }
}
