//! Administration: what an administrator reads and changes, one noun a module.
//!
//! Here is only the way in: a call takes the place from its capability, and goes to the reader or,
//! as one transaction, to the writer. Every change of a right, a principal or a secret starts
//! another generation ([`crate::Freshness`]).

mod credential;
mod principal;
mod registry;
mod role_assignment;
mod scope_map;
mod service_principal;
mod token;
mod user;

use async_trait::async_trait;
use jiff::Timestamp;
use naru_access::{Access, AssignmentId, CredentialId, Maintenance, NetworkRule, operation as op};

use super::Sqlite;
use crate::error::AdminError;
use crate::metadata::Administration;
use crate::record::{
    NewRegistry, NewRoleAssignment, NewScopeMap, NewSecret, NewServicePrincipal, NewTenant,
    NewToken, NewUser, RegistryPatch, RoleAssignmentRecord, ScopeMapPatch, ScopeMapRecord,
    SecretRecord, ServicePrincipalRecord, TokenPatch, TokenRecord, UserRecord,
};
pub(super) use role_assignment::insert_built_in_roles;

#[async_trait]
impl Administration for Sqlite {
    async fn bootstrap(
        &self,
        _maintenance: &Maintenance,
        tenant: NewTenant,
        registry: NewRegistry,
        owner: NewUser,
        role: NewRoleAssignment,
    ) -> Result<bool, AdminError> {
        self.write_policy(move |session| {
            registry::bootstrap(session, tenant, &registry, &owner, &role)
        })
        .await
    }

    async fn create_registry(
        &self,
        _maintenance: &Maintenance,
        registry: NewRegistry,
    ) -> Result<(), AdminError> {
        self.write_policy(move |session| registry::create(session, &registry)).await
    }

    async fn update_registry(
        &self,
        access: &Access<op::WriteRegistry>,
        patch: RegistryPatch,
    ) -> Result<(), AdminError> {
        let place = *access.place();
        self.write_policy(move |session| registry::update(session, place, patch)).await
    }

    async fn add_network_rule(
        &self,
        access: &Access<op::WriteRegistry>,
        rule: NetworkRule,
        now: Timestamp,
    ) -> Result<(), AdminError> {
        let place = *access.place();
        self.write_policy(move |session| registry::add_network_rule(session, place, rule, now))
            .await
    }

    async fn remove_network_rule(
        &self,
        access: &Access<op::WriteRegistry>,
        rule: NetworkRule,
    ) -> Result<(), AdminError> {
        let place = *access.place();
        self.write_policy(move |session| registry::remove_network_rule(session, place, rule)).await
    }

    async fn admin_passwords(
        &self,
        access: &Access<op::ListCredentials>,
    ) -> Result<Vec<SecretRecord>, AdminError> {
        let place = *access.place();
        self.read(move |session| credential::admin_passwords(session, place)).await
    }

    async fn renew_admin_password(
        &self,
        access: &Access<op::RegenerateCredential>,
        secret: NewSecret,
    ) -> Result<(), AdminError> {
        let place = *access.place();
        self.write_policy(move |session| credential::renew_admin_password(session, place, &secret))
            .await
    }

    async fn scope_maps(
        &self,
        access: &Access<op::ReadScopeMaps>,
    ) -> Result<Vec<ScopeMapRecord>, AdminError> {
        let place = *access.place();
        self.read(move |session| scope_map::list(session, place)).await
    }

    async fn create_scope_map(
        &self,
        access: &Access<op::WriteScopeMaps>,
        map: NewScopeMap,
    ) -> Result<(), AdminError> {
        let place = *access.place();
        self.write_policy(move |session| scope_map::create(session, place, &map)).await
    }

    async fn update_scope_map(
        &self,
        access: &Access<op::WriteScopeMaps>,
        name: &str,
        patch: ScopeMapPatch,
    ) -> Result<(), AdminError> {
        let (place, name) = (*access.place(), name.to_owned());
        self.write_policy(move |session| scope_map::update(session, place, &name, &patch)).await
    }

    async fn delete_scope_map(
        &self,
        access: &Access<op::DeleteScopeMaps>,
        name: &str,
    ) -> Result<(), AdminError> {
        let (place, name) = (*access.place(), name.to_owned());
        self.write_policy(move |session| scope_map::delete(session, place, &name)).await
    }

    async fn tokens(
        &self,
        access: &Access<op::ReadTokens>,
    ) -> Result<Vec<TokenRecord>, AdminError> {
        let place = *access.place();
        self.read(move |session| token::list(session, place)).await
    }

    async fn create_token(
        &self,
        access: &Access<op::WriteTokens>,
        token: NewToken,
    ) -> Result<(), AdminError> {
        let place = *access.place();
        self.write_policy(move |session| token::create(session, place, &token)).await
    }

    async fn update_token(
        &self,
        access: &Access<op::WriteTokens>,
        name: &str,
        patch: TokenPatch,
    ) -> Result<(), AdminError> {
        let (place, name) = (*access.place(), name.to_owned());
        self.write_policy(move |session| token::update(session, place, &name, &patch)).await
    }

    async fn delete_token(
        &self,
        access: &Access<op::DeleteTokens>,
        name: &str,
    ) -> Result<(), AdminError> {
        let (place, name) = (*access.place(), name.to_owned());
        self.write_policy(move |session| token::delete(session, place, &name)).await
    }

    async fn set_token_passwords(
        &self,
        access: &Access<op::GenerateCredentials>,
        name: &str,
        passwords: Vec<NewSecret>,
    ) -> Result<(), AdminError> {
        let (place, name) = (*access.place(), name.to_owned());
        self.write_policy(move |session| token::set_passwords(session, place, &name, &passwords))
            .await
    }

    async fn delete_token_passwords(
        &self,
        access: &Access<op::GenerateCredentials>,
        name: &str,
        slots: Vec<String>,
    ) -> Result<(), AdminError> {
        let (place, name) = (*access.place(), name.to_owned());
        self.write_policy(move |session| token::delete_passwords(session, place, &name, &slots))
            .await
    }

    async fn users(
        &self,
        access: &Access<op::ReadDirectory>,
    ) -> Result<Vec<UserRecord>, AdminError> {
        let tenant = access.place().tenant;
        self.read(move |session| user::list(session, tenant)).await
    }

    async fn create_user(
        &self,
        access: &Access<op::WriteDirectory>,
        user: NewUser,
    ) -> Result<(), AdminError> {
        let tenant = access.place().tenant;
        self.write_policy(move |session| user::create(session, tenant, &user)).await
    }

    async fn update_user(
        &self,
        access: &Access<op::WriteDirectory>,
        name: &str,
        enabled: Option<bool>,
        password: Option<NewSecret>,
    ) -> Result<(), AdminError> {
        let (tenant, name) = (access.place().tenant, name.to_owned());
        self.write_policy(move |session| {
            user::update(session, tenant, &name, enabled, password.as_ref())
        })
        .await
    }

    async fn delete_user(
        &self,
        access: &Access<op::DeleteDirectory>,
        name: &str,
    ) -> Result<(), AdminError> {
        let (tenant, name) = (access.place().tenant, name.to_owned());
        self.write_policy(move |session| user::delete(session, tenant, &name)).await
    }

    async fn service_principals(
        &self,
        access: &Access<op::ReadDirectory>,
    ) -> Result<Vec<ServicePrincipalRecord>, AdminError> {
        let tenant = access.place().tenant;
        self.read(move |session| service_principal::list(session, tenant)).await
    }

    async fn create_service_principal(
        &self,
        access: &Access<op::WriteDirectory>,
        principal: NewServicePrincipal,
    ) -> Result<(), AdminError> {
        let tenant = access.place().tenant;
        self.write_policy(move |session| service_principal::create(session, tenant, &principal))
            .await
    }

    async fn update_service_principal(
        &self,
        access: &Access<op::WriteDirectory>,
        name: &str,
        enabled: bool,
    ) -> Result<(), AdminError> {
        let (tenant, name) = (access.place().tenant, name.to_owned());
        self.write_policy(move |session| service_principal::update(session, tenant, &name, enabled))
            .await
    }

    async fn delete_service_principal(
        &self,
        access: &Access<op::DeleteDirectory>,
        name: &str,
    ) -> Result<(), AdminError> {
        let (tenant, name) = (access.place().tenant, name.to_owned());
        self.write_policy(move |session| service_principal::delete(session, tenant, &name)).await
    }

    async fn add_client_secret(
        &self,
        access: &Access<op::WriteDirectory>,
        name: &str,
        secret: NewSecret,
        append: bool,
    ) -> Result<(), AdminError> {
        let (tenant, name) = (access.place().tenant, name.to_owned());
        self.write_policy(move |session| {
            service_principal::add_secret(session, tenant, &name, &secret, append)
        })
        .await
    }

    async fn delete_client_secret(
        &self,
        access: &Access<op::WriteDirectory>,
        name: &str,
        secret: CredentialId,
    ) -> Result<(), AdminError> {
        let (tenant, name) = (access.place().tenant, name.to_owned());
        self.write_policy(move |session| {
            service_principal::delete_secret(session, tenant, &name, secret)
        })
        .await
    }

    async fn role_assignments(
        &self,
        access: &Access<op::ReadRoleAssignments>,
    ) -> Result<Vec<RoleAssignmentRecord>, AdminError> {
        let place = *access.place();
        self.read(move |session| role_assignment::list(session, place)).await
    }

    async fn create_role_assignment(
        &self,
        access: &Access<op::WriteRoleAssignments>,
        assignment: NewRoleAssignment,
    ) -> Result<(), AdminError> {
        let (place, authority) = (*access.place(), role_assignment::Authority::of(access));
        self.write_policy(move |session| {
            role_assignment::create(session, place, &authority, &assignment)
        })
        .await
    }

    async fn delete_role_assignments(
        &self,
        access: &Access<op::DeleteRoleAssignments>,
        ids: Vec<AssignmentId>,
    ) -> Result<(), AdminError> {
        let (place, authority) = (*access.place(), role_assignment::Authority::of(access));
        self.write_policy(move |session| role_assignment::delete(session, place, &authority, &ids))
            .await
    }
}
