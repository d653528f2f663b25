//! Capabilities: the proof that a decision was made, which the stores take as an argument.

use std::fmt;
use std::marker::PhantomData;

use naru_oci::RepositoryName;

use crate::action::{Place, ReadMetadata, WriteMetadata};
use crate::{AssignmentId, Principal, RegistryId, TenantId};

/// Keeps the kinds of capability to this crate.
#[expect(unnameable_types, reason = "that is the point of it")]
pub trait Sealed {}

/// A kind of capability: a type for what it allows.
pub trait Capability: Sealed {
    /// What it is confined to.
    type Place: Place + Clone;
}

/// A registry as the place of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InRegistry {
    /// The tenant that the registry belongs to.
    pub tenant: TenantId,
    /// The registry.
    pub registry: RegistryId,
}

/// A repository of a registry as the place of an action.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InRepository {
    /// The registry.
    pub registry: InRegistry,
    /// The repository.
    pub repository: RepositoryName,
}

impl Place for InRegistry {
    fn registry(&self) -> &InRegistry {
        self
    }

    fn repository(&self) -> Option<&RepositoryName> {
        None
    }
}

impl Place for InRepository {
    fn registry(&self) -> &InRegistry {
        &self.registry
    }

    fn repository(&self) -> Option<&RepositoryName> {
        Some(&self.repository)
    }
}

/// The rule that a grant rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The admin user may do everything with content.
    Admin,
    /// Anonymous pull is on.
    AnonymousPull,
    /// Whoever may open the server's own socket is its owner.
    LocalSocket,
    /// As it was recorded in an access token when that was minted.
    Recorded(String),
    /// A role assignment.
    Role {
        /// The assignment.
        assignment: AssignmentId,
        /// The role's name.
        role: String,
    },
    /// A rule of a scope map.
    ScopeMap {
        /// The map's name.
        map: String,
        /// The pattern that covers the repository.
        pattern: String,
    },
}

impl fmt::Display for Rule {
    /// The short form that access tokens and events keep.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Admin => f.write_str("admin"),
            Self::AnonymousPull => f.write_str("anonymous-pull"),
            Self::LocalSocket => f.write_str("local-socket"),
            Self::Recorded(rule) => f.write_str(rule),
            Self::Role { assignment, role } => write!(f, "role:{role}:{assignment}"),
            Self::ScopeMap { map, pattern } => write!(f, "scope-map:{map}:{pattern}"),
        }
    }
}

/// A decision in favour. Made by `decide` alone, and turned into an [`Access`] at once.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) rule: Rule,
}

/// The right to do `A` in one place, as the result of a decision.
///
/// Stores take it by reference, and act on the place that it names and nowhere else.
pub struct Access<A: Capability> {
    place: A::Place,
    holder: Principal,
    rule: Rule,
    action: PhantomData<fn() -> A>,
}

impl<A: Capability> Access<A> {
    pub(crate) fn new(grant: Grant, place: A::Place, holder: Principal) -> Self {
        Self { place, holder, rule: grant.rule, action: PhantomData }
    }

    /// Where it holds.
    pub fn place(&self) -> &A::Place {
        &self.place
    }

    /// Whose it is.
    pub fn holder(&self) -> &Principal {
        &self.holder
    }

    /// The rule that it rests on.
    pub fn rule(&self) -> &Rule {
        &self.rule
    }
}

impl<A: Capability<Place = InRepository>> Access<A> {
    /// The repository that it is confined to.
    pub fn repository(&self) -> &RepositoryName {
        &self.place.repository
    }

    /// The registry that the repository is in.
    pub fn registry(&self) -> &InRegistry {
        &self.place.registry
    }
}

impl From<Access<WriteMetadata>> for Access<ReadMetadata> {
    /// Whoever may change attributes may see what came of it.
    fn from(access: Access<WriteMetadata>) -> Self {
        let Access { place, holder, rule, action: _ } = access;
        Self { place, holder, rule, action: PhantomData }
    }
}

impl<A: Capability> fmt::Debug for Access<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("registry", self.place.registry())
            .field("repository", &self.place.repository())
            .field("rule", &self.rule)
            .finish_non_exhaustive()
    }
}

/// The right to do what no request asked for: migrate, bootstrap, collect.
///
/// Made once, in `main`, and handed down. It opens no byte to a client.
#[derive(Debug)]
pub struct Maintenance(());

impl Maintenance {
    /// For `main`, and the test kit in its place.
    pub const fn of_this_process() -> Self {
        Self(())
    }
}
