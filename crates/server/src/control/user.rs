//! Users of the directory.

use jiff::Timestamp;
use naru_access::{Access, PrincipalId, operation as op};
use naru_identity::names::NameKind;
use naru_store::{NewUser, Registry, UserRecord};
use serde::{Deserialize, Serialize};

use super::registry::ShowRequest;
use super::scope_map::NameRequest;
use super::secrets::thought_up;
use super::{Caller, Deleted, Disclosed, Failure, Fault, allow, metadata, not_found, now};
use crate::state::App;

/// A user that is to be.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateRequest {
    /// Its name.
    pub name: String,
    /// Its password; without one it cannot log in yet.
    pub password: Option<Disclosed>,
}

/// What is to change.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateRequest {
    /// Which user.
    pub name: String,
    /// Whether it may log in.
    pub enabled: Option<bool>,
    /// Its new password.
    pub password: Option<Disclosed>,
}

/// A user.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserView {
    /// Its name.
    pub name: String,
    /// Its object id.
    pub id: PrincipalId,
    /// Whether it may log in.
    pub enabled: bool,
    /// Whether it has a password.
    pub has_password: bool,
    /// When it was created.
    pub creation_date: Timestamp,
}

impl From<UserRecord> for UserView {
    fn from(record: UserRecord) -> Self {
        Self {
            name: record.name,
            id: record.id,
            enabled: record.enabled,
            has_password: record.has_password,
            creation_date: record.created,
        }
    }
}

/// Creates a user. It holds no role yet.
pub async fn create(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: CreateRequest,
) -> Result<UserView, Failure> {
    let access = allow::<op::WriteDirectory>(caller, registry)?;
    let reading = allow::<op::ReadDirectory>(caller, registry)?;
    NameKind::User.check(&request.name)?;
    let password = match &request.password {
        Some(Disclosed(password)) => Some(thought_up(app, registry, password).await?),
        None => None,
    };
    let user = NewUser {
        id: PrincipalId(app.guid()),
        name: request.name.clone(),
        password,
        created: now(app),
    };
    metadata(app).create_user(&access, user).await?;
    find(app, &reading, &request.name).await
}

/// Lists the users.
pub async fn list(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    _request: ShowRequest,
) -> Result<Vec<UserView>, Failure> {
    let access = allow::<op::ReadDirectory>(caller, registry)?;
    let users = metadata(app).users(&access).await?;
    Ok(users.into_iter().map(UserView::from).collect())
}

/// Shows a user.
pub async fn show(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: NameRequest,
) -> Result<UserView, Failure> {
    let access = allow::<op::ReadDirectory>(caller, registry)?;
    find(app, &access, &request.name).await
}

/// Enables or disables a user, or sets its password: then the old one dies, with what was made
/// from it.
pub async fn update(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: UpdateRequest,
) -> Result<UserView, Failure> {
    let access = allow::<op::WriteDirectory>(caller, registry)?;
    let reading = allow::<op::ReadDirectory>(caller, registry)?;
    if request.enabled.is_none() && request.password.is_none() {
        return Err(Fault::Nothing.into());
    }
    // Argon2id is not for a name that is not there.
    find(app, &reading, &request.name).await?;
    let password = match &request.password {
        Some(Disclosed(password)) => Some(thought_up(app, registry, password).await?),
        None => None,
    };
    metadata(app).update_user(&access, &request.name, request.enabled, password).await?;
    find(app, &reading, &request.name).await
}

/// Deletes a user, with its role assignments.
pub async fn delete(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: NameRequest,
) -> Result<Deleted, Failure> {
    let access = allow::<op::DeleteDirectory>(caller, registry)?;
    metadata(app).delete_user(&access, &request.name).await?;
    Ok(Deleted::named(request.name))
}

async fn find(
    app: &App,
    access: &Access<op::ReadDirectory>,
    name: &str,
) -> Result<UserView, Failure> {
    let users = metadata(app).users(access).await?;
    let named = users.into_iter().find(|user| user.name.eq_ignore_ascii_case(name));
    named.map(UserView::from).ok_or_else(|| not_found("user", name))
}
