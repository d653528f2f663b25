//! Every literal form of the command line's contract, and what each prints.

use serde_json::{Value, json};

use crate::support::{World, filters};

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

fn has(value: &Value, wanted: &[&str]) {
    for key in wanted {
        assert!(value.as_object().unwrap().contains_key(*key), "{key} is missing in {value}");
    }
}

#[test]
fn tokens_are_made_listed_disabled_and_deleted() {
    let world = World::new();
    let made = world.json("token create -n ci-build --repository team/app content/read content/write --repository 'team/*' content/read --expiration-in-days 90");
    has(&made, &["name", "id", "status", "scopeMapId", "creationDate", "credentials"]);
    assert_eq!((&made["name"], &made["status"]), (&json!("ci-build"), &json!("enabled")));
    let passwords = made["credentials"]["passwords"].as_array().unwrap();
    assert_eq!(made["credentials"]["username"], "ci-build");
    for (password, name) in passwords.iter().zip(["password1", "password2"]) {
        has(password, &["name", "value", "creationTime", "expiry"]);
        assert_eq!(password["name"], name);
        assert_eq!(world.login("ci-build", password["value"].as_str().unwrap()), 200);
    }
    let map = world.json("scope-map show -n ci-build-scope-map");
    let actions = json!([
        "repositories/team/app/content/read",
        "repositories/team/app/content/write",
        "repositories/team/*/content/read"
    ]);
    assert_eq!(map["actions"], actions);
    filters().bind(|| {
        insta::assert_snapshot!(world.shown("token list"), @r"
        exit 0
        NAME      STATUS   SCOPE MAP           CREATED
        ci-build  enabled  ci-build-scope-map  [day]
        ----
        ");
        insta::assert_snapshot!(world.shown("token show -n ci-build"), @r"
        exit 0
        NAME          ci-build
        STATUS        enabled
        SCOPE MAP     ci-build-scope-map
        USER NAME     ci-build
        PASSWORDS     password1  [hint]…  until [day]
                      password2  [hint]…  until [day]
        CREATED       [time]
        LAST USE      [time]
        LAST ADDRESS  127.0.0.1
        ID            /subscriptions/[id]/resourceGroups/naru/providers/Microsoft.ContainerRegistry/registries/registry/tokens/ci-build
        ----
        ");
        insta::assert_snapshot!(world.shown("token show -n ci-build -o yaml"), @r#"
        exit 0
        name: ci-build
        id: >-
          /subscriptions/[id]/resourceGroups/naru/providers/Microsoft.ContainerRegistry/registries/registry/tokens/ci-build
        objectId: [id]
        status: enabled
        scopeMapId: >-
          /subscriptions/[id]/resourceGroups/naru/providers/Microsoft.ContainerRegistry/registries/registry/scopeMaps/ci-build-scope-map
        creationDate: "[time]"
        credentials:
          username: ci-build
          passwords:
          - name: password1
            value: null
            hint: [hint]
            creationTime: "[time]"
            expiry: "[time]"
          - name: password2
            value: null
            hint: [hint]
            creationTime: "[time]"
            expiry: "[time]"
        lastUse:
          time: "[time]"
          address: "127.0.0.1"
        ----
        "#);
    });
    assert_eq!(world.json("token update -n ci-build --status disabled")["status"], "disabled");
    assert_eq!(world.login("ci-build", passwords[0]["value"].as_str().unwrap()), 401);
    assert_eq!(
        world.json("token delete -n ci-build"),
        json!({ "name": "ci-build", "deleted": true })
    );
    assert_eq!(world.json("token list"), json!([]));
}

#[test]
fn a_token_takes_a_scope_map_that_exists_and_its_passwords_are_renewed_one_by_one() {
    let world = World::new();
    world.json("scope-map create -n team-read --repository 'team/*' content/read metadata/read");
    let made = world.json("token create -n ci-build --scope-map team-read");
    assert!(made["scopeMapId"].as_str().unwrap().ends_with("/scopeMaps/team-read"));
    assert!(made["credentials"]["passwords"][0]["expiry"].is_null());
    let old = made["credentials"]["passwords"][0]["value"].as_str().unwrap();
    let sibling = made["credentials"]["passwords"][1]["value"].as_str().unwrap();
    let new = world.json("token credential generate -n ci-build --password1");
    assert_eq!(keys(&new), ["passwords", "username"]);
    assert_eq!(
        (&new["username"], new["passwords"].as_array().unwrap().len()),
        (&json!("ci-build"), 1)
    );
    let value = new["passwords"][0]["value"].as_str().unwrap();
    let logins = [value, sibling, old].map(|password| world.login("ci-build", password));
    assert_eq!(logins, [200, 200, 401]);
    assert_eq!(
        world.json("token credential generate -n ci-build")["passwords"].as_array().unwrap().len(),
        2
    );
    world.json("token credential delete -n ci-build --password2");
    let left = world.json("token show -n ci-build");
    assert_eq!(left["credentials"]["passwords"].as_array().unwrap().len(), 1);
    world.json("scope-map update -n team-read --add-repository other content/read --remove-repository 'team/*' metadata/read --description 'read only'");
    filters().bind(|| {
        insta::assert_snapshot!(world.shown("scope-map show -n team-read"), @r"
        exit 0
        NAME         team-read
        DESCRIPTION  read only
        TYPE         UserDefined
        ACTIONS      team/*  content/read
                     other  content/read
        CREATED      [time]
        ID           /subscriptions/[id]/resourceGroups/naru/providers/Microsoft.ContainerRegistry/registries/registry/scopeMaps/team-read
        ----
        ");
        insta::assert_snapshot!(world.shown("scope-map list"), @r"
        exit 0
        NAME                               TYPE           ACTIONS
        _repositories_admin                SystemDefined  *  content/read
                                                          *  content/write
                                                          *  content/delete
                                                          *  metadata/read
                                                          *  metadata/write
        _repositories_pull                 SystemDefined  *  content/read
        _repositories_pull_metadata_read   SystemDefined  *  content/read
                                                          *  metadata/read
        _repositories_push                 SystemDefined  *  content/read
                                                          *  content/write
        _repositories_push_metadata_write  SystemDefined  *  content/read
                                                          *  content/write
                                                          *  metadata/read
                                                          *  metadata/write
        team-read                          UserDefined    team/*  content/read
                                                          other  content/read
        ----
        ");
        insta::assert_snapshot!(world.shown("token credential generate -n ci-build --password2 --expiration-in-days 1"), @r"
        exit 0
        USER NAME  ci-build
        PASSWORDS  password2  [secret]  until [day]
        ----
        keep it now: it is not shown again
        ");
    });
}

#[test]
fn the_admin_user_is_switched_on_and_its_passwords_are_read_back_and_renewed() {
    let world = World::new();
    let shown = world.json("credential show");
    has(&shown, &["username", "passwords"]);
    assert_eq!(shown["username"], "registry");
    assert_eq!(keys(&shown["passwords"][0]), ["name", "value"]);
    let password = shown["passwords"][0]["value"].as_str().unwrap();
    assert_eq!(world.login("registry", password), 401);
    world.json("registry update --admin-enabled true");
    assert_eq!(world.login("registry", password), 200);
    let renewed = world.json("credential renew --password-name password");
    assert_eq!(world.login("registry", password), 401);
    assert_eq!(world.login("registry", renewed["passwords"][0]["value"].as_str().unwrap()), 200);
    assert_eq!(shown["passwords"][1], renewed["passwords"][1]);
    filters().bind(|| {
        insta::assert_snapshot!(world.shown("credential show"), @r"
        exit 0
        USER NAME  registry
        ENABLED    yes
        PASSWORDS  password  [secret]
                   password2  [secret]
        ----
        ");
    });
}

#[test]
fn users_are_made_and_their_passwords_set() {
    let world = World::new();
    filters().bind(|| {
        insta::assert_snapshot!(world.fed("user create -n alice --password-stdin", "correct horse\r\n"), @r"
        exit 0
        NAME          alice
        ENABLED       yes
        PASSWORD SET  yes
        CREATED       [time]
        ID            [id]
        ----
        ");
        insta::assert_snapshot!(world.shown("user create -n bob"), @r"
        exit 0
        NAME          bob
        ENABLED       yes
        PASSWORD SET  no
        CREATED       [time]
        ID            [id]
        ----
        the user cannot log in yet: set a password with `naru user update -n NAME --password-stdin`
        ");
        insta::assert_snapshot!(world.shown("user list"), @r"
        exit 0
        NAME   ENABLED  PASSWORD SET  CREATED
        alice  yes      yes           [day]
        bob    yes      no            [day]
        owner  yes      yes           [day]
        ----
        ");
    });
    assert_eq!(world.login("ALICE", "correct horse"), 200);
    world.fed("user update -n alice --password-stdin", "another horse");
    assert_eq!(
        ["correct horse", "another horse"].map(|word| world.login("alice", word)),
        [401, 200]
    );
    assert_eq!(world.json("user update -n alice --enabled false")["enabled"], false);
    assert_eq!(world.login("alice", "another horse"), 401);
    world.json("user delete -n alice");
    assert_eq!(world.json("user list").as_array().unwrap().len(), 2);
}

#[test]
fn service_principals_have_secrets_that_are_reset_and_deleted() {
    let world = World::new();
    let made = world.json("sp create -n deploy --expires-in 365d");
    has(&made, &["appId", "displayName", "password", "tenant"]);
    let (id, first) = (made["appId"].as_str().unwrap(), made["password"].as_str().unwrap());
    assert_eq!(world.login(id, first), 200);
    let second = world.json("sp credential reset -n deploy --append");
    let second = second["password"].as_str().unwrap();
    assert_eq!([first, second].map(|secret| world.login(id, secret)), [200, 200]);
    filters().bind(|| {
        insta::assert_snapshot!(world.shown("sp list"), @r"
        exit 0
        NAME    APPLICATION ID                        ENABLED  SECRETS
        deploy  [id]  yes      2
        ----
        ");
        insta::assert_snapshot!(world.shown("sp credential list -n deploy"), @r"
        exit 0
        KEY ID                                BEGINS WITH  CREATED     EXPIRES
        [id]  [hint]     [day]  [day]
        [id]  [hint]     [day]  [day]
        ----
        ");
    });
    let third = world.json("sp credential reset -n deploy");
    has(&third, &["appId", "displayName", "password", "tenant"]);
    let third = third["password"].as_str().unwrap();
    assert_eq!([first, second, third].map(|secret| world.login(id, secret)), [401, 401, 200]);
    let listed = world.json("sp credential list -n deploy");
    assert!(!listed.to_string().contains(third));
    world.json(&format!(
        "sp credential delete -n deploy --key-id {}",
        listed[0]["keyId"].as_str().unwrap()
    ));
    assert_eq!(world.login(id, third), 401);
    assert_eq!(world.json("sp update -n deploy --enabled false")["enabled"], false);
    world.json("sp delete -n deploy");
    assert_eq!(world.json("sp list"), json!([]));
}

#[test]
fn roles_are_assigned_listed_and_taken_back() {
    let world = World::new();
    world.fed("user create -n alice --password-stdin", "correct horse");
    filters().bind(|| {
        insta::assert_snapshot!(world.shown("role assignment create --assignee alice --role AcrPull"), @r"
        exit 0
        ASSIGNEE    alice
        TYPE        User
        ROLE        AcrPull
        ASSIGNMENT  [id]
        CREATED     [time]
        SCOPE       /subscriptions/[id]/resourceGroups/naru/providers/Microsoft.ContainerRegistry/registries/registry
        ----
        ");
        insta::assert_snapshot!(world.shown("role assignment list"), @r"
        exit 0
        ASSIGNEE                              ROLE     SCOPE
        ASSIGNMENT
        owner                                 Owner    /
        [id]
        alice                                 AcrPull  registry
        [id]
        ----
        ");
    });
    let made = world.json("role assignment create --assignee alice --role AcrPush --scope /");
    assert_eq!(world.json("role assignment list --assignee alice").as_array().unwrap().len(), 2);
    world.json(&format!("role assignment delete --id {}", made["id"].as_str().unwrap()));
    world.json("role assignment delete --assignee alice --role AcrPull");
    assert_eq!(world.json("role assignment list --assignee alice"), json!([]));
}

#[test]
fn a_registry_is_set_and_its_network_rules_hold() {
    let world = World::new();
    let updated = world.json("registry update --anonymous-pull-enabled true --default-action deny");
    assert_eq!(updated["anonymousPullEnabled"], true);
    assert_eq!(updated["loginServer"], world.server().address());
    assert_eq!(world.login("owner", crate::support::PASSWORD), 403);
    world.json("network-rule add --ip-address 192.0.2.0/24");
    world.json("network-rule add --ip-address 127.0.0.1");
    assert_eq!(world.login("owner", crate::support::PASSWORD), 200);
    filters().bind(|| {
        insta::assert_snapshot!(world.shown("network-rule list"), @r"
        exit 0
        ADDRESS       ACTION
        127.0.0.1     Allow
        192.0.2.0/24  Allow
        ----
        ");
        insta::assert_snapshot!(world.shown("registry show"), @r"
        exit 0
        NAME              registry
        LOGIN SERVER      127.0.0.1:[port]
        ADMIN USER        no
        ANONYMOUS PULL    yes
        PUBLIC NETWORK    Enabled
        DEFAULT ACTION    Deny
        NETWORK RULES     127.0.0.1
                          192.0.2.0/24
        DENIALS           explained
        SPARSE MANIFESTS  no
        CREATED           [time]
        ID                /subscriptions/[id]/resourceGroups/naru/providers/Microsoft.ContainerRegistry/registries/registry
        ----
        ");
        insta::assert_snapshot!(world.shown("registry list"), @r"
        exit 0
        NAME      LOGIN SERVER     ADMIN USER  ANONYMOUS PULL
        registry  127.0.0.1:[port]  no          yes
        ----
        ");
    });
    world.json("network-rule remove --ip-address 127.0.0.1");
    assert_eq!(world.login("owner", crate::support::PASSWORD), 403);
    world.json("registry update --public-network-enabled false --denials azure --sparse-manifests-enabled true");
    assert_eq!(world.json("registry show -n REGISTRY")["publicNetworkAccess"], "Disabled");
}

#[test]
fn a_refused_login_is_found_among_the_events() {
    let world = World::new();
    assert_eq!(world.login("owner", "a wrong password"), 401);
    let events = world.json("events login --failed --since 1h");
    let event = &events.as_array().unwrap()[0];
    has(
        event,
        &[
            "TimeGenerated",
            "CorrelationId",
            "OperationName",
            "Identity",
            "Credential",
            "CallerIpAddress",
            "ResultDescription",
            "Reason",
            "LoginServer",
            "UserAgent",
            "Count",
            "_BilledSize",
            "Category",
            "DurationMs",
            "_IsBillable",
            "JwtId",
            "Region",
            "_ResourceId",
            "ResultType",
            "SourceSystem",
            "_SubscriptionId",
            "TenantId",
            "Type",
        ],
    );
    assert_eq!(event["Identity"], "owner");
    assert_eq!(
        (&event["ResultDescription"], &event["Reason"]),
        (&json!("401"), &json!("credential-invalid"))
    );
    assert_eq!(world.json("events login --reason permission-pull"), json!([]));
    assert_eq!(world.json("events login --identity nobody --ip 192.0.2.1 --top 3"), json!([]));
    assert_eq!(world.json("events repository --since 1h"), json!([]));
    filters().bind(|| {
        insta::assert_snapshot!(world.shown("events login --failed"), @r"
        exit 0
        TIME                  REASON              IDENTITY
        COUNT                 REPOSITORY          ADDRESS
        CORRELATION ID
        [time]  credential-invalid  owner
        1                     -                   127.0.0.1
        [id]
        ----
        ");
    });
}

#[test]
fn keys_are_listed_rotated_and_revoked() {
    let world = World::new();
    let keys = world.json("key rotate --use registry");
    let honoured = keys.as_array().unwrap().iter().find(|key| key["state"] == "honoured").unwrap();
    let id = honoured["keyId"].as_str().unwrap().to_owned();
    let shown = [
        world.shown("key list"),
        world.shown_in("ko_KR.UTF-8", &format!("key revoke --key-id={id}")),
        world.shown("key revoke --key-id nobody"),
    ];
    for line in shown.iter().flat_map(|text| text.lines()).take(8) {
        assert!(unicode_width::UnicodeWidthStr::width(line) <= 80, "{line}");
    }
    let mut settings = filters();
    settings.add_filter(r"[\w-]{43}", "[key]");
    settings.bind(|| {
        insta::assert_snapshot!(shown.join("\n"), @r"
        exit 0
        KEY ID                                       USE       SIGNS FROM
                                                     STATE     HONOURED UNTIL
        [key]  issuer    [time]
                                                     signing   -
        [key]  registry  [time]
                                                     signing   -
        [key]  registry  [time]
                                                     honoured  [time]
        ----

        exit 0
        키 ID                                        용도      서명 시작
                                                     상태      유효 기한
        [key]  issuer    [time]
                                                     signing   -
        [key]  registry  [time]
                                                     signing   -
        ----
        이 키로 서명한 토큰은 더 이상 쓸 수 없습니다. 레지스트리 키: 디렉터리 계정으로 한 로그인(az acr login)이 끝나므로 다시 로그인합니다. 암호를 쓰는 클라이언트는 새 토큰을 스스로 받습니다. 발급자 키: 디렉터리의 토큰(az login)이 끝나므로 다시 받습니다

        exit 3
        ----
        error: there is no signing key `nobody`
        hint: see what there is: naru key list
        ");
    });
}
