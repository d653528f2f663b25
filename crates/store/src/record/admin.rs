//! Users, service principals, tokens, scope maps and role assignments, as administration sees
//! them.

use jiff::Timestamp;
use naru_access::{
    AssignmentId, CredentialId, PrincipalId, PrincipalKind, RoleId, ScopeMapRule, ScopePath,
};
use naru_identity::Tag;
use uuid::Uuid;

/// What a secret is stored as.
#[derive(Clone, Debug)]
pub enum SecretForm {
    /// The keyed hash of a generated secret.
    Generated(Tag),
    /// The Argon2id hash (PHC) of what a person thought up.
    Human(String),
}

/// A secret that is to be.
#[derive(Clone, Debug)]
pub struct NewSecret {
    /// Its id.
    pub id: CredentialId,
    /// Its place among its owner's secrets: `password1`, …, or its own id.
    pub slot: String,
    /// What is stored of it.
    pub form: SecretForm,
    /// Its first characters, by which people tell one from another; empty for human ones.
    pub hint: String,
    /// How often the slot was renewed.
    pub generation: u32,
    /// When.
    pub created: Timestamp,
    /// Until when it holds.
    pub expires: Option<Timestamp>,
}

/// A secret, without anything that would let one use it.
#[derive(Clone, Debug)]
pub struct SecretRecord {
    /// Its id.
    pub id: CredentialId,
    /// Its place among its owner's secrets.
    pub slot: String,
    /// Its first characters.
    pub hint: String,
    /// How often the slot was renewed.
    pub generation: u32,
    /// When it was made.
    pub created: Timestamp,
    /// Until when it holds.
    pub expires: Option<Timestamp>,
}

/// A user that is to be.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Its id.
    pub id: PrincipalId,
    /// Its name.
    pub name: String,
    /// Its password, if it has one yet.
    pub password: Option<NewSecret>,
    /// When.
    pub created: Timestamp,
}

/// A user of the directory.
#[derive(Clone, Debug)]
pub struct UserRecord {
    /// Its id.
    pub id: PrincipalId,
    /// Its name.
    pub name: String,
    /// Whether it may log in.
    pub enabled: bool,
    /// Whether it has a password.
    pub has_password: bool,
    /// When it was created.
    pub created: Timestamp,
}

/// A service principal that is to be.
#[derive(Clone, Debug)]
pub struct NewServicePrincipal {
    /// Its id.
    pub id: PrincipalId,
    /// Its application id, which it logs in with.
    pub app_id: Uuid,
    /// Its name for people.
    pub display_name: String,
    /// Its first secret.
    pub secret: NewSecret,
    /// When.
    pub created: Timestamp,
}

/// A service principal of the directory.
#[derive(Clone, Debug)]
pub struct ServicePrincipalRecord {
    /// Its id.
    pub id: PrincipalId,
    /// Its application id.
    pub app_id: String,
    /// Its name for people.
    pub display_name: String,
    /// Whether it may log in.
    pub enabled: bool,
    /// Its secrets.
    pub secrets: Vec<SecretRecord>,
    /// When it was created.
    pub created: Timestamp,
}

/// A scope map that is to be.
#[derive(Clone, Debug)]
pub struct NewScopeMap {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Its rules.
    pub rules: Vec<ScopeMapRule>,
    /// When.
    pub created: Timestamp,
}

/// A change of a scope map; what is none stays.
#[derive(Clone, Debug, Default)]
pub struct ScopeMapPatch {
    /// What it is for.
    pub description: Option<String>,
    /// All of its rules.
    pub rules: Option<Vec<ScopeMapRule>>,
}

/// A scope map of a registry.
#[derive(Clone, Debug)]
pub struct ScopeMapRecord {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whether it is one of the system's.
    pub system: bool,
    /// Its rules.
    pub rules: Vec<ScopeMapRule>,
    /// When it was created.
    pub created: Timestamp,
}

/// The scope map of a token that is to be.
#[derive(Clone, Debug)]
pub enum TokenScope {
    /// One that exists, by its name.
    Existing(String),
    /// One that is made with the token.
    New(NewScopeMap),
}

/// A repository token that is to be.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Its id.
    pub id: PrincipalId,
    /// Its name.
    pub name: String,
    /// Its scope map.
    pub scope: TokenScope,
    /// Whether it may be used.
    pub enabled: bool,
    /// Its passwords.
    pub passwords: Vec<NewSecret>,
    /// When.
    pub created: Timestamp,
}

/// A change of a token; what is none stays.
#[derive(Clone, Debug, Default)]
pub struct TokenPatch {
    /// Whether it may be used.
    pub enabled: Option<bool>,
    /// The name of its scope map.
    pub scope_map: Option<String>,
}

/// A repository token of a registry.
#[derive(Clone, Debug)]
pub struct TokenRecord {
    /// Its id.
    pub id: PrincipalId,
    /// Its name.
    pub name: String,
    /// Whether it may be used.
    pub enabled: bool,
    /// The name of its scope map.
    pub scope_map: String,
    /// Its passwords.
    pub passwords: Vec<SecretRecord>,
    /// When it was created.
    pub created: Timestamp,
}

/// A role assignment that is to be.
#[derive(Clone, Debug)]
pub struct NewRoleAssignment {
    /// Its id.
    pub id: AssignmentId,
    /// Where it holds.
    pub scope: ScopePath,
    /// To whom: a user name, an application id or an object id.
    pub assignee: String,
    /// Which role: its name or id.
    pub role: String,
    /// When.
    pub created: Timestamp,
}

/// A role assignment.
#[derive(Clone, Debug)]
pub struct RoleAssignmentRecord {
    /// Its id.
    pub id: AssignmentId,
    /// Where it holds.
    pub scope: String,
    /// To whom.
    pub principal: PrincipalId,
    /// What kind of principal that is.
    pub principal_kind: PrincipalKind,
    /// The name that it logs in with.
    pub principal_name: String,
    /// Which role.
    pub role: RoleId,
    /// The role's name.
    pub role_name: String,
    /// When it was created.
    pub created: Timestamp,
}
