//! Repository tokens: accounts of a registry whose rights are a scope map.

use jiff::Timestamp;
use naru_access::{Access, PrincipalId, PrincipalKind, operation as op};
use naru_identity::names::NameKind;
use naru_store::{AdminError, NewToken, Registry, TokenPatch, TokenRecord, TokenScope};
use serde::{Deserialize, Serialize};

use super::last_use::{LastUse, last_use};
use super::registry::ShowRequest;
use super::scope_map::{self, NameRequest, RuleGiven};
use super::token_credential::{PasswordView, SLOTS, expiry, new_passwords};
use super::{Caller, Deleted, Failure, Fault, allow, metadata, not_found, now};
use crate::state::App;

/// How much of a token's name stands in the name of the scope map that is made with it: together
/// they have at most 50 characters.
const LONGEST_OWN: usize = 50 - "-scope-map".len();

/// A token that is to be.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateRequest {
    /// Its name.
    pub name: String,
    /// A scope map that exists.
    pub scope_map: Option<String>,
    /// The rules of a scope map that is made with it.
    #[serde(default)]
    pub repositories: Vec<RuleGiven>,
    /// Whether it may be used.
    pub status: Option<Status>,
    /// For how many days its passwords hold.
    pub expiration_in_days: Option<u32>,
    /// Whether it gets no passwords yet.
    #[serde(default)]
    pub no_passwords: bool,
}

/// What is to change.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateRequest {
    /// Which token.
    pub name: String,
    /// Whether it may be used.
    pub status: Option<Status>,
    /// Another scope map.
    pub scope_map: Option<String>,
}

/// Whether a token may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It may not.
    Disabled,
    /// It may.
    Enabled,
}

/// A token, in Azure's words.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenView {
    /// Its name.
    pub name: String,
    /// Its path as a resource.
    pub id: String,
    /// Its object id.
    pub object_id: PrincipalId,
    /// Whether it may be used.
    pub status: Status,
    /// The path of its scope map.
    pub scope_map_id: String,
    /// When it was created.
    pub creation_date: Timestamp,
    /// Its login name and passwords.
    pub credentials: CredentialsView,
}

/// A token, with what is known of its use.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownToken {
    /// The token.
    #[serde(flatten)]
    pub token: TokenView,
    /// When it was last let in.
    pub last_use: Option<LastUse>,
}

/// What logs a token in.
#[derive(Clone, Debug, Serialize)]
pub struct CredentialsView {
    /// The login name: the token's.
    pub username: String,
    /// The passwords, with their values where they were just made.
    pub passwords: Vec<PasswordView>,
}

impl TokenView {
    fn new(registry: &Registry, record: TokenRecord) -> Self {
        Self {
            id: format!("{}/tokens/{}", registry.path(), record.name),
            object_id: record.id,
            status: if record.enabled { Status::Enabled } else { Status::Disabled },
            scope_map_id: scope_map::path(registry, &record.scope_map),
            creation_date: record.created,
            credentials: CredentialsView {
                username: record.name.clone(),
                passwords: record.passwords.iter().map(PasswordView::stored).collect(),
            },
            name: record.name,
        }
    }
}

/// Creates a token: with a scope map that exists, or with rules, of which a scope map of its own
/// is made. Its passwords are in the answer, and nowhere else ever.
pub async fn create(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: CreateRequest,
) -> Result<TokenView, Failure> {
    let access = allow::<op::WriteTokens>(caller, registry)?;
    let reading = allow::<op::ReadTokens>(caller, registry)?;
    NameKind::Token.check(&request.name)?;
    let tokens = metadata(app).tokens(&reading).await?;
    if tokens.iter().any(|token| token.name.eq_ignore_ascii_case(&request.name)) {
        // Said of the token, not of the scope map that would be made with it.
        return Err(AdminError::Exists { what: "token", name: request.name }.into());
    }
    let scope = match (request.scope_map, request.repositories.as_slice()) {
        (Some(map), []) => TokenScope::Existing(map),
        (Some(_), [_, ..]) => return Err(Fault::Combination("failure-scope-map-or-rules").into()),
        (None, []) => return Err(Fault::Combination("failure-no-scope-map").into()),
        (None, rules) => {
            allow::<op::WriteScopeMaps>(caller, registry)?;
            // A map's name is no longer than a token's; most of it still says whose it is.
            let own: String = request.name.chars().take(LONGEST_OWN).collect();
            let name = format!("{own}-scope-map");
            let description = format!("Token {}'s scope map", request.name);
            TokenScope::New(scope_map::new_map(app, &name, rules, Some(description))?)
        }
    };
    let expires = expiry(app, request.expiration_in_days)?;
    let (passwords, stored) = if request.no_passwords {
        (Vec::new(), Vec::new())
    } else {
        allow::<op::GenerateCredentials>(caller, registry)?;
        new_passwords(app, &SLOTS, expires)
    };
    let token = NewToken {
        id: PrincipalId(app.guid()),
        name: request.name.clone(),
        scope,
        enabled: request.status != Some(Status::Disabled),
        passwords: stored,
        created: now(app),
    };
    metadata(app).create_token(&access, token).await?;
    let mut view = view(app, &reading, registry, &request.name).await?;
    view.credentials.passwords = passwords;
    Ok(view)
}

/// Lists the tokens.
pub async fn list(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    _request: ShowRequest,
) -> Result<Vec<TokenView>, Failure> {
    let access = allow::<op::ReadTokens>(caller, registry)?;
    let tokens = metadata(app).tokens(&access).await?;
    Ok(tokens.into_iter().map(|token| TokenView::new(registry, token)).collect())
}

/// Shows a token.
pub async fn show(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: NameRequest,
) -> Result<ShownToken, Failure> {
    let access = allow::<op::ReadTokens>(caller, registry)?;
    let token = view(app, &access, registry, &request.name).await?;
    let identity = (PrincipalKind::Token, token.name.clone());
    let last_use = last_use(app, caller, registry, identity).await?;
    Ok(ShownToken { token, last_use })
}

/// Enables or disables a token, or gives it another scope map.
pub async fn update(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: UpdateRequest,
) -> Result<TokenView, Failure> {
    let access = allow::<op::WriteTokens>(caller, registry)?;
    let reading = allow::<op::ReadTokens>(caller, registry)?;
    if request.status.is_none() && request.scope_map.is_none() {
        return Err(Fault::Nothing.into());
    }
    let enabled = request.status.map(|status| status == Status::Enabled);
    let patch = TokenPatch { enabled, scope_map: request.scope_map };
    metadata(app).update_token(&access, &request.name, patch).await?;
    view(app, &reading, registry, &request.name).await
}

/// Deletes a token. Its scope map stays.
pub async fn delete(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: NameRequest,
) -> Result<Deleted, Failure> {
    let access = allow::<op::DeleteTokens>(caller, registry)?;
    metadata(app).delete_token(&access, &request.name).await?;
    Ok(Deleted::named(request.name))
}

async fn view(
    app: &App,
    access: &Access<op::ReadTokens>,
    registry: &Registry,
    name: &str,
) -> Result<TokenView, Failure> {
    let tokens = metadata(app).tokens(access).await?;
    let named = tokens.into_iter().find(|token| token.name.eq_ignore_ascii_case(name));
    let token = named.ok_or_else(|| not_found("token", name))?;
    Ok(TokenView::new(registry, token))
}
