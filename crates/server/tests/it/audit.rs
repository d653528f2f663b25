//! What is written down of what happened, when, and what never is.

use jiff::SignedDuration;
use naru_identity::secret::{SecretKind, generate};
use naru_oci::Digest;
use naru_server::EventsRecorded;
use naru_server::ambient::SystemEntropy;
use naru_testkit::{Kit, Login, OWNER, OWNER_PASSWORD, host, image, text};
use serde_json::{Value, json};

const WHO: (&str, &str) = (OWNER, OWNER_PASSWORD);

fn owner() -> Login {
    Login { name: OWNER.to_owned(), secret: OWNER_PASSWORD.to_owned() }
}

/// The columns that are compared of each event.
fn shown(events: &[Value], columns: &[&str]) -> Vec<Value> {
    let row = |event: &Value| columns.iter().map(|column| event[column].clone()).collect();
    events.iter().map(row).collect()
}

#[tokio::test]
async fn logins_and_pulls_are_events_and_the_like_of_them_is_one_row() {
    let kit = Kit::start_with_domain().await;
    let image = image("seen");
    kit.push_image(WHO, "team/app", "v1", &image).await;
    let ci = kit.create_token("registry", "ci-build", &[("*", &["content/read"])]).await;
    for _ in 0..3 {
        let token = kit.access_token("registry", &ci, &["repository:team/app:pull"]).await;
        let get = |path: &str| kit.get(path).at("registry").bearer(&token).send();
        get("/v2/").await.expect(200);
        get("/v2/team/app/manifests/v1").await.expect(200);
        for content in [&image.config, &image.layer] {
            get(&format!("/v2/team/app/blobs/{}", Digest::sha256(content))).await.expect(200);
        }
    }
    let logins: Vec<_> = kit.export("login").await;
    let logins = shown(
        &logins,
        &["Identity", "IdentityKind", "Credential", "OperationName", "ResultDescription", "Count"],
    );
    let expected = json!(["ci-build", "token", "token-password", "GET /oauth2/token", "200", 3]);
    assert_eq!(logins, [expected], "a token that is shown again is no login");
    let reads = kit.export("repository").await;
    let reads: Vec<_> =
        reads.iter().filter(|event| event["Identity"] == "ci-build").cloned().collect();
    let digest = image.digest().to_string();
    let mut rows =
        shown(&reads, &["OperationName", "Repository", "Tag", "Digest", "Count", "Rule"]);
    rows.sort_by_key(ToString::to_string);
    let rule = "scope-map:ci-build-scope-map:*";
    assert_eq!(
        rows,
        [
            json!(["Pull", "team/app", "v1", digest, 3, rule]),
            json!(["PullBlob", "team/app", null, null, 6, rule]),
        ]
    );
    let pull = reads.iter().find(|event| event["OperationName"] == "Pull").unwrap();
    assert_eq!(pull["MediaType"], naru_testkit::MANIFEST);
    assert_eq!(pull["Size"], image.manifest.len());
}

#[tokio::test]
async fn a_login_is_found_by_the_id_of_the_token_that_it_gave() {
    let kit = Kit::start_with_domain().await;
    let ci = kit.create_token("registry", "ci-build", &[("team/*", &["content/read"])]).await;
    let token = kit.access_token("registry", &ci, &["repository:team/app:pull"]).await;
    let path = "/v2/other/manifests/v1";
    kit.get(path).at("registry").bearer(&token).send().await.expect(403);
    let events = kit.export("login").await;
    let ids: Vec<_> = events.iter().map(|event| text(&event["JwtId"])).collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1], "{events:?}");
}

#[tokio::test]
async fn an_end_of_the_server_loses_nothing() {
    let mut kit = Kit::start().await;
    kit.get("/v2/").basic(OWNER, OWNER_PASSWORD).send().await.expect(200);
    kit.restart().await;
    let events = kit.export("login").await;
    assert_eq!(shown(&events, &["Identity", "OperationName"]), [json!(["owner", "GET /v2/"])]);
}

#[tokio::test]
async fn what_was_allowed_is_left_out_where_only_refusals_are_wanted() {
    let kit = Kit::start_with(|config| config.events.record = EventsRecorded::Refusals).await;
    let image = image("unseen");
    kit.push_image(WHO, "team/app", "v1", &image).await;
    kit.get("/v2/team/app/manifests/v1").basic(OWNER, OWNER_PASSWORD).send().await.expect(200);
    kit.get("/v2/").basic(OWNER, "a guess").send().await.expect(401);
    let logins = kit.export("login").await;
    assert_eq!(shown(&logins, &["Reason"]), [json!(["credential-invalid"])]);
    let writes = kit.export("repository").await;
    assert_eq!(shown(&writes, &["OperationName"]), [json!(["Push"])]);
}

#[tokio::test]
async fn a_host_that_names_no_registry_is_an_event_at_the_first_one() {
    let kit = Kit::start_with_domain().await;
    let reply = kit.get("/v2/").host(&host("nowhere")).send().await.expect(404);
    let shown = kit.admin("events", "show", json!({ "id": reply.message() })).await;
    assert_eq!(shown["cause"]["code"], "name-not-found");
    assert_eq!(shown["event"]["LoginServer"], host("nowhere"));
}

#[tokio::test]
async fn an_id_finds_its_event_at_whatever_registry_it_is() {
    let kit = Kit::start_with_domain().await;
    let reply = kit.get("/v2/").at("second").basic("alice", "a guess").send().await.expect(401);
    let id = reply.correlation_id();
    let shown = kit.admin("events", "show", json!({ "id": id })).await;
    assert_eq!(shown["story"]["registry"], format!("second ({})", host("second")));
    let commands = shown["remedies"].to_string();
    assert!(commands.contains(r#""--registry","second""#), "{commands}");
    let begins: String = id.chars().take(13).collect();
    let half = kit.admin("events", "show", json!({ "id": begins })).await;
    assert_eq!(half["id"], id);
}

#[tokio::test]
async fn old_events_are_forgotten() {
    let kit = Kit::start().await;
    kit.get("/v2/").basic(OWNER, "a guess").send().await.expect(401);
    kit.clock().advance(SignedDuration::from_hours(89 * 24));
    kit.get("/v2/").basic(OWNER, "another").send().await.expect(401);
    let app = kit.server().app();
    app.expire_events().await.unwrap();
    assert_eq!(kit.export("login").await.len(), 2);
    kit.clock().advance(SignedDuration::from_hours(2 * 24));
    app.expire_events().await.unwrap();
    assert_eq!(kit.export("login").await.len(), 1);
}

/// Secrets by every way in which they come, right and wrong ones, are in no event, nor anywhere
/// else in the database.
#[tokio::test]
async fn no_secret_is_written_down() {
    let kit = Kit::start_with_domain().await;
    let ci = kit.create_token("registry", "ci-build", &[("*", &["content/read"])]).await;
    let token = kit.access_token("registry", &ci, &["repository:team/app:pull"]).await;
    let wrong = generate(SecretKind::Token, &SystemEntropy).expose().to_owned();
    let forged = format!("{}x", token.rsplit_once('.').unwrap().0);
    let thought_up = "marked by the test";
    let secrets = [ci.secret.as_str(), &token, &wrong, &forged, thought_up, OWNER_PASSWORD];
    for secret in secrets {
        for name in ["ci-build", "nobody", "00000000-0000-0000-0000-000000000000", ""] {
            for path in ["/v2/", "/oauth2/token", "/v2/team/app/manifests/v1"] {
                kit.get(path).at("registry").basic(name, secret).send().await;
            }
            let form = [("grant_type", "password"), ("username", name), ("password", secret)];
            kit.post("/oauth2/token").at("registry").form(&form).send().await;
        }
        kit.get("/v2/").at("registry").bearer(secret).send().await;
        kit.get("/v2/").at("registry").basic(&token, secret).send().await;
        kit.get("/v2/").at("registry").basic(&wrong, secret).send().await;
        for (grant, field) in [("refresh_token", "refresh_token"), ("access_token", "access_token")]
        {
            let form = [("grant_type", grant), (field, secret)];
            kit.post("/oauth2/token").at("registry").form(&form).send().await;
            kit.post("/oauth2/exchange").at("registry").form(&form).send().await;
        }
        let query = format!("/oauth2/token?service=x&account={secret}");
        kit.get(&query.replace(' ', "%20")).at("registry").send().await;
    }
    kit.access_token("registry", &owner(), &[]).await;
    let events = format!("{:?}{:?}", kit.export("login").await, kit.export("repository").await);
    assert!(events.matches("credential-").count() > 50);
    for secret in secrets {
        assert!(!events.contains(secret), "{secret}");
        for path in kit.database_files() {
            let bytes = std::fs::read(&path).unwrap();
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} in {}", path.display());
        }
    }
}
