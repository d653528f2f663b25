//! Role assignments: who may do what on which scope.

use jiff::Timestamp;
use naru_access::{AssignmentId, PrincipalId, PrincipalKind, ScopePath, operation as op};
use naru_store::{NewRoleAssignment, Registry, RoleAssignmentRecord};
use serde::{Deserialize, Serialize};

use super::{Caller, Failure, Fault, allow, gone, metadata, not_found, now};
use crate::state::App;

/// A role assignment that is to be.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateRequest {
    /// To whom: a user, an application id, an object id, or a service principal's name.
    pub assignee: String,
    /// Which role: its name or id.
    pub role: String,
    /// Where it holds; the registry, where nothing is said.
    pub scope: Option<String>,
}

/// Which role assignments are listed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListRequest {
    /// Of whom.
    pub assignee: Option<String>,
    /// Which role.
    pub role: Option<String>,
}

/// Which role assignments are taken back.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteRequest {
    /// One, by its name (a GUID) or its path.
    pub id: Option<String>,
    /// From whom.
    pub assignee: Option<String>,
    /// Which role.
    pub role: Option<String>,
    /// Where.
    pub scope: Option<String>,
}

/// A role assignment, in Azure's words.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleAssignmentView {
    /// Its path as a resource.
    pub id: String,
    /// Its name, a GUID.
    pub name: AssignmentId,
    /// To whom.
    pub principal_id: PrincipalId,
    /// The name that they log in with.
    pub principal_name: String,
    /// `User` or `ServicePrincipal`.
    pub principal_type: &'static str,
    /// The role's id as a path.
    pub role_definition_id: String,
    /// The role's name.
    pub role_definition_name: String,
    /// Where it holds.
    pub scope: String,
    /// When it was made.
    pub created_on: Timestamp,
}

impl RoleAssignmentView {
    fn new(registry: &Registry, record: RoleAssignmentRecord) -> Self {
        const PROVIDER: &str = "providers/Microsoft.Authorization";
        let (subscription, scope) = (registry.subscription, record.scope.trim_end_matches('/'));
        Self {
            id: format!("{scope}/{PROVIDER}/roleAssignments/{}", record.id),
            name: record.id,
            principal_id: record.principal,
            principal_name: record.principal_name,
            principal_type: match record.principal_kind {
                PrincipalKind::ServicePrincipal => "ServicePrincipal",
                _ => "User",
            },
            role_definition_id: format!(
                "/subscriptions/{subscription}/{PROVIDER}/roleDefinitions/{}",
                record.role.0
            ),
            role_definition_name: record.role_name,
            scope: record.scope,
            created_on: record.created,
        }
    }
}

/// Assigns a role.
pub async fn create(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: CreateRequest,
) -> Result<RoleAssignmentView, Failure> {
    let access = allow::<op::WriteRoleAssignments>(caller, registry)?;
    let reading = allow::<op::ReadRoleAssignments>(caller, registry)?;
    let scope = match request.scope {
        Some(scope) => scope.parse()?,
        None => registry.path(),
    };
    let id = AssignmentId(app.guid());
    let assignment = NewRoleAssignment {
        id,
        scope,
        assignee: request.assignee,
        role: request.role,
        created: now(app),
    };
    metadata(app).create_role_assignment(&access, assignment).await?;
    let all = metadata(app).role_assignments(&reading).await?;
    let made = all.into_iter().find(|one| one.id == id);
    made.map(|one| RoleAssignmentView::new(registry, one)).ok_or_else(|| gone("role assignment"))
}

/// Lists the assignments that hold for the registry, those of the whole tenant included.
pub async fn list(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: ListRequest,
) -> Result<Vec<RoleAssignmentView>, Failure> {
    let access = allow::<op::ReadRoleAssignments>(caller, registry)?;
    let all = metadata(app).role_assignments(&access).await?;
    let names = app_ids(app, caller, registry, request.assignee.as_deref()).await?;
    let wanted = all.into_iter().filter(|one| {
        request.assignee.as_deref().is_none_or(|name| is_of(one, name, &names))
            && request.role.as_deref().is_none_or(|role| is_role(one, role))
    });
    Ok(wanted.map(|one| RoleAssignmentView::new(registry, one)).collect())
}

/// Takes assignments back: one by its id, or those of a role to somebody. What was taken back.
pub async fn delete(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: DeleteRequest,
) -> Result<Vec<RoleAssignmentView>, Failure> {
    let access = allow::<op::DeleteRoleAssignments>(caller, registry)?;
    let reading = allow::<op::ReadRoleAssignments>(caller, registry)?;
    let all = metadata(app).role_assignments(&reading).await?;
    let (gone, name): (Vec<_>, _) = match (&request.id, &request.assignee, &request.role) {
        (Some(id), None, None) => {
            let name = id.rsplit('/').next().unwrap_or(id);
            let wanted: Option<AssignmentId> = name.parse().ok();
            let same = |one: &RoleAssignmentRecord| Some(one.id) == wanted;
            (all.into_iter().filter(same).collect(), id.clone())
        }
        (None, Some(assignee), Some(role)) => {
            let scope: ScopePath = match &request.scope {
                Some(scope) => scope.parse()?,
                None => registry.path(),
            };
            let names = app_ids(app, caller, registry, Some(assignee)).await?;
            let here = |one: &RoleAssignmentRecord| {
                one.scope.parse::<ScopePath>().is_ok_and(|other| other == scope)
            };
            let wanted =
                all.into_iter().filter(|one| is_of(one, assignee, &names) && is_role(one, role));
            (wanted.filter(here).collect(), format!("{role} for {assignee} on {scope}"))
        }
        _ => return Err(Fault::Combination("failure-assignment-named").into()),
    };
    if gone.is_empty() {
        return Err(not_found("role assignment", &name));
    }
    let ids = gone.iter().map(|one| one.id).collect();
    metadata(app).delete_role_assignments(&access, ids).await?;
    Ok(gone.into_iter().map(|one| RoleAssignmentView::new(registry, one)).collect())
}

/// The object ids of the service principals that have a name for people. Whoever may not read the
/// directory finds nobody by such a name.
async fn app_ids(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    name: Option<&str>,
) -> Result<Vec<PrincipalId>, Failure> {
    let (Some(name), Ok(access)) = (name, allow::<op::ReadDirectory>(caller, registry)) else {
        return Ok(Vec::new());
    };
    let all = metadata(app).service_principals(&access).await?;
    let same = all.into_iter().filter(|one| one.display_name.eq_ignore_ascii_case(name));
    Ok(same.map(|one| one.id).collect())
}

fn is_of(record: &RoleAssignmentRecord, name: &str, ids: &[PrincipalId]) -> bool {
    record.principal_name.eq_ignore_ascii_case(name)
        || record.principal.to_string().eq_ignore_ascii_case(name)
        || ids.contains(&record.principal)
}

fn is_role(record: &RoleAssignmentRecord, role: &str) -> bool {
    record.role_name.eq_ignore_ascii_case(role)
        || record.role.to_string().eq_ignore_ascii_case(role)
}
