//! What does not work: exit codes, words in both languages, and one document in JSON.

use crate::support::{World, filters};

#[test]
fn no_server_is_exit_5_and_says_how_to_start_one() {
    let world = World::empty();
    filters().bind(|| {
        insta::assert_snapshot!(world.shown("token list"), @r"
        exit 5
        ----
        error: no server answers at DATA/naru.sock
        hint: start it: naru --data-dir DATA serve
        ");
        insta::assert_snapshot!(world.shown_in("ko_KR.UTF-8", "token list"), @r"
        exit 5
        ----
        오류: 서버가 응답하지 않습니다: DATA/naru.sock
        도움말: 다음 명령으로 시작하세요: naru --data-dir DATA serve
        ");
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
    filters().bind(|| {
        insta::assert_snapshot!(all.join("\n"), @r"
        token show -n nobody
        exit 3
        ----
        error: there is no token `nobody`
        hint: see what there is: naru token list

        token update -n nobody --status disabled
        exit 3
        ----
        error: there is no token `nobody`
        hint: see what there is: naru token list

        token create -n ci-build --scope-map nothing
        exit 3
        ----
        error: there is no scope map `nothing`
        hint: see what there is: naru scope-map list

        scope-map show -n nothing
        exit 3
        ----
        error: there is no scope map `nothing`
        hint: see what there is: naru scope-map list

        user delete -n nobody
        exit 3
        ----
        error: there is no user `nobody`
        hint: see what there is: naru user list

        sp credential reset -n nobody
        exit 3
        ----
        error: there is no service principal `nobody`
        hint: see what there is: naru sp list

        role assignment create --assignee nobody --role AcrPull
        exit 3
        ----
        error: there is no user or service principal `nobody`

        role assignment delete --assignee owner --role AcrPull
        exit 3
        ----
        error: there is no role assignment `AcrPull for owner on /subscriptions/[id]/resourceGroups/naru/providers/Microsoft.ContainerRegistry/registries/registry`
        hint: see what there is: naru role assignment list

        network-rule remove --ip-address 192.0.2.1
        exit 3
        ----
        error: there is no network rule `192.0.2.1`
        hint: see what there is: naru network-rule list

        token list -r elsewhere
        exit 3
        ----
        error: there is no registry `elsewhere`
        hint: see what there is: naru registry list
        ");
    });
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
    filters().bind(|| {
        insta::assert_snapshot!(all.join("\n"), @r"
        token create -n CI-build --repository team/app content/read
        exit 1
        ----
        error: the token `CI-build` exists already

        user create -n ci-build
        exit 1
        ----
        error: the login name `ci-build` is taken by another account (token): users, application ids, tokens and the admin user share one namespace

        user create -n Alice
        exit 1
        ----
        error: the user `Alice` exists already

        token create -n registry --scope-map _repositories_pull
        exit 1
        ----
        error: the login name `registry` is taken by another account (admin user): users, application ids, tokens and the admin user share one namespace

        scope-map delete -n ci-build-scope-map
        exit 1
        ----
        error: the scope map `ci-build-scope-map` is in use by token `ci-build`
        hint: give those another one first

        scope-map delete -n _repositories_pull
        exit 1
        ----
        error: `_repositories_pull` is a system scope map and cannot be changed
        hint: create one of your own: naru scope-map create

        role assignment create --assignee owner --role Owner --scope /
        exit 1
        ----
        error: the role assignment `Owner for owner on /` exists already
        ");
    });
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
    filters().bind(|| {
        insta::assert_snapshot!(all.join("\n"), @r"
        token create -n ci --scope-map _repositories_pull
        exit 2
        ----
        error: `ci` is not a token name: 5 to 50 letters, digits and `-`

        token create -n ci-build --repository 'team*' content/read
        exit 2
        ----
        error: `team*` is not a repository pattern: a name, a name that ends in /*, or *
        hint: did you mean `team/*`?

        token create -n ci-build --repository team/app pull
        exit 2
        ----
        error: `pull` is not an action of scope maps
        hint: there are: content/read content/write content/delete metadata/read metadata/write

        registry update
        exit 2
        ----
        error: nothing to change was given

        network-rule add --ip-address 192.0.2.7/24
        exit 2
        ----
        error: `192.0.2.7/24` is not an IP address or range such as 192.0.2.0/24 or 2001:db8::/32
        hint: did you mean `192.0.2.0/24`?

        events login --since yesterday
        exit 2
        ----
        error: `yesterday` is not a time such as 30m, 1h or 90d

        events login --reason credential-invald
        exit 2
        ----
        error: `credential-invald` is not a reason code
        hint: did you mean `credential-invalid`?

        exit 2
        ----
        error: a password has 8 to 1024 characters

        exit 2
        ----
        error: no password came on standard input
        ");
    });
    for usage in [
        "",
        "tokn list",
        "token create -n ci-build",
        "token create -n ci-build --repository team/app",
        "registry update --default-action maybe",
        "token list -o xml",
        "sp create -n deploy --expires-in soon",
    ] {
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
    filters().bind(|| {
        insta::assert_snapshot!(all.join("\n"), @r"
        token list
        exit 0
        이름      상태     범위 맵             만든 날짜
        ci-build  enabled  ci-build-scope-map  [day]
        ----

        token show -n ci-build
        exit 0
        이름         ci-build
        상태         enabled
        범위 맵      ci-build-scope-map
        사용자 이름  ci-build
        암호         password1  [hint]…
                     password2  [hint]…
        만든 날짜    [time]
        마지막 사용  -
        마지막 주소  -
        ID           /subscriptions/[id]/resourceGroups/naru/providers/Microsoft.ContainerRegistry/registries/registry/tokens/ci-build
        ----

        user list
        exit 0
        이름   사용  암호 설정  만든 날짜
        0      예    아니요     [day]
        owner  예    예         [day]
        ----

        token show -n nobody
        exit 3
        ----
        오류: 찾을 수 없습니다(토큰): `nobody`
        도움말: 다음 명령으로 목록을 확인하세요: naru token list

        token create -n ci-build --repository team/app content/read
        exit 1
        ----
        오류: 이미 있습니다(토큰): `ci-build`

        user create -n ci-build
        exit 1
        ----
        오류: 다른 계정(토큰)이 쓰는 로그인 이름입니다: `ci-build`. 사용자, 애플리케이션 ID, 토큰, 관리자 사용자의 이름은 서로 달라야 합니다

        token create -n other --repository 'team*' content/read
        exit 2
        ----
        오류: 리포지토리 패턴이 아닙니다: `team*`. 이름, /*로 끝나는 이름, 또는 *를 사용하세요
        도움말: 혹시 다음 값입니까? `team/*`

        scope-map delete -n ci-build-scope-map
        exit 1
        ----
        오류: 사용 중입니다(범위 맵): `ci-build-scope-map`. 사용하는 항목: 토큰 `ci-build`
        도움말: 먼저 다른 범위 맵을 지정하세요

        token --help
        exit 0
        리포지토리 토큰

        Usage: naru token [OPTIONS] <COMMAND>

        Commands:
          create      토큰을 만듭니다. 암호는 한 번만 표시됩니다
          credential  토큰의 암호
          delete      토큰을 삭제합니다. 범위 맵은 남습니다
          list        토큰 목록을 표시합니다
          show        토큰을 표시합니다
          update      토큰을 사용하거나 사용하지 않도록 설정하고, 다른 범위 맵을 지정합니다

        Options:
              --data-dir <DIR>
                  서버가 모든 내용을 두는 디렉터리

              --config <FILE>
                  설정 파일(TOML)

          -r, --registry <NAME>
                  대상 레지스트리(기본값: 첫 번째). 처음 시작할 때는 레지스트리의 이름

          -o, --output <FORM>
                  출력 형식

                  Possible values:
                  - json:     One JSON document
                  - markdown: For a ticket (check-health and explain alone)
                  - table:    For people
                  - yaml:     One YAML document
                  
                  [default: table]

              --lang <LANGUAGE>
                  언어: en 또는 ko(기본값: LANG을 따름)

              --log-level <FILTER>
                  기록할 로그 수준. 예: `info`, `naru_server=debug`

          -h, --help
                  Print help (see a summary with '-h')
        ----
        ");
    });
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
        for noun in [
            "registry list",
            "token list",
            "scope-map list",
            "user list",
            "sp list",
            "sp credential list -n deploy",
            "role assignment list",
            "network-rule list",
            "events login",
        ] {
            let shown = world.shown(&format!("{noun} --lang {language}"));
            assert!(shown.starts_with("exit 0"), "{shown}");
            for line in shown.lines() {
                assert!(line.width() <= 80, "{noun} in {language}: {line}");
            }
        }
    }
}
