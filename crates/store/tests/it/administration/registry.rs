//! The first start, settings, network rules, the admin user.

use naru_access::{DefaultAction, Maintenance, RegistryId, operation as op, system_maps};
use naru_store::{AdminError, Administration, Denials, Gatehouse, RegistryPatch, RegistrySettings};

use crate::world::{World, now};

#[tokio::test]
async fn the_first_start_creates_tenant_registry_and_owner_once() {
    let world = World::empty();
    assert_eq!(world.bootstrap("registry", "owner").await, Ok(true));
    assert_eq!(world.bootstrap("registry", "owner").await, Ok(false));
    let registry = world.registry(world.here).await;
    assert_eq!(registry.name, "registry");
    let off = RegistrySettings {
        admin_enabled: false,
        anonymous_pull: false,
        public_network: true,
        default_action: DefaultAction::Allow,
        denials: Denials::Explained,
        sparse_manifests: false,
    };
    assert_eq!(registry.settings, off);
    let users = world.store.users(&world.may(world.here)).await.unwrap();
    assert_eq!(users.iter().map(|user| user.name.as_str()).collect::<Vec<_>>(), ["owner"]);
}

#[tokio::test]
async fn a_first_start_that_is_refused_leaves_nothing_behind() {
    let world = World::empty();
    let refused = world.bootstrap("owner", "Owner").await;
    assert!(matches!(refused, Err(AdminError::NameTaken { .. })), "{refused:?}");
    assert!(world.store.registries().await.unwrap().is_empty());
    assert_eq!(world.bootstrap("registry", "owner").await, Ok(true));
}

#[tokio::test]
async fn a_registrys_name_is_unique_without_case() {
    let world = World::new().await;
    let registry = world.new_registry("Registry", RegistryId(world.guid()));
    let maintenance = Maintenance::of_this_process();
    let refused = world.store.create_registry(&maintenance, registry).await;
    let exists = AdminError::Exists { what: "registry", name: "Registry".to_owned() };
    assert_eq!(refused, Err(exists));
}

#[tokio::test]
async fn a_new_registry_has_the_five_system_maps() {
    let world = World::new().await;
    for place in [world.here, world.there] {
        let maps = world.store.scope_maps(&world.may(place)).await.unwrap();
        assert_eq!(maps.len(), 5);
        for (map, expected) in maps.iter().zip(system_maps()) {
            assert!(map.system && map.name == expected.name, "{map:?}");
            assert_eq!(map.rules.len(), 1);
            assert_eq!(map.rules[0].pattern.to_string(), "*");
            let actions = expected.actions.iter().copied().collect();
            assert_eq!(map.rules[0].actions, actions, "{}", map.name);
        }
    }
}

#[tokio::test]
async fn a_setting_that_is_not_named_stays_and_another_registry_is_not_touched() {
    let world = World::new().await;
    let access = world.may::<op::WriteRegistry>(world.here);
    let all = RegistryPatch {
        admin_enabled: Some(true),
        anonymous_pull: Some(true),
        public_network: Some(false),
        default_action: Some(DefaultAction::Deny),
        denials: Some(Denials::Azure),
        sparse_manifests: Some(true),
    };
    let there = world.registry(world.there).await.settings;
    world.store.update_registry(&access, all).await.unwrap();
    world.store.update_registry(&access, RegistryPatch::default()).await.unwrap();
    let expected = RegistrySettings {
        admin_enabled: true,
        anonymous_pull: true,
        public_network: false,
        default_action: DefaultAction::Deny,
        denials: Denials::Azure,
        sparse_manifests: true,
    };
    assert_eq!(world.registry(world.here).await.settings, expected);
    assert_eq!(world.registry(world.there).await.settings, there);
}

#[tokio::test]
async fn switching_anonymous_pull_off_ends_anonymous_tokens() {
    let world = World::new().await;
    let access = world.may::<op::WriteRegistry>(world.here);
    let mut stamps = vec![world.registry(world.here).await.anonymous_stamp];
    for on in [true, true, false, false, true] {
        let patch = RegistryPatch { anonymous_pull: Some(on), ..RegistryPatch::default() };
        world.store.update_registry(&access, patch).await.unwrap();
        stamps.push(world.registry(world.here).await.anonymous_stamp);
    }
    assert_eq!(stamps, [1, 1, 1, 2, 2, 2]);
    assert_eq!(world.registry(world.there).await.anonymous_stamp, 1);
}

#[tokio::test]
async fn switching_the_admin_user_ends_its_tokens() {
    let world = World::new().await;
    let access = world.may::<op::WriteRegistry>(world.here);
    let password = world.secret("password");
    world.store.renew_admin_password(&world.may(world.here), password.clone()).await.unwrap();
    let mut seen = Vec::new();
    for enabled in [true, true, false, true] {
        let patch = RegistryPatch { admin_enabled: Some(enabled), ..RegistryPatch::default() };
        world.store.update_registry(&access, patch).await.unwrap();
        let standing = world.account(&password).await.unwrap().standing;
        seen.push((standing.enabled, standing.principal_stamp));
    }
    assert_eq!(seen, [(true, 2), (true, 2), (false, 3), (true, 4)]);
}

#[tokio::test]
async fn renewing_an_admin_password_ends_its_tokens_and_not_its_siblings() {
    let world = World::new().await;
    let passwords = world.store.admin_passwords(&world.may(world.here)).await.unwrap();
    let slots: Vec<_> = passwords.iter().map(|password| password.slot.as_str()).collect();
    assert_eq!(slots, ["password", "password2"]);

    let mut renewed = world.secret("password");
    renewed.generation = 2;
    world.store.renew_admin_password(&world.may(world.here), renewed.clone()).await.unwrap();
    let admin = world.account(&renewed).await.unwrap().principal;
    assert_eq!(world.standing(admin.id, passwords[0].id).await, None);
    assert!(world.standing(admin.id, passwords[1].id).await.is_some());
    let after = world.store.admin_passwords(&world.may(world.here)).await.unwrap();
    assert_eq!((after[0].id, after[0].generation), (renewed.id, 2));
    assert_eq!(after[1].id, passwords[1].id);

    let renew = world.may::<op::RegenerateCredential>(world.here);
    let third = world.store.renew_admin_password(&renew, world.secret("third")).await;
    let missing = AdminError::NotFound { what: "password", name: "third".to_owned() };
    assert_eq!(third, Err(missing));
}

#[tokio::test]
async fn a_network_rule_is_added_once_and_taken_back_once() {
    let world = World::new().await;
    let access = world.may::<op::WriteRegistry>(world.here);
    let range: naru_access::NetworkRule = "192.0.2.0/24".parse().unwrap();
    for _ in 0..2 {
        world.store.add_network_rule(&access, range, now()).await.unwrap();
    }
    assert_eq!(world.registry(world.here).await.network_rules, [range]);
    assert!(world.registry(world.there).await.network_rules.is_empty());

    let elsewhere = world.may::<op::WriteRegistry>(world.there);
    let missing = AdminError::NotFound { what: "network rule", name: "192.0.2.0/24".to_owned() };
    let refused = world.store.remove_network_rule(&elsewhere, range).await;
    assert_eq!(refused, Err(missing.clone()));
    world.store.remove_network_rule(&access, range).await.unwrap();
    assert_eq!(world.store.remove_network_rule(&access, range).await, Err(missing));
    assert!(world.registry(world.here).await.network_rules.is_empty());
}
