//! Service principals of the directory, and their client secrets.

use jiff::Timestamp;
use naru_access::{Access, CredentialId, PrincipalId, PrincipalKind, TenantId, operation as op};
use naru_identity::names::NameKind;
use naru_identity::secret::SecretKind;
use naru_store::{AdminError, NewServicePrincipal, Registry, SecretRecord, ServicePrincipalRecord};
use serde::{Deserialize, Serialize};

use super::last_use::{LastUse, last_use};
use super::registry::ShowRequest;
use super::scope_map::NameRequest;
use super::secrets::generated;
use super::{Caller, Deleted, Disclosed, Failure, Span, allow, metadata, not_found, now};
use crate::state::App;

const WHAT: &str = "service principal";

/// How long a client secret holds where nothing else is said.
const DEFAULT_DAYS: u32 = 365;

/// A service principal that is to be.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateRequest {
    /// Its name for people.
    pub name: String,
    /// For how long its secret holds.
    pub expires_in: Option<Span>,
}

/// What is to change.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateRequest {
    /// Which service principal.
    pub name: String,
    /// Whether it may log in.
    pub enabled: bool,
}

/// How a new secret is made.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResetRequest {
    /// Of which service principal.
    pub name: String,
    /// Whether the old secrets live on.
    #[serde(default)]
    pub append: bool,
    /// For how long it holds.
    pub expires_in: Option<Span>,
}

/// Which secret is deleted.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteSecretRequest {
    /// Of which service principal.
    pub name: String,
    /// The secret's id.
    pub key_id: CredentialId,
}

/// A service principal.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServicePrincipalView {
    /// What it logs in with.
    pub app_id: String,
    /// Its name for people.
    pub display_name: String,
    /// Its object id.
    pub id: PrincipalId,
    /// Whether it may log in.
    pub enabled: bool,
    /// How many secrets it has.
    pub secret_count: usize,
    /// When it was created.
    pub creation_date: Timestamp,
}

/// A service principal, with its secrets and what is known of its use.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownServicePrincipal {
    /// The service principal.
    #[serde(flatten)]
    pub principal: ServicePrincipalView,
    /// Its secrets, without anything that would let one use them.
    pub secrets: Vec<SecretView>,
    /// When it was last let in, at the registry.
    pub last_use: Option<LastUse>,
}

/// A new secret, and whose it is.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientSecretView {
    /// What it logs in with.
    pub app_id: String,
    /// Its name for people.
    pub display_name: String,
    /// The secret, shown once.
    pub password: Disclosed,
    /// Its tenant.
    pub tenant: TenantId,
    /// The secret's id.
    pub key_id: CredentialId,
    /// Until when the secret holds.
    pub end_date_time: Option<Timestamp>,
}

/// A secret, without anything that would let one use it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretView {
    /// Its id.
    pub key_id: CredentialId,
    /// Its first characters.
    pub hint: String,
    /// When it was made.
    pub start_date_time: Timestamp,
    /// Until when it holds.
    pub end_date_time: Option<Timestamp>,
}

impl From<ServicePrincipalRecord> for ServicePrincipalView {
    fn from(record: ServicePrincipalRecord) -> Self {
        Self {
            app_id: record.app_id,
            display_name: record.display_name,
            id: record.id,
            enabled: record.enabled,
            secret_count: record.secrets.len(),
            creation_date: record.created,
        }
    }
}

impl From<SecretRecord> for SecretView {
    fn from(record: SecretRecord) -> Self {
        Self {
            key_id: record.id,
            hint: record.hint,
            start_date_time: record.created,
            end_date_time: record.expires,
        }
    }
}

/// Creates a service principal. Its secret is in the answer, and nowhere else ever.
pub async fn create(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: CreateRequest,
) -> Result<ClientSecretView, Failure> {
    let access = allow::<op::WriteDirectory>(caller, registry)?;
    NameKind::ServicePrincipal.check(&request.name)?;
    let expires = expiry(app, request.expires_in)?;
    let (password, secret) = generated(app, SecretKind::Client, None, Some(expires));
    let app_id = app.guid();
    let view = ClientSecretView {
        app_id: app_id.to_string(),
        display_name: request.name.clone(),
        password: Disclosed(password),
        tenant: registry.tenant,
        key_id: secret.id,
        end_date_time: secret.expires,
    };
    let principal = NewServicePrincipal {
        id: PrincipalId(app.guid()),
        app_id,
        display_name: request.name,
        secret,
        created: now(app),
    };
    metadata(app).create_service_principal(&access, principal).await?;
    Ok(view)
}

/// Lists the service principals.
pub async fn list(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    _request: ShowRequest,
) -> Result<Vec<ServicePrincipalView>, Failure> {
    let access = allow::<op::ReadDirectory>(caller, registry)?;
    let principals = metadata(app).service_principals(&access).await?;
    Ok(principals.into_iter().map(ServicePrincipalView::from).collect())
}

/// Shows a service principal.
pub async fn show(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: NameRequest,
) -> Result<ShownServicePrincipal, Failure> {
    let access = allow::<op::ReadDirectory>(caller, registry)?;
    let record = find(app, &access, &request.name).await?;
    let identity = (PrincipalKind::ServicePrincipal, record.app_id.clone());
    let secrets = record.secrets.iter().cloned().map(SecretView::from).collect();
    let last_use = last_use(app, caller, registry, identity).await?;
    Ok(ShownServicePrincipal { principal: record.into(), secrets, last_use })
}

/// Enables or disables a service principal.
pub async fn update(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: UpdateRequest,
) -> Result<ServicePrincipalView, Failure> {
    let access = allow::<op::WriteDirectory>(caller, registry)?;
    let reading = allow::<op::ReadDirectory>(caller, registry)?;
    metadata(app).update_service_principal(&access, &request.name, request.enabled).await?;
    find(app, &reading, &request.name).await.map(ServicePrincipalView::from)
}

/// Deletes a service principal, with its secrets and role assignments.
pub async fn delete(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: NameRequest,
) -> Result<Deleted, Failure> {
    let access = allow::<op::DeleteDirectory>(caller, registry)?;
    metadata(app).delete_service_principal(&access, &request.name).await?;
    Ok(Deleted::named(request.name))
}

/// Makes a new secret; the old ones die, unless the new one is appended.
pub async fn reset_secret(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: ResetRequest,
) -> Result<ClientSecretView, Failure> {
    let access = allow::<op::WriteDirectory>(caller, registry)?;
    let reading = allow::<op::ReadDirectory>(caller, registry)?;
    let principal = find(app, &reading, &request.name).await?;
    let expires = expiry(app, request.expires_in)?;
    let (password, secret) = generated(app, SecretKind::Client, None, Some(expires));
    let view = ClientSecretView {
        app_id: principal.app_id.clone(),
        display_name: principal.display_name,
        password: Disclosed(password),
        tenant: registry.tenant,
        key_id: secret.id,
        end_date_time: secret.expires,
    };
    // By its id, which alone is sure to mean the one that was found.
    metadata(app).add_client_secret(&access, &principal.app_id, secret, request.append).await?;
    Ok(view)
}

/// Lists the secrets, without anything that would let one use them.
pub async fn list_secrets(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: NameRequest,
) -> Result<Vec<SecretView>, Failure> {
    let access = allow::<op::ReadDirectory>(caller, registry)?;
    let principal = find(app, &access, &request.name).await?;
    Ok(principal.secrets.into_iter().map(SecretView::from).collect())
}

/// Deletes a secret, with what was made from it.
pub async fn delete_secret(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: DeleteSecretRequest,
) -> Result<Deleted, Failure> {
    let access = allow::<op::WriteDirectory>(caller, registry)?;
    metadata(app).delete_client_secret(&access, &request.name, request.key_id).await?;
    Ok(Deleted::named(request.key_id.to_string()))
}

/// The service principal that a name means, as the store finds it: ids come first.
pub(super) async fn find(
    app: &App,
    access: &Access<op::ReadDirectory>,
    name: &str,
) -> Result<ServicePrincipalRecord, Failure> {
    let mut all = metadata(app).service_principals(access).await?;
    let same = |text: &str| text.eq_ignore_ascii_case(name);
    let by_id = |one: &ServicePrincipalRecord| same(&one.app_id) || same(&one.id.to_string());
    if let Some(at) = all.iter().position(by_id) {
        return Ok(all.swap_remove(at));
    }
    let mut named = all.into_iter().filter(|one| same(&one.display_name));
    match (named.next(), named.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(not_found(WHAT, name)),
        (Some(_), Some(_)) => {
            Err(AdminError::Ambiguous { what: WHAT, name: name.to_owned() }.into())
        }
    }
}

fn expiry(app: &App, span: Option<Span>) -> Result<Timestamp, Failure> {
    let span = span.map_or_else(|| Span::of_days(DEFAULT_DAYS), Ok)?;
    Ok(span.after(now(app))?)
}
