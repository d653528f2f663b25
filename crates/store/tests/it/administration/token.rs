//! Repository tokens and their passwords.

use naru_access::{InRegistry, operation as op};
use naru_store::{AdminError, Administration, TokenPatch, TokenScope};
use rusqlite::Connection;

use crate::world::{World, rule};

fn not_found(what: &'static str, name: &str) -> AdminError {
    AdminError::NotFound { what, name: name.to_owned() }
}

#[tokio::test]
async fn a_token_comes_with_a_map_that_exists_or_a_new_one() {
    let world = World::new().await;
    let write = world.may::<op::WriteTokens>(world.here);
    let mut token = world.token("ci-build", "");
    let rules = vec![rule("team/app", &["content/read"])];
    token.scope = TokenScope::New(world.map("ci-build-scope-map", rules));
    world.store.create_token(&write, token.clone()).await.unwrap();
    let record = &world.tokens(world.here).await[0];
    assert_eq!((record.id, record.name.as_str()), (token.id, "ci-build"));
    assert!(record.enabled);
    assert_eq!(record.scope_map, "ci-build-scope-map");
    let slots: Vec<_> = record.passwords.iter().map(|password| &password.slot).collect();
    assert_eq!(slots, ["password1", "password2"]);

    let mut other = world.token("ci-other", "");
    other.scope = TokenScope::New(world.map("CI-build-scope-map", Vec::new()));
    let refused = world.store.create_token(&write, other.clone()).await;
    let name = "CI-build-scope-map".to_owned();
    assert_eq!(refused, Err(AdminError::Exists { what: "scope map", name }));
    other.scope = TokenScope::Existing("no-such-map".to_owned());
    let refused = world.store.create_token(&write, other).await;
    assert_eq!(refused, Err(not_found("scope map", "no-such-map")));
}

#[tokio::test]
async fn deleting_a_token_ends_its_passwords_and_keeps_its_map() {
    let world = World::new().await;
    let mut token = world.token("ci-build", "");
    token.scope = TokenScope::New(world.map("team-read", Vec::new()));
    world.store.create_token(&world.may(world.here), token.clone()).await.unwrap();
    assert!(world.account(&token.passwords[0]).await.is_some());
    let delete = world.may::<op::DeleteTokens>(world.here);
    world.store.delete_token(&delete, "CI-BUILD").await.unwrap();
    assert!(world.account(&token.passwords[0]).await.is_none());
    assert_eq!(world.standing(token.id, token.passwords[1].id).await, None);
    assert!(world.tokens(world.here).await.is_empty());
    let maps = world.store.scope_maps(&world.may(world.here)).await.unwrap();
    assert!(maps.iter().any(|map| map.name == "team-read"));
}

#[tokio::test]
async fn disabling_or_enabling_a_token_ends_what_was_made_from_it() {
    let world = World::new().await;
    let token = world.token("ci-build", "_repositories_pull");
    world.store.create_token(&world.may(world.here), token.clone()).await.unwrap();
    let write = world.may::<op::WriteTokens>(world.here);
    let mut seen = Vec::new();
    for enabled in [true, false, false, true] {
        let patch = TokenPatch { enabled: Some(enabled), scope_map: None };
        world.store.update_token(&write, "ci-build", patch).await.unwrap();
        let standing = world.standing(token.id, token.passwords[0].id).await.unwrap();
        seen.push((standing.enabled, standing.principal_stamp));
    }
    assert_eq!(seen, [(true, 1), (false, 2), (false, 2), (true, 3)]);
}

#[tokio::test]
async fn another_map_changes_rights_and_ends_nothing() {
    let world = World::new().await;
    let token = world.token("ci-build", "_repositories_pull");
    world.store.create_token(&world.may(world.here), token.clone()).await.unwrap();
    let before = world.standing(token.id, token.passwords[0].id).await;
    let write = world.may::<op::WriteTokens>(world.here);
    let patch = |map: &str| TokenPatch { enabled: None, scope_map: Some(map.to_owned()) };
    world.store.update_token(&write, "ci-build", patch("_repositories_push")).await.unwrap();
    assert_eq!(world.tokens(world.here).await[0].scope_map, "_repositories_push");
    assert_eq!(world.standing(token.id, token.passwords[0].id).await, before);
    let refused = world.store.update_token(&write, "ci-build", patch("no-such-map")).await;
    assert_eq!(refused, Err(not_found("scope map", "no-such-map")));
}

#[tokio::test]
async fn a_replaced_password_dies_and_its_sibling_lives_on() {
    let world = World::new().await;
    let token = world.token("ci-build", "_repositories_pull");
    world.store.create_token(&world.may(world.here), token.clone()).await.unwrap();
    let access = world.may::<op::GenerateCredentials>(world.here);
    let new = world.secret("password1");
    world.store.set_token_passwords(&access, "ci-build", vec![new.clone()]).await.unwrap();
    let [first, second] = token.passwords.as_slice() else { panic!("a token with two passwords") };
    assert!(world.account(first).await.is_none());
    assert_eq!(world.standing(token.id, first.id).await, None);
    assert!(world.standing(token.id, second.id).await.is_some());
    assert_eq!(world.account(&new).await.unwrap().credential, new.id);

    let third = world.secret("password3");
    let refused = world.store.set_token_passwords(&access, "ci-build", vec![third]).await;
    assert_eq!(refused, Err(not_found("password", "password3")));
}

#[tokio::test]
async fn a_deleted_password_dies_and_its_sibling_lives_on() {
    let world = World::new().await;
    let token = world.token("ci-build", "_repositories_pull");
    world.store.create_token(&world.may(world.here), token.clone()).await.unwrap();
    let access = world.may::<op::GenerateCredentials>(world.here);
    let slots = vec!["password2".to_owned()];
    world.store.delete_token_passwords(&access, "ci-build", slots.clone()).await.unwrap();
    assert_eq!(world.standing(token.id, token.passwords[1].id).await, None);
    assert!(world.standing(token.id, token.passwords[0].id).await.is_some());
    let again = world.store.delete_token_passwords(&access, "ci-build", slots).await;
    assert_eq!(again, Err(not_found("password", "password2")));
}

#[tokio::test]
async fn a_token_of_another_registry_is_not_there() {
    let world = World::new().await;
    world.create_token(world.there, "ci-build").await.unwrap();
    let missing = || Err(not_found("token", "ci-build"));
    let (store, here): (_, InRegistry) = (&world.store, world.here);
    let patch = TokenPatch { enabled: Some(false), scope_map: None };
    assert_eq!(store.update_token(&world.may(here), "ci-build", patch).await, missing());
    assert_eq!(store.delete_token(&world.may(here), "ci-build").await, missing());
    let access = world.may::<op::GenerateCredentials>(here);
    let set = store.set_token_passwords(&access, "ci-build", vec![world.secret("password1")]);
    assert_eq!(set.await, missing());
    let slots = vec!["password1".to_owned()];
    assert_eq!(store.delete_token_passwords(&access, "ci-build", slots).await, missing());
    assert!(world.tokens(here).await.is_empty());
    let there = &world.tokens(world.there).await[0];
    assert!(there.enabled && there.passwords.len() == 2);
}

#[tokio::test]
async fn users_and_the_admin_user_are_no_tokens() {
    let world = World::new().await;
    for name in ["owner", "registry"] {
        let refused = world.store.delete_token(&world.may(world.here), name).await;
        assert_eq!(refused, Err(not_found("token", name)));
    }
}

#[tokio::test]
async fn a_registry_has_at_most_50_000_tokens() {
    let world = World::new().await;
    let database = Connection::open(world.directory.path().join("naru.db")).unwrap();
    let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?3) \
                INSERT INTO principal (id, tenant, registry, kind, login_name, login_key, \
                display_name, enabled, created) SELECT randomblob(16), ?1, ?2, 'token', \
                'ci-' || i, 'ci-' || i, '', 1, 0 FROM n";
    let params = (world.tenant.bytes(), world.here.registry.bytes(), 49_999);
    database.execute(fill, params).unwrap();
    world.create_token(world.here, "the-last").await.unwrap();
    let refused = world.create_token(world.here, "one-more").await;
    assert!(matches!(refused, Err(AdminError::Limit(_))), "{refused:?}");
    world.create_token(world.there, "one-more").await.unwrap();
}
