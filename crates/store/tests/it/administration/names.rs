//! Login names are one namespace without case: the tenant's and those of each registry.

use naru_access::{Maintenance, RegistryId, operation as op};
use naru_store::{AdminError, Administration};

use crate::world::World;

fn taken(result: Result<(), AdminError>, by: &str) {
    match result {
        Err(AdminError::NameTaken { by: found, .. }) => assert_eq!(found, by),
        other => panic!("expected the name to be taken by {by}, got {other:?}"),
    }
}

#[tokio::test]
async fn a_token_does_not_take_a_users_name() {
    let world = World::new().await;
    world.create_user("alice").await.unwrap();
    taken(world.create_token(world.here, "ALICE").await, "a user");
    taken(world.create_token(world.there, "alice").await, "a user");
}

#[tokio::test]
async fn a_user_does_not_take_the_name_of_a_token_of_any_registry() {
    let world = World::new().await;
    world.create_token(world.here, "ci-build").await.unwrap();
    world.create_token(world.there, "ci-other").await.unwrap();
    taken(world.create_user("CI-Build").await, "a token");
    taken(world.create_user("ci-other").await, "a token");
}

#[tokio::test]
async fn the_name_of_a_registry_is_the_name_of_its_admin_user() {
    let world = World::new().await;
    taken(world.create_token(world.here, "Registry").await, "an admin user");
    taken(world.create_user("another").await, "an admin user");
    // Another registry's admin user logs in elsewhere.
    world.create_token(world.there, "registry").await.unwrap();
}

#[tokio::test]
async fn a_registry_does_not_take_a_name_of_the_tenant() {
    let world = World::new().await;
    world.create_user("thirdone").await.unwrap();
    let registry = world.new_registry("ThirdOne", RegistryId(world.guid()));
    let maintenance = Maintenance::of_this_process();
    taken(world.store.create_registry(&maintenance, registry).await, "a user");
    assert_eq!(naru_store::Gatehouse::registries(&world.store).await.unwrap().len(), 2);
}

#[tokio::test]
async fn application_ids_and_user_names_do_not_clash() {
    let world = World::new().await;
    let access = world.may::<op::WriteDirectory>(world.here);
    let first = world.service_principal("first");
    let app_id = first.app_id.to_string();
    world.store.create_service_principal(&access, first).await.unwrap();
    taken(world.create_user(&app_id.to_uppercase()).await, "a service principal");
    taken(world.create_token(world.here, &app_id).await, "a service principal");

    let second = world.service_principal("second");
    world.create_user(&second.app_id.to_string()).await.unwrap();
    taken(world.store.create_service_principal(&access, second).await, "a user");
}

#[tokio::test]
async fn two_registries_may_have_tokens_of_one_name() {
    let world = World::new().await;
    world.create_token(world.here, "ci-build").await.unwrap();
    world.create_token(world.there, "ci-build").await.unwrap();
    let again = world.create_token(world.here, "CI-build").await;
    let exists = AdminError::Exists { what: "token", name: "CI-build".to_owned() };
    assert_eq!(again, Err(exists));
}

#[tokio::test]
async fn a_name_is_free_again_when_its_holder_is_deleted() {
    let world = World::new().await;
    world.create_user("alice").await.unwrap();
    let access = world.may::<op::DeleteDirectory>(world.here);
    world.store.delete_user(&access, "Alice").await.unwrap();
    world.create_token(world.here, "alice").await.unwrap();
}

#[tokio::test]
async fn a_refused_name_leaves_nothing_behind() {
    let world = World::new().await;
    world.create_user("alice").await.unwrap();
    let mut token = world.token("alice", "");
    token.scope = naru_store::TokenScope::New(world.map("alice-map", Vec::new()));
    let access = world.may::<op::WriteTokens>(world.here);
    taken(world.store.create_token(&access, token).await, "a user");
    let maps = world.store.scope_maps(&world.may::<op::ReadScopeMaps>(world.here)).await.unwrap();
    assert!(maps.iter().all(|map| map.system), "{maps:?}");
}
