//! Users and service principals.

use naru_access::{CredentialId, operation as op};
use naru_store::{AdminError, Administration, Gatehouse};

use crate::world::World;

fn not_found(what: &'static str, name: &str) -> AdminError {
    AdminError::NotFound { what, name: name.to_owned() }
}

#[tokio::test]
async fn disabling_or_enabling_a_user_ends_what_was_made_from_it() {
    let world = World::new().await;
    let write = world.may::<op::WriteDirectory>(world.here);
    let user = world.user("alice");
    let password = user.password.as_ref().unwrap().id;
    world.store.create_user(&write, user.clone()).await.unwrap();
    let mut seen = Vec::new();
    for enabled in [true, false, false, true] {
        world.store.update_user(&write, "ALICE", Some(enabled), None).await.unwrap();
        let standing = world.standing(user.id, password).await.unwrap();
        seen.push((standing.enabled, standing.principal_stamp));
    }
    assert_eq!(seen, [(true, 1), (false, 2), (false, 2), (true, 3)]);
}

#[tokio::test]
async fn a_user_has_one_password_and_setting_it_ends_the_old_one() {
    let world = World::new().await;
    let write = world.may::<op::WriteDirectory>(world.here);
    let mut user = world.user("alice");
    user.password = None;
    world.store.create_user(&write, user.clone()).await.unwrap();
    let has_password = async || {
        let users = world.store.users(&world.may(world.here)).await.unwrap();
        users.iter().find(|user| user.name == "alice").unwrap().has_password
    };
    assert!(!has_password().await);
    let (first, second) = (world.password("first"), world.password("second"));
    world.store.update_user(&write, "alice", None, Some(first.clone())).await.unwrap();
    assert!(has_password().await);
    world.store.update_user(&write, "alice", None, Some(second.clone())).await.unwrap();
    assert_eq!(world.standing(user.id, first.id).await, None);
    let found = world.store.account_by_name(world.here, "alice").await.unwrap().unwrap();
    assert_eq!(found.password_hash, "second");
    assert_eq!(found.account.credential, second.id);
}

#[tokio::test]
async fn a_deleted_user_is_gone_with_its_password_and_roles() {
    let world = World::new().await;
    let write = world.may::<op::WriteDirectory>(world.here);
    let user = world.user("alice");
    world.store.create_user(&write, user.clone()).await.unwrap();
    let assignment = world.assignment("alice", "AcrPull", "/");
    world.store.create_role_assignment(&world.may(world.here), assignment).await.unwrap();
    let delete = world.may::<op::DeleteDirectory>(world.here);
    world.store.delete_user(&delete, "alice").await.unwrap();
    assert_eq!(world.standing(user.id, user.password.unwrap().id).await, None);
    let assignments = world.store.role_assignments(&world.may(world.here)).await.unwrap();
    assert!(assignments.iter().all(|assignment| assignment.principal != user.id));
    let again = world.store.delete_user(&delete, "alice").await;
    assert_eq!(again, Err(not_found("user", "alice")));

    // Who comes later under the same name has nothing of it.
    world.create_user("alice").await.unwrap();
    let found = world.store.account_by_name(world.here, "alice").await.unwrap().unwrap();
    assert_ne!(found.account.principal.id, user.id);
}

#[tokio::test]
async fn a_user_exists_once() {
    let world = World::new().await;
    let refused = world.create_user("Owner").await;
    let exists = AdminError::Exists { what: "user", name: "Owner".to_owned() };
    assert_eq!(refused, Err(exists));
}

#[tokio::test]
async fn the_last_owner_may_be_deleted() {
    let world = World::new().await;
    let delete = world.may::<op::DeleteDirectory>(world.here);
    world.store.delete_user(&delete, "owner").await.unwrap();
    assert!(world.store.users(&world.may(world.here)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_service_principal_is_found_by_application_id_object_id_or_name() {
    let world = World::new().await;
    let write = world.may::<op::WriteDirectory>(world.here);
    let new = world.service_principal("deploy to prod");
    world.store.create_service_principal(&write, new.clone()).await.unwrap();
    let names =
        [new.app_id.to_string().to_uppercase(), new.id.to_string(), "Deploy to PROD".to_owned()];
    for (name, stamp) in names.iter().zip(2..) {
        let enabled = stamp % 2 == 1;
        world.store.update_service_principal(&write, name, enabled).await.unwrap();
        let standing = world.standing(new.id, new.secret.id).await.unwrap();
        assert_eq!((standing.enabled, standing.principal_stamp), (enabled, stamp), "{name}");
    }
    let refused = world.store.update_service_principal(&write, "owner", false).await;
    assert_eq!(refused, Err(not_found("service principal", "owner")));
    let delete = world.may::<op::DeleteDirectory>(world.here);
    world.store.delete_service_principal(&delete, &names[1]).await.unwrap();
    assert!(world.account(&new.secret).await.is_none());
}

#[tokio::test]
async fn a_name_that_two_service_principals_have_names_neither() {
    let world = World::new().await;
    let write = world.may::<op::WriteDirectory>(world.here);
    let [first, second] = [world.service_principal("deploy"), world.service_principal("Deploy")];
    world.store.create_service_principal(&write, first.clone()).await.unwrap();
    world.store.create_service_principal(&write, second).await.unwrap();
    let refused = world.store.update_service_principal(&write, "deploy", false).await;
    let ambiguous = AdminError::Ambiguous { what: "service principal", name: "deploy".to_owned() };
    assert_eq!(refused, Err(ambiguous));

    // A name that looks like another's id does not stand in front of it.
    let shadow = world.service_principal(&first.app_id.to_string());
    world.store.create_service_principal(&write, shadow.clone()).await.unwrap();
    let id = first.app_id.to_string();
    world.store.update_service_principal(&write, &id, false).await.unwrap();
    assert!(!world.standing(first.id, first.secret.id).await.unwrap().enabled);
    assert!(world.standing(shadow.id, shadow.secret.id).await.unwrap().enabled);
}

#[tokio::test]
async fn a_new_client_secret_ends_the_others_unless_it_is_appended() {
    let world = World::new().await;
    let write = world.may::<op::WriteDirectory>(world.here);
    let new = world.service_principal("deploy");
    world.store.create_service_principal(&write, new.clone()).await.unwrap();
    let [second, third] = [world.secret("second"), world.secret("third")];
    world.store.add_client_secret(&write, "deploy", second.clone(), true).await.unwrap();
    let secrets = async || -> Vec<CredentialId> {
        let listed = world.store.service_principals(&world.may(world.here)).await.unwrap();
        listed[0].secrets.iter().map(|secret| secret.id).collect()
    };
    assert_eq!(secrets().await, [new.secret.id, second.id]);
    world.store.add_client_secret(&write, "deploy", third.clone(), false).await.unwrap();
    assert_eq!(secrets().await, [third.id]);
    assert_eq!(world.standing(new.id, new.secret.id).await, None);
    assert_eq!(world.standing(new.id, second.id).await, None);
    assert!(world.account(&third).await.is_some());
}

#[tokio::test]
async fn a_client_secret_is_deleted_alone_and_by_its_owner_only() {
    let world = World::new().await;
    let write = world.may::<op::WriteDirectory>(world.here);
    let [one, other] = [world.service_principal("one"), world.service_principal("other")];
    for new in [&one, &other] {
        world.store.create_service_principal(&write, new.clone()).await.unwrap();
    }
    let second = world.secret("second");
    world.store.add_client_secret(&write, "one", second.clone(), true).await.unwrap();
    let refused = world.store.delete_client_secret(&write, "one", other.secret.id).await;
    assert_eq!(refused, Err(not_found("client secret", &other.secret.id.to_string())));
    world.store.delete_client_secret(&write, "one", one.secret.id).await.unwrap();
    assert_eq!(world.standing(one.id, one.secret.id).await, None);
    assert!(world.account(&second).await.is_some());
    assert!(world.account(&other.secret).await.is_some());
}
