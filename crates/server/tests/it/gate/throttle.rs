//! How fast anybody may guess.

use jiff::SignedDuration;
use naru_identity::secret::{SecretKind, generate};
use naru_server::ambient::SystemEntropy;
use naru_testkit::{Kit, OWNER, OWNER_PASSWORD, Reply};
use serde_json::json;

/// The guesses that an address has at once.
const BURST: usize = 50;

const HERE: &str = "192.0.2.7";
const ELSEWHERE: &str = "198.51.100.1";

async fn kit() -> Kit {
    let domain = "naru.test".parse().unwrap();
    Kit::start_with(|config| {
        config.domain = Some(domain);
        config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await
}

async fn login(kit: &Kit, address: &str, name: &str, secret: &str) -> Reply {
    let request = kit.get("/oauth2/token").at("registry").header("x-forwarded-for", address);
    request.basic(name, secret).send().await
}

/// A secret of the generated form that is nobody's: a guess that needs no Argon2id.
fn guess() -> String {
    generate(SecretKind::Token, &SystemEntropy).expose().to_owned()
}

#[track_caller]
fn held_back(reply: &Reply) {
    assert_eq!(reply.status, 429, "{}", reply.text());
    assert_eq!(
        (reply.code(), reply.header("x-naru-cause")),
        ("TOOMANYREQUESTS".to_owned(), "credential-throttled")
    );
    let seconds: u64 = reply.header("retry-after").parse().unwrap();
    assert!((1..=600).contains(&seconds), "{seconds}");
    assert_eq!(reply.header("www-authenticate"), "");
    assert!(reply.message().ends_with(&format!(" CorrelationId: {}.", reply.correlation_id())));
}

#[tokio::test]
async fn an_address_that_guesses_is_held_back_and_others_are_not() {
    let kit = kit().await;
    let token = kit.create_token("registry", "ci-build", &[("*", &["content/read"])]).await;
    let secret = guess();
    for number in 0..BURST {
        // One password sprayed over names counts each time.
        login(&kit, HERE, &format!("name-{number}"), &secret).await.expect(401);
    }
    let refused = login(&kit, HERE, "alice", &secret).await;
    held_back(&refused);
    assert_eq!(kit.reasons("registry").await[&refused.correlation_id()], "credential-throttled");
    // What people think up is not even looked at.
    let runs = kit.server().app().password_runs();
    held_back(&login(&kit, HERE, "alice", "thought up").await);
    held_back(&login(&kit, HERE, OWNER, OWNER_PASSWORD).await);
    assert_eq!(kit.server().app().password_runs(), runs);
    // The directory shares the throttle.
    let path = format!("/{}/oauth2/v2.0/token", kit.tenant().await);
    let form = [
        ("grant_type", "password"),
        ("username", "alice"),
        ("password", "thought up"),
        ("scope", "https://containerregistry.azure.net/.default"),
    ];
    let asked = kit.post(&path).at("registry").header("x-forwarded-for", HERE).form(&form);
    assert_eq!(asked.send().await.status, 429);
    // A right generated secret is never held back, and another address not at all.
    login(&kit, HERE, &token.name, &token.secret).await.expect(200);
    login(&kit, ELSEWHERE, "alice", &secret).await.expect(401);
    login(&kit, ELSEWHERE, OWNER, OWNER_PASSWORD).await.expect(200);
    // Time brings guesses back.
    kit.clock().advance(SignedDuration::from_mins(10));
    login(&kit, HERE, "alice", &guess()).await.expect(401);
    login(&kit, HERE, OWNER, OWNER_PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_pipeline_with_an_old_password_counts_once() {
    let kit = kit().await;
    let old = guess();
    for _ in 0..2 * BURST {
        login(&kit, HERE, "ci-build", &old).await.expect(401);
    }
    login(&kit, HERE, OWNER, OWNER_PASSWORD).await.expect(200);
}

#[tokio::test]
async fn nobody_locks_the_owner_out() {
    let kit = kit().await;
    login(&kit, HERE, OWNER, OWNER_PASSWORD).await.expect(200);
    for number in 0..=BURST {
        login(&kit, HERE, &format!("name-{number}"), &guess()).await;
    }
    held_back(&login(&kit, HERE, "alice", "thought up").await);
    // Past the memory of right passwords, so that this one is checked again.
    kit.clock().advance(SignedDuration::from_secs(301));
    for number in 0..BURST {
        login(&kit, HERE, &format!("other-{number}"), &guess()).await;
    }
    held_back(&login(&kit, HERE, "alice", "thought up").await);
    let runs = kit.server().app().password_runs();
    login(&kit, HERE, OWNER, OWNER_PASSWORD).await.expect(200);
    assert_eq!(kit.server().app().password_runs(), runs + 1);
}

#[tokio::test]
async fn a_right_password_is_remembered_while_it_stands() {
    let kit = kit().await;
    let request = json!({ "name": "alice", "password": "thought up by alice" });
    kit.admin("user", "create", request).await;
    kit.admin("role-assignment", "create", json!({ "assignee": "alice", "role": "AcrPull" })).await;
    let runs = || kit.server().app().password_runs();
    let before = runs();
    for _ in 0..5 {
        login(&kit, HERE, "alice", "thought up by alice").await.expect(200);
    }
    assert_eq!(runs(), before + 1, "not every pull pays for it");
    kit.admin("user", "update", json!({ "name": "alice", "password": "another by alice" })).await;
    login(&kit, HERE, "alice", "thought up by alice").await.expect(401);
    login(&kit, HERE, "alice", "another by alice").await.expect(200);
    kit.admin("user", "update", json!({ "name": "alice", "enabled": false })).await;
    let reply = login(&kit, HERE, "alice", "another by alice").await.expect(401);
    assert_eq!(reply.header("x-naru-cause"), "credential-disabled");
}
