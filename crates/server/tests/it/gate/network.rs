//! Step 2: which addresses may speak at all, before anything else about a request is looked at.

use http::Method;
use naru_testkit::{Kit, Reply, Sending};
use serde_json::json;

/// A kit behind a proxy on this machine, which is believed.
async fn behind_a_proxy() -> Kit {
    let domain = "naru.test".parse().unwrap();
    Kit::start_with(|config| {
        config.domain = Some(domain);
        config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await
}

fn from(kit: &Kit, address: &str, target: &str) -> Sending {
    kit.get(target).at("registry").header("x-forwarded-for", address)
}

#[track_caller]
fn denied(reply: &Reply, cause: &str, address: &str) {
    assert_eq!(reply.status, 403, "{}", reply.text());
    assert_eq!((reply.code(), reply.header("x-naru-cause")), ("DENIED".to_owned(), cause));
    let start = format!("client with IP '{address}' is not allowed access");
    assert!(reply.message().starts_with(&start), "{}", reply.message());
    assert_eq!(reply.header("www-authenticate"), "");
}

async fn everywhere(kit: &Kit) -> Vec<(Method, String)> {
    let tenant = kit.tenant().await;
    let paths = [
        ("GET", "/v2/"),
        ("GET", "/v2"),
        ("GET", "/v2/_catalog"),
        ("GET", "/v2/team/app/tags/list"),
        ("PUT", "/v2/team/app/manifests/v1"),
        ("POST", "/v2/team/app/blobs/uploads/"),
        ("GET", "/v2/_oci/ext/discover"),
        ("PATCH", "/v2/team/app/tags/list"),
        ("GET", "/acr/v1/_catalog"),
        ("GET", "/oauth2/token"),
        ("POST", "/oauth2/token"),
        ("POST", "/oauth2/exchange"),
        ("DELETE", "/oauth2/exchange"),
        ("POST", "/TENANT/oauth2/v2.0/token"),
        ("GET", "/TENANT/discovery/v2.0/keys"),
        ("GET", "/TENANT/v2.0/.well-known/openid-configuration"),
        ("GET", "/"),
        ("GET", "/v1/token/list"),
    ];
    paths.map(|(method, path)| (method.parse().unwrap(), path.replace("TENANT", &tenant))).to_vec()
}

#[tokio::test]
async fn an_address_without_a_rule_is_refused_on_every_path_before_any_credential() {
    let kit = behind_a_proxy().await;
    let token = kit.create_token("registry", "ci-build", &[("*", &["content/read"])]).await;
    kit.admin("registry", "update", json!({ "defaultAction": "deny" })).await;
    kit.admin("network-rule", "add", json!({ "ipAddress": "203.0.113.0/24" })).await;
    kit.admin("network-rule", "add", json!({ "ipAddress": "2001:db8::/32" })).await;
    let app = kit.server().app();
    let before = (app.password_runs(), app.counters().hashes());
    for (method, path) in everywhere(&kit).await {
        let request =
            kit.request(method, &path).at("registry").header("x-forwarded-for", "192.0.2.7");
        for request in
            [request.clone(), request.clone().login(&token), request.basic("owner", "a guess")]
        {
            denied(&request.send().await, "network-ip-denied", "192.0.2.7");
        }
    }
    assert_eq!((app.password_runs(), app.counters().hashes()), before, "nothing was checked");
    let refused = from(&kit, "192.0.2.7", "/v2/").send().await;
    // By now they are counted in one row.
    let shown = kit.admin("events", "show", json!({ "id": refused.correlation_id() })).await;
    assert_eq!(shown["cause"]["code"], "network-ip-denied");
    assert!(shown["ordinal"].as_u64().unwrap() > 1, "{shown}");
    for address in ["203.0.113.9", "2001:db8::9", "[2001:db8::9]:443"] {
        from(&kit, address, "/v2/").login(&token).send().await.expect(200);
    }
    denied(&from(&kit, "2001:db9::1", "/v2/").send().await, "network-ip-denied", "2001:db9::1");
    denied(&kit.get("/v2/").at("registry").send().await, "network-ip-denied", "127.0.0.1");
    // The shape of a request is judged before, and health is nobody's business to hide.
    from(&kit, "192.0.2.7", "/v2/Team/manifests/v1").send().await.expect(400);
    from(&kit, "192.0.2.7", "/healthz").send().await.expect(200);
    // An address that may speak once more speaks at once.
    kit.admin("network-rule", "add", json!({ "ipAddress": "192.0.2.7" })).await;
    from(&kit, "192.0.2.7", "/v2/").login(&token).send().await.expect(200);
}

#[tokio::test]
async fn public_access_off_denies_everybody_but_the_socket() {
    let kit = behind_a_proxy().await;
    kit.admin("network-rule", "add", json!({ "ipAddress": "203.0.113.9" })).await;
    kit.admin("registry", "update", json!({ "publicNetworkEnabled": false })).await;
    for (method, path) in everywhere(&kit).await {
        let request = kit.request(method, &path).at("registry");
        denied(&request.clone().send().await, "network-public-access-disabled", "127.0.0.1");
        let allowed = request.header("x-forwarded-for", "203.0.113.9").send().await;
        denied(&allowed, "network-public-access-disabled", "203.0.113.9");
    }
    kit.admin("registry", "update", json!({ "publicNetworkEnabled": true })).await;
    kit.get("/v2/").at("registry").send().await.expect(401);
}

#[tokio::test]
async fn rules_are_those_of_the_registry_that_was_asked() {
    let kit = Kit::start_with_domain().await;
    kit.admin_at("second", "registry", "update", json!({ "publicNetworkEnabled": false })).await;
    kit.get("/v2/").at("second").send().await.expect(403);
    kit.get("/v2/").at("registry").send().await.expect(401);
}

#[tokio::test]
async fn nobody_but_a_trusted_proxy_speaks_for_others() {
    let kit = Kit::start_with_domain().await;
    kit.admin("registry", "update", json!({ "defaultAction": "deny" })).await;
    kit.admin("network-rule", "add", json!({ "ipAddress": "203.0.113.9" })).await;
    for (header, value) in [
        ("x-forwarded-for", "203.0.113.9"),
        ("forwarded", "for=203.0.113.9"),
        ("x-real-ip", "203.0.113.9"),
        ("true-client-ip", "203.0.113.9"),
    ] {
        let request = kit.get("/v2/").at("registry").header(header, value);
        denied(&request.send().await, "network-ip-denied", "127.0.0.1");
    }
    let kit = behind_a_proxy().await;
    kit.admin("registry", "update", json!({ "defaultAction": "deny" })).await;
    kit.admin("network-rule", "add", json!({ "ipAddress": "203.0.113.9" })).await;
    from(&kit, "203.0.113.9", "/v2/").send().await.expect(401);
    // What a client wrote itself stands before what the proxy adds.
    denied(
        &from(&kit, "203.0.113.9, 192.0.2.7", "/v2/").send().await,
        "network-ip-denied",
        "192.0.2.7",
    );
}
