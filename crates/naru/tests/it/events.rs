//! `naru events show` and `export`, as people see them.

use serde_json::Value;

use crate::support::{World, filters};

/// The id of the latest refusal.
fn latest(world: &World) -> String {
    let events = world.json("events login --failed --top 1");
    events[0]["CorrelationId"].as_str().unwrap().to_owned()
}

/// Nothing in a screen is wider than a terminal, but for what is to be copied.
fn assert_fits(screen: &str) {
    for line in screen.lines().filter(|line| !line.contains("naru ") && !line.contains("docker ")) {
        let width: usize =
            line.chars().map(|c| if ('가'..='힣').contains(&c) { 2 } else { 1 }).sum();
        assert!(width <= 80, "{width}: {line}");
    }
}

#[test]
fn a_refusal_is_told_from_the_id_in_its_message() {
    let world = World::new();
    world.json("token create -n ci-build --repository team/* content/read");
    assert_eq!(world.login("ci-buidl", "a guess"), 401);
    let id = latest(&world);
    let english = world.shown(&format!("events show {id}"));
    let korean = world.shown_in("ko_KR.UTF-8", &format!("events show {id}"));
    assert_fits(&english);
    assert_fits(&korean);
    filters().bind(|| {
        insta::assert_snapshot!(english, @r"
        exit 0
        CORRELATION ID  [id]
        TIME            [time]
        REGISTRY        registry (registry)
        WHO             ci-buidl (a claim: nothing was proved)
        FROM            127.0.0.1
        CREDENTIAL      a password of a user
        TRIED           GET /v2/
        ANSWER          401, with the reason credential-invalid
        DECIDED         user name and password match no account
        ACCOUNT         at present no account has this name; the most alike is ci-build
        NEEDED          the name of an account together with its secret
        ADVICE          look at both: a service principal logs in with its application
                        id and a client secret, a token with its name, a refresh token
                        with [id]
        COMMANDS        log in again, at the client
                          docker login HOST -u ci-build
                        look at what else came from there
                          naru events login --failed --since 1h --ip 127.0.0.1
        ----
        ");
        insta::assert_snapshot!(korean, @r"
        exit 0
        상관관계 ID  [id]
        시간         [time]
        레지스트리   registry(registry)
        누가         ci-buidl(요청에 적힌 이름이며 확인되지 않았습니다)
        출처         127.0.0.1
        자격 증명    사용자의 암호
        시도         GET /v2/
        응답         401, 이유 credential-invalid
        판단         이 사용자 이름과 암호에 해당하는 계정이 없습니다
        계정         현재 이 이름의 계정이 없습니다. 가장 비슷한 이름: ci-build
        필요했던 것  서로 맞는 계정 이름과 암호
        할 일        이름과 암호를 모두 확인하세요. 서비스 주체는 애플리케이션 ID와
                     클라이언트 암호, 토큰은 토큰 이름, 새로 고침 토큰은
                     [id]을 사용자 이름으로 씁니다
        명령         클라이언트에서 다시 로그인합니다
                       docker login HOST -u ci-build
                     같은 곳에서 온 다른 요청을 확인합니다
                       naru events login --failed --since 1h --ip 127.0.0.1
        ----
        ");
    });
    // As it was pasted.
    let pasted = world.shown(&format!("events show unauthorized: no. CorrelationId: {id}."));
    assert_eq!(pasted, english);
    let shown = world.json(&format!("events show {id}"));
    assert_eq!(shown["cause"]["code"], "credential-invalid");
    assert_eq!(shown["event"]["Identity"], "ci-buidl");
    let first = &shown["remedies"][0];
    assert_eq!(first["actor"], "you");
    assert_eq!(first["applicability"], "has-placeholders", "no domain, so no host to name");
}

#[test]
fn a_missing_right_is_told_with_the_command_that_gives_it() {
    let world = World::new();
    let made = world.json("token create -n ci-build --repository team/* content/read");
    let secret = made["credentials"]["passwords"][0]["value"].as_str().unwrap();
    assert_eq!(world.ask("ci-build", secret, "DELETE /v2/team/app/manifests/v1"), 403);
    let id = latest(&world);
    filters().bind(|| {
        insta::assert_snapshot!(world.shown(&format!("events show {id}")), @r"
        exit 0
        CORRELATION ID  [id]
        TIME            [time]
        REGISTRY        registry (registry)
        WHO             token ci-build
        FROM            127.0.0.1
        CREDENTIAL      a password of a repository token
        TRIED           DELETE /v2/team/app/manifests/v1: delete in team/app
        ANSWER          403, with the reason permission-scope-map
        DECIDED         the token's scope map has no rule for this repository or action
                        (scope map ci-build-scope-map covers it with team/*, without
                        this action)
        NEEDED          a rule in the scope map that gives content/delete on team/app
        ADVICE          add a rule: naru scope-map update -n MAP --add-repository
                        REPOSITORY content/read
        COMMANDS        add the rule to the scope map
                          naru scope-map update -n ci-build-scope-map --add-repository team/app content/delete
        ----
        ");
    });
    let shown = world.json(&format!("events show {id}"));
    let command = shown["remedies"][0]["commands"][0].as_array().unwrap().clone();
    let words: Vec<&str> = command.iter().map(|word| word.as_str().unwrap()).collect();
    assert_eq!(words[0], "naru");
    // What it says does it.
    let fixed = world.naru(&words[1..]).output().unwrap();
    assert!(fixed.status.success(), "{words:?}");
    assert_eq!(world.ask("ci-build", secret, "DELETE /v2/team/app/manifests/v1"), 404);
}

#[test]
fn what_is_no_id_and_what_is_no_event_is_said() {
    let world = World::new();
    insta::assert_snapshot!(world.shown("events show unauthorized"), @r"
    exit 2
    ----
    error: there is no correlation id in `unauthorized`
    hint: it stands at the end of a refusal's message, and in the header X-Ms-Correlation-Request-Id
    ");
    let english = world.shown("events show 0a1b2c3d-4e5f-4607-8899-aabbccddeeff");
    insta::assert_snapshot!(english, @r"
    exit 3
    ----
    error: there is no event `0a1b2c3d-4e5f-4607-8899-aabbccddeeff`
    hint: a request that was allowed may have been counted with its like, and the oldest events are deleted: see naru events login --failed --since 1h
    ");
    let korean = world.shown_in("ko_KR.UTF-8", "events show 0a1b2c3d-4e5f-4607-8899-aabbccddeeff");
    insta::assert_snapshot!(korean, @r"
    exit 3
    ----
    오류: 찾을 수 없습니다(이벤트): `0a1b2c3d-4e5f-4607-8899-aabbccddeeff`
    도움말: 허용된 요청은 같은 종류와 함께 세어졌을 수 있고, 오래된 이벤트는 삭제됩니다. 확인하세요: naru events login --failed --since 1h
    ");
}

#[test]
fn events_are_written_out_a_line_each() {
    let world = World::new();
    assert_eq!(world.login("nobody", "a guess"), 401);
    assert_eq!(world.login("owner", crate::support::PASSWORD), 200);
    let output = world.naru(&["events", "export"]).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
    let lines = String::from_utf8(output.stdout).unwrap();
    let events: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = events
        .iter()
        .map(|event| (event["Type"].as_str().unwrap(), event["Identity"].as_str().unwrap()))
        .collect();
    let login = "ContainerRegistryLoginEvents";
    assert_eq!(told, [(login, "nobody"), (login, "owner")]);
    let refused =
        world.naru(&["events", "export", "--failed", "--table", "login"]).output().unwrap();
    assert_eq!(String::from_utf8(refused.stdout).unwrap().lines().count(), 1);
    let none = world.naru(&["events", "export", "--table", "repository"]).output().unwrap();
    assert!(none.status.success() && none.stdout.is_empty());
}
