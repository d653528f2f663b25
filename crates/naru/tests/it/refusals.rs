//! What does not work: exit codes, words in both languages, and one document in JSON.

use crate::support::{World, filters};

#[test]
fn no_server_is_exit_5_and_says_how_to_start_one() {
    let world = World::empty();
    filters().bind(|| {
        insta::assert_snapshot!(world.shown("token list"), @"");
        insta::assert_snapshot!(world.shown_in("ko_KR.UTF-8", "token list"), @"");
    });
    let (code, error) = world.failed_json("token list");
    assert_eq!((code, &error["error"]["code"]), (5, &"server-unreachable".into()));
    assert!(error["error"]["correlationId"].is_null());
}

#[test]
fn an_unknown_name_is_exit_3() {
    let world = World::new();
    let mut all = Vec::new();
    for line in [
        "token show -n nobody",
        "token update -n nobody --status disabled",
        "token create -n ci-build --scope-map nothing",
        "scope-map show -n nothing",
        "user delete -n nobody",
        "sp credential reset -n nobody",
        "role assignment create --assignee nobody --role AcrPull",
        "role assignment delete --assignee owner --role AcrPull",
        "network-rule remove --ip-address 192.0.2.1",
        "token list -r elsewhere",
    ] {
        all.push(format!("{line}\n{}", world.shown(line)));
    }
    filters().bind(|| insta::assert_snapshot!(all.join("\n"), @""));
    let (code, error) = world.failed_json("token show -n nobody");
    assert_eq!((code, &error["error"]["code"]), (3, &"not-found".into()));
    assert!(error["error"]["correlationId"].is_string() && error["error"]["message"].is_string());
}

#[test]
fn a_clash_is_exit_1() {
    let world = World::new();
    world.json("token create -n ci-build --repository team/app content/read");
    world.json("user create -n alice");
    let mut all = Vec::new();
    for line in [
        "token create -n CI-build --repository team/app content/read",
        "user create -n ci-build",
        "user create -n Alice",
        "token create -n registry --scope-map _repositories_pull",
        "scope-map delete -n ci-build-scope-map",
        "scope-map delete -n _repositories_pull",
        "role assignment create --assignee owner --role Owner --scope /",
    ] {
        all.push(format!("{line}\n{}", world.shown(line)));
    }
    filters().bind(|| insta::assert_snapshot!(all.join("\n"), @""));
}

#[test]
fn what_cannot_be_meant_is_exit_2() {
    let world = World::new();
    let mut all = Vec::new();
    for line in [
        "token create -n ci --scope-map _repositories_pull",
        "token create -n ci-build --repository 'team*' content/read",
        "token create -n ci-build --repository team/app pull",
        "registry update",
        "network-rule add --ip-address 192.0.2.7/24",
        "events login --since yesterday",
        "events login --reason credential-invald",
    ] {
        all.push(format!("{line}\n{}", world.shown(line)));
    }
    all.push(world.fed("user create -n alice --password-stdin", "short\n"));
    all.push(world.fed("user create -n alice --password-stdin", ""));
    filters().bind(|| insta::assert_snapshot!(all.join("\n"), @""));
    for usage in ["", "tokn list", "token create -n ci-build", "token create -n ci-build --repository team/app", "registry update --default-action maybe", "token list -o xml", "sp create -n deploy --expires-in soon"] {
        let shown = world.shown(usage);
        assert!(shown.starts_with("exit 2\n----\n"), "{usage}: {shown}");
    }
}

#[test]
fn a_korean_reader_is_answered_in_korean() {
    let world = World::new();
    world.json("token create -n ci-build --repository team/app content/read");
    world.json("user create -n 0");
    let korean = |line: &str| format!("{line}\n{}", world.shown_in("ko_KR.UTF-8", line));
    let all = [
        korean("token list"),
        korean("token show -n ci-build"),
        korean("user list"),
        korean("token show -n nobody"),
        korean("token create -n ci-build --repository team/app content/read"),
        korean("user create -n ci-build"),
        korean("token create -n other --repository 'team*' content/read"),
        korean("scope-map delete -n ci-build-scope-map"),
        korean("token --help"),
    ];
    filters().bind(|| insta::assert_snapshot!(all.join("\n"), @""));
    assert_eq!(world.shown("token list --lang ko"), world.shown_in("ko", "token list"));
}

#[test]
fn tables_fit_a_terminal_of_80_columns() {
    use unicode_width::UnicodeWidthStr as _;
    let world = World::new();
    world.json("sp create -n deploy");
    world.json("user create -n a-user-with-a-name-that-is-longer-than-most-names-of-users-are");
    world.json("role assignment create --assignee deploy --role AcrPull");
    world.json("token create -n ci-build --repository a/repository/whose/name/goes/on/and/on/and/on content/read");
    assert_eq!(world.login("somebody-with-a-long-name@example.com", "a wrong password"), 401);
    for language in ["en", "ko"] {
        for noun in ["registry list", "token list", "scope-map list", "user list", "sp list", "sp credential list -n deploy", "role assignment list", "network-rule list", "events login"] {
            let shown = world.shown(&format!("{noun} --lang {language}"));
            assert!(shown.starts_with("exit 0"), "{shown}");
            for line in shown.lines() {
                assert!(line.width() <= 80, "{noun} in {language}: {line}");
            }
        }
    }
}
