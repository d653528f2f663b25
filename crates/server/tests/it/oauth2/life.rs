//! How long tokens live, what ends them before their time, and what they may become.

use jiff::SignedDuration;
use naru_oci::Digest;
use naru_testkit::{Kit, Login, MANIFEST, Reply, image, text};
use serde_json::json;

use super::forge::part_of;

const NULL_GUID: &str = "00000000-0000-0000-0000-000000000000";
const PULL: &str = "repository:team/app:pull";
const PUSH: &str = "repository:team/app:pull,push";

async fn principal(role: &str) -> (Kit, Login) {
    let kit = Kit::start_with_domain().await;
    let login = kit.create_service_principal("deploy").await;
    kit.assign("registry", &login, role).await;
    (kit, login)
}

fn as_password(token: &str) -> Login {
    Login { name: NULL_GUID.to_owned(), secret: token.to_owned() }
}

async fn ping(kit: &Kit, token: &str) -> Reply {
    kit.get("/v2/").at("registry").bearer(token).send().await
}

#[track_caller]
fn because(reply: &Reply, status: u16, cause: &str) {
    assert_eq!(
        (reply.status.as_u16(), reply.header("x-naru-cause")),
        (status, cause),
        "{}",
        reply.text()
    );
}

#[tokio::test]
async fn every_token_has_its_time() {
    let (kit, login) = principal("AcrPull").await;
    kit.admin("registry", "update", json!({ "anonymousPullEnabled": true })).await;
    let refresh = kit.refresh_token("registry", &login).await;
    let access = kit.access_token("registry", &login, &[PULL]).await;
    let anonymous = text(&kit.ask_access("registry", None, &[PULL]).await.json()["token"]);
    let second = SignedDuration::from_secs(1);
    let until = |minutes| kit.clock().advance(SignedDuration::from_mins(minutes) - second);
    until(20);
    ping(&kit, &anonymous).await.expect(200);
    kit.clock().advance(second);
    because(&ping(&kit, &anonymous).await, 401, "credential-expired-access-token");
    until(55);
    ping(&kit, &access).await.expect(200);
    kit.clock().advance(second);
    because(&ping(&kit, &access).await, 401, "credential-expired-access-token");
    because(
        &kit.ask_access("registry", Some(&as_password(&access)), &[]).await,
        401,
        "credential-expired-access-token",
    );
    until(105);
    let late = kit.ask_access("registry", Some(&as_password(&refresh)), &[PULL]).await.expect(200);
    assert_eq!(late.json()["refresh_token"], json!(refresh), "never a longer life");
    kit.clock().advance(second);
    because(
        &kit.ask_access("registry", Some(&as_password(&refresh)), &[PULL]).await,
        401,
        "credential-expired-entra",
    );
}

#[tokio::test]
async fn no_token_outlives_the_secret_that_it_came_from() {
    let kit = Kit::start_with_domain().await;
    let made = kit.admin("sp", "create", json!({ "name": "short", "expiresIn": "30m" })).await;
    let login = Login { name: text(&made["appId"]), secret: text(&made["password"]) };
    kit.assign("registry", &login, "AcrPull").await;
    let access = kit.access_token("registry", &login, &[PULL]).await;
    let claims = part_of(&access, 1);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 30 * 60);
    let refresh = kit.refresh_token("registry", &login).await;
    kit.clock().advance(SignedDuration::from_mins(30));
    kit.ask_access("registry", Some(&as_password(&refresh)), &[]).await.expect(401);
    because(
        &kit.get("/v2/").at("registry").login(&login).send().await,
        401,
        "credential-expired-secret",
    );
}

#[tokio::test]
async fn an_access_token_as_password_is_a_ceiling_of_actions_and_time() {
    let (kit, login) = principal("Contributor").await;
    let parent = kit.access_token("registry", &login, &[PULL]).await;
    let narrow = as_password(&parent);
    kit.clock().advance(SignedDuration::from_mins(60));
    let wanted =
        ["repository:team/app:pull,push,delete", "repository:other:pull", "registry:catalog:*"];
    let child = kit.access_token("registry", &narrow, &wanted).await;
    let (claims, parents) = (part_of(&child, 1), part_of(&parent, 1));
    let actions: Vec<_> =
        claims["access"].as_array().unwrap().iter().map(|entry| entry["actions"].clone()).collect();
    assert_eq!(actions, [json!(["pull"]), json!([]), json!([])]);
    assert_eq!(claims["exp"], parents["exp"]);
    let upload = || kit.post("/v2/team/app/blobs/uploads/").at("registry");
    // Straight on a route, and with the token made from it: nobody is sent to ask for more.
    because(&upload().login(&narrow).send().await, 403, "permission-push");
    because(&upload().bearer(&child).send().await, 403, "permission-push");
    upload().login(&login).send().await.expect(202);
    // Below the ceiling it is as with any token that was asked for less.
    let empty = kit.access_token("registry", &narrow, &["repository:other:pull"]).await;
    let manifest = || kit.get("/v2/team/app/manifests/v1").at("registry");
    because(&manifest().bearer(&empty).send().await, 401, "permission-insufficient-scope");
    manifest().bearer(&child).send().await.expect(404);
    // And a token made from that one has no more.
    let grandchild = kit.access_token("registry", &as_password(&child), &[PUSH]).await;
    because(&upload().bearer(&grandchild).send().await, 403, "permission-push");
    kit.clock().advance(SignedDuration::from_mins(15));
    because(&ping(&kit, &child).await, 401, "credential-expired-access-token");
}

#[tokio::test]
async fn a_mount_goes_by_present_rights_below_the_ceiling() {
    let (kit, login) = principal("AcrPush").await;
    let content = b"shared".to_vec();
    let digest = Digest::sha256(&content);
    let put =
        kit.post(&format!("/v2/base/blobs/uploads/?digest={digest}")).at("registry").login(&login);
    put.body(content).send().await.expect(201);
    let mount = |repository: &str, token: &str, from: &str| {
        let target = format!("/v2/{repository}/blobs/uploads/?mount={digest}{from}");
        kit.post(&target).at("registry").bearer(token).send()
    };
    // A token for the target alone, as regctl asks: the source is judged by what its holder may.
    let plain = kit.access_token("registry", &login, &[PUSH]).await;
    mount("team/app", &plain, "&from=base").await.expect(201);
    let parent = kit
        .access_token("registry", &login, &["repository:one:pull,push repository:base:pull"])
        .await;
    let within =
        kit.access_token("registry", &as_password(&parent), &["repository:one:pull,push"]).await;
    mount("one", &within, "&from=base").await.expect(201);
    let parent = kit.access_token("registry", &login, &["repository:two:pull,push"]).await;
    let beyond =
        kit.access_token("registry", &as_password(&parent), &["repository:two:pull,push"]).await;
    for from in ["&from=base", "", "&from=no/such"] {
        mount("two", &beyond, from).await.expect(202);
    }
    let alone = kit
        .create_token("registry", "alone", &[("three", &["content/read", "content/write"])])
        .await;
    let token = kit.access_token("registry", &alone, &["repository:three:pull,push"]).await;
    mount("three", &token, "&from=base").await.expect(202);
    mount("three", &token, "").await.expect(202);
}

#[tokio::test]
async fn a_credential_that_is_disabled_takes_its_tokens_along_and_they_do_not_come_back() {
    let (kit, login) = principal("AcrPull").await;
    let identity = kit.identity_token(&login).await;
    let refresh = kit.refresh_token("registry", &login).await;
    let access = kit.access_token("registry", &login, &[PULL]).await;
    ping(&kit, &access).await.expect(200);
    let all = |status, cause| {
        let (kit, access, refresh, identity) = (&kit, &access, &refresh, &identity);
        async move {
            because(&ping(kit, access).await, status, cause);
            because(
                &kit.ask_access("registry", Some(&as_password(refresh)), &[PULL]).await,
                status,
                cause,
            );
            because(&kit.ask_exchange("registry", identity).await, status, cause);
        }
    };
    kit.admin("sp", "update", json!({ "name": login.name, "enabled": false })).await;
    all(401, "credential-disabled").await;
    kit.admin("sp", "update", json!({ "name": login.name, "enabled": true })).await;
    all(401, "credential-revoked").await;
    kit.get("/v2/").at("registry").login(&login).send().await.expect(200);
    let access = kit.access_token("registry", &login, &[PULL]).await;
    kit.admin("sp", "delete", json!({ "name": login.name })).await;
    because(&ping(&kit, &access).await, 401, "credential-revoked");
    all(401, "credential-revoked").await;
}

#[tokio::test]
async fn a_rotated_secret_takes_its_own_tokens_along_and_its_siblings_live_on() {
    let (kit, first) = principal("AcrPull").await;
    let request = json!({ "name": first.name, "append": true });
    let made = kit.admin("sp-credential", "reset", request).await;
    let second = Login { name: first.name.clone(), secret: text(&made["password"]) };
    let (one, other) = (
        kit.access_token("registry", &first, &[PULL]).await,
        kit.access_token("registry", &second, &[PULL]).await,
    );
    let request = json!({ "name": first.name, "keyId": made["keyId"] });
    kit.admin("sp-credential", "delete", request).await;
    ping(&kit, &one).await.expect(200);
    because(&ping(&kit, &other).await, 401, "credential-revoked");
    kit.admin("sp-credential", "reset", json!({ "name": first.name })).await;
    because(&ping(&kit, &one).await, 401, "credential-revoked");

    kit.create_token("registry", "ci-build", &[("*", &["content/read"])]).await;
    let made = kit.admin("token-credential", "generate", json!({ "name": "ci-build" })).await;
    let login = |slot: usize| Login {
        name: "ci-build".to_owned(),
        secret: text(&made["passwords"][slot]["value"]),
    };
    let (one, other) = (
        kit.access_token("registry", &login(0), &[PULL]).await,
        kit.access_token("registry", &login(1), &[PULL]).await,
    );
    kit.admin("token-credential", "generate", json!({ "name": "ci-build", "password1": true }))
        .await;
    because(&ping(&kit, &one).await, 401, "credential-revoked");
    ping(&kit, &other).await.expect(200);
    kit.get("/v2/").at("registry").login(&login(1)).send().await.expect(200);
    because(
        &kit.get("/v2/").at("registry").login(&login(0)).send().await,
        401,
        "credential-invalid",
    );

    kit.admin("registry", "update", json!({ "adminEnabled": true })).await;
    let admin = kit.admin_login("registry").await;
    let token = kit.access_token("registry", &admin, &[PULL]).await;
    kit.admin("credential", "renew", json!({ "passwordName": "password2" })).await;
    ping(&kit, &token).await.expect(200);
    kit.admin("credential", "renew", json!({ "passwordName": "password" })).await;
    because(&ping(&kit, &token).await, 401, "credential-revoked");
}

#[tokio::test]
async fn a_changed_right_is_seen_by_the_next_token() {
    let kit = Kit::start_with_domain().await;
    let ci = kit
        .create_token("registry", "ci-build", &[("team/*", &["content/read", "content/write"])])
        .await;
    let deploy = kit.create_service_principal("deploy").await;
    kit.assign("registry", &deploy, "AcrPush").await;
    kit.assign("registry", &deploy, "AcrPull").await;
    let refresh = as_password(&kit.refresh_token("registry", &deploy).await);
    let upload =
        |token: &str| kit.post("/v2/team/app/blobs/uploads/").at("registry").bearer(token).send();
    let (by_map, by_role) = (
        kit.access_token("registry", &ci, &[PUSH]).await,
        kit.access_token("registry", &refresh, &[PUSH]).await,
    );
    let gone = json!([{ "repository": "team/*", "actions": ["content/write"] }]);
    kit.admin(
        "scope-map",
        "update",
        json!({ "name": "ci-build-scope-map", "removeRepositories": gone }),
    )
    .await;
    kit.unassign("registry", &deploy, "AcrPush").await;
    for (token, login, cause) in
        [(by_map, &ci, "permission-scope-map"), (by_role, &refresh, "permission-push")]
    {
        upload(&token).await.expect(202);
        let next = kit.access_token("registry", login, &[PUSH]).await;
        assert_eq!(part_of(&next, 1)["access"][0]["actions"], json!(["pull"]));
        because(&upload(&next).await, 403, cause);
        let basic = kit.post("/v2/team/app/blobs/uploads/").at("registry").login(login);
        because(&basic.send().await, 403, cause);
    }
}

#[tokio::test]
async fn what_is_switched_off_is_off_at_once() {
    let (kit, login) = principal("AcrPull").await;
    kit.admin("registry", "update", json!({ "anonymousPullEnabled": true })).await;
    let anonymous = text(&kit.ask_access("registry", None, &[PULL]).await.json()["token"]);
    ping(&kit, &anonymous).await.expect(200);
    kit.admin("registry", "update", json!({ "anonymousPullEnabled": false })).await;
    because(&ping(&kit, &anonymous).await, 401, "credential-revoked");
    kit.admin("registry", "update", json!({ "anonymousPullEnabled": true })).await;
    because(&ping(&kit, &anonymous).await, 401, "credential-revoked");

    let access = kit.access_token("registry", &login, &[PULL]).await;
    ping(&kit, &access).await.expect(200);
    kit.admin("registry", "update", json!({ "defaultAction": "deny" })).await;
    because(&ping(&kit, &access).await, 403, "network-ip-denied");
}

#[tokio::test]
async fn an_upload_goes_on_past_the_end_of_the_token_that_began_it() {
    let (kit, login) = principal("AcrPush").await;
    let image = image("late");
    let began = kit.access_token("registry", &login, &[PUSH]).await;
    let other = kit.access_token("registry", &login, &[PUSH]).await;
    let begin = || kit.post("/v2/team/app/blobs/uploads/").at("registry").bearer(&began).send();
    let (first, second) = (begin().await.expect(202), begin().await.expect(202));
    kit.clock().advance(SignedDuration::from_mins(76));
    let past = "credential-expired-access-token";
    let append = |upload: &Reply, token: &str, content: &[u8]| {
        let request = kit.patch(upload.header("location")).at("registry").bearer(token);
        request.body(content.to_vec()).send()
    };
    because(&append(&first, &other, &image.layer).await, 401, past);
    let reply = append(&first, &began, &image.layer).await.expect(202);
    let digest = Digest::sha256(&image.layer);
    let close = format!("{}?digest={digest}", reply.header("location"));
    kit.put(&close).at("registry").bearer(&began).send().await.expect(201);
    // It helps that blob alone.
    because(&begin().await, 401, past);
    let manifest = kit.put("/v2/team/app/manifests/v1").at("registry").bearer(&began);
    let manifest = manifest.header("content-type", MANIFEST).body(image.manifest.clone());
    because(&manifest.send().await, 401, past);
    let head = kit.head(&format!("/v2/team/app/blobs/{digest}")).at("registry").bearer(&began);
    head.send().await.expect(401);
    kit.clock().advance(SignedDuration::from_hours(24));
    because(&append(&second, &began, b"x").await, 401, past);
}

#[tokio::test]
async fn an_upload_past_its_token_still_needs_right_and_credential() {
    let (kit, login) = principal("AcrPush").await;
    let began = kit.access_token("registry", &login, &[PUSH]).await;
    let upload = kit
        .post("/v2/team/app/blobs/uploads/")
        .at("registry")
        .bearer(&began)
        .send()
        .await
        .expect(202);
    let append =
        || kit.patch(upload.header("location")).at("registry").bearer(&began).body("x").send();
    kit.clock().advance(SignedDuration::from_mins(76));
    append().await.expect(202);
    kit.unassign("registry", &login, "AcrPush").await;
    because(&append().await, 403, "permission-no-role");
    kit.assign("registry", &login, "AcrPush").await;
    append().await.expect(202);
    kit.admin("sp-credential", "reset", json!({ "name": login.name })).await;
    because(&append().await, 401, "credential-revoked");
}
