//! Scope maps.

use naru_access::{ScopeMapRule, operation as op, system_maps};
use naru_store::{AdminError, Administration, ScopeMapPatch};
use rusqlite::Connection;

use crate::world::{World, rule};

fn not_found(name: &str) -> AdminError {
    AdminError::NotFound { what: "scope map", name: name.to_owned() }
}

#[tokio::test]
async fn a_map_is_created_changed_and_deleted() {
    let world = World::new().await;
    let write = world.may::<op::WriteScopeMaps>(world.here);
    let rules = vec![rule("team/*", &["content/read", "metadata/read"]), rule("a", &[])];
    world.store.create_scope_map(&write, world.map("team-read", rules.clone())).await.unwrap();
    let find = async || {
        let maps = world.store.scope_maps(&world.may(world.here)).await.unwrap();
        maps.into_iter().find(|map| map.name == "team-read")
    };
    assert_eq!(find().await.unwrap().rules, rules);

    let rules = vec![rule("z", &["content/delete"]), rule("b", &["content/write"])];
    let patch = ScopeMapPatch { description: None, rules: Some(rules.clone()) };
    world.store.update_scope_map(&write, "Team-Read", patch).await.unwrap();
    for text in ["what it is for", ""] {
        let patch = ScopeMapPatch { description: Some(text.to_owned()), rules: None };
        world.store.update_scope_map(&write, "team-read", patch).await.unwrap();
        let map = find().await.unwrap();
        assert_eq!(map.rules, rules);
        assert_eq!(map.description.unwrap_or_default(), text);
    }

    let delete = world.may::<op::DeleteScopeMaps>(world.here);
    world.store.delete_scope_map(&delete, "TEAM-read").await.unwrap();
    assert!(find().await.is_none());
    let again = world.store.delete_scope_map(&delete, "team-read").await;
    assert_eq!(again, Err(not_found("team-read")));
}

#[tokio::test]
async fn a_maps_name_is_unique_without_case_in_its_registry() {
    let world = World::new().await;
    let here = world.may::<op::WriteScopeMaps>(world.here);
    let there = world.may::<op::WriteScopeMaps>(world.there);
    world.store.create_scope_map(&here, world.map("team-read", Vec::new())).await.unwrap();
    world.store.create_scope_map(&there, world.map("team-read", Vec::new())).await.unwrap();
    let refused = world.store.create_scope_map(&here, world.map("TEAM-READ", Vec::new())).await;
    let exists = AdminError::Exists { what: "scope map", name: "TEAM-READ".to_owned() };
    assert_eq!(refused, Err(exists));
}

#[tokio::test]
async fn a_map_of_another_registry_is_not_there() {
    let world = World::new().await;
    let there = world.may::<op::WriteScopeMaps>(world.there);
    world.store.create_scope_map(&there, world.map("team-read", Vec::new())).await.unwrap();
    let write = world.may::<op::WriteScopeMaps>(world.here);
    let patch = ScopeMapPatch::default();
    let refused = world.store.update_scope_map(&write, "team-read", patch).await;
    assert_eq!(refused, Err(not_found("team-read")));
    let delete = world.may::<op::DeleteScopeMaps>(world.here);
    let refused = world.store.delete_scope_map(&delete, "team-read").await;
    assert_eq!(refused, Err(not_found("team-read")));
    let token = world.token("ci-build", "team-read");
    let refused = world.store.create_token(&world.may(world.here), token).await;
    assert_eq!(refused, Err(not_found("team-read")));
    let maps = world.store.scope_maps(&world.may(world.here)).await.unwrap();
    assert!(maps.iter().all(|map| map.system));
}

#[tokio::test]
async fn system_maps_are_neither_changed_nor_deleted() {
    let world = World::new().await;
    let write = world.may::<op::WriteScopeMaps>(world.here);
    let delete = world.may::<op::DeleteScopeMaps>(world.here);
    for map in system_maps() {
        let system = Err(AdminError::System(map.name.to_owned()));
        let patch = ScopeMapPatch { description: None, rules: Some(Vec::new()) };
        assert_eq!(world.store.update_scope_map(&write, map.name, patch).await, system);
        assert_eq!(world.store.delete_scope_map(&delete, map.name).await, system);
    }
}

#[tokio::test]
async fn a_map_that_tokens_use_is_not_deleted() {
    let world = World::new().await;
    let write = world.may::<op::WriteScopeMaps>(world.here);
    world.store.create_scope_map(&write, world.map("team-read", Vec::new())).await.unwrap();
    let delete = world.may::<op::DeleteScopeMaps>(world.here);
    for (name, by) in [("ci-two", "token `ci-two`"), ("ci-one", "token `ci-one` and 1 more")] {
        let token = world.token(name, "team-read");
        world.store.create_token(&world.may(world.here), token).await.unwrap();
        let refused = world.store.delete_scope_map(&delete, "team-read").await;
        let (what, name) = ("scope map", "team-read".to_owned());
        assert_eq!(refused, Err(AdminError::InUse { what, name, by: by.to_owned() }));
    }
    for name in ["ci-one", "ci-two"] {
        world.store.delete_token(&world.may(world.here), name).await.unwrap();
    }
    // The map outlived its tokens.
    world.store.delete_scope_map(&delete, "team-read").await.unwrap();
}

#[tokio::test]
async fn a_map_has_at_most_500_repositories_and_500_actions() {
    let world = World::new().await;
    let write = world.may::<op::WriteScopeMaps>(world.here);
    let rules = |count: usize, actions: &[&str]| -> Vec<ScopeMapRule> {
        (0..count).map(|number| rule(&format!("app{number}"), actions)).collect()
    };
    let both = ["content/read", "metadata/read"];
    let create = async |name: &str, rules| {
        world.store.create_scope_map(&write, world.map(name, rules)).await
    };
    create("just-right", rules(500, &["content/read"])).await.unwrap();
    create("also-right", rules(250, &both)).await.unwrap();
    for too_many in [rules(501, &[]), rules(251, &both)] {
        let refused = create("too-many", too_many.clone()).await;
        assert!(matches!(refused, Err(AdminError::Limit(_))), "{refused:?}");
        let patch = ScopeMapPatch { description: None, rules: Some(too_many) };
        let refused = world.store.update_scope_map(&write, "just-right", patch).await;
        assert!(matches!(refused, Err(AdminError::Limit(_))), "{refused:?}");
    }
    let maps = world.store.scope_maps(&world.may(world.here)).await.unwrap();
    let map = maps.iter().find(|map| map.name == "just-right").unwrap();
    assert_eq!(map.rules, rules(500, &["content/read"]));
}

#[tokio::test]
async fn a_registry_has_at_most_50_000_maps() {
    let world = World::new().await;
    let database = Connection::open(world.directory.path().join("naru.db")).unwrap();
    let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?3) \
                INSERT INTO scope_map (id, tenant, registry, name, name_key, created) \
                SELECT randomblob(16), ?1, ?2, 'map-' || i, 'map-' || i, 0 FROM n";
    let params = (world.tenant.bytes(), world.here.registry.bytes(), 49_999);
    database.execute(fill, params).unwrap();
    let write = world.may::<op::WriteScopeMaps>(world.here);
    world.store.create_scope_map(&write, world.map("the-last", Vec::new())).await.unwrap();
    let refused = world.store.create_scope_map(&write, world.map("one-more", Vec::new())).await;
    assert!(matches!(refused, Err(AdminError::Limit(_))), "{refused:?}");
    let there = world.may::<op::WriteScopeMaps>(world.there);
    world.store.create_scope_map(&there, world.map("one-more", Vec::new())).await.unwrap();
}
