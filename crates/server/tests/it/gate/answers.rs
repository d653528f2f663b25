//! What every answer has, what its words say, and which refusals leave an event.

use http::Method;
use naru_oci::Digest;
use naru_testkit::{Kit, Login, image};
use serde_json::json;

#[tokio::test]
async fn every_answer_has_an_id_of_ours() {
    let kit = Kit::start_with_domain().await;
    let long = format!("/v2/{}", "a".repeat(50_000));
    let query = format!("/v2/?x={}", "a".repeat(50_000));
    let mut seen = std::collections::HashSet::new();
    for (target, status) in [
        ("/healthz", 200),
        ("/readyz", 200),
        ("/v2/", 401),
        ("/nowhere", 404),
        ("/v2/Team/manifests/v1", 400),
        ("/v2/%ff/manifests/v1", 400),
        ("/oauth2/exchange", 405),
        (&*long, 414),
        (&*query, 414),
    ] {
        let theirs = "11111111-1111-4111-8111-111111111111";
        let request = kit.get(target).at("registry").header("x-ms-correlation-request-id", theirs);
        let reply = request.send().await.expect(status);
        let id = reply.correlation_id();
        assert_eq!(id.len(), 36, "{target}");
        assert!(id != theirs && seen.insert(id), "{target}");
    }
    let request = kit.get("/v2/").at("registry").header("x-padding", &"x".repeat(70_000));
    assert_eq!(request.send().await.expect(431).correlation_id().len(), 36);
}

#[tokio::test]
async fn the_clients_own_id_is_recorded_beside_ours() {
    let kit = Kit::start_with_domain().await;
    let request = kit.get("/v2/").at("registry").basic("nobody", "wrong");
    let reply = request
        .header("x-ms-client-request-id", "theirs-7")
        .header("user-agent", "docker/28")
        .send()
        .await;
    let events = kit.admin("events", "login", json!({ "failed": true })).await;
    assert_eq!(events[0]["CorrelationId"], reply.correlation_id());
    assert_eq!(
        (&events[0]["ClientRequestId"], &events[0]["UserAgent"]),
        (&json!("theirs-7"), &json!("docker/28"))
    );
    assert_eq!(
        (&events[0]["Reason"], &events[0]["ResultDescription"]),
        (&json!("credential-invalid"), &json!("401"))
    );
    assert_eq!(
        (&events[0]["Identity"], &events[0]["Credential"]),
        (&json!("nobody"), &json!("user-password"))
    );
}

#[tokio::test]
async fn a_404_reaches_only_those_who_may_know() {
    let kit = Kit::start_with_domain().await;
    let inside = kit
        .create_token("registry", "inside", &[("team/*", &["content/read", "metadata/read"])])
        .await;
    let outside = kit.create_token("registry", "outside", &[("other/*", &["content/read"])]).await;
    let writer =
        kit.create_token("registry", "writer", &[("*", &["content/read", "content/write"])]).await;
    let image = image("known");
    kit.push_image((&writer.name, &writer.secret), "team/app", "v1", &image).await;
    let layer = Digest::sha256(&image.layer);
    let absent = Digest::sha256(b"absent");
    for (there, not_there) in [
        ("/v2/team/app/manifests/v1".to_owned(), "/v2/team/app/manifests/v2".to_owned()),
        (format!("/v2/team/app/blobs/{layer}"), format!("/v2/team/app/blobs/{absent}")),
        ("/v2/team/app/tags/list".to_owned(), "/v2/team/none/tags/list".to_owned()),
    ] {
        let get = |target: &str, login: &Login| kit.get(target).at("registry").login(login).send();
        get(&there, &inside).await.expect(200);
        get(&not_there, &inside).await.expect(404);
        let (hidden, absent) =
            (get(&there, &outside).await.expect(403), get(&not_there, &outside).await.expect(403));
        let (known, unknown) = (hidden.message(), absent.message());
        let plain = |text: &str, id: &str| text.replace(id, "ID").replace("team/none", "team/app");
        assert_eq!(
            plain(&known, &hidden.correlation_id()),
            plain(&unknown, &absent.correlation_id())
        );
        for target in [&there, &not_there] {
            kit.get(target).at("registry").send().await.expect(401);
        }
    }
}

#[tokio::test]
async fn another_method_is_told_which_there_are() {
    let kit = Kit::start_with_domain().await;
    for (method, path, allowed) in [
        ("POST", "/v2/", "GET, HEAD"),
        ("DELETE", "/v2/team/app/tags/list", "GET, HEAD"),
        ("POST", "/v2/team/app/manifests/v1", "GET, PUT, DELETE, HEAD"),
        ("GET", "/v2/team/app/blobs/uploads/", "POST"),
        ("PUT", "/oauth2/token", "GET, POST, HEAD"),
    ] {
        let method: Method = method.parse().unwrap();
        let reply = kit.request(method, path).at("registry").send().await.expect(405);
        assert_eq!(
            (reply.header("allow"), reply.code()),
            (allowed, "UNSUPPORTED".to_owned()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_denial_names_each_action_that_is_missing() {
    let kit = Kit::start_with_domain().await;
    let alice = kit.create_user("alice").await;
    kit.assign("registry", &alice, "AcrPull").await;
    let push = kit
        .post("/v2/team/app/blobs/uploads/")
        .at("registry")
        .login(&alice)
        .send()
        .await
        .expect(403);
    let detail = json!([{ "Type": "repository", "Name": "team/app", "Action": "push" }]);
    assert_eq!(push.json()["errors"][0]["detail"], detail);
    let bare = kit.post("/v2/team/app/blobs/uploads/").at("registry").send().await.expect(401);
    let detail = &bare.json()["errors"][0]["detail"];
    assert_eq!((&detail[0]["Action"], &detail[1]["Action"]), (&json!("pull"), &json!("push")));
    let plain = kit.get("/v2/team%2Fapp/manifests/v1").at("registry").send().await.expect(401);
    assert!(plain.header("www-authenticate").contains(r#"scope="repository:team/app:pull""#));
    let none = kit.create_user("bob").await;
    let catalog = kit.get("/v2/_catalog").at("registry").login(&none).send().await.expect(401);
    let detail = json!([{ "Type": "registry", "Name": "catalog", "Action": "*" }]);
    assert_eq!(catalog.json()["errors"][0]["detail"], detail);
}

#[tokio::test]
async fn words_are_one_short_line_however_long_the_names() {
    let kit = Kit::start_with_domain().await;
    let alice = kit.create_user(&"a".repeat(113)).await;
    kit.assign("registry", &alice, "AcrPull").await;
    // With `-scope-map` the name of its map has the 50 characters that it may have.
    let pattern = format!("{}/*", "r".repeat(200));
    let rules: [(&str, &[&str]); 1] = [(&pattern, &["content/read"])];
    let token = kit.create_token("registry", &"t".repeat(40), &rules).await;
    let long = format!("{}/{}", "r".repeat(200), "x".repeat(54));
    for (login, repository) in [(&alice, &*long), (&token, &long), (&token, "other"), (&alice, "a")]
    {
        for language in ["en", "ko"] {
            let request = kit.post(&format!("/v2/{repository}/blobs/uploads/")).at("registry");
            let reply =
                request.login(login).header("accept-language", language).send().await.expect(403);
            let message = reply.message();
            assert!(message.chars().count() < 300 && !message.contains(['\n', '\r']), "{message}");
            assert!(
                message.ends_with(&format!(" CorrelationId: {}.", reply.correlation_id())),
                "{message}"
            );
            let korean = message.chars().any(|c| ('가'..='힣').contains(&c));
            assert_eq!(korean, language == "ko", "{message}");
        }
    }
}

#[tokio::test]
async fn the_bare_challenge_and_a_narrow_token_are_counted_and_leave_no_event() {
    let kit = Kit::start_with_domain().await;
    let deploy = kit.create_service_principal("deploy").await;
    kit.assign("registry", &deploy, "AcrPush").await;
    let narrow = kit.access_token("registry", &deploy, &["repository:team/app:pull"]).await;
    let counters = kit.server().app().counters();
    let before = (counters.challenges(), counters.narrow_tokens());
    for path in
        ["/v2/", "/v2/_catalog", "/v2/team/app/manifests/v1", "/acr/v1/_catalog", "/v2/_oci/ext"]
    {
        kit.get(path).at("registry").send().await.expect(401);
    }
    let upload = kit.post("/v2/team/app/blobs/uploads/").at("registry").bearer(&narrow);
    let reply = upload.send().await.expect(401);
    let challenge = reply.header("www-authenticate");
    assert!(
        challenge.ends_with(r#",scope="repository:team/app:pull,push",error="insufficient_scope""#),
        "{challenge}"
    );
    assert_eq!((counters.challenges(), counters.narrow_tokens()), (before.0 + 5, before.1 + 1));
    assert_eq!(kit.admin("events", "login", json!({ "failed": true })).await, json!([]));
    // A token request without a credential is another matter: somebody forgot to log in.
    let reply = kit.ask_access("registry", None, &["repository:team/app:pull"]).await.expect(401);
    assert_eq!(kit.reasons("registry").await[&reply.correlation_id()], "credential-missing");
}

#[tokio::test]
async fn a_refused_upload_is_answered_before_its_body_and_the_client_sees_it() {
    let kit = Kit::start_with_domain().await;
    let alice = kit.create_user("alice").await;
    kit.assign("registry", &alice, "AcrPull").await;
    let body = vec![7_u8; 8 << 20];
    let digest = Digest::sha256(&body);
    let target = format!("/v2/team/app/blobs/uploads/?digest={digest}");
    let reply = kit.post(&target).at("registry").login(&alice).body(body).send().await.expect(403);
    assert_eq!(reply.header("x-naru-cause"), "permission-push");
}

/// A client takes a HEAD of a blob that says 404 as leave to upload it, and is told there why not.
#[tokio::test]
async fn head_leads_a_client_to_the_request_that_says_why() {
    let kit = Kit::start_with_domain().await;
    let ci = kit.create_token("registry", "ci-build", &[("other/*", &["content/read"])]).await;
    let blob = format!("/v2/team/app/blobs/{}", Digest::sha256(b"x"));
    let head = |target: &str, token: &str| kit.head(target).at("registry").bearer(token).send();
    let pull = kit.access_token("registry", &ci, &["repository:team/app:pull"]).await;
    let push = kit.access_token("registry", &ci, &["repository:team/app:pull,push"]).await;
    let reply = head(&blob, &push).await.expect(404);
    assert_eq!(kit.reasons("registry").await[&reply.correlation_id()], "permission-scope-map");
    head("/v2/team/app/manifests/v1", &pull).await.expect(403);
    head("/v2/team/app/manifests/v1", &push).await.expect(404);
    head("/v2/team/app/tags/list", &pull).await.expect(403);
    kit.head(&blob).at("registry").send().await.expect(401);
}
