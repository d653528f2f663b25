//! Names, and files with credentials: what their scenarios in `every_cause` do not show.

use super::bench::{Bench, filters};
use super::faults::{Server, open_registry};
use crate::support::{PASSWORD, World};

#[test]
fn a_url_in_place_of_a_login_server_is_told_and_the_rest_goes_on() {
    let server = Server::http(open_registry);
    let bench = Bench::new();
    let ran = bench.check(&[&format!("http://{}/v2/", server.address)]);
    ran.root("name-has-scheme-or-path");
    assert_eq!(ran.outcome("registry.api"), "passed");
    filters().bind(|| insta::assert_snapshot!("name-has-scheme-or-path", ran.text));
}

#[test]
fn a_resource_name_is_no_login_server() {
    let bench = Bench::new();
    for name in ["myregistry", "team/app:v1"] {
        let ran = bench.check(&[name]);
        assert_eq!(ran.root("name-resource-not-login-server")["certainty"], "likely");
        assert_eq!(ran.outcome("dns.resolves"), "skipped");
    }
}

#[test]
fn what_is_no_name_at_all_is_not_found() {
    let ran = Bench::new().check(&["registry.example.com:port"]);
    ran.root("name-not-found");
}

#[test]
fn a_repository_outside_the_grammar_is_told_before_anybody_is_asked() {
    let server = Server::http(open_registry);
    let bench = Bench::new();
    let ran = bench.check(&[&server.address.to_string(), "--repository", "Team/App"]);
    ran.root("name-repository-invalid");
}

#[test]
fn a_broken_file_is_placed_and_never_quoted() {
    let server = Server::http(open_registry);
    let mut bench = Bench::new();
    bench.secret("hunter2hunter2");
    bench.write(".config/containers/auth.json", "{\n  \"auths\": \"hunter2hunter2\"\n}");
    let ran = bench.check(&[&server.address.to_string()]);
    ran.root("docker-config-invalid");
    filters().bind(|| insta::assert_json_snapshot!("docker-config-invalid", ran.failures()));
    bench.write(".config/containers/auth.json", "{}");
    bench.check(&[&server.address.to_string()]).healthy();
}

#[test]
fn a_login_in_a_file_that_the_tool_does_not_read_is_found() {
    let world = World::new();
    let host = world.server().address();
    let mut bench = Bench::new();
    bench.log_in_at(".docker/config.json", &host, "owner", PASSWORD);
    bench.check(&[&host]).healthy();
    // As in a pipeline that sets it for one step alone.
    let elsewhere = bench.path("ci").display().to_string();
    bench.variable("DOCKER_CONFIG", &elsewhere);
    let ran = bench.check(&[&host]);
    assert_eq!(ran.root("docker-config-wrong-file")["certainty"], "likely");
    assert_eq!(ran.finding("credential-missing")["explainedBy"], "docker-config-wrong-file");
    filters().bind(|| insta::assert_snapshot!("docker-config-wrong-file", ran.text));
}

#[test]
fn a_login_for_another_port_is_found() {
    let world = World::new();
    let host = world.server().address();
    let mut bench = Bench::new();
    bench.log_in("127.0.0.1:443", "owner", PASSWORD);
    let ran = bench.check(&[&host]);
    ran.root("name-port-mismatch");
    assert_eq!(ran.finding("credential-missing")["explainedBy"], "name-port-mismatch");
    bench.log_in(&host, "owner", PASSWORD);
    bench.check(&[&host]).healthy();
}

#[test]
fn a_helper_that_is_not_there_is_named() {
    let world = World::new();
    let host = world.server().address();
    let mut bench = Bench::new();
    bench.write(".docker/config.json", r#"{"credsStore":"desktop.exe"}"#);
    let ran = bench.check(&[&host, "--tool", "docker"]);
    ran.root("docker-helper-missing");
    assert!(ran.text.contains("docker-credential-desktop.exe"), "{}", ran.text);
    bench.secret(PASSWORD);
    bench.program(
        "docker-credential-desktop.exe",
        &format!("echo '{{\"Username\":\"owner\",\"Secret\":\"{PASSWORD}\"}}'"),
    );
    bench.check(&[&host, "--tool", "docker"]).healthy();
}

#[test]
fn a_helper_that_fails_says_why() {
    let world = World::new();
    let host = world.server().address();
    let mut bench = Bench::new();
    bench.program("docker-credential-pass", "echo pass store is locked >&2; exit 2");
    bench.write(".docker/config.json", r#"{"credsStore":"pass"}"#);
    let ran = bench.check(&[&host, "--tool", "docker"]);
    ran.root("docker-helper-failed");
    filters().bind(|| insta::assert_snapshot!("docker-helper-failed", ran.text));
}

#[test]
fn a_helper_that_complains_with_a_secret_is_not_quoted() {
    let world = World::new();
    let host = world.server().address();
    for said in ["the secret was hunter2hunter2", "password=hunter2", "got naruthunter2hunter2"] {
        let mut bench = Bench::new();
        bench.secret("hunter2");
        bench.program("docker-credential-loud", &format!("echo '{said}' >&2; exit 1"));
        let auth = "bWU6aHVudGVyMmh1bnRlcjI=";
        bench.secret(auth);
        bench.write(
            ".docker/config.json",
            &format!(r#"{{"auths":{{"other.example":{{"auth":"{auth}"}}}},"credsStore":"loud"}}"#),
        );
        let ran = bench.check(&[&host, "--tool", "docker"]);
        ran.root("docker-helper-failed");
        assert!(ran.text.contains("held back"), "{}", ran.text);
    }
}

#[test]
fn podmans_helper_for_everything_is_asked_as_podman_asks_it() {
    let world = World::new();
    let host = world.server().address();
    let mut bench = Bench::new();
    bench.secret(PASSWORD);
    let conf = ".config/containers/registries.conf";
    bench.write(conf, r#"credential-helpers = ["vault"]"#);
    bench.check(&[&host]).root("docker-helper-missing");
    bench.program(
        "docker-credential-vault",
        &format!("echo '{{\"Username\":\"owner\",\"Secret\":\"{PASSWORD}\"}}'"),
    );
    bench.check(&[&host]).healthy();
    bench.write(conf, "credential-helpers = vault");
    let ran = bench.check(&[&host]);
    assert!(ran.text.contains("registries.conf: line 1, column 22"), "{}", ran.text);
    assert_eq!(ran.finding("docker-config-invalid")["severity"], "error");
}
