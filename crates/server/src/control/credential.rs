//! The admin user's two passwords, which alone can be read back.

use naru_access::{CredentialId, operation as op};
use naru_identity::secret;
use naru_store::Registry;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::registry::ShowRequest;
use super::{Caller, Disclosed, Failure, allow, metadata, not_found, now};
use crate::start::admin_secret;
use crate::state::App;

/// Two renewals at once must not come to the same password.
static RENEWAL: Mutex<()> = Mutex::const_new(());

/// Which password is renewed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RenewRequest {
    /// `password` or `password2`.
    pub password_name: String,
}

/// The admin user's name and passwords.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CredentialView {
    /// The name: the registry's.
    pub username: String,
    /// The passwords.
    pub passwords: Vec<AdminPasswordView>,
    /// Whether the admin user may log in at present.
    pub admin_user_enabled: bool,
}

/// A password of the admin user.
#[derive(Clone, Debug, Serialize)]
pub struct AdminPasswordView {
    /// `password` or `password2`.
    pub name: String,
    /// The password.
    pub value: Disclosed,
}

/// Shows the passwords.
pub async fn show(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    _request: ShowRequest,
) -> Result<CredentialView, Failure> {
    let access = allow::<op::ListCredentials>(caller, registry)?;
    let stored = metadata(app).admin_passwords(&access).await?;
    let password = |name: String, generation| {
        let value = secret::derive_admin(&app.secret_key, registry.id.bytes(), &name, generation);
        AdminPasswordView { name, value: Disclosed(value) }
    };
    Ok(CredentialView {
        username: registry.name.clone(),
        passwords: stored.into_iter().map(|one| password(one.slot, one.generation)).collect(),
        admin_user_enabled: registry.settings.admin_enabled,
    })
}

/// Renews a password; the old one and what was made from it die.
pub async fn renew(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: RenewRequest,
) -> Result<CredentialView, Failure> {
    let access = allow::<op::RegenerateCredential>(caller, registry)?;
    let reading = allow::<op::ListCredentials>(caller, registry)?;
    {
        let _turn = RENEWAL.lock().await;
        let stored = metadata(app).admin_passwords(&reading).await?;
        let old = stored.iter().find(|password| password.slot == request.password_name);
        let old = old.ok_or_else(|| not_found("password", &request.password_name))?;
        let (id, generation) = (CredentialId(app.guid()), old.generation.saturating_add(1));
        let new = admin_secret(&app.secret_key, registry.id, &old.slot, generation, id, now(app));
        metadata(app).renew_admin_password(&access, new).await?;
    }
    show(app, caller, registry, ShowRequest {}).await
}
