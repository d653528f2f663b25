//! What the gate reads follows what an administrator wrote.

use naru_access::{PrincipalKind, Rights, TenantId, operation as op};
use naru_identity::Tag;
use naru_store::{Administration, Gatehouse, SecretForm, TokenPatch};
use uuid::Uuid;

use crate::world::{World, now};

#[tokio::test]
async fn a_generated_secret_leads_to_its_account() {
    let world = World::new().await;
    let mut token = world.token("Ci-Build", "_repositories_pull");
    token.passwords[0].expires = Some(now());
    world.store.create_token(&world.may(world.here), token.clone()).await.unwrap();
    let account = world.account(&token.passwords[0]).await.unwrap();
    assert_eq!(account.principal.kind, PrincipalKind::Token);
    assert_eq!((account.principal.id, account.principal.tenant), (token.id, world.tenant));
    assert_eq!(account.principal.name, "Ci-Build");
    assert_eq!(account.registry, Some(world.here.registry));
    assert_eq!(account.credential, token.passwords[0].id);
    assert_eq!(account.standing.expires, Some(now()));
    assert_eq!(world.account(&token.passwords[1]).await.unwrap().standing.expires, None);

    let app = world.service_principal("deploy");
    world.store.create_service_principal(&world.may(world.here), app.clone()).await.unwrap();
    let account = world.account(&app.secret).await.unwrap();
    assert_eq!(account.principal.kind, PrincipalKind::ServicePrincipal);
    assert_eq!(account.principal.name, app.app_id.to_string());
    assert_eq!(account.registry, None);
}

#[tokio::test]
async fn a_secret_of_another_tenant_or_of_nobody_leads_nowhere() {
    let world = World::new().await;
    let app = world.service_principal("deploy");
    world.store.create_service_principal(&world.may(world.here), app.clone()).await.unwrap();
    let SecretForm::Generated(tag) = app.secret.form else { panic!("a generated secret") };
    let other = TenantId(Uuid::from_u128(99));
    assert!(world.store.account_by_secret(other, tag).await.unwrap().is_none());
    let nobody = world.store.account_by_secret(world.tenant, Tag([255; 32])).await.unwrap();
    assert!(nobody.is_none());
}

#[tokio::test]
async fn a_persons_name_leads_to_the_password_at_every_registry() {
    let world = World::new().await;
    world.create_user("Alice").await.unwrap();
    for place in [world.here, world.there] {
        let found = world.store.account_by_name(place, "alice").await.unwrap().unwrap();
        assert_eq!(found.password_hash, "hash of Alice");
        assert_eq!(found.account.principal.name, "Alice");
        assert_eq!(found.account.registry, None);
    }
    // Generated secrets are never looked for by name.
    world.create_token(world.here, "ci-build").await.unwrap();
    for name in ["ci-build", "registry", "nobody"] {
        assert!(world.store.account_by_name(world.here, name).await.unwrap().is_none(), "{name}");
    }
}

#[tokio::test]
async fn a_known_and_an_unknown_name_cost_the_same_statements() {
    let world = World::new().await;
    let mut costs = Vec::new();
    for name in ["owner", "nobody"] {
        let before = naru_store::Metadata::statements(&world.store);
        world.store.account_by_name(world.here, name).await.unwrap();
        costs.push(naru_store::Metadata::statements(&world.store) - before);
    }
    assert_eq!(costs, [1, 1]);
}

#[tokio::test]
async fn a_standing_needs_both_the_principal_and_its_own_credential() {
    let world = World::new().await;
    let [one, other] = [world.service_principal("one"), world.service_principal("other")];
    for new in [&one, &other] {
        world.store.create_service_principal(&world.may(world.here), new.clone()).await.unwrap();
    }
    assert!(world.standing(one.id, one.secret.id).await.is_some());
    assert_eq!(world.standing(one.id, other.secret.id).await, None);
}

#[tokio::test]
async fn rights_are_those_of_the_kind() {
    let world = World::new().await;
    let token = world.token("ci-build", "_repositories_pull");
    world.store.create_token(&world.may(world.here), token.clone()).await.unwrap();
    let Rights::ScopeMap(map) = world.store.rights(token.id).await.unwrap() else {
        panic!("a token has the rights of its scope map")
    };
    assert_eq!((map.name.as_str(), map.rules.len()), ("_repositories_pull", 1));

    let owner = world.store.account_by_name(world.here, "owner").await.unwrap().unwrap();
    let Rights::Roles(roles) = world.store.rights(owner.account.principal.id).await.unwrap() else {
        panic!("a user has the rights of its roles")
    };
    assert_eq!((roles.len(), roles[0].role.name.as_str()), (1, "Owner"));
    assert!(roles[0].role.allows("Microsoft.Authorization/roleAssignments/write"));

    let password = world.secret("password");
    world.store.renew_admin_password(&world.may(world.here), password.clone()).await.unwrap();
    let admin = world.account(&password).await.unwrap().principal;
    assert!(matches!(world.store.rights(admin.id).await.unwrap(), Rights::Admin));

    let gone = naru_access::PrincipalId(world.guid());
    assert!(matches!(world.store.rights(gone).await.unwrap(), Rights::None));
}

#[tokio::test]
async fn every_change_of_policy_starts_another_generation_before_it_is_told() {
    let world = World::new().await;
    world.create_token(world.here, "ci-build").await.unwrap();
    let before = world.store.freshness().generation();
    world.tokens(world.here).await;
    assert_eq!(world.store.freshness().generation(), before, "reading changes nothing");
    let patch = TokenPatch { enabled: Some(false), scope_map: None };
    world
        .store
        .update_token(&world.may::<op::WriteTokens>(world.here), "ci-build", patch)
        .await
        .unwrap();
    assert_ne!(world.store.freshness().generation(), before);
}

#[tokio::test]
async fn what_was_written_is_there_after_the_next_start() {
    let world = World::new().await;
    world.create_user("alice").await.unwrap();
    let World { directory, store, here, .. } = world;
    drop(store);
    let again = naru_store::sqlite::Sqlite::open(&directory.path().join("naru.db")).unwrap();
    assert_eq!(again.registries().await.unwrap().len(), 2);
    assert!(again.account_by_name(here, "alice").await.unwrap().is_some());
    again.ping().await.unwrap();
}
