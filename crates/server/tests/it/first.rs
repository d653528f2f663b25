//! The first minutes: a login, a push, a pull, and a refusal that leaves a trace.

use naru_testkit::{Kit, OWNER, OWNER_PASSWORD, image};
use serde_json::json;

#[tokio::test]
async fn somebody_logs_in_pushes_and_pulls() {
    let kit = Kit::start().await;
    let challenge = kit.get("/v2/").send().await.expect(401);
    let expected =
        format!(r#"Bearer realm="http://{}/oauth2/token",service="registry""#, kit.address());
    assert_eq!(challenge.header("www-authenticate"), expected);
    let token = kit
        .get("/oauth2/token?service=registry&account=owner&client_id=docker&offline_token=true")
        .basic(OWNER, OWNER_PASSWORD)
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(token["token"], token["access_token"]);
    assert!(token.get("refresh_token").is_none() && token.get("issued_at").is_none());
    kit.get("/v2/").bearer(token["token"].as_str().unwrap()).send().await.expect(200);
    let image = image("first");
    kit.push_image((OWNER, OWNER_PASSWORD), "team/app", "v1", &image).await;
    let pulled =
        kit.get("/v2/team/app/manifests/v1").basic(OWNER, OWNER_PASSWORD).send().await.expect(200);
    assert_eq!(pulled.body, image.manifest);
    assert_eq!(pulled.header("docker-content-digest"), image.digest().to_string());
}

#[tokio::test]
async fn a_refusal_says_why_and_leaves_a_trace() {
    let kit = Kit::start().await;
    kit.admin("user", "create", json!({ "name": "reader", "password": "reads only, please" }))
        .await;
    kit.admin("role-assignment", "create", json!({ "assignee": "reader", "role": "AcrPull" }))
        .await;
    let refused = kit
        .post("/v2/team/app/blobs/uploads/")
        .basic("reader", "reads only, please")
        .send()
        .await
        .expect(403);
    assert_eq!(refused.code(), "DENIED");
    let id = refused.correlation_id();
    assert_eq!(
        refused.message(),
        format!(
            "user reader may not push to team/app: its role AcrPull does not include this; assign \
             AcrPush. CorrelationId: {id}."
        )
    );
    let events = kit.admin("events", "login", json!({ "failed": true })).await;
    assert_eq!(events[0]["CorrelationId"], id);
    assert_eq!(events[0]["Reason"], "permission-push");
    assert_eq!(events[0]["Identity"], "reader");
}
