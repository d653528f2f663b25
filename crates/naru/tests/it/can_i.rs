//! `naru can-i`: the decision, its trace, and the exit code that a script goes by.

use serde_json::{Value, json};

use crate::support::{World, filters};

fn token(world: &World) {
    world.json("token create -n ci-build --repository 'team/*' content/read");
}

#[test]
fn a_script_reads_the_decision_and_its_exit_code() {
    let world = World::new();
    token(&world);
    let allowed = world.json("can-i pull team/app --as token:ci-build");
    assert_eq!((&allowed["allowed"], &allowed["cause"]), (&json!(true), &Value::Null));
    assert_eq!(allowed["rule"], "scope-map:ci-build-scope-map:team/*");
    let output = world.naru(&["can-i", "push", "team/app", "--as", "token:ci-build", "-o", "json"]);
    let output = { output }.output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(output.stderr.is_empty());
    let denied: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&denied["allowed"], &denied["rule"]), (&json!(false), &Value::Null));
    assert_eq!(denied["cause"], "permission-scope-map");
    for step in denied["trace"].as_array().unwrap() {
        assert!(step["rule"].is_string() && step["kind"].is_string(), "{step}");
        assert!(step["matched"].is_boolean() && step["why"].is_string(), "{step}");
    }
    let (code, error) = world.failed_json("can-i pull team/app --as token:nobody");
    assert_eq!((code, &error["error"]["code"]), (3, &json!("not-found")));
    assert_eq!(world.failed_json("can-i pul team/app --as owner").0, 2);
}

#[test]
fn a_person_reads_what_was_looked_at() {
    let world = World::new();
    token(&world);
    filters().bind(|| {
        insta::assert_snapshot!(world.shown("can-i pull team --as token:ci-build"), @r"
        exit 4
        EFFECT  KIND                                   WHY
                RULE
        -       account                                it is enabled
                ci-build
        allow   credential                             it holds, and does not expire
                password1
        allow   credential                             it holds, and does not expire
                password2
        -       scope-map-rule                         it covers what is below `team`,
                scope-map:ci-build-scope-map:team/*    not `team` itself
        -       anonymous-pull                         it is off
                anonymous-pull
        -       lock                                   the repository is not locked
                team                                   against it: readEnabled is true

        ALLOWED  no
        RULE     -
        CAUSE    permission-scope-map
        REASON   the token's scope map has no rule for this repository or action
        ADVICE   add a rule: naru scope-map update -n MAP --add-repository REPOSITORY
                 content/read
        ----
        ");
    });
    let korean = world.shown_in("ko_KR.UTF-8", "can-i push team/app --as owner");
    assert!(korean.starts_with("exit 0\n") && korean.contains("content/write 작업을 허용합니다"));
}
