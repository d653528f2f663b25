//! Pure authorization: who may do what, and why not.
//!
//! [`decide`] is a function of values: a [`Holder`] (a principal and its rights), the
//! [`RegistryPolicy`], an action and a place. It answers with an [`Access`], the capability that
//! the stores take as an argument, or with a [`Denial`], from which the HTTP answer, the event and
//! the diagnosis are all projected. No I/O, no clock, no async: time is passed in.
//!
//! Only this crate makes an [`Access`], and only from a decision; so a store call without a check
//! does not compile. Who somebody *is* is proved elsewhere (`naru-identity`, `naru-server`).
#![cfg_attr(
    not(test),
    warn(
        clippy::wildcard_enum_match_arm,
        reason = "a new action or principal must break the build where it is not handled"
    )
)]

mod action;
mod capability;
mod decide;
mod denial;
mod ids;
mod management;
mod network;
mod principal;
mod rate;
mod role;
mod scope;
mod scope_map;
mod scope_path;
mod token_access;
mod trace;

pub use action::{
    Action, ActionSet, Catalog, DataAction, Delete, ListTags, Place, Pull, Push, ReadMetadata,
    WriteMetadata,
};
pub use capability::{Access, Capability, InRegistry, InRepository, Maintenance, Rule};
pub use decide::{
    Explained, Holder, Rights, TokenRights, decide, decide_beyond_token, decide_by_token,
    decide_management, explain, holds_nothing, reduce,
};
pub use denial::{Denial, Evidence, NearMiss, Wanted};
pub use ids::{AssignmentId, CredentialId, PrincipalId, RegistryId, RoleId, TenantId};
pub use management::{ManagementAction, operation};
pub use network::{DefaultAction, NetworkRule, NetworkRuleError, NetworkRules, parse_network};
pub use principal::{Principal, PrincipalKind, RegistryPolicy};
pub use rate::{RateBucket, RateOf};
pub use role::{RoleAssignment, RoleDefinition, built_in_roles};
pub use scope::{MAX_SCOPES, Requested, Scope, ScopeKind, ScopeListError, parse_scopes};
pub use scope_map::{Pattern, PatternError, ScopeMap, ScopeMapRule, SystemMap, system_maps};
pub use scope_path::{ScopePath, ScopePathError};
pub use token_access::{AccessEntry, AccessList};
pub use trace::{Considered, Nearness, WhyNot};
