//! The symptoms that people report (`docs/symptoms.md`): each is made to happen, and found again
//! by its id and by the diagnosis.

use std::process::Command;

use naru_codes::Cause;

use super::{Client, Known, find, known};
use crate::support::World;

/// Each symptom's number, its causes, and the words that its client reads.
const SYMPTOMS: [(usize, Cause, &str); 12] = [
    (1, Cause::CredentialInvalid, "UNAUTHORIZED"),
    (2, Cause::CredentialExpiredSecret, "UNAUTHORIZED"),
    (2, Cause::CredentialWrongUsername, "UNAUTHORIZED"),
    (3, Cause::NameNotFound, "CorrelationId"),
    (4, Cause::PermissionPush, "DENIED"),
    (4, Cause::PermissionScopeMap, "DENIED"),
    (4, Cause::CredentialExpiredAccessToken, "UNAUTHORIZED"),
    (5, Cause::CredentialAdminDisabled, "UNAUTHORIZED"),
    (6, Cause::CredentialExpiredPassword, "UNAUTHORIZED"),
    (7, Cause::NetworkIpDenied, "DENIED"),
    (7, Cause::NetworkPublicAccessDisabled, "DENIED"),
    (8, Cause::PermissionMetadataWrite, "UNAUTHORIZED"),
];

#[test]
fn each_is_found_both_ways() {
    for (number, cause, words) in SYMPTOMS {
        let found = find(cause).unwrap_or_else(|| panic!("{number}: {cause} makes no event"));
        let printed = found.printed;
        assert!(printed.contains(words), "{number}: {cause}: {printed}");
    }
}

/// The table says of each how it is found, and that is so.
#[test]
fn the_table_is_true() {
    let english = include_str!("../../../../../../docs/symptoms.md");
    let korean = include_str!("../../../../../../docs/symptoms.ko.md");
    for (number, cause, words) in SYMPTOMS {
        let Known::Event { fix, client, .. } = known(cause) else { panic!("{cause}: no event") };
        for text in [english, korean] {
            let row = text.lines().find(|line| {
                line.starts_with(&format!("| {number} |")) && line.contains(&format!("`{cause}`"))
            });
            let row = row.unwrap_or_else(|| panic!("{number}: no row for {cause}"));
            assert!(row.contains(words) || words == "CorrelationId", "{row}");
            let command = fix.split(" --").next().unwrap();
            assert!(row.contains(command), "{command}: {row}");
            let found = matches!(client, Client::Same | Client::First(_));
            assert_eq!(row.contains("| `naru check-health"), found, "{row}");
        }
    }
    let rows = |text: &str| text.lines().filter(|line| line.starts_with("| ")).count();
    assert_eq!(rows(english), rows(korean));
}

/// As podman and skopeo meet it, where they are installed.
#[test]
fn real_clients_are_led_to_the_same_event() {
    let world = World::new();
    let host = world.server().address();
    let made = world.json("token create -n ci-build --repository team/* content/read");
    let password = made["credentials"]["passwords"][0]["value"].as_str().unwrap();
    let home = world.home.path().join("client");
    std::fs::create_dir(&home).unwrap();
    let auth = home.join("auth.json");
    let auth = format!("--authfile={}", auth.display());
    let run = |program: &str, line: &[&str]| {
        let mut command = Command::new(program);
        command.args(line).env("HOME", &home);
        let Ok(output) = command.output() else {
            println!("SKIPPED: {program} is not installed: apt-get install {program}");
            return None;
        };
        let text = [output.stdout, output.stderr].concat();
        Some((output.status.success(), String::from_utf8_lossy(&text).into_owned()))
    };
    let latest = || {
        let events = world.json("events login --failed --top 1");
        let id = events[0]["CorrelationId"].as_str().unwrap().to_owned();
        (world.json(&format!("events show {id}"))["cause"]["code"].clone(), id)
    };
    let wrong = ["login", "--tls-verify=false", &auth, "-u", "ci-build", "-p", "a guess", &host];
    if let Some((success, text)) = run("podman", &wrong) {
        assert!(!success && text.contains("invalid username/password"), "{text}");
        assert_eq!(latest().0, "credential-invalid", "podman keeps the reason to itself: {text}");
    }
    let image = format!("docker://{host}/other/app:v1");
    let credentials = format!("ci-build:{password}");
    let inspect = ["inspect", "--tls-verify=false", "--creds", &credentials, &image];
    if let Some((success, text)) = run("skopeo", &inspect) {
        let (code, id) = latest();
        assert!(!success && text.contains(&id), "skopeo shows the id {id}: {text}");
        assert_eq!(code, "permission-scope-map", "{text}");
    }
}
