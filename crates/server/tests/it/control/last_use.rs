//! When an account was last let in, and what a network rule would come to for those who were.

use jiff::SignedDuration;
use naru_testkit::{Kit, Login, OWNER, OWNER_PASSWORD};
use serde_json::{Value, json};

#[tokio::test]
async fn what_is_shown_of_an_account_tells_its_last_use() {
    let kit = Kit::start_with_domain().await;
    let rules = json!([{ "repository": "*", "actions": ["content/read"] }]);
    let made =
        kit.admin("token", "create", json!({ "name": "ci-build", "repositories": rules })).await;
    let secret = made["credentials"]["passwords"][0]["value"].as_str().unwrap().to_owned();
    let token = Login { name: "ci-build".to_owned(), secret };
    let shown = async || kit.admin("token", "show", json!({ "name": "ci-build" })).await;
    assert_eq!(shown().await["lastUse"], Value::Null);
    let wrong = Login { name: "ci-build".to_owned(), secret: "wrong wrong".to_owned() };
    kit.ask_access("registry", Some(&wrong), &["repository:a:pull"]).await.expect(401);
    assert_eq!(shown().await["lastUse"], Value::Null, "a refusal is no use");
    kit.access_token("registry", &token, &["repository:a:pull"]).await;
    let first = shown().await["lastUse"].clone();
    assert_eq!(first["address"], "127.0.0.1", "{first}");
    kit.clock().advance(SignedDuration::from_hours(1));
    kit.access_token("registry", &token, &["repository:a:pull"]).await;
    let second = shown().await["lastUse"].clone();
    assert!(second["time"].as_str() > first["time"].as_str(), "{first} {second}");
    let deploy = kit.create_service_principal("deploy").await;
    kit.identity_token(&deploy).await;
    let shown = kit.admin("sp", "show", json!({ "name": "deploy" })).await;
    assert_eq!(shown["lastUse"]["address"], "127.0.0.1", "{shown}");
    assert!(shown["secrets"][0]["endDateTime"].is_string(), "{shown}");
    assert!(!shown.to_string().contains(&deploy.secret));
}

#[tokio::test]
async fn a_rule_that_is_tried_tells_whom_it_would_shut_out_and_changes_nothing() {
    let kit = Kit::start().await;
    kit.get("/oauth2/token?service=registry").basic(OWNER, OWNER_PASSWORD).send().await.expect(200);
    let tried = async |rule: &str| {
        let request = json!({ "ipAddress": rule, "clientIp": "192.0.2.7" });
        kit.admin("network-rule", "try", request).await
    };
    let out = tried("192.0.2.0/24").await;
    assert_eq!(out["clientAllowed"], true, "{out}");
    let whom = &out["shutOut"][0];
    assert_eq!((&whom["identity"], &whom["address"]), (&json!("owner"), &json!("127.0.0.1")));
    assert_eq!(out["stillAllowed"], 0, "{out}");
    let within = tried("127.0.0.0/8").await;
    assert_eq!((&within["shutOut"], &within["clientAllowed"]), (&json!([]), &json!(false)));
    assert_eq!(within["stillAllowed"], 1, "{within}");
    assert_eq!(kit.admin("network-rule", "list", json!({})).await, json!([]));
    // Those who were there long ago do not count.
    kit.clock().advance(SignedDuration::from_hours(8 * 24));
    assert_eq!(tried("192.0.2.0/24").await["shutOut"], json!([]));
}
