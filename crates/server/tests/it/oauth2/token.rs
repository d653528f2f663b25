//! `/oauth2/token`: what is asked, in every form in which clients ask, and what they get.

use naru_testkit::{Kit, Login, Reply, text};
use serde_json::{Value, json};

use super::forge::part_of;

/// A kit with a service principal that pulls and pushes.
async fn pusher() -> (Kit, Login) {
    let kit = Kit::start_with_domain().await;
    let login = kit.create_service_principal("deploy").await;
    kit.assign("registry", &login, "AcrPush").await;
    (kit, login)
}

/// What an answer's token lists: type, name, actions.
fn listed(reply: &Reply) -> Vec<(String, String, String)> {
    let claims = part_of(&text(&reply.json()["access_token"]), 1);
    let entry = |entry: &Value| {
        let words: Vec<String> = entry["actions"].as_array().unwrap().iter().map(text).collect();
        (text(&entry["type"]), text(&entry["name"]), words.join(","))
    };
    claims["access"].as_array().unwrap().iter().map(entry).collect()
}

fn names(list: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    list.iter()
        .map(|(kind, name, words)| ((*kind).into(), (*name).into(), (*words).into()))
        .collect()
}

async fn form(kit: &Kit, fields: &[(&str, &str)]) -> Reply {
    kit.post("/oauth2/token").at("registry").form(fields).send().await
}

#[tokio::test]
async fn over_asking_is_answered_with_what_is_held_in_the_order_asked() {
    let (kit, login) = pusher().await;
    let asked = "repository:team/app:delete,push,pull registry:None:* repository(plugin):a/b:pull";
    let reply = kit.ask_access("registry", Some(&login), &[asked]).await.expect(200);
    let expected = [
        ("repository", "team/app", "push,pull"),
        ("registry", "None", ""),
        ("repository(plugin)", "a/b", ""),
    ];
    assert_eq!(listed(&reply), names(&expected));
    let delete =
        kit.ask_access("registry", Some(&login), &["repository:a:delete"]).await.expect(200);
    assert_eq!(listed(&delete), names(&[("repository", "a", "")]), "az reads the first entry");
    let all = kit.ask_access("registry", Some(&login), &["repository:a:*"]).await.expect(200);
    assert_eq!(listed(&all), names(&[("repository", "a", "pull,push,metadata_read")]));
}

#[tokio::test]
async fn scopes_come_joined_and_repeated_in_a_query_and_in_a_form() {
    let (kit, login) = pusher().await;
    let expected = names(&[
        ("repository", "a", "pull,push"),
        ("repository", "b", "pull"),
        ("registry", "catalog", "*"),
    ]);
    let scopes =
        ["repository:a:pull repository:b:pull", "repository:a:push,pull", "registry:catalog:*"];
    let reply = kit.ask_access("registry", Some(&login), &scopes).await.expect(200);
    assert_eq!(listed(&reply), expected);
    let mut fields =
        vec![("username", &*login.name), ("password", &*login.secret), ("grant_type", "password")];
    fields.extend(scopes.map(|scope| ("scope", scope)));
    assert_eq!(listed(&form(&kit, &fields).await.expect(200)), expected);
}

#[tokio::test]
async fn a_hundred_scopes_are_answered_and_one_more_is_refused() {
    let (kit, login) = pusher().await;
    let scopes = |count: usize| {
        (0..count).map(|number| format!("repository:r{number}:pull")).collect::<Vec<_>>()
    };
    let joined = |count| scopes(count).join(" ");
    let reply = kit.ask_access("registry", Some(&login), &[&joined(100)]).await.expect(200);
    assert_eq!(listed(&reply).len(), 100);
    let reply = kit.ask_access("registry", Some(&login), &[&joined(101)]).await.expect(400);
    assert_eq!(reply.code(), "REQUEST_INVALID");
    let all = joined(101);
    let fields = [("username", &*login.name), ("password", &*login.secret), ("scope", &*all)];
    form(&kit, &fields).await.expect(400);
}

#[tokio::test]
async fn both_names_of_the_token_are_there_and_nothing_that_misleads_a_client() {
    let (kit, login) = pusher().await;
    let reply = kit.ask_access("registry", Some(&login), &["repository:a:pull"]).await.expect(200);
    let answer = reply.json();
    assert_eq!(answer["token"], answer["access_token"]);
    assert_eq!(reply.header("cache-control"), "no-store");
    let claims = part_of(&text(&answer["token"]), 1);
    let lives = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(lives, 75 * 60);
    let told = answer["expires_in"].as_i64().unwrap();
    assert!(told < lives && lives - told <= 600, "{told} of {lives}");
    assert!(answer.get("issued_at").is_none() && answer.get("refresh_token").is_none());
    assert_eq!(
        (&claims["aud"], &claims["grant_type"]),
        (&json!("registry.naru.test"), &json!("access_token"))
    );
    assert_eq!((&claims["appid"], &claims["version"]), (&json!(login.name), &json!("1.0")));
}

#[tokio::test]
async fn a_password_is_never_answered_with_a_refresh_token() {
    let (kit, login) = pusher().await;
    let query = "/oauth2/token?service=registry.naru.test&offline_token=true&client_id=docker";
    let reply = kit.get(query).at("registry").login(&login).send().await.expect(200);
    assert!(reply.json().get("refresh_token").is_none());
    let fields = [
        ("grant_type", "password"),
        ("username", &*login.name),
        ("password", &*login.secret),
        ("access_type", "offline"),
        ("offline_token", "true"),
    ];
    assert!(form(&kit, &fields).await.expect(200).json().get("refresh_token").is_none());
}

#[tokio::test]
async fn who_comes_with_a_refresh_token_gets_that_one_back() {
    let (kit, login) = pusher().await;
    let refresh = kit.refresh_token("registry", &login).await;
    for name in ["", "00000000-0000-0000-0000-000000000000"] {
        let named = Login { name: name.to_owned(), secret: refresh.clone() };
        let reply =
            kit.ask_access("registry", Some(&named), &["repository:a:pull"]).await.expect(200);
        assert_eq!(reply.json()["refresh_token"], json!(refresh));
        let fields = [("grant_type", "password"), ("username", name), ("password", &*refresh)];
        assert_eq!(form(&kit, &fields).await.expect(200).json()["refresh_token"], json!(refresh));
        kit.get("/v2/").at("registry").login(&named).send().await.expect(200);
    }
    for grant in [vec![], vec![("grant_type", "refresh_token")]] {
        let fields =
            [&grant[..], &[("refresh_token", &*refresh), ("scope", "repository:a:push")]].concat();
        let reply = form(&kit, &fields).await.expect(200);
        assert_eq!(reply.json()["refresh_token"], json!(refresh));
        assert_eq!(listed(&reply), names(&[("repository", "a", "push")]));
    }
    let named = Login { name: login.name.clone(), secret: refresh };
    let reply = kit.ask_access("registry", Some(&named), &[]).await.expect(401);
    assert_eq!(reply.header("x-naru-cause"), "credential-wrong-username");
}

#[tokio::test]
async fn forms_are_read_as_clients_send_them() {
    let (kit, login) = pusher().await;
    let (name, secret) = (&*login.name, &*login.secret);
    let fields = [("username", name), ("password", secret), ("scope", "repository:a:pull")];
    form(&kit, &fields).await.expect(200);
    let body = format!(
        "grant_type=password&username={name}&password={secret}&scope=registry%3Acatalog%3A*"
    );
    let request = kit.post("/oauth2/token").at("registry");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let reply = request.header("transfer-encoding", "chunked").body(body).send().await.expect(200);
    assert_eq!(listed(&reply), names(&[("registry", "catalog", "*")]), "a chunked form");
    // Basic in the header and the rest in the form.
    let request = kit.post("/oauth2/token").at("registry").login(&login);
    request.form(&[("scope", "repository:a:pull")]).send().await.expect(200);
    let wrong = Login { name: name.to_owned(), secret: "another".to_owned() };
    for both in [&login, &wrong] {
        let request = kit.post("/oauth2/token").at("registry").login(both);
        let reply = request.form(&fields).send().await.expect(400);
        assert_eq!(reply.code(), "REQUEST_INVALID", "credentials in both");
    }
    let reply =
        form(&kit, &[("grant_type", "authorization_code"), ("code", "x")]).await.expect(400);
    assert_eq!(reply.code(), "UNSUPPORTED");
    form(&kit, &[("grant_type", "refresh_token")]).await.expect(400);
}

#[tokio::test]
async fn a_form_has_at_most_64_kib() {
    let (kit, login) = pusher().await;
    let field = |padding: usize| {
        let padding = "x".repeat(padding);
        let fields =
            [("username", &*login.name), ("password", &*login.secret), ("padding", &*padding)];
        kit.post("/oauth2/token").at("registry").form(&fields)
    };
    field(60 * 1024).send().await.expect(200);
    let reply = field(64 * 1024).send().await.expect(413);
    assert_eq!(reply.code(), "SIZE_INVALID");
}

#[tokio::test]
async fn a_service_may_be_anything_but_another_registry_of_this_server() {
    let (kit, login) = pusher().await;
    for service in ["registry.naru.test", "localhost:5000", "127.0.0.1", "anything", ""] {
        let target = format!("/oauth2/token?service={service}");
        kit.get(&target).at("registry").login(&login).send().await.expect(200);
    }
    for service in ["second.naru.test", "SECOND.naru.test", "second"] {
        let target = format!("/oauth2/token?service={service}");
        let reply = kit.get(&target).at("registry").login(&login).send().await.expect(401);
        assert_eq!(reply.header("x-naru-cause"), "credential-wrong-registry", "{service}");
    }
}

#[tokio::test]
async fn a_login_of_somebody_who_holds_nothing_says_so() {
    let kit = Kit::start_with_domain().await;
    let alice = kit.create_user("alice").await;
    let reply = kit.ask_access("registry", Some(&alice), &[]).await.expect(403);
    assert_eq!(
        (reply.code(), reply.header("x-naru-cause")),
        ("DENIED".to_owned(), "permission-no-role")
    );
    assert!(
        reply.message().starts_with("user alice holds no role on this registry"),
        "{}",
        reply.message()
    );
    let asked = kit.ask_access("registry", Some(&alice), &["repository:a:pull"]).await.expect(200);
    assert_eq!(listed(&asked), names(&[("repository", "a", "")]));
    // Where everybody holds something, so does she.
    kit.admin("registry", "update", json!({ "anonymousPullEnabled": true })).await;
    kit.ask_access("registry", Some(&alice), &[]).await.expect(200);
}

#[tokio::test]
async fn nobody_in_particular_gets_what_everybody_may() {
    let kit = Kit::start_with_domain().await;
    for scopes in [&[][..], &["repository:a:pull"], &["registry:catalog:*"]] {
        let reply = kit.ask_access("registry", None, scopes).await.expect(401);
        assert_eq!(reply.header("x-naru-cause"), "credential-missing");
    }
    kit.admin("registry", "update", json!({ "anonymousPullEnabled": true })).await;
    let reply = kit.ask_access("registry", None, &["repository:a:push,pull"]).await.expect(200);
    assert_eq!(listed(&reply), names(&[("repository", "a", "pull")]));
    let claims = part_of(&text(&reply.json()["token"]), 1);
    assert_eq!(claims["sub"], "acr_anon_pull");
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 20 * 60);
    kit.ask_access("registry", None, &[]).await.expect(200);
    let catalog = kit.ask_access("registry", None, &["registry:catalog:*"]).await.expect(200);
    assert_eq!(listed(&catalog), names(&[("registry", "catalog", "*")]));
    // Nothing of what was asked is everybody's.
    kit.ask_access("registry", None, &["repository:a:push"]).await.expect(401);
    kit.ask_access("registry", None, &["repository:a:push repository:b:pull"]).await.expect(200);
    // The SDKs' anonymous form, and an empty Basic.
    let fields = [
        ("grant_type", "password"),
        ("scope", "repository:a:pull"),
        ("service", "registry.naru.test"),
    ];
    form(&kit, &fields).await.expect(200);
    let empty = Login { name: String::new(), secret: String::new() };
    kit.ask_access("registry", Some(&empty), &["repository:a:pull"]).await.expect(200);
    // A wrong credential is never nobody in particular.
    let wrong = Login { name: "alice".to_owned(), secret: "wrong".to_owned() };
    kit.ask_access("registry", Some(&wrong), &["repository:a:pull"]).await.expect(401);
    // And `GET /v2/` challenges all the same.
    kit.get("/v2/").at("registry").send().await.expect(401);
}
