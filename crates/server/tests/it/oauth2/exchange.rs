//! `POST /oauth2/exchange`: refresh tokens for identities.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use naru_testkit::{Kit, Reply, host};
use serde_json::json;

use super::forge::part_of;

async fn exchange(kit: &Kit, fields: &[(&str, &str)]) -> Reply {
    kit.post("/oauth2/exchange?api-version=2021-07-01").at("registry").form(fields).send().await
}

#[tokio::test]
async fn an_identity_that_holds_something_gets_a_login_of_three_hours() {
    let kit = Kit::start_with_domain().await;
    let login = kit.create_service_principal("deploy").await;
    kit.assign("registry", &login, "AcrPull").await;
    let refresh = kit.refresh_token("registry", &login).await;
    let claims = part_of(&refresh, 1);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3 * 3600);
    assert_eq!(
        (&claims["grant_type"], &claims["aud"]),
        (&json!("refresh_token"), &json!(host("registry")))
    );
    assert!(refresh.len() < 1200, "{} bytes", refresh.len());
    // An SDK decodes the claims as standard base64.
    let payload = refresh.split('.').nth(1).unwrap();
    let padded = format!("{payload}{}", "=".repeat((4 - payload.len() % 4) % 4));
    assert!(STANDARD.decode(padded).is_ok(), "{payload}");
}

#[tokio::test]
async fn an_identity_that_holds_nothing_is_told_so_and_a_bad_one_is_not_believed() {
    let kit = Kit::start_with_domain().await;
    let login = kit.create_service_principal("deploy").await;
    let identity = kit.identity_token(&login).await;
    let reply = kit.ask_exchange("registry", &identity).await.expect(403);
    assert_eq!(
        (reply.code(), reply.header("x-naru-cause")),
        ("DENIED".to_owned(), "permission-no-role")
    );
    kit.assign("second", &login, "Owner").await;
    kit.ask_exchange("registry", &identity).await.expect(403);
    kit.ask_exchange("second", &identity).await.expect(200);
    kit.ask_exchange("second", "not.a.token").await.expect(401);
    kit.admin("registry", "update", json!({ "denials": "azure" })).await;
    kit.ask_exchange("registry", &identity).await.expect(401);
}

#[tokio::test]
async fn the_tenant_may_be_left_out_and_must_not_be_another() {
    let kit = Kit::start_with_domain().await;
    let login = kit.create_service_principal("deploy").await;
    kit.assign("registry", &login, "AcrPull").await;
    let (identity, tenant) = (kit.identity_token(&login).await, kit.tenant().await);
    let fields = |tenant| {
        let token = ("access_token", &*identity);
        [
            ("grant_type", "access_token"),
            token,
            ("service", "registry.naru.test"),
            ("tenant", tenant),
        ]
    };
    exchange(&kit, &fields(&tenant)).await.expect(200);
    exchange(&kit, &fields(&tenant)[..3]).await.expect(200);
    let other = "11111111-1111-4111-8111-111111111111";
    let reply = exchange(&kit, &fields(other)).await.expect(401);
    assert_eq!(reply.header("x-naru-cause"), "credential-wrong-tenant");
}

#[tokio::test]
async fn what_is_missing_in_a_request_is_said() {
    let kit = Kit::start_with_domain().await;
    let login = kit.create_service_principal("deploy").await;
    kit.assign("registry", &login, "AcrPull").await;
    let identity = kit.identity_token(&login).await;
    let token = ("access_token", &*identity);
    exchange(&kit, &[token]).await.expect(400);
    exchange(&kit, &[("grant_type", "refresh_token"), token]).await.expect(400);
    exchange(&kit, &[("grant_type", "access_token")]).await.expect(400);
    exchange(&kit, &[("grant_type", "access_token"), token, ("service", "second")])
        .await
        .expect(401);
    let padding = "x".repeat(64 * 1024);
    exchange(&kit, &[("grant_type", "access_token"), token, ("padding", &padding)])
        .await
        .expect(413);
    let reply = kit.get("/oauth2/exchange").at("registry").send().await.expect(405);
    assert_eq!(reply.header("allow"), "POST");
}
