//! Every use case decides, and does what it says.

use std::sync::Arc;

use naru_access::{
    Action, AssignmentId, Principal, PrincipalId, PrincipalKind, Rights, RoleAssignment, ScopeMap,
    ScopeMapRule, ScopePath, built_in_roles,
};
use naru_identity::secret::Secret;
use serde_json::{Value, json};

use super::*;
use crate::ambient::Ambient;
use crate::config::Config;
use crate::start::{self, OwnerPassword};

struct World {
    _directory: tempfile::TempDir,
    app: App,
    registry: Registry,
}

async fn world() -> World {
    let directory = tempfile::tempdir().unwrap();
    let config = Config::at(directory.path().join("data"), directory.path().join("naru.sock"));
    let owner = OwnerPassword::Given(Secret::new("correct horse".to_owned()));
    let lock = naru_store::DataDir::open(&config.data_dir).unwrap();
    let (app, _) = start::open(config, &lock, Ambient::of_this_machine(), owner).await.unwrap();
    let registry = find_registry(&app, None).await.unwrap();
    World { _directory: directory, app, registry }
}

impl World {
    fn caller(&self, rights: Rights) -> Caller {
        let principal = Principal {
            kind: PrincipalKind::User,
            id: PrincipalId(Uuid::from_u128(7)),
            name: "somebody".to_owned(),
            tenant: self.registry.tenant,
        };
        let holder = Holder { principal, rights, ceiling: None };
        let (correlation_id, language) = (Uuid::from_u128(1), Language::English);
        let time = self.app.now();
        Caller { holder, correlation_id, time, language, watch: None }
    }

    fn with_role(&self, role: &str, scope: ScopePath) -> Caller {
        let role = built_in_roles().into_iter().find(|one| one.name == role).unwrap();
        self.caller(Rights::Roles(Arc::new([RoleAssignment {
            id: AssignmentId(Uuid::from_u128(2)),
            role: Arc::new(role),
            scope,
            condition: None,
        }])))
    }

    async fn call(
        &self,
        caller: &Caller,
        noun: &str,
        verb: &str,
        request: Value,
    ) -> Result<Value, Failure> {
        let row = TABLE.iter().find(|row| (row.noun, row.verb) == (noun, verb)).unwrap();
        let view = row.run(&self.app, caller, &self.registry, request).await?;
        Ok(serde_json::from_slice(&view).unwrap())
    }

    /// As the operator, to whom nothing is denied.
    async fn done(&self, noun: &str, verb: &str, request: Value) -> Value {
        self.call(&self.caller(Rights::Operator), noun, verb, request).await.unwrap()
    }

    async fn refused(&self, noun: &str, verb: &str, request: Value) -> String {
        let failure =
            self.call(&self.caller(Rights::Operator), noun, verb, request).await.unwrap_err();
        let hint = failure.hint(Language::English).map(|hint| format!(" / {hint}"));
        format!(
            "{} {}: {failure}{}",
            failure.outcome().exit_code(),
            failure.code(),
            hint.unwrap_or_default()
        )
    }
}

/// A request for each use case, and the least role at the registry that may make it; of the whole
/// tenant where the directory is meant. Where content is meant, the right to it stands beside the
/// role: there an account of the registry may too.
const EXAMPLES: &[(&str, &str, &str, &str)] = &[
    (
        "can-i",
        "ask",
        r#"{"action":"pull","repository":"team/app","as":"user:owner"}"#,
        "Reader tenant",
    ),
    ("credential", "renew", r#"{"passwordName":"password"}"#, "Contributor"),
    ("credential", "show", "{}", "Contributor"),
    ("events", "export", r#"{"table":"login","filter":{}}"#, "Reader"),
    ("events", "login", "{}", "Reader"),
    ("events", "repository", "{}", "Reader"),
    ("events", "show", r#"{"id":"00000000-0000-4000-8000-000000000001"}"#, "Reader"),
    ("gc", "run", r#"{"lease":"24h","dryRun":true}"#, "Contributor tenant"),
    ("key", "list", "{}", "Reader tenant"),
    ("key", "revoke", r#"{"keyId":"nobody's"}"#, "Contributor tenant"),
    ("key", "rotate", r#"{"use":"registry"}"#, "Contributor tenant"),
    ("manifest", "delete", r#"{"image":"team/app@DIGEST"}"#, "Contributor content/delete"),
    ("manifest", "list-metadata", r#"{"repository":"team/app"}"#, "AcrPush metadata/read"),
    ("manifest", "list-referrers", r#"{"image":"team/app:v1"}"#, "AcrPush content/read"),
    ("manifest", "show", r#"{"image":"team/app:v1"}"#, "AcrPush content/read"),
    ("manifest", "show-metadata", r#"{"image":"team/app:v1"}"#, "AcrPush metadata/read"),
    (
        "manifest",
        "update-metadata",
        r#"{"image":"team/app:v1","writeEnabled":false}"#,
        "Contributor metadata/write",
    ),
    ("network-rule", "add", r#"{"ipAddress":"192.0.2.1"}"#, "Contributor"),
    ("network-rule", "list", "{}", "Reader"),
    ("network-rule", "remove", r#"{"ipAddress":"192.0.2.1"}"#, "Contributor"),
    ("network-rule", "try", r#"{"ipAddress":"192.0.2.1"}"#, "Contributor"),
    ("registry", "list", "{}", "Reader"),
    ("registry", "show", "{}", "Reader"),
    ("registry", "update", r#"{"adminEnabled":true}"#, "Contributor"),
    ("repository", "delete", r#"{"repository":"team/app"}"#, "Contributor content/delete"),
    ("repository", "list", "{}", "AcrPush catalog"),
    ("repository", "show", r#"{"repository":"team/app"}"#, "AcrPush metadata/read"),
    ("repository", "show-tags", r#"{"repository":"team/app"}"#, "AcrPush metadata/read"),
    ("repository", "untag", r#"{"image":"team/app:v1"}"#, "Contributor content/delete"),
    (
        "repository",
        "update",
        r#"{"repository":"team/app","writeEnabled":false}"#,
        "Contributor metadata/write",
    ),
    ("role-assignment", "create", r#"{"assignee":"owner","role":"AcrPull"}"#, "Owner"),
    ("role-assignment", "delete", r#"{"assignee":"owner","role":"AcrPull"}"#, "Owner"),
    ("role-assignment", "list", "{}", "Reader"),
    (
        "scope-map",
        "create",
        r#"{"name":"example","repositories":[{"repository":"*","actions":["content/read"]}]}"#,
        "Contributor",
    ),
    ("scope-map", "delete", r#"{"name":"example"}"#, "Contributor"),
    ("scope-map", "list", "{}", "Reader"),
    ("scope-map", "show", r#"{"name":"example"}"#, "Reader"),
    ("scope-map", "update", r#"{"name":"example","description":"x"}"#, "Contributor"),
    ("sp", "create", r#"{"name":"deploy"}"#, "Contributor tenant"),
    ("sp", "delete", r#"{"name":"deploy"}"#, "Contributor tenant"),
    ("sp", "list", "{}", "Reader tenant"),
    ("sp", "show", r#"{"name":"deploy"}"#, "Reader tenant"),
    ("sp", "update", r#"{"name":"deploy","enabled":true}"#, "Contributor tenant"),
    (
        "sp-credential",
        "delete",
        r#"{"name":"deploy","keyId":"00000000-0000-0000-0000-000000000001"}"#,
        "Contributor tenant",
    ),
    ("sp-credential", "list", r#"{"name":"deploy"}"#, "Reader tenant"),
    ("sp-credential", "reset", r#"{"name":"deploy"}"#, "Contributor tenant"),
    ("token", "create", r#"{"name":"example","scopeMap":"_repositories_pull"}"#, "Contributor"),
    ("token", "delete", r#"{"name":"example"}"#, "Contributor"),
    ("token", "list", "{}", "Reader"),
    ("token", "show", r#"{"name":"example"}"#, "Reader"),
    ("token", "update", r#"{"name":"example","status":"enabled"}"#, "Contributor"),
    ("token-credential", "delete", r#"{"name":"example","password1":true}"#, "Contributor"),
    ("token-credential", "generate", r#"{"name":"example"}"#, "Contributor"),
    ("user", "create", r#"{"name":"alice"}"#, "Contributor tenant"),
    ("user", "delete", r#"{"name":"alice"}"#, "Contributor tenant"),
    ("user", "list", "{}", "Reader tenant"),
    ("user", "show", r#"{"name":"alice"}"#, "Reader tenant"),
    ("user", "update", r#"{"name":"alice","enabled":true}"#, "Contributor tenant"),
    ("verify", "run", r#"{"resume":true}"#, "Contributor tenant"),
];

/// The actions of scope maps, each of which gives what it says and nothing else.
const WORDS: [&str; 5] =
    ["content/read", "content/write", "content/delete", "metadata/read", "metadata/write"];

/// What a token may do whose scope map has one rule.
fn scope_map(pattern: &str, word: &str) -> Rights {
    let actions = Action::from_scope_map_word(word).into_iter().collect();
    let rule = ScopeMapRule { pattern: pattern.parse().unwrap(), actions };
    Rights::ScopeMap(Arc::new(ScopeMap { name: "example".to_owned(), rules: vec![rule] }))
}

#[tokio::test]
async fn every_use_case_decides() {
    let world = world().await;
    let named: Vec<_> = TABLE.iter().map(|row| (row.noun, row.verb)).collect();
    let examples: Vec<_> = EXAMPLES.iter().map(|(noun, verb, ..)| (*noun, *verb)).collect();
    assert_eq!(named, examples, "each use case has its example");
    let here = world.registry.path();
    let ranks = ["", "AcrPush", "Reader", "Contributor", "Owner"];
    for (noun, verb, request, least) in EXAMPLES {
        let (least, reach) = least.split_once(' ').unwrap_or((least, ""));
        let tenant = reach == "tenant";
        let content = !tenant && !reach.is_empty();
        let digest = naru_oci::Digest::sha256(b"nothing").to_string();
        let request = &request.replace("DIGEST", &digest);
        let least = ranks.iter().position(|role| *role == least).unwrap();
        for (rank, role) in ranks.iter().enumerate() {
            for scope in [here.clone(), ScopePath::root()] {
                let reaches = !tenant || scope == ScopePath::root();
                let caller = if role.is_empty() {
                    world.caller(Rights::None)
                } else {
                    world.with_role(role, scope)
                };
                let request = serde_json::from_str(request).unwrap();
                let outcome = world.call(&caller, noun, verb, request).await;
                // What was decided, not whether there is such a thing: that comes after.
                let denied = matches!(&outcome, Err(Failure::Denied(_)))
                    || matches!(&outcome, Err(Failure::Refused(AdminError::Beyond(_))));
                let beyond = *noun == "role-assignment"
                    && matches!(&outcome, Err(Failure::Refused(AdminError::Beyond(_))));
                assert!(!beyond || rank >= least, "{noun} {verb} as {role}");
                assert_eq!(
                    denied && !beyond,
                    rank < least || !reaches,
                    "{noun} {verb} as {role}: {outcome:?}"
                );
            }
        }
        // The catalog comes with reading metadata everywhere, and not with less.
        let catalog = reach == "catalog";
        let word = if catalog { "metadata/read" } else { reach };
        let everywhere = |one: &&str| (scope_map("*", one), content && *one == word);
        let mut accounts: Vec<_> = WORDS.iter().map(everywhere).collect();
        accounts.push((scope_map("team/app", word), content && !catalog));
        accounts.push((scope_map("other/*", word), false));
        accounts.push((Rights::ScopeMap(Arc::default()), false));
        accounts.push((Rights::Admin, content));
        for (rights, may) in accounts {
            let request = serde_json::from_str(request).unwrap();
            let caller = world.caller(rights);
            let outcome = world.call(&caller, noun, verb, request).await;
            let denied = matches!(outcome, Err(Failure::Denied(_)));
            assert_eq!(denied, !may, "{noun} {verb} by {:?}: {outcome:?}", caller.holder.rights);
        }
    }
}

#[tokio::test]
async fn a_token_is_made_as_azure_makes_it() {
    let world = world().await;
    let rules = json!([{ "repository": "team/app", "actions": ["content/read", "content/write"] }]);
    let made = world
        .done(
            "token",
            "create",
            json!({ "name": "ci-build", "repositories": rules, "expirationInDays": 90 }),
        )
        .await;
    assert_eq!(made["status"], "enabled");
    assert!(made["scopeMapId"].as_str().unwrap().ends_with("/scopeMaps/ci-build-scope-map"));
    assert_eq!(made["credentials"]["username"], "ci-build");
    let passwords = made["credentials"]["passwords"].as_array().unwrap();
    let names: Vec<_> = passwords.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["password1", "password2"]);
    assert!(passwords.iter().all(
        |one| one["value"].as_str().unwrap().starts_with("narut") && one["expiry"].is_string()
    ));
    let shown = world.done("token", "show", json!({ "name": "CI-build" })).await;
    assert!(shown["credentials"]["passwords"][0]["value"].is_null());
    let map = world.done("scope-map", "show", json!({ "name": "ci-build-scope-map" })).await;
    assert_eq!(
        map["actions"],
        json!(["repositories/team/app/content/read", "repositories/team/app/content/write"])
    );
    let again = world
        .done("token-credential", "generate", json!({ "name": "ci-build", "password1": true }))
        .await;
    assert_eq!(again["passwords"].as_array().unwrap().len(), 1);
    assert!(again["passwords"][0]["expiry"].is_null());
    assert_ne!(again["passwords"][0]["value"], passwords[0]["value"]);
    assert_eq!(
        world.done("token", "update", json!({ "name": "ci-build", "status": "disabled" })).await["status"],
        "disabled"
    );
}

#[tokio::test]
async fn admin_passwords_are_read_back_and_renewed_one_by_one() {
    let world = world().await;
    let first = world.done("credential", "show", json!({})).await;
    assert_eq!(first, world.done("credential", "show", json!({})).await);
    assert_eq!(first["username"], "registry");
    let renewed = world.done("credential", "renew", json!({ "passwordName": "password2" })).await;
    assert_eq!(first["passwords"][0], renewed["passwords"][0]);
    assert_ne!(first["passwords"][1], renewed["passwords"][1]);
    let text = world.refused("credential", "renew", json!({ "passwordName": "password1" })).await;
    assert!(text.starts_with("3 not-found"), "{text}");
}

#[tokio::test]
async fn a_reset_kills_the_old_secrets_unless_it_appends() {
    let world = world().await;
    let made = world.done("sp", "create", json!({ "name": "deploy", "expiresIn": "30d" })).await;
    assert!(made["password"].as_str().unwrap().starts_with("narus"));
    let listed = |append| {
        let world = &world;
        async move {
            let reset = world
                .done("sp-credential", "reset", json!({ "name": "deploy", "append": append }))
                .await;
            let secrets = world.done("sp-credential", "list", json!({ "name": "deploy" })).await;
            assert!(!secrets.to_string().contains(reset["password"].as_str().unwrap()));
            secrets.as_array().unwrap().iter().map(|one| one["keyId"].clone()).collect::<Vec<_>>()
        }
    };
    let both = listed(true).await;
    assert!(both.contains(&made["keyId"]) && both.len() == 2);
    let one = listed(false).await;
    assert!(!one.contains(&made["keyId"]) && one.len() == 1);
    world.done("sp-credential", "delete", json!({ "name": "deploy", "keyId": one[0] })).await;
    assert_eq!(world.done("sp-credential", "list", json!({ "name": "deploy" })).await, json!([]));
}

#[tokio::test]
async fn roles_are_assigned_and_taken_back() {
    let world = world().await;
    world.done("user", "create", json!({ "name": "alice", "password": "long enough" })).await;
    world.done("sp", "create", json!({ "name": "deploy" })).await;
    for assignee in ["alice", "deploy"] {
        let made = world
            .done("role-assignment", "create", json!({ "assignee": assignee, "role": "acrpull" }))
            .await;
        assert_eq!(made["roleDefinitionName"], "AcrPull");
        assert_eq!(made["scope"], world.registry.path().as_str());
        let listed = world.done("role-assignment", "list", json!({ "assignee": assignee })).await;
        assert_eq!(listed, json!([made]));
        let gone = world
            .done("role-assignment", "delete", json!({ "assignee": assignee, "role": "AcrPull" }))
            .await;
        assert_eq!(gone, listed);
    }
    let owner = world
        .done("role-assignment", "list", json!({ "assignee": "owner", "role": "Owner" }))
        .await;
    let id = owner[0]["id"].as_str().unwrap();
    assert_eq!(world.done("role-assignment", "delete", json!({ "id": id })).await, owner);
}

#[tokio::test]
async fn settings_and_network_rules_are_changed_and_shown() {
    let world = world().await;
    let update = json!({ "anonymousPullEnabled": true, "defaultAction": "deny", "denials": "azure", "publicNetworkEnabled": false });
    let updated = world.done("registry", "update", update).await;
    assert_eq!(updated["anonymousPullEnabled"], true);
    assert_eq!(updated["networkRuleSet"]["defaultAction"], "Deny");
    assert_eq!(updated["publicNetworkAccess"], "Disabled");
    assert_eq!(updated["denials"], "azure");
    assert_eq!(updated["loginServer"], "127.0.0.1:5000");
    let rule = json!({ "ipAddress": "192.0.2.0/24" });
    let rules = json!([{ "action": "Allow", "ipAddressOrRange": "192.0.2.0/24" }]);
    assert_eq!(world.done("network-rule", "add", rule.clone()).await, rules);
    assert_eq!(world.done("network-rule", "add", rule.clone()).await, rules);
    assert_eq!(world.done("network-rule", "remove", rule).await, json!([]));
}

#[tokio::test]
async fn what_cannot_be_done_says_why_and_what_to_do() {
    let world = world().await;
    world.done("user", "create", json!({ "name": "alice" })).await;
    let rule = |pattern: &str, word: &str| json!({ "name": "example", "repositories": [{ "repository": pattern, "actions": [word] }] });
    let mut told = Vec::new();
    for (noun, verb, request) in [
        ("token", "show", json!({ "name": "nobody" })),
        ("token", "create", json!({ "name": "alice", "scopeMap": "_repositories_pull" })),
        ("token", "create", json!({ "name": "alic", "scopeMap": "_repositories_pull" })),
        ("token", "create", json!({ "name": "ci-build" })),
        ("user", "create", json!({ "name": "alice" })),
        ("user", "update", json!({ "name": "alice", "password": "short" })),
        ("user", "update", json!({ "name": "alice", "password": "eyJ0.eyJ0.x" })),
        ("user", "update", json!({ "name": "alice" })),
        ("scope-map", "create", rule("team*", "content/read")),
        ("scope-map", "create", rule("team/app", "content/raed")),
        ("scope-map", "create", rule("team/app", "pull")),
        ("scope-map", "delete", json!({ "name": "_repositories_pull" })),
        ("network-rule", "add", json!({ "ipAddress": "192.0.2.7/24" })),
        ("events", "login", json!({ "since": "yesterday" })),
        ("events", "login", json!({ "reason": "credential-invald" })),
        ("events", "login", json!({ "ip": "192.0.2.0/24" })),
        ("role-assignment", "create", json!({ "assignee": "alice", "role": "AcrPul" })),
        (
            "role-assignment",
            "create",
            json!({ "assignee": "alice", "role": "AcrPull", "scope": "here" }),
        ),
        ("registry", "update", json!({ "adminEnbled": true })),
    ] {
        told.push(format!("{noun} {verb}: {}", world.refused(noun, verb, request).await));
    }
    insta::assert_snapshot!(told.join("\n"), @r"
    token show: 3 not-found: there is no token `nobody` / see what there is: naru token list
    token create: 1 name-taken: the login name `alice` is taken by another account (user): users, application ids, tokens and the admin user share one namespace
    token create: 2 request-invalid: `alic` is not a token name: 5 to 50 letters, digits and `-`
    token create: 2 request-invalid: a token needs a scope map, or repositories with their actions
    user create: 1 exists: the user `alice` exists already
    user update: 2 request-invalid: a password has 8 to 1024 characters
    user update: 2 request-invalid: a token cannot be a password
    user update: 2 request-invalid: nothing to change was given
    scope-map create: 2 request-invalid: `team*` is not a repository pattern: a name, a name that ends in /*, or * / did you mean `team/*`?
    scope-map create: 2 request-invalid: `content/raed` is not an action of scope maps / did you mean `content/read`?
    scope-map create: 2 request-invalid: `pull` is not an action of scope maps / there are: content/read content/write content/delete metadata/read metadata/write
    scope-map delete: 1 system-scope-map: `_repositories_pull` is a system scope map and cannot be changed / create one of your own: naru scope-map create
    network-rule add: 2 request-invalid: `192.0.2.7/24` is not an IP address or range such as 192.0.2.0/24 or 2001:db8::/32 / did you mean `192.0.2.0/24`?
    events login: 2 request-invalid: `yesterday` is not a time such as 30m, 1h or 90d
    events login: 2 request-invalid: `credential-invald` is not a reason code / did you mean `credential-invalid`?
    events login: 2 request-invalid: `192.0.2.0/24` is not an IP address such as 192.0.2.7 or 2001:db8::1
    role-assignment create: 3 not-found: there is no role `AcrPul`
    role-assignment create: 2 request-invalid: a scope is `/`, or a path such as /subscriptions/ID/resourceGroups/NAME
    registry update: 2 request-invalid: the request cannot be read: unknown field `adminEnbled`, expected one of `adminEnabled`, `anonymousPullEnabled`, `publicNetworkEnabled`, `defaultAction`, `denials`, `sparseManifestsEnabled`
    ");
}

#[tokio::test]
async fn a_password_of_the_generated_form_is_stored_as_one_and_belongs_to_one_account() {
    let world = world().await;
    let token = world
        .done("token", "create", json!({ "name": "ci-build", "scopeMap": "_repositories_pull" }))
        .await;
    let taken = &token["credentials"]["passwords"][0]["value"];
    let text = world.refused("user", "create", json!({ "name": "alice", "password": taken })).await;
    assert!(text.starts_with("2 request-invalid"), "{text}");
    let entropy = world.app.ambient.entropy.as_ref();
    let own = naru_identity::secret::generate(naru_identity::secret::SecretKind::User, entropy);
    world.done("user", "create", json!({ "name": "alice", "password": own.expose() })).await;
    let tag = naru_identity::secret::hash(&world.app.secret_key, own.expose());
    let account =
        world.app.store.metadata().account_by_secret(world.registry.tenant, tag).await.unwrap();
    assert_eq!(account.unwrap().principal.name, "alice");
}

#[tokio::test]
async fn a_change_of_content_is_written_down_with_the_id_of_its_request() {
    let world = world().await;
    let text = r#"{"schemaVersion":2,"manifests":[]}"#;
    let digest = naru_oci::Digest::sha256(text.as_bytes());
    let operator = world.caller(Rights::Operator);
    let (repository, place) = ("team/app".parse().unwrap(), world.registry.place());
    let place = naru_access::InRepository { registry: place, repository };
    let push =
        content::allow_content::<naru_access::Push>(&operator, &world.registry, place).unwrap();
    let put = async || {
        let new = naru_store::NewManifest {
            digest,
            bytes: text.into(),
            manifest: naru_oci::Manifest::parse(None, text.as_bytes()).unwrap(),
            tags: vec!["v1".parse().unwrap(), "v2".parse().unwrap()],
            sparse: false,
            created: now(&world.app),
        };
        let access = content::allow_content(&operator, &world.registry, push.place().clone());
        let access: Access<naru_access::WriteMetadata> = access.unwrap();
        let item = naru_store::Item::Repository;
        let event =
            content::event(&world.app, &operator, &world.registry, &access, ("Push", &item));
        metadata(&world.app).put_manifest(&push, new, event).await.unwrap().unwrap();
    };
    put().await;
    let caller = |id| Caller { correlation_id: Uuid::from_u128(id), ..operator.clone() };
    for (id, verb, request) in [
        (11, "update", json!({ "repository": "team/app", "listEnabled": true })),
        (12, "untag", json!({ "image": "team/app:v2" })),
        (13, "delete", json!({ "image": "team/app:v1" })),
    ] {
        world.call(&caller(id), "repository", verb, request).await.unwrap();
    }
    put().await;
    let by_digest = json!({ "image": format!("team/app@{digest}") });
    world.call(&caller(14), "manifest", "delete", by_digest).await.unwrap();
    world
        .call(&caller(15), "repository", "delete", json!({ "repository": "team/app" }))
        .await
        .unwrap();
    let gone = json!({ "repository": "team/app" });
    world.call(&caller(16), "repository", "delete", gone).await.unwrap_err();
    let events = world.done("events", "repository", json!({})).await;
    let told = events.as_array().unwrap().iter().rev().map(|event| {
        let id = event["CorrelationId"].as_str().unwrap().rsplit_once('0').unwrap().1;
        let text =
            |key: &str| event[key].as_str().unwrap_or("-").replace(&digest.to_string(), "DIGEST");
        let [operation, tag, digest] = ["OperationName", "Tag", "Digest"].map(text);
        let [identity, credential] = ["Identity", "Credential"].map(text);
        format!("{id} {operation} {tag} {digest} by {identity} ({credential})")
    });
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r"
    1 Push - - by somebody (user)
    b Update - - by somebody (user)
    c Untag v2 - by somebody (user)
    d Delete v1 DIGEST by somebody (user)
    1 Push - - by somebody (user)
    e Delete - DIGEST by somebody (user)
    f Delete - - by somebody (user)
    ");
}

#[tokio::test]
async fn one_collection_and_one_verification_run_at_a_time() {
    let world = world().await;
    let turn = (world.app.upkeep.collect().unwrap(), world.app.upkeep.verify().unwrap());
    let told = world.refused("gc", "run", json!({})).await;
    assert_eq!(told, "1 already-running: a collection is running already");
    let told = world.refused("verify", "run", json!({})).await;
    assert_eq!(told, "1 already-running: a verification is running already");
    drop(turn);
    assert_eq!(world.done("gc", "run", json!({})).await["leaseSeconds"], 86_400);
    assert_eq!(world.done("verify", "run", json!({})).await["clean"], true);
    let told = world.refused("gc", "run", json!({ "lease": "soon" })).await;
    assert!(told.starts_with("2 request-invalid"), "{told}");
}

#[tokio::test]
async fn what_runs_ends_when_the_server_stops_or_nobody_listens() {
    let world = world().await;
    let (watch, mut lines) = watch::lines();
    let caller = Caller { watch: Some(watch), ..world.caller(Rights::Operator) };
    let whole = world.call(&caller, "verify", "run", json!({})).await.unwrap();
    assert_eq!((&whole["interrupted"], &whole["clean"]), (&json!(false), &json!(true)));
    let first = http_body_util::BodyExt::frame(&mut lines).await.unwrap().unwrap();
    let first: Value = serde_json::from_slice(first.data_ref().unwrap()).unwrap();
    assert_eq!(first["progress"]["step"], "database");
    drop(lines);
    for (noun, verb) in [("gc", "run"), ("verify", "run")] {
        let ended = world.call(&caller, noun, verb, json!({})).await.unwrap();
        assert_eq!(ended["interrupted"], true, "{noun}");
    }
    world.app.upkeep.stop();
    for (noun, verb) in [("gc", "run"), ("verify", "run")] {
        assert_eq!(world.done(noun, verb, json!({})).await["interrupted"], true, "{noun}");
    }
}
