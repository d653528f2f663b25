//! Making tokens.

use jiff::{SignedDuration, Timestamp};
use naru_access::{AccessList, Principal, PrincipalKind, RegistryId, TenantId};
use serde::Serialize;
use uuid::Uuid;

use super::claims::{GrantType, IdentityClaims, Origin, Permissions, RegistryClaims};
use crate::keys::{KeyError, KeyRing, KeyUse};

/// The issuer of registry tokens, as Azure's say it.
pub(super) const REGISTRY_ISSUER: &str = "Azure Container Registry";

/// The subject of an anonymous access token, as Azure's say it.
pub const ANONYMOUS_SUBJECT: &str = "acr_anon_pull";

/// The audience of identity tokens that a registry exchanges.
pub const IDENTITY_AUDIENCE: &str = "https://containerregistry.azure.net";

/// How long an identity token lives.
pub const IDENTITY_LIFE: SignedDuration = SignedDuration::from_hours(1);

/// How long a refresh token lives.
pub const REFRESH_LIFE: SignedDuration = SignedDuration::from_hours(3);

/// How long an access token lives.
pub const ACCESS_LIFE: SignedDuration = SignedDuration::from_mins(75);

/// How long an anonymous access token lives.
pub const ANONYMOUS_LIFE: SignedDuration = SignedDuration::from_mins(20);

/// The registry that a token is for.
#[derive(Clone, Copy, Debug)]
pub struct Audience<'a> {
    /// Its canonical login server.
    pub login_server: &'a str,
    /// Its id.
    pub registry: RegistryId,
    /// Its tenant.
    pub tenant: TenantId,
}

/// What a refresh token is made of.
#[derive(Clone, Copy, Debug)]
pub struct RefreshGrant<'a> {
    /// Where it may be used.
    pub audience: Audience<'a>,
    /// Whose it is.
    pub holder: &'a Principal,
    /// The credential behind it.
    pub origin: Origin,
    /// When that credential ends, which no token outlives.
    pub until: Option<Timestamp>,
}

/// What an access token is made of.
#[derive(Clone, Debug)]
pub struct AccessGrant<'a> {
    /// Where it may be used.
    pub audience: Audience<'a>,
    /// Whose it is.
    pub holder: &'a Principal,
    /// The credential behind it.
    pub origin: Origin,
    /// When that credential, or the token that served as one, ends.
    pub until: Option<Timestamp>,
    /// What it may do.
    pub access: AccessList,
    /// What the access token lists that served as the credential.
    pub ceiling: Option<AccessList>,
}

/// A token, fresh from its making.
#[derive(Clone, Debug)]
pub struct Minted {
    /// The token.
    pub token: String,
    /// Its id.
    pub jti: String,
    /// How long it lives.
    pub lives: SignedDuration,
}

/// Makes a refresh token.
pub fn mint_refresh(
    ring: &KeyRing,
    grant: RefreshGrant<'_>,
    jti: Uuid,
    now: Timestamp,
) -> Result<Minted, KeyError> {
    let end = end(now, REFRESH_LIFE, grant.until);
    let base = claims(grant.audience, grant.holder, grant.origin, jti, (now, end));
    let permissions = Some(Permissions::default());
    let claims = RegistryClaims { grant_type: GrantType::RefreshToken, permissions, ..base };
    sign(ring, KeyUse::Registry, &claims, jti, (now, end))
}

/// Makes an access token.
pub fn mint_access(
    ring: &KeyRing,
    grant: AccessGrant<'_>,
    jti: Uuid,
    now: Timestamp,
) -> Result<Minted, KeyError> {
    let anonymous = grant.holder.kind == PrincipalKind::Anonymous;
    let end = end(now, if anonymous { ANONYMOUS_LIFE } else { ACCESS_LIFE }, grant.until);
    let base = claims(grant.audience, grant.holder, grant.origin, jti, (now, end));
    let claims = RegistryClaims { access: Some(grant.access), ceiling: grant.ceiling, ..base };
    sign(ring, KeyUse::Registry, &claims, jti, (now, end))
}

/// Makes an identity token of the directory.
pub fn mint_identity(
    ring: &KeyRing,
    holder: &Principal,
    origin: Origin,
    (issuer, client): (String, String),
    (until, jti, now): (Option<Timestamp>, Uuid, Timestamp),
) -> Result<Minted, KeyError> {
    let end = end(now, IDENTITY_LIFE, until);
    let user = holder.kind == PrincipalKind::User;
    let claims = IdentityClaims {
        aud: IDENTITY_AUDIENCE.to_owned(),
        iss: issuer,
        iat: now.as_second(),
        nbf: now.as_second(),
        exp: end.as_second(),
        appid: client,
        idtyp: if user { "user" } else { "app" }.to_owned(),
        oid: holder.id,
        sub: holder.id,
        tid: holder.tenant,
        upn: user.then(|| holder.name.clone()),
        uti: jti.to_string(),
        ver: "1.0".to_owned(),
        origin,
    };
    sign(ring, KeyUse::Issuer, &claims, jti, (now, end))
}

fn end(now: Timestamp, life: SignedDuration, until: Option<Timestamp>) -> Timestamp {
    let end = now.saturating_add(life).unwrap_or(now);
    until.map_or(end, |until| until.min(end))
}

/// The claims that refresh and access tokens share; made as an access token without a list.
fn claims(
    audience: Audience<'_>,
    holder: &Principal,
    origin: Origin,
    jti: Uuid,
    (now, end): (Timestamp, Timestamp),
) -> RegistryClaims {
    let sub = match holder.kind {
        PrincipalKind::Anonymous => ANONYMOUS_SUBJECT.to_owned(),
        _ => holder.name.clone(),
    };
    RegistryClaims {
        jti: jti.to_string(),
        appid: (holder.kind == PrincipalKind::ServicePrincipal).then(|| sub.clone()),
        sub,
        nbf: now.as_second(),
        exp: end.as_second(),
        iat: now.as_second(),
        iss: REGISTRY_ISSUER.to_owned(),
        aud: audience.login_server.to_owned(),
        version: "1.0".to_owned(),
        rid: audience.registry,
        grant_type: GrantType::AccessToken,
        tenant: audience.tenant,
        kind: holder.kind.word().to_owned(),
        pid: holder.id,
        origin,
        permissions: None,
        roles: Vec::new(),
        access: None,
        ceiling: None,
    }
}

fn sign(
    ring: &KeyRing,
    usage: KeyUse,
    claims: &impl Serialize,
    jti: Uuid,
    (now, end): (Timestamp, Timestamp),
) -> Result<Minted, KeyError> {
    let key = ring.signing(usage, now).ok_or(KeyError::Malformed)?;
    let token = key.signer.token(claims)?;
    Ok(Minted { token, jti: jti.to_string(), lives: end.duration_since(now) })
}
