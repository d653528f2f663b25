//! What tokens say.

use jiff::Timestamp;
use naru_access::{AccessList, CredentialId, PrincipalId, RegistryId, TenantId};
use serde::{Deserialize, Serialize};

/// What a registry token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// Using a registry's content.
    AccessToken,
    /// Fetching access tokens.
    RefreshToken,
}

/// The credential that a token came from, and the stamps that it had then. A stamp changes with
/// every rotation, disabling and deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The credential; none for the anonymous caller.
    #[serde(rename = "cid", default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialId>,
    /// The principal's stamp.
    #[serde(rename = "pst")]
    pub principal_stamp: i64,
    /// The credential's stamp.
    #[serde(rename = "cst")]
    pub credential_stamp: i64,
}

/// The rights claim that Azure's refresh tokens carry; always empty here, since rights are read
/// when a token is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permissions {
    #[serde(rename = "Actions", default)]
    actions: Vec<String>,
    #[serde(rename = "NotActions", default)]
    not_actions: Vec<String>,
}

/// A refresh or access token of a registry, with Azure's claims and our own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryClaims {
    /// The token's id.
    pub jti: String,
    /// The name that the principal logs in with.
    pub sub: String,
    /// Not before (seconds since 1970).
    pub nbf: i64,
    /// Until.
    pub exp: i64,
    /// Issued at.
    pub iat: i64,
    /// Always `Azure Container Registry`.
    pub iss: String,
    /// The registry's canonical login server.
    pub aud: String,
    /// Always `1.0`.
    pub version: String,
    /// The registry.
    pub rid: RegistryId,
    /// What the token is for.
    pub grant_type: GrantType,
    /// The application id, where it is a service principal's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appid: Option<String>,
    /// The tenant.
    pub tenant: TenantId,
    /// The kind of principal.
    pub kind: String,
    /// The principal.
    pub pid: PrincipalId,
    /// Where it came from.
    #[serde(flatten)]
    pub origin: Origin,
    /// Azure's rights claim of refresh tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Permissions>,
    /// Azure's roles claim.
    #[serde(default)]
    pub roles: Vec<String>,
    /// What an access token may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<AccessList>,
    /// What the access token lists that this one was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<AccessList>,
}

impl RegistryClaims {
    /// When it ends.
    pub fn expires(&self) -> Timestamp {
        Timestamp::from_second(self.exp).unwrap_or(Timestamp::MIN)
    }
}

/// An identity token of the directory, with the claims of Entra's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityClaims {
    /// Who it is for.
    pub aud: String,
    /// Who issued it.
    pub iss: String,
    /// Issued at (seconds since 1970).
    pub iat: i64,
    /// Not before.
    pub nbf: i64,
    /// Until.
    pub exp: i64,
    /// The application that asked.
    pub appid: String,
    /// `app` or `user`.
    pub idtyp: String,
    /// The principal.
    pub oid: PrincipalId,
    /// The same.
    pub sub: PrincipalId,
    /// The tenant.
    pub tid: TenantId,
    /// The user's name, where it is a user's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upn: Option<String>,
    /// The token's id, by Entra's name for it.
    pub uti: String,
    /// The version of this set of claims.
    pub ver: String,
    /// Where it came from.
    #[serde(flatten)]
    pub origin: Origin,
}
