//! A stranger learns nothing: a known and an unknown name get the same bytes for the same work,
//! whatever the form of the wrong secret (`gate.md` §6).

use naru_identity::secret::{SecretKind, generate};
use naru_server::ambient::SystemEntropy;
use naru_testkit::{Kit, Reply, Sending};
use serde_json::json;

/// What a request cost: runs of Argon2id, keyed hashes, statements.
type Work = (u64, u64, u64);

/// Where a name and a secret can be shown.
const PLACES: [&str; 6] = [
    "GET /oauth2/token",
    "POST /oauth2/token",
    "GET /v2/",
    "GET /v2/team/app/manifests/v1",
    "the directory, by client credentials",
    "the directory, by password",
];

fn request(kit: &Kit, tenant: &str, place: &str, name: &str, secret: &str) -> Sending {
    let scope = ("scope", "https://containerregistry.azure.net/.default");
    let directory = kit.post(&format!("/{tenant}/oauth2/v2.0/token"));
    match place {
        "GET /oauth2/token" => {
            kit.get("/oauth2/token?scope=repository:team/app:pull").basic(name, secret)
        }
        "POST /oauth2/token" => {
            let form = [("grant_type", "password"), ("username", name), ("password", secret)];
            kit.post("/oauth2/token").form(&form)
        }
        "the directory, by client credentials" => directory.form(&[
            ("grant_type", "client_credentials"),
            ("client_id", name),
            ("client_secret", secret),
            scope,
        ]),
        "the directory, by password" => {
            let form =
                [("grant_type", "password"), ("username", name), ("password", secret), scope];
            directory.form(&form)
        }
        get => kit.get(get.trim_start_matches("GET ")).basic(name, secret),
    }
    .host("registry.naru.test")
}

fn work(kit: &Kit) -> Work {
    let app = kit.server().app();
    (app.password_runs(), app.counters().hashes(), app.store().metadata().statements())
}

async fn measured(kit: &Kit, request: Sending) -> (Reply, Work) {
    let before = work(kit);
    let reply = request.send().await;
    let after = work(kit);
    (reply, (after.0 - before.0, after.1 - before.1, after.2 - before.2))
}

/// All of an answer but its id and its date.
fn comparable(reply: &Reply) -> (u16, Vec<(String, String)>, String) {
    let headers = reply
        .headers
        .iter()
        .filter(|(name, _)| !["date", "x-ms-correlation-request-id"].contains(&name.as_str()));
    let headers = headers.map(|(name, value)| (name.to_string(), format!("{value:?}"))).collect();
    (reply.status.as_u16(), headers, reply.text().replace(&reply.correlation_id(), "ID"))
}

#[tokio::test]
async fn a_known_and_an_unknown_name_get_the_same_bytes_for_the_same_work() {
    let kit = Kit::start_with_domain().await;
    let tenant = kit.tenant().await;
    kit.admin("user", "create", json!({ "name": "alice", "password": "thought up by alice" }))
        .await;
    kit.admin("user", "create", json!({ "name": "gone", "password": "thought up by gone" })).await;
    kit.admin("user", "update", json!({ "name": "gone", "enabled": false })).await;
    let principal = kit.create_service_principal("deploy").await;
    let token = kit.create_token("registry", "ci-build", &[("*", &["content/read"])]).await;
    let known = ["alice", "gone", &principal.name, &token.name, "registry"];
    let generated = generate(SecretKind::Token, &SystemEntropy).expose().to_owned();
    let jwt = "eyJhbGciOiJFUzI1NiIsImtpZCI6IngifQ.eyJzdWIiOiJhbGljZSJ9.c2lnbmVk";
    for (secret, runs, hashes) in [("thought up", 1, 3), (&*generated, 0, 3), (jwt, 0, 0)] {
        for place in PLACES {
            let nobody = || request(&kit, &tenant, place, "nobody-at-all", secret);
            // The first one reads what the later ones have in memory.
            nobody().send().await;
            let (unknown, cost) = measured(&kit, nobody()).await;
            assert_eq!(unknown.status, 401, "{place}: {}", unknown.text());
            assert_eq!((cost.0, cost.1), (runs, hashes), "{place}");
            for name in known {
                let (answer, same) =
                    measured(&kit, request(&kit, &tenant, place, name, secret)).await;
                assert_eq!(comparable(&answer), comparable(&unknown), "{name} at {place}");
                assert_eq!(same, cost, "{name} at {place}");
            }
        }
    }
}

#[tokio::test]
async fn whoever_proves_the_secret_is_told_about_the_account() {
    let kit = Kit::start_with_domain().await;
    let token = kit.create_token("registry", "ci-build", &[("*", &["content/read"])]).await;
    kit.admin("token", "update", json!({ "name": "ci-build", "status": "disabled" })).await;
    let told = kit.get("/v2/").login(&token).send().await.expect(401);
    assert_eq!(told.header("x-naru-cause"), "credential-disabled");
    let guessed = kit.get("/v2/").basic(&token.name, "a guess").send().await.expect(401);
    assert_eq!(guessed.header("x-naru-cause"), "credential-invalid");
}
