//! Who is asking: what a request presents, checked.
//!
//! The form of the secret picks the way it is checked, never the name beside it; and that way is
//! the same, statement by statement and hash by hash, whether the name exists or not.

use std::sync::Arc;

use jiff::Timestamp;
use naru_access::{Denial, Evidence, Holder, Principal, PrincipalKind, Rights};
use naru_codes::Cause;
use naru_identity::UPLOAD_GRACE;
use naru_identity::names::login_key;
use naru_identity::secret::{self, SecretForm, SecretKind};
use naru_identity::token::{
    GrantType, IdentityClaims, Origin, RegistryClaims, TokenFault, verify_identity,
};
use naru_store::{Account, Standing, StoreError};

use super::credential::{Presented, is_token_user};
use super::throttle::Try;
use super::{Credential, Hosted, Refusal, Verified, VerifiedTokens};
use crate::state::App;

/// When to come back where too many passwords wait to be checked.
const BUSY_SECONDS: u64 = 2;

/// Somebody whose credential holds; or nobody in particular.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    pub(crate) credential: Credential,
    /// The credential behind it, with the stamps of the moment.
    pub(crate) origin: Origin,
    /// When the credential, or the token that serves as one, ends.
    pub(crate) until: Option<Timestamp>,
    pub(crate) means: Means,
}

/// What a caller came with.
#[derive(Clone, Debug)]
pub(crate) enum Means {
    /// An access token, in the header: what it lists is the grant.
    AccessToken(Arc<Verified>),
    /// An access token in a password's place: what it lists is the ceiling.
    AccessTokenAsPassword(Arc<Verified>),
    /// The access token that began an upload, past its time: for that upload alone.
    LapsedToken(Arc<Verified>),
    /// Nothing.
    Nothing,
    /// A password or client secret.
    Password,
    /// A refresh token, to be given back where one is asked for.
    RefreshToken(secret::Secret),
}

impl Caller {
    /// Nobody in particular.
    pub(crate) fn anonymous(hosted: &Hosted) -> Self {
        let origin = Origin {
            credential: None,
            principal_stamp: hosted.registry.anonymous_stamp,
            credential_stamp: 0,
        };
        Self {
            principal: Principal::anonymous(hosted.registry.tenant),
            credential: Credential::None,
            origin,
            until: None,
            means: Means::Nothing,
        }
    }

    pub(crate) fn is_anonymous(&self) -> bool {
        self.principal.kind == PrincipalKind::Anonymous
    }

    /// The token that it came with, if it is one.
    pub(crate) fn token(&self) -> Option<&Verified> {
        match &self.means {
            Means::AccessToken(token)
            | Means::AccessTokenAsPassword(token)
            | Means::LapsedToken(token) => Some(token),
            Means::Nothing | Means::Password | Means::RefreshToken(_) => None,
        }
    }

    /// The caller with its rights at present, beneath the ceiling of whatever token it came with.
    pub(crate) async fn holder(&self, app: &App) -> Result<Holder, StoreError> {
        let rights = if self.is_anonymous() {
            Rights::None
        } else {
            app.present.rights(app.store.metadata(), self.principal.id).await?
        };
        let ceiling = match &self.means {
            Means::AccessToken(token) => token.claims.ceiling.clone(),
            Means::AccessTokenAsPassword(token) | Means::LapsedToken(token) => {
                Some(token.access.clone())
            }
            Means::Nothing | Means::Password | Means::RefreshToken(_) => None,
        };
        Ok(Holder { principal: self.principal.clone(), rights, ceiling })
    }

    fn of_account(account: Account, credential: Credential) -> Self {
        let standing = account.standing;
        Self {
            principal: account.principal,
            credential,
            origin: Origin {
                credential: Some(account.credential),
                principal_stamp: standing.principal_stamp,
                credential_stamp: standing.credential_stamp,
            },
            until: standing.expires,
            means: Means::Password,
        }
    }
}

/// Where and when a credential is shown.
#[derive(Clone, Copy)]
pub(crate) struct Showing<'a> {
    pub(crate) hosted: &'a Hosted,
    pub(crate) address: std::net::IpAddr,
    pub(crate) now: Timestamp,
}

/// Checks what a request presents. `begun` tells whether an access token's id began the upload
/// that the request goes on with.
pub(crate) async fn authenticate(
    app: &App,
    showing: Showing<'_>,
    presented: &Presented,
    begun: impl Fn(&Verified) -> bool + Send + Sync,
) -> Result<Caller, Refusal> {
    match presented {
        Presented::Nothing => Ok(Caller::anonymous(showing.hosted)),
        Presented::Unreadable(what) => {
            Err(Denial::new(Cause::CredentialMalformed).with_note(what).into())
        }
        Presented::Bearer(token) => by_access_token(app, showing, token.expose(), begun).await,
        Presented::Identity(token) => by_identity_token(app, showing, token.expose()).await,
        Presented::Password { name, secret } => match SecretForm::of(secret.expose()) {
            SecretForm::Token => by_token_as_password(app, showing, name, secret).await,
            SecretForm::Generated(kind) => {
                by_generated_secret(app, showing, name, secret.expose(), kind).await
            }
            SecretForm::Human => by_human_password(app, showing, name, secret.expose()).await,
        },
    }
}

async fn by_access_token(
    app: &App,
    showing: Showing<'_>,
    token: &str,
    begun: impl Fn(&Verified) -> bool + Send + Sync,
) -> Result<Caller, Refusal> {
    let hosted = showing.hosted;
    let (token, lapsed) =
        match app.tokens.verify(&app.keys.ring(), token, hosted.audience(), showing.now) {
            Ok(token) => (token, false),
            Err(TokenFault::Expired(end, claims)) => {
                let grace = showing.now.duration_since(end) <= UPLOAD_GRACE;
                let lapsed = VerifiedTokens::lapsed((*claims).clone());
                match lapsed.filter(|token| grace && begun(token)) {
                    Some(token) => (token, true),
                    None => return Err(fault(TokenFault::Expired(end, claims)).into()),
                }
            }
            Err(other) => return Err(fault(other).into()),
        };
    if token.claims.grant_type != GrantType::AccessToken {
        let denial = Denial::new(Cause::CredentialMalformed);
        return Err(denial.with_note("a refresh token where an access token is due").into());
    }
    let caller = Caller {
        principal: token.principal.clone(),
        credential: Credential::AccessToken,
        origin: token.claims.origin,
        until: Some(token.claims.expires()),
        means: if lapsed { Means::LapsedToken(token) } else { Means::AccessToken(token) },
    };
    still_stands(app, showing, caller).await
}

async fn by_token_as_password(
    app: &App,
    showing: Showing<'_>,
    name: &str,
    secret: &secret::Secret,
) -> Result<Caller, Refusal> {
    let (ring, audience) = (app.keys.ring(), showing.hosted.audience());
    let token = app.tokens.verify(&ring, secret.expose(), audience, showing.now).map_err(fault)?;
    if !is_token_user(name) {
        let denial = Denial::new(Cause::CredentialWrongUsername);
        return Err(denial.to_holder(token.principal.clone()).into());
    }
    let (credential, means) = match token.claims.grant_type {
        GrantType::AccessToken => {
            (Credential::AccessToken, Means::AccessTokenAsPassword(Arc::clone(&token)))
        }
        GrantType::RefreshToken => (Credential::RefreshToken, Means::RefreshToken(secret.clone())),
    };
    let until = matches!(means, Means::AccessTokenAsPassword(_)).then(|| token.claims.expires());
    let caller = Caller {
        principal: token.principal.clone(),
        credential,
        origin: token.claims.origin,
        until,
        means,
    };
    still_stands(app, showing, caller).await
}

/// Holds a token against the present state of the credential behind it.
async fn still_stands(
    app: &App,
    showing: Showing<'_>,
    mut caller: Caller,
) -> Result<Caller, Refusal> {
    let revoked =
        |caller: &Caller| Denial::new(Cause::CredentialRevoked).to_holder(caller.principal.clone());
    let Some(credential) = caller.origin.credential else {
        let registry = &showing.hosted.registry;
        let holds = registry.settings.anonymous_pull
            && caller.origin.principal_stamp == registry.anonymous_stamp
            && caller.is_anonymous();
        return if holds { Ok(caller) } else { Err(revoked(&caller).into()) };
    };
    let metadata = app.store.metadata();
    let standing = app.present.standing(metadata, caller.principal.id, credential).await?;
    let Some(standing) = standing else { return Err(revoked(&caller).into()) };
    admit(&caller.principal, standing, caller.credential, showing.now)?;
    let stamps = (caller.origin.principal_stamp, caller.origin.credential_stamp);
    if stamps != (standing.principal_stamp, standing.credential_stamp) {
        return Err(revoked(&caller).into());
    }
    caller.until = match (caller.until, standing.expires) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    Ok(caller)
}

async fn by_generated_secret(
    app: &App,
    showing: Showing<'_>,
    name: &str,
    secret: &str,
    kind: SecretKind,
) -> Result<Caller, Refusal> {
    let registry = &showing.hosted.registry;
    let guess = guess(app, showing, name, secret);
    app.counters.hashed();
    let tag = secret::hash(&app.secret_key, secret);
    let metadata = app.store.metadata();
    let account = app.present.account_by_secret(metadata, registry.tenant, tag).await?;
    // A right one is never throttled: so much entropy is not guessed.
    let Some(account) = account else { return Err(wrong(app, guess, name).into()) };
    let credential = match kind {
        SecretKind::Admin => Credential::AdminPassword,
        SecretKind::Client => Credential::ClientSecret,
        SecretKind::Token => Credential::TokenPassword,
        SecretKind::User => Credential::UserPassword,
    };
    if account.registry.is_some_and(|other| other != registry.id) {
        return Err(Denial::new(Cause::CredentialWrongRegistry).into());
    }
    if login_key(&account.principal.name) != login_key(name) {
        let denial = Denial::new(Cause::CredentialWrongUsername);
        return Err(denial.to_holder(account.principal).into());
    }
    admit(&account.principal, account.standing, credential, showing.now)?;
    app.throttle.succeeded(guess);
    Ok(Caller::of_account(account, credential))
}

async fn by_human_password(
    app: &App,
    showing: Showing<'_>,
    name: &str,
    password: &str,
) -> Result<Caller, Refusal> {
    let registry = &showing.hosted.registry;
    let key = registry.id.bytes();
    let metadata = app.store.metadata();
    let guess = guess(app, showing, name, password);
    app.counters.hashed();
    if let Some(account) = app.passwords.recall(key, name, password, showing.now) {
        let standing =
            app.present.standing(metadata, account.principal.id, account.credential).await?;
        if standing == Some(account.standing) && account.standing.enabled {
            return Ok(Caller::of_account(account, Credential::UserPassword));
        }
    }
    app.throttle.admit(guess)?;
    let found = metadata.account_by_name(registry.place(), &login_key(name)).await?;
    let stored = found.as_ref().map(|found| found.password_hash.clone());
    let known = app.throttle.knows(guess);
    let right = app.passwords.verify(password, stored, known).await.map_err(|_| {
        let denial = Denial::new(Cause::RegistryUnavailable);
        denial.with_evidence(Evidence::RetryAfter(BUSY_SECONDS))
    })?;
    let Some(found) = found.filter(|_| right) else {
        return Err(wrong(app, guess, name).into());
    };
    let account = found.account;
    admit(&account.principal, account.standing, Credential::UserPassword, showing.now)?;
    app.throttle.succeeded(guess);
    app.passwords.remember(key, name, password, (account.clone(), showing.now));
    Ok(Caller::of_account(account, Credential::UserPassword))
}

fn guess(app: &App, showing: Showing<'_>, name: &str, secret: &str) -> Try {
    app.counters.hashed();
    app.counters.hashed();
    app.throttle.guess(showing.address, name, secret, showing.now)
}

/// A name and secret that match nothing: counted, and held back where there were too many.
fn wrong(app: &App, guess: Try, name: &str) -> Denial {
    if let Err(throttled) = app.throttle.admit(guess) {
        return throttled;
    }
    app.throttle.failed(guess);
    let denial = Denial::new(Cause::CredentialInvalid);
    if is_token_user(name) {
        denial.with_note("a token is due as password of this user name, and this is none")
    } else {
        denial
    }
}

/// Whether an account whose secret or token was right may be used now.
pub(crate) fn admit(
    principal: &Principal,
    standing: Standing,
    credential: Credential,
    now: Timestamp,
) -> Result<(), Denial> {
    let denied = |cause| Denial::new(cause).to_holder(principal.clone());
    if !standing.enabled {
        return Err(denied(match principal.kind {
            PrincipalKind::Admin => Cause::CredentialAdminDisabled,
            _ => Cause::CredentialDisabled,
        }));
    }
    match standing.expires.filter(|end| *end <= now) {
        None => Ok(()),
        Some(end) => {
            let cause = match (principal.kind, credential) {
                (PrincipalKind::ServicePrincipal, _) => Cause::CredentialExpiredSecret,
                _ => Cause::CredentialExpiredPassword,
            };
            Err(denied(cause).with_evidence(Evidence::When(end)))
        }
    }
}

/// What a registry token that does not hold comes to.
fn fault(fault: TokenFault<RegistryClaims>) -> Denial {
    let proven = |cause, claims: &RegistryClaims| match claims.holder() {
        Some(holder) => Denial::new(cause).to_holder(holder),
        None => Denial::new(cause).proven(),
    };
    match fault {
        TokenFault::Malformed => Denial::new(Cause::CredentialMalformed),
        TokenFault::Untrusted => Denial::new(Cause::CredentialUntrustedIssuer),
        TokenFault::WrongUse => Denial::new(Cause::CredentialMalformed)
            .with_note("an identity token where a registry token is due"),
        TokenFault::WrongAudience(claims) => proven(Cause::CredentialWrongRegistry, &claims),
        TokenFault::NotYetValid(from, claims) => {
            proven(Cause::CredentialNotYetValid, &claims).with_evidence(Evidence::When(from))
        }
        TokenFault::Expired(end, claims) => {
            let cause = match claims.grant_type {
                GrantType::AccessToken => Cause::CredentialExpiredAccessToken,
                GrantType::RefreshToken => Cause::CredentialExpiredEntra,
            };
            proven(cause, &claims).with_evidence(Evidence::When(end))
        }
    }
}

/// Checks an identity token of the directory.
async fn by_identity_token(
    app: &App,
    showing: Showing<'_>,
    token: &str,
) -> Result<Caller, Refusal> {
    let claims = verify_identity(&app.keys.ring(), token, showing.now).map_err(identity_fault)?;
    if claims.tid != showing.hosted.registry.tenant {
        return Err(Denial::new(Cause::CredentialWrongTenant).to_holder(identity(&claims)).into());
    }
    let caller = Caller {
        principal: identity(&claims),
        credential: Credential::IdentityToken,
        origin: claims.origin,
        until: None,
        means: Means::Password,
    };
    if caller.origin.credential.is_none() {
        return Err(Denial::new(Cause::CredentialUntrustedIssuer).into());
    }
    still_stands(app, showing, caller).await
}

fn identity_fault(fault: TokenFault<IdentityClaims>) -> Denial {
    match fault {
        TokenFault::Malformed => Denial::new(Cause::CredentialMalformed),
        TokenFault::Untrusted => Denial::new(Cause::CredentialUntrustedIssuer),
        TokenFault::WrongUse => Denial::new(Cause::CredentialMalformed)
            .with_note("a registry token where an identity token is due"),
        TokenFault::WrongAudience(claims) => Denial::new(Cause::CredentialWrongAudience)
            .to_holder(identity(&claims))
            .with_evidence(Evidence::Audience(claims.aud)),
        TokenFault::NotYetValid(from, claims) => Denial::new(Cause::CredentialNotYetValid)
            .to_holder(identity(&claims))
            .with_evidence(Evidence::When(from)),
        TokenFault::Expired(end, claims) => Denial::new(Cause::CredentialExpiredEntra)
            .to_holder(identity(&claims))
            .with_evidence(Evidence::When(end)),
    }
}

fn identity(claims: &IdentityClaims) -> Principal {
    let (kind, name) = match &claims.upn {
        Some(name) => (PrincipalKind::User, name.clone()),
        None => (PrincipalKind::ServicePrincipal, claims.appid.clone()),
    };
    Principal { kind, id: claims.oid, name, tenant: claims.tid }
}
