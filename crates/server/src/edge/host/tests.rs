use super::*;
use std::net::SocketAddr;
use std::path::PathBuf;

use jiff::Timestamp;
use naru_access::{DefaultAction, RegistryId, TenantId};
use naru_store::{Denials, Registry, RegistrySettings};
use uuid::Uuid;

fn config(domain: Option<&str>, public_url: Option<&str>, aliases: &[&str]) -> Config {
    Config {
        domain: domain.map(|domain| domain.parse().unwrap()),
        aliases: aliases.iter().map(|alias| alias.parse().unwrap()).collect(),
        public_url: public_url.map(|url| url.parse().unwrap()),
        ..Config::at(PathBuf::new(), PathBuf::new())
    }
}

fn registries(config: &Config) -> Registries {
    let registry = |number: u128, name: &str| Registry {
        id: RegistryId(Uuid::from_u128(number)),
        tenant: TenantId(Uuid::from_u128(1)),
        subscription: Uuid::from_u128(1),
        name: name.to_owned(),
        settings: RegistrySettings {
            admin_enabled: false,
            anonymous_pull: false,
            public_network: true,
            default_action: DefaultAction::Allow,
            denials: Denials::Explained,
            sparse_manifests: false,
        },
        network_rules: Vec::new(),
        anonymous_stamp: 1,
        created: Timestamp::UNIX_EPOCH,
    };
    Registries::new(config, vec![registry(1, "Registry"), registry(2, "Second")])
}

fn client(host: &str) -> Client {
    let host = (!host.is_empty()).then(|| host.to_owned());
    Client { address: "192.0.2.1".parse().unwrap(), scheme: Scheme::Http, host }
}

fn connection() -> Connection {
    let address = |text: &str| text.parse::<SocketAddr>().unwrap();
    Connection {
        scheme: Scheme::Http,
        peer: address("192.0.2.1:40000"),
        local: Some(address("198.51.100.7:5000")),
    }
}

#[test]
fn the_host_picks_the_registry() {
    let config = config(Some("example.com"), None, &["cr.internal", "old.example.com"]);
    let registries = registries(&config);
    let picked = |host: &str| {
        registry(&config, &registries, &client(host)).map(|hosted| hosted.registry.name.clone())
    };
    for (host, name) in [
        ("registry.example.com", "Registry"),
        ("SECOND.example.com:443", "Second"),
        ("second.example.com.", "Second"),
        ("localhost:5000", "Registry"),
        ("127.0.0.1:5000", "Registry"),
        ("[::1]:5000", "Registry"),
        ("cr.internal", "Registry"),
        ("old.example.com", "Registry"),
        ("elsewhere.test", "Registry"),
        ("example.com", "Registry"),
        ("", "Registry"),
    ] {
        assert_eq!(picked(host), Ok(name.to_owned()), "{host}");
    }
    for host in ["third.example.com", "a.registry.example.com"] {
        assert_eq!(picked(host).unwrap_err().cause, Cause::NameNotFound, "{host}");
    }
}

#[test]
fn the_canonical_name_outlives_another_port() {
    assert_eq!(canonical(&config(None, Some("https://cr.test:8443"), &[]), "registry"), "registry");
    let with_domain = config(Some("example.com"), Some("https://cr.test:8443"), &[]);
    assert_eq!(canonical(&with_domain, "registry"), "registry.example.com:8443");
    assert_eq!(
        canonical(&config(Some("example.com"), None, &[]), "registry"),
        "registry.example.com"
    );
}

fn sent_to(config: &Config, host: &str) -> String {
    let registries = registries(config);
    origin(config, registries.default_registry().unwrap(), &client(host), &connection())
}

#[test]
fn nobody_is_sent_to_a_host_that_a_stranger_chose() {
    let config = config(Some("example.com"), None, &["cr.internal"]);
    for (host, origin) in [
        ("evil.test", "http://registry.example.com"),
        ("second.example.com", "http://registry.example.com"),
        ("203.0.113.1:5000", "http://registry.example.com"),
        ("198.51.100.7:5001", "http://registry.example.com"),
        ("registry.example.com", "http://registry.example.com"),
        ("Registry.Example.com:8080", "http://registry.example.com:8080"),
        ("cr.internal", "http://cr.internal"),
        ("localhost:5000", "http://localhost:5000"),
        ("127.0.0.77", "http://127.0.0.77"),
        ("198.51.100.7:5000", "http://198.51.100.7:5000"),
        ("", "http://registry.example.com"),
        ("a b\"c", "http://registry.example.com"),
    ] {
        assert_eq!(sent_to(&config, host), origin, "{host}");
    }
}

#[test]
fn a_public_url_sets_what_clients_see() {
    let config = config(None, Some("https://cr.test:8443"), &[]);
    assert_eq!(sent_to(&config, "cr.test:8443"), "https://cr.test:8443");
    assert_eq!(sent_to(&config, "other.test"), "https://cr.test:8443");
    assert_eq!(sent_to(&config, "localhost:5000"), "http://localhost:5000");
}

#[test]
fn without_a_domain_a_sound_host_is_echoed_and_no_other() {
    let config = config(None, None, &[]);
    assert_eq!(sent_to(&config, "docker.host:32768"), "http://docker.host:32768");
    for unsound in ["a\"b", "a b", "a/b", "a:b:c", "-:x"] {
        assert_eq!(sent_to(&config, unsound), "http://198.51.100.7:5000", "{unsound}");
    }
}
