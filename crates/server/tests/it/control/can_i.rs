//! Asking without doing: the answer is the one that a client would get, with each rule looked at.

use jiff::SignedDuration;
use naru_testkit::{Kit, Login};
use serde_json::{Value, json};

async fn asked(kit: &Kit, action: &str, repository: &str, who: &str) -> Value {
    let request = json!({ "action": action, "repository": repository, "as": who });
    kit.admin("can-i", "ask", request).await
}

/// The lines of a trace of one kind: `rule | matched | why`.
fn steps(decision: &Value, kind: &str) -> Vec<String> {
    let steps = decision["trace"].as_array().unwrap().iter();
    let line = |step: &Value| {
        let text = |key: &str| step[key].as_str().unwrap().to_owned();
        format!("{} | {} | {}", text("rule"), step["matched"], text("why"))
    };
    steps.filter(|step| step["kind"] == kind).map(line).collect()
}

/// What a client's token request for an action comes to.
async fn granted(kit: &Kit, login: &Login, action: &str, repository: &str) -> bool {
    let scope = format!("repository:{repository}:{action}");
    let token = kit.access_token("registry", login, &[&scope]).await;
    let path = format!("/v2/{repository}/manifests/v1");
    let request = match action {
        "pull" => kit.get(&path),
        "delete" => kit.delete(&path),
        _ => kit.post(&format!("/v2/{repository}/blobs/uploads/")),
    };
    let status = request.at("registry").bearer(&token).send().await.status.as_u16();
    assert!([202, 401, 403, 404].contains(&status), "{action} {repository}: {status}");
    ![401, 403].contains(&status)
}

#[tokio::test]
async fn what_it_says_is_what_a_client_gets() {
    let kit = Kit::start_with_domain().await;
    let rules = json!([
        { "repository": "team/*", "actions": ["content/read"] },
        { "repository": "team/app", "actions": ["content/write"] },
    ]);
    let request = json!({ "name": "ci-build", "repositories": rules });
    let made = kit.admin("token", "create", request).await;
    let secret = made["credentials"]["passwords"][0]["value"].as_str().unwrap().to_owned();
    let token = Login { name: "ci-build".to_owned(), secret };
    let alice = kit.create_user("alice").await;
    kit.assign("registry", &alice, "AcrPush").await;
    let deploy = kit.create_service_principal("deploy").await;
    let logins =
        [("token:ci-build", &token), ("alice", &alice), (&format!("sp:{}", deploy.name), &deploy)];
    for (who, login) in logins {
        for repository in ["team", "team/app", "team/app/base", "teams/app", "other"] {
            for action in ["pull", "push", "delete"] {
                let decision = asked(&kit, action, repository, who).await;
                let allowed = decision["allowed"].as_bool().unwrap();
                if who.starts_with("sp:") {
                    assert_eq!(decision["cause"], "permission-no-role");
                    continue;
                }
                let got = granted(&kit, login, action, repository).await;
                assert_eq!(allowed, got, "{who} {action} {repository}: {decision}");
                assert_eq!(decision["cause"].is_null(), allowed);
                assert_eq!(decision["rule"].is_string(), allowed);
            }
        }
    }
}

#[tokio::test]
async fn a_near_miss_says_how_near_it_was() {
    let kit = Kit::start().await;
    let rules = json!([
        { "repository": "team/*", "actions": ["content/read"] },
        { "repository": "team/app", "actions": ["metadata/read"] },
    ]);
    kit.admin("token", "create", json!({ "name": "ci-build", "repositories": rules })).await;
    let rules = |decision: &Value| steps(decision, "scope-map-rule").join("\n");
    insta::assert_snapshot!(rules(&asked(&kit, "pull", "team", "token:ci-build").await), @"
    scope-map:ci-build-scope-map:team/* | false | it covers what is below `team`, not `team` itself
    scope-map:ci-build-scope-map:team/app | false | it does not cover `team`
    ");
    insta::assert_snapshot!(rules(&asked(&kit, "pull", "team-app", "token:ci-build").await), @"
    scope-map:ci-build-scope-map:team/* | false | `team` stands at the beginning of `team-app`, but no `/` comes after it: `team/*` does not cover it
    scope-map:ci-build-scope-map:team/app | false | it does not cover `team-app`
    ");
    insta::assert_snapshot!(rules(&asked(&kit, "push", "team/app/base", "ci-build").await), @"
    scope-map:ci-build-scope-map:team/* | false | it covers the repository, and gives only: content/read
    scope-map:ci-build-scope-map:team/app | false | it covers `team/app` alone; what is below needs `team/app/*`
    ");
    let allowed = asked(&kit, "content/read", "team/app", "token:CI-build").await;
    assert_eq!(allowed["rule"], "scope-map:ci-build-scope-map:team/*");
    insta::assert_snapshot!(rules(&allowed), @"
    scope-map:ci-build-scope-map:team/* | true | it gives content/read
    scope-map:ci-build-scope-map:team/app | false | it covers the repository, and gives only: metadata/read
    ");
    let korean =
        json!({ "action": "pull", "repository": "team", "as": "ci-build", "language": "ko" });
    let korean = kit.admin("can-i", "ask", korean).await;
    assert_eq!(steps(&korean, "anonymous-pull"), ["anonymous-pull | false | 꺼져 있습니다"]);
}

#[tokio::test]
async fn an_account_that_cannot_log_in_may_nothing() {
    let kit = Kit::start().await;
    let rules = json!([{ "repository": "*", "actions": ["content/read"] }]);
    let request = json!({ "name": "ci-build", "repositories": rules, "expirationInDays": 1 });
    kit.admin("token", "create", request).await;
    assert_eq!(asked(&kit, "pull", "a", "ci-build").await["allowed"], true);
    kit.clock().advance(SignedDuration::from_hours(25));
    let expired = asked(&kit, "pull", "a", "ci-build").await;
    assert_eq!(expired["cause"], "credential-expired-password");
    let credentials = steps(&expired, "credential");
    assert!(credentials[0].starts_with("password1 | false | it expired at 20"), "{credentials:?}");
    // One good password is enough.
    kit.admin("token-credential", "generate", json!({ "name": "ci-build", "password2": true }))
        .await;
    assert_eq!(asked(&kit, "pull", "a", "ci-build").await["allowed"], true);
    kit.admin("token", "update", json!({ "name": "ci-build", "status": "disabled" })).await;
    let disabled = asked(&kit, "pull", "a", "ci-build").await;
    assert_eq!(disabled["cause"], "credential-disabled");
    assert_eq!(
        steps(&disabled, "account"),
        ["ci-build | true | it is disabled: nobody can log in as it"]
    );
    let admin = asked(&kit, "push", "a", "admin").await;
    assert_eq!(admin["cause"], "credential-admin-disabled");
    kit.admin("registry", "update", json!({ "adminEnabled": true })).await;
    assert_eq!(asked(&kit, "push", "a", "admin").await["rule"], "admin");
    kit.admin("user", "create", json!({ "name": "alice" })).await;
    assert_eq!(asked(&kit, "pull", "a", "user:alice").await["cause"], "credential-invalid");
}

#[tokio::test]
async fn roles_elsewhere_and_roles_of_less_are_told_apart() {
    let kit = Kit::start_with_domain().await;
    let alice = kit.create_user("alice").await;
    kit.assign("second", &alice, "AcrPush").await;
    let elsewhere = asked(&kit, "push", "a", "user:alice").await;
    assert_eq!(elsewhere["cause"], "permission-no-role");
    let why = steps(&elsewhere, "role-assignment");
    assert!(why[0].contains("/registries/second, not for this registry"), "{why:?}");
    kit.assign("registry", &alice, "AcrPull").await;
    let less = asked(&kit, "push", "a", "user:alice").await;
    assert_eq!(less["cause"], "permission-push");
    let why = steps(&less, "role-assignment");
    let missing = "the role does not have Microsoft.ContainerRegistry/registries/push/write";
    // Two assignments of one instant stand in no particular order.
    assert!(why.iter().any(|why| why.ends_with(missing)), "{why:?}");
    let catalog = json!({ "action": "catalog", "as": "user:alice" });
    assert_eq!(kit.admin("can-i", "ask", catalog).await["allowed"], true);
}

#[tokio::test]
async fn addresses_anonymous_pull_and_locks_are_looked_at() {
    let kit = Kit::start().await;
    let anonymous = asked(&kit, "pull", "team/app", "anonymous").await;
    assert_eq!(anonymous["cause"], "permission-pull");
    kit.admin("registry", "update", json!({ "anonymousPullEnabled": true })).await;
    let anonymous = asked(&kit, "pull", "team/app", "anonymous").await;
    assert_eq!(anonymous["rule"], "anonymous-pull");
    let write = asked(&kit, "push", "team/app", "anonymous").await;
    assert_eq!(write["cause"], "permission-anonymous-write");
    let owner = (naru_testkit::OWNER, naru_testkit::OWNER_PASSWORD);
    kit.push_image(owner, "team/app", "v1", &naru_testkit::image("locked")).await;
    let lock = json!({ "repository": "team/app", "readEnabled": false });
    kit.admin("repository", "update", lock).await;
    let locked = asked(&kit, "pull", "team/app", "anonymous").await;
    assert_eq!(locked["cause"], "registry-locked");
    assert_eq!(
        steps(&locked, "lock"),
        ["team/app | true | the repository is locked: readEnabled is false"]
    );
    assert_eq!(asked(&kit, "push", "team/app", "owner").await["allowed"], true);

    kit.admin("network-rule", "add", json!({ "ipAddress": "192.0.2.0/24" })).await;
    kit.admin("registry", "update", json!({ "defaultAction": "deny" })).await;
    let from = |address: &str| {
        let request = json!({
            "action": "push", "repository": "team/app", "as": "owner", "clientIp": address,
        });
        kit.admin("can-i", "ask", request)
    };
    assert_eq!(from("192.0.2.7").await["allowed"], true);
    let denied = from("198.51.100.1").await;
    assert_eq!(denied["cause"], "network-ip-denied");
    assert_eq!(
        steps(&denied, "network-rule"),
        [
            "192.0.2.0/24 | false | it does not cover 198.51.100.1",
            "default-action | true | no rule covers 198.51.100.1, and all other addresses are denied",
        ]
    );
}

#[tokio::test]
async fn what_cannot_be_asked_says_so() {
    let kit = Kit::start().await;
    let mut said = Vec::new();
    for request in [
        json!({ "action": "pul", "repository": "a", "as": "owner" }),
        json!({ "action": "pull", "repository": "team/*", "as": "owner" }),
        json!({ "action": "pull", "as": "owner" }),
        json!({ "action": "catalog", "repository": "a", "as": "owner" }),
        json!({ "action": "pull", "repository": "a", "as": "robot:x" }),
        json!({ "action": "pull", "repository": "a", "as": "token:owner" }),
        json!({ "action": "pull", "repository": "a", "as": "nobody" }),
    ] {
        let reply = kit.try_admin("can-i", "ask", request).await;
        let error = &reply.body["error"];
        let text = |key: &str| error[key].as_str().unwrap_or("-").to_owned();
        said.push(format!("{} {} / {}", reply.status.as_u16(), text("message"), text("hint")));
    }
    insta::assert_snapshot!(said.join("\n"), @"
    400 `pul` is not an action on content / did you mean `pull`?
    400 `team/*` is not a repository name / -
    400 this action is asked about for a repository: give its name / -
    400 the catalog is the registry's, not a repository's: leave the repository out / -
    400 nobody can be asked about as `robot:x`: give user:NAME, sp:APP-ID, token:NAME, admin, anonymous, or a login name / -
    404 there is no token `owner` / see what there is: naru token list
    404 there is no account `nobody` / -
    ");
}
