//! Role assignments.

use naru_access::{
    Access, Holder, InRegistry, ManagementAction, Rights, ScopePath, decide_management,
    operation as op,
};
use naru_store::{AdminError, Administration, Gatehouse};

use crate::world::World;

/// The right of a user to administer a registry, by the roles that it has.
async fn as_user<A: ManagementAction>(world: &World, name: &str, place: InRegistry) -> Access<A> {
    let found = world.store.account_by_name(place, name).await.unwrap().unwrap();
    let principal = found.account.principal;
    let rights = world.store.rights(principal.id).await.unwrap();
    let holder = Holder { principal, rights, ceiling: None };
    decide_management(&holder, &world.registry(place).await.path(), place).unwrap()
}

async fn assign(world: &World, who: &str, role: &str, scope: &str) -> Result<(), AdminError> {
    let assignment = world.assignment(who, role, scope);
    world.store.create_role_assignment(&world.may(world.here), assignment).await
}

fn not_found(what: &'static str, name: &str) -> AdminError {
    AdminError::NotFound { what, name: name.to_owned() }
}

#[tokio::test]
async fn the_role_is_a_name_without_case_or_an_id() {
    let world = World::new().await;
    world.create_user("alice").await.unwrap();
    assign(&world, "alice", "acrpull", "/").await.unwrap();
    assign(&world, "alice", "8311E382-0749-4cb8-b61a-304f252e45ec", "/").await.unwrap();
    let assignments = world.store.role_assignments(&world.may(world.here)).await.unwrap();
    let of_alice = assignments.iter().filter(|assigned| assigned.principal_name == "alice");
    let roles: Vec<_> = of_alice.map(|assigned| assigned.role_name.as_str()).collect();
    assert_eq!(roles, ["AcrPull", "AcrPush"]);
    let refused = assign(&world, "alice", "AcrFly", "/").await;
    assert_eq!(refused, Err(not_found("role", "AcrFly")));
}

#[tokio::test]
async fn the_assignee_is_a_user_or_a_service_principal_by_any_of_its_names() {
    let world = World::new().await;
    let write = world.may::<op::WriteDirectory>(world.here);
    let (user, app) = (world.user("alice"), world.service_principal("deploy to prod"));
    world.store.create_user(&write, user.clone()).await.unwrap();
    world.store.create_service_principal(&write, app.clone()).await.unwrap();
    for (name, role, id) in [
        ("ALICE".to_owned(), "AcrPull", user.id),
        (user.id.to_string(), "AcrPush", user.id),
        (app.app_id.to_string(), "AcrPull", app.id),
        (app.id.to_string(), "AcrPush", app.id),
        ("deploy to prod".to_owned(), "AcrDelete", app.id),
    ] {
        assign(&world, &name, role, "/").await.unwrap();
        let assignments = world.store.role_assignments(&world.may(world.here)).await.unwrap();
        let found = assignments.iter().find(|a| a.principal == id && a.role_name == role);
        assert!(found.is_some(), "{name}");
    }
    world.create_token(world.here, "ci-build").await.unwrap();
    for nobody in ["bob", "ci-build", "registry"] {
        let refused = assign(&world, nobody, "AcrPull", "/").await;
        assert_eq!(refused, Err(not_found("user or service principal", nobody)));
    }
}

#[tokio::test]
async fn a_right_does_not_go_to_one_of_two_that_share_a_name() {
    let world = World::new().await;
    let write = world.may::<op::WriteDirectory>(world.here);
    world.create_user("deploy").await.unwrap();
    let app = world.service_principal("deploy");
    world.store.create_service_principal(&write, app.clone()).await.unwrap();
    let refused = assign(&world, "deploy", "AcrPull", "/").await;
    let what = "user or service principal";
    assert_eq!(refused, Err(AdminError::Ambiguous { what, name: "deploy".to_owned() }));
    assign(&world, &app.id.to_string(), "AcrPull", "/").await.unwrap();
}

#[tokio::test]
async fn the_same_assignment_twice_is_refused() {
    let world = World::new().await;
    world.create_user("alice").await.unwrap();
    let path = world.registry(world.here).await.path();
    assign(&world, "alice", "AcrPull", path.as_str()).await.unwrap();
    let again = assign(&world, "alice", "acrpull", &path.as_str().to_uppercase()).await;
    assert!(matches!(again, Err(AdminError::Exists { what: "role assignment", .. })), "{again:?}");
    assign(&world, "alice", "AcrPull", "/").await.unwrap();
}

#[tokio::test]
async fn the_list_has_what_holds_for_the_registry_and_what_lies_below_it() {
    let world = World::new().await;
    world.create_user("alice").await.unwrap();
    let here = world.registry(world.here).await.path().to_string();
    let there = world.registry(world.there).await.path().to_string();
    let group = here.split("/providers").next().unwrap().to_owned();
    let below = format!("{here}/repositories/team");
    for scope in ["/", &group, &here, &below, &there] {
        assign(&world, "alice", "Reader", scope).await.unwrap();
    }
    let assignments = world.store.role_assignments(&world.may(world.here)).await.unwrap();
    let of_alice = assignments.iter().filter(|assigned| assigned.principal_name == "alice");
    let scopes: Vec<_> = of_alice.map(|assigned| assigned.scope.as_str()).collect();
    assert_eq!(scopes, ["/", &group, &here, &below]);
    let owner = assignments.iter().find(|assigned| assigned.principal_name == "owner").unwrap();
    assert_eq!((owner.role_name.as_str(), owner.scope.as_str()), ("Owner", "/"));
}

#[tokio::test]
async fn the_owner_of_a_registry_assigns_roles_there_and_nowhere_else() {
    let world = World::new().await;
    world.create_user("alice").await.unwrap();
    let here = world.registry(world.here).await.path();
    let there = world.registry(world.there).await.path();
    assign(&world, "alice", "Owner", here.as_str()).await.unwrap();
    let access = as_user::<op::WriteRoleAssignments>(&world, "alice", world.here).await;
    for scope in [ScopePath::root(), there] {
        let assignment = world.assignment("alice", "Reader", scope.as_str());
        let refused = world.store.create_role_assignment(&access, assignment).await;
        assert_eq!(refused, Err(AdminError::Beyond(scope.to_string())));
    }
    let assignment = world.assignment("alice", "Reader", here.as_str());
    world.store.create_role_assignment(&access, assignment).await.unwrap();
    // The owner of the whole tenant reaches everywhere.
    let access = as_user::<op::WriteRoleAssignments>(&world, "owner", world.here).await;
    let assignment = world.assignment("alice", "Reader", "/");
    world.store.create_role_assignment(&access, assignment).await.unwrap();
}

#[tokio::test]
async fn assignments_are_taken_back_all_or_none_and_as_far_as_the_right_reaches() {
    let world = World::new().await;
    world.create_user("alice").await.unwrap();
    let here = world.registry(world.here).await.path();
    let there = world.registry(world.there).await.path();
    let own = world.assignment("alice", "Owner", here.as_str());
    let root = world.assignment("alice", "Reader", "/");
    let elsewhere = world.assignment("alice", "Reader", there.as_str());
    let all = world.may::<op::WriteRoleAssignments>(world.here);
    for assignment in [&own, &root, &elsewhere] {
        world.store.create_role_assignment(&all, assignment.clone()).await.unwrap();
    }
    let access = as_user::<op::DeleteRoleAssignments>(&world, "alice", world.here).await;
    let refused = world.store.delete_role_assignments(&access, vec![own.id, root.id]).await;
    assert_eq!(refused, Err(AdminError::Beyond("/".to_owned())));
    let refused = world.store.delete_role_assignments(&access, vec![own.id, elsewhere.id]).await;
    assert_eq!(refused, Err(not_found("role assignment", &elsewhere.id.to_string())));
    world.store.delete_role_assignments(&access, vec![own.id]).await.unwrap();
    let again = world.store.delete_role_assignments(&world.may(world.here), vec![own.id]).await;
    assert_eq!(again, Err(not_found("role assignment", &own.id.to_string())));
}

#[tokio::test]
async fn the_last_owner_may_be_taken_back() {
    let world = World::new().await;
    let assignments = world.store.role_assignments(&world.may(world.here)).await.unwrap();
    let ids = assignments.iter().map(|assigned| assigned.id).collect();
    world.store.delete_role_assignments(&world.may(world.here), ids).await.unwrap();
    let owner = world.store.account_by_name(world.here, "owner").await.unwrap().unwrap();
    let rights = world.store.rights(owner.account.principal.id).await.unwrap();
    assert!(matches!(rights, Rights::Roles(roles) if roles.is_empty()));
}
