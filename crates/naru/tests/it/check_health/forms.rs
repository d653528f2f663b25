//! What can be asked of the command, and the forms in which it answers.

use super::bench::{Bench, filters};
use super::faults::{Server, open_registry};
use serde_json::Value;

#[test]
fn the_whole_document_has_its_literal_form() {
    let server = Server::http(open_registry);
    let ran = Bench::new().check(&[&server.address.to_string()]);
    let mut json = ran.json;
    let fields = json.as_object_mut().unwrap();
    for key in ["rendered", "started", "durationMs", "toolVersion"] {
        assert!(fields.remove(key).is_some(), "{key}");
    }
    for check in json["checks"].as_array_mut().unwrap() {
        assert!(check.as_object_mut().unwrap().remove("durationMs").is_some());
    }
    let text = serde_json::to_string_pretty(&json).unwrap();
    filters().bind(|| insta::assert_snapshot!("document", text));
}

#[test]
fn the_checks_are_listed_with_their_claims() {
    let output = Bench::new().command(&["check-health", "--list"]).output().unwrap();
    insta::with_settings!({ prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("list", String::from_utf8(output.stdout).unwrap());
    });
}

#[test]
fn what_is_chosen_runs_with_what_it_builds_on() {
    let server = Server::http(open_registry);
    let host = server.address.to_string();
    let ran = Bench::new().check(&[&host, "--only", "dns.resolves"]);
    let ids: Vec<&str> = ran.json["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| check["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["name.valid", "proxy.usable", "dns.resolves"]);
    ran.healthy();
}

#[test]
fn usage_errors_are_exit_2() {
    let bench = Bench::new();
    for line in [
        &["check-health", "--only", "no-such-check"][..],
        &["check-health", "x.example", "-u", "me"],
        &["check-health", "x.example", "--password-stdin"],
        &["check-health", "x.example", "--timeout", "0"],
        &["token", "list", "-o", "markdown"],
    ] {
        let output = bench.command(line).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{line:?}");
        assert!(!output.stderr.is_empty(), "{line:?}");
    }
}

#[test]
fn yaml_says_the_same_as_json() {
    let server = Server::http(open_registry);
    let bench = Bench::new();
    let host = server.address.to_string();
    let output = bench.command(&["check-health", &host, "-o", "yaml"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("healthy: true") && text.starts_with("schema: 1"), "{text}");
    let listed = bench.command(&["check-health", "--list", "-o", "json"]).output().unwrap();
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert!(listed.as_array().unwrap().len() >= 20);
}
