//! Whom a question is about: the account with its secrets, and the rights that it has at present.

use jiff::Timestamp;
use naru_access::{Holder, Principal, PrincipalId, PrincipalKind, Rights, operation as op};
use naru_store::{
    AdminError, Registry, SecretRecord, ServicePrincipalRecord, TokenRecord, UserRecord,
};
use uuid::Uuid;

use crate::control::{Caller, Failure, Fault, allow, metadata, not_found, service_principal};
use crate::gate::Credential;
use crate::state::App;

/// Whom a question is about.
pub(super) struct Asked {
    pub(super) holder: Holder,
    /// What logs in as it; none for nobody in particular.
    pub(super) account: Option<Account>,
}

/// An account, as far as logging in goes.
pub(super) struct Account {
    pub(super) enabled: bool,
    pub(super) credential: Credential,
    pub(super) secrets: Vec<Secret>,
}

/// One of its secrets, by what people know it as.
pub(super) struct Secret {
    pub(super) name: String,
    pub(super) expires: Option<Timestamp>,
}

/// What of an account is known before its rights are read.
struct Found {
    kind: PrincipalKind,
    id: PrincipalId,
    name: String,
    account: Account,
}

/// Finds whom a text means: `KIND:NAME`, or a login name alone, since names are unique.
pub(super) async fn find(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    given: &str,
) -> Result<Asked, Failure> {
    let found = match given.split_once(':') {
        None if given == "anonymous" => {
            let principal = Principal::anonymous(registry.tenant);
            let holder = Holder { principal, rights: Rights::None, ceiling: None };
            return Ok(Asked { holder, account: None });
        }
        None if given == "admin" => return Ok(admin(registry)),
        None if given.is_empty() => return Err(Fault::Asker { given: given.to_owned() }.into()),
        None => Some(anybody(app, caller, registry, given).await?),
        Some(("token", name)) => token(app, caller, registry, name).await?,
        Some(("user", name)) => user(app, caller, registry, name).await?,
        Some(("sp" | "service-principal", name)) => {
            Some(application(app, caller, registry, name).await?)
        }
        Some(_) => return Err(Fault::Asker { given: given.to_owned() }.into()),
    };
    let Some(Found { kind, id, name, account }) = found else {
        let what = if given.starts_with("token:") { "token" } else { "user" };
        return Err(not_found(what, given.split_once(':').map_or(given, |(_, name)| name)));
    };
    let principal = Principal { kind, id, name, tenant: registry.tenant };
    let rights = metadata(app).rights(id).await?;
    let holder = Holder { principal, rights, ceiling: None };
    Ok(Asked { holder, account: Some(account) })
}

/// Whoever logs in with a name, or is a service principal of that name.
async fn anybody(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    name: &str,
) -> Result<Found, Failure> {
    if let Some(token) = token(app, caller, registry, name).await? {
        return Ok(token);
    }
    if let Some(user) = user(app, caller, registry, name).await? {
        return Ok(user);
    }
    application(app, caller, registry, name).await.map_err(|failure| match failure {
        Failure::Refused(AdminError::NotFound { .. }) => not_found("account", name),
        other => other,
    })
}

/// The registry's admin user. Its passwords do not expire, and are always there.
fn admin(registry: &Registry) -> Asked {
    let principal = Principal {
        kind: PrincipalKind::Admin,
        id: PrincipalId(Uuid::nil()),
        name: registry.name.clone(),
        tenant: registry.tenant,
    };
    let secret = |name: &str| Secret { name: name.to_owned(), expires: None };
    let account = Account {
        enabled: registry.settings.admin_enabled,
        credential: Credential::AdminPassword,
        secrets: vec![secret("password"), secret("password2")],
    };
    let holder = Holder { principal, rights: Rights::Admin, ceiling: None };
    Asked { holder, account: Some(account) }
}

async fn token(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    name: &str,
) -> Result<Option<Found>, Failure> {
    let access = allow::<op::ReadTokens>(caller, registry)?;
    allow::<op::ReadScopeMaps>(caller, registry)?;
    let tokens = metadata(app).tokens(&access).await?;
    let named = tokens.into_iter().find(|token| token.name.eq_ignore_ascii_case(name));
    Ok(named.map(|TokenRecord { id, name, enabled, passwords, .. }| {
        let secrets = passwords.into_iter().map(|one| Secret::new(one.slot, one.expires));
        let account =
            Account { enabled, credential: Credential::TokenPassword, secrets: secrets.collect() };
        Found { kind: PrincipalKind::Token, id, name, account }
    }))
}

async fn user(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    name: &str,
) -> Result<Option<Found>, Failure> {
    let access = allow::<op::ReadDirectory>(caller, registry)?;
    allow::<op::ReadRoleAssignments>(caller, registry)?;
    let users = metadata(app).users(&access).await?;
    let named = users.into_iter().find(|user| user.name.eq_ignore_ascii_case(name));
    Ok(named.map(|UserRecord { id, name, enabled, has_password, .. }| {
        let secrets = has_password.then(|| Secret::new("password".to_owned(), None));
        let account = Account {
            enabled,
            credential: Credential::UserPassword,
            secrets: secrets.into_iter().collect(),
        };
        Found { kind: PrincipalKind::User, id, name, account }
    }))
}

async fn application(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    name: &str,
) -> Result<Found, Failure> {
    let access = allow::<op::ReadDirectory>(caller, registry)?;
    allow::<op::ReadRoleAssignments>(caller, registry)?;
    let found = service_principal::find(app, &access, name).await?;
    let ServicePrincipalRecord { id, app_id, enabled, secrets, .. } = found;
    // People know a client secret by its first characters.
    let secret = |one: SecretRecord| Secret::new(format!("{}…", one.hint), one.expires);
    let account = Account {
        enabled,
        credential: Credential::ClientSecret,
        secrets: secrets.into_iter().map(secret).collect(),
    };
    Ok(Found { kind: PrincipalKind::ServicePrincipal, id, name: app_id, account })
}

impl Secret {
    fn new(name: String, expires: Option<Timestamp>) -> Self {
        Self { name, expires }
    }
}
