//! May they: from a caller and a place to the capability that the store takes, or to a denial.

use naru_access::{
    Access, DataAction, InRegistry, InRepository, TokenRights, decide, decide_beyond_token,
    decide_by_token,
};
use naru_oci::RepositoryName;

use super::{Caller, Hosted, Means, Refusal, Target};
use crate::state::App;

/// A place that a request's target can be.
pub(crate) trait AtTarget: Sized {
    /// The place of a target, where it is one.
    fn at(hosted: &Hosted, target: &Target) -> Option<Self>;
}

impl AtTarget for InRegistry {
    fn at(hosted: &Hosted, _target: &Target) -> Option<Self> {
        Some(hosted.registry.place())
    }
}

impl AtTarget for InRepository {
    fn at(hosted: &Hosted, target: &Target) -> Option<Self> {
        target.repository().map(|repository| in_repository(hosted, repository))
    }
}

/// A repository of a registry as a place.
pub(crate) fn in_repository(hosted: &Hosted, repository: &RepositoryName) -> InRepository {
    InRepository { registry: hosted.registry.place(), repository: repository.clone() }
}

/// Decides about an action. A live access token that lists it *is* the grant; for whatever else
/// the present rights are read.
pub(crate) async fn authorize<A: DataAction>(
    app: &App,
    hosted: &Hosted,
    caller: &Caller,
    place: A::Place,
) -> Result<Access<A>, Refusal> {
    let Means::AccessToken(token) = &caller.means else {
        return authorize_at_present(app, hosted, caller, place).await;
    };
    let rights = TokenRights { principal: &token.principal, access: &token.access };
    if let Some(access) = decide_by_token::<A>(rights, &place) {
        return Ok(access);
    }
    let holder = caller.holder(app).await?;
    Ok(decide_beyond_token(rights, &holder, &hosted.policy, place)?)
}

/// Decides by the present rights of a caller, whatever its token lists (its ceiling apart): for
/// the source of a mount.
pub(crate) async fn authorize_at_present<A: DataAction>(
    app: &App,
    hosted: &Hosted,
    caller: &Caller,
    place: A::Place,
) -> Result<Access<A>, Refusal> {
    let holder = caller.holder(app).await?;
    Ok(decide(&holder, &hosted.policy, place)?)
}
