//! Logins and rights, against a Naru that really runs.

use serde_json::json;

use super::bench::{Bench, Ran, filters, token};
use crate::support::{PASSWORD, World};

/// Runs where the server's records can be read too.
fn beside(world: &World, bench: &Bench, arguments: &[&str]) -> Ran {
    let data = world.data().display().to_string();
    bench.check(&[&["--data-dir", data.as_str()], arguments].concat())
}

fn create_token(world: &World, bench: &mut Bench, line: &str) -> (String, String) {
    let made = world.json(line);
    let credentials = &made["credentials"];
    let password = credentials["passwords"][0]["value"].as_str().unwrap().to_owned();
    bench.secret(&password);
    (credentials["username"].as_str().unwrap().to_owned(), password)
}

#[test]
fn no_login_where_one_is_needed() {
    let world = World::new();
    let host = world.server().address();
    let mut bench = Bench::new();
    let ran = bench.check(&[&host]);
    assert_eq!(ran.root("credential-missing")["certainty"], "proven");
    filters().bind(|| insta::assert_snapshot!("credential-missing", ran.text));
    bench.log_in(&host, "owner", PASSWORD);
    bench.check(&[&host]).healthy();
}

#[test]
fn a_wrong_password_is_told_as_the_registry_tells_it() {
    let world = World::new();
    let host = world.server().address();
    let mut bench = Bench::new();
    bench.log_in(&host, "owner", "not the owner's password");
    let ran = bench.check(&[&host]);
    let finding = ran.root("credential-invalid");
    assert_eq!(finding["certainty"], "proven", "the registry names the cause");
    assert!(finding["correlationId"].as_str().unwrap().len() == 36, "{finding}");
    filters().bind(|| {
        insta::assert_snapshot!("credential-invalid", ran.text);
        insta::assert_json_snapshot!("credential-invalid.json", ran.failures());
    });
}

#[test]
fn a_given_login_is_used_in_place_of_the_stored_one() {
    let world = World::new();
    let host = world.server().address();
    let mut bench = Bench::new();
    bench.log_in(&host, "owner", "not the owner's password");
    bench.secret(PASSWORD);
    let arguments = [host.as_str(), "-u", "owner", "--password-stdin"];
    let ran = bench.check_fed(&arguments, &format!("{PASSWORD}\n"));
    ran.healthy();
    assert_eq!(ran.json["principal"], "owner");
}

#[test]
fn on_the_servers_machine_its_record_says_what_a_stranger_is_not_told() {
    let world = World::new();
    let host = world.server().address();
    let mut bench = Bench::new();
    let line = "token create -n ci-build --repository team/app content/read";
    let (name, password) = create_token(&world, &mut bench, line);
    bench.log_in(&host, &name, &password);
    bench.check(&[&host, "--repository", "team/app"]).healthy();
    world.shown("token update -n ci-build --status disabled");
    let ran = beside(&world, &bench, &[&host]);
    ran.root("credential-disabled");
    assert_eq!(ran.outcome("server.decision"), "failed", "{}", ran.text);
    let remedy = ran.finding("credential-disabled")["remedies"][0]["commands"][0].clone();
    let line: Vec<String> = serde_json::from_value(remedy).unwrap();
    assert_eq!(line[..4], ["naru", "token", "update", "-n"]);
    world.shown(&line[1..].join(" "));
    beside(&world, &bench, &[&host]).healthy();
}

#[test]
fn a_guess_at_an_account_that_is_there_shows_in_the_record() {
    let world = World::new();
    let host = world.server().address();
    let mut bench = Bench::new();
    bench.log_in(&host, "nobody-at-all", "a guess of a password");
    let ran = beside(&world, &bench, &[&host]);
    ran.root("credential-invalid");
    assert!(ran.json["checks"].to_string().contains("reason credential-invalid"), "{}", ran.text);
}

#[test]
fn a_login_that_is_past_its_time_is_read_from_the_token() {
    let world = World::new();
    let host = world.server().address();
    let mut bench = Bench::new();
    let expired = token(&json!({
        "iss": "Azure Container Registry", "aud": "registry", "exp": 1_600_000_000, "nbf": 1_599_990_000,
        "grant_type": "refresh_token"
    }));
    bench.secret(&expired);
    bench.write(
        ".config/containers/auth.json",
        &json!({ "auths": { &host: { "identitytoken": expired } } }).to_string(),
    );
    let ran = bench.check(&[&host]);
    assert_eq!(ran.root("credential-expired-entra")["certainty"], "proven");
    assert_eq!(ran.json["causes"].as_array().unwrap().len(), 1, "{}", ran.text);
    filters().bind(|| insta::assert_snapshot!("credential-expired-entra", ran.text));
}

#[test]
fn an_access_token_is_no_login() {
    let world = World::new();
    let host = world.server().address();
    let mut bench = Bench::new();
    let expired = token(&json!({
        "iss": "Azure Container Registry", "aud": "registry", "exp": 1_600_000_000, "grant_type": "access_token"
    }));
    bench.log_in(&host, "00000000-0000-0000-0000-000000000000", &expired);
    bench.check(&[&host]).root("credential-expired-access-token");
}

#[test]
fn a_token_from_the_future() {
    let world = World::new();
    let host = world.server().address();
    let mut bench = Bench::new();
    let early = token(
        &json!({ "iss": "Azure Container Registry", "nbf": 4_000_000_000_u64, "exp": 4_000_010_000_u64 }),
    );
    bench.log_in(&host, "00000000-0000-0000-0000-000000000000", &early);
    bench.check(&[&host]).root("credential-not-yet-valid");
}

#[test]
fn an_entry_that_cannot_be_read() {
    let world = World::new();
    let host = world.server().address();
    let mut bench = Bench::new();
    bench.secret("%%hunter2%%");
    let file = json!({ "auths": { &host: { "auth": "%%hunter2%%" } } }).to_string();
    bench.write(".config/containers/auth.json", &file);
    bench.check(&[&host]).root("credential-malformed");
}

#[test]
fn a_right_that_is_missing_is_named_with_the_nearest_rule() {
    let world = World::new();
    let host = world.server().address();
    let mut bench = Bench::new();
    let line = "token create -n ci-build --repository team/* content/read";
    let (name, password) = create_token(&world, &mut bench, line);
    bench.log_in(&host, &name, &password);
    bench.check(&[&host, "--repository", "team/app"]).healthy();
    let ran = bench.check(&[&host, "--repository", "teams/app"]);
    ran.root("permission-scope-map");
    assert!(ran.text.contains("team/*"), "the nearest rule is told: {}", ran.text);
    filters().bind(|| insta::assert_snapshot!("permission-scope-map", ran.text));
    let ran = bench.check(&[&host, "--repository", "team/app", "--action", "pull,push"]);
    ran.root("permission-push");
    assert_eq!(ran.outcome("authz.repository-pull"), "passed");
    assert_eq!(ran.outcome("authz.repository-delete"), "not-applicable");
    let ran = bench.check(&[&host, "--repository", "team/app", "--action", "delete"]);
    ran.root("permission-delete");
}

#[test]
fn an_identity_without_a_role() {
    let world = World::new();
    let host = world.server().address();
    let mut bench = Bench::new();
    let password = "newcomer's own password";
    world.fed("user create -n newcomer --password-stdin", password);
    bench.log_in(&host, "newcomer", password);
    let ran = bench.check(&[&host, "--repository", "team/app"]);
    let first = ran.json["causes"][0].as_str().unwrap();
    assert!(first.starts_with("permission-"), "{}", ran.text);
    assert_eq!(ran.code, 1);
    world.shown("role assignment create --assignee newcomer --role AcrPull");
    bench.check(&[&host, "--repository", "team/app"]).healthy();
}

#[test]
fn a_tag_that_is_not_there() {
    let world = World::new();
    let host = world.server().address();
    let mut bench = Bench::new();
    bench.log_in(&host, "owner", PASSWORD);
    let ran = bench.check(&[&format!("{host}/team/app:never-pushed")]);
    ran.root("name-repository-unknown");
}

#[test]
fn an_address_that_is_not_allowed() {
    let world = World::new();
    let host = world.server().address();
    world.shown("registry update --default-action deny");
    let mut bench = Bench::new();
    bench.log_in(&host, "owner", PASSWORD);
    let ran = bench.check(&[&host]);
    ran.root("network-ip-denied");
    assert_eq!(ran.outcome("token.accepted"), "skipped", "no credential was sent");
    world.shown("network-rule add --ip-address 127.0.0.1");
    bench.check(&[&host]).healthy();
}
