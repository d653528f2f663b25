//! Causes that no other test brings about: each happens for real, and is named to programs.

use naru_testkit::{Kit, OWNER, OWNER_PASSWORD};
use serde_json::json;

#[tokio::test]
async fn a_name_outside_the_grammar_is_called_invalid() {
    let kit = Kit::start().await;
    let refused = kit.get("/v2/Team/App/tags/list").basic(OWNER, OWNER_PASSWORD).send().await;
    assert_eq!(refused.expect(400).header("x-naru-cause"), "name-repository-invalid");
}

#[tokio::test]
async fn a_repository_that_is_not_there_is_called_unknown() {
    let kit = Kit::start().await;
    let refused = kit.get("/v2/team/app/tags/list").basic(OWNER, OWNER_PASSWORD).send().await;
    assert_eq!(refused.expect(404).header("x-naru-cause"), "name-repository-unknown");
}

#[tokio::test]
async fn a_reader_who_deletes_lacks_just_that_right() {
    let kit = Kit::start().await;
    kit.admin("user", "create", json!({ "name": "reader", "password": "only reads here" })).await;
    kit.admin("role-assignment", "create", json!({ "assignee": "reader", "role": "AcrPull" }))
        .await;
    let refused =
        kit.delete("/v2/team/app/manifests/v1").basic("reader", "only reads here").send().await;
    assert_eq!(refused.expect(403).header("x-naru-cause"), "permission-delete");
}

#[tokio::test]
async fn passwords_beyond_what_the_server_can_check_are_told_to_come_back() {
    let kit = Kit::start().await;
    let tries = (0..100).map(|number| {
        let name = format!("somebody{number}");
        tokio::spawn(kit.get("/oauth2/token").basic(&name, "a guess of a password").send())
    });
    let mut busy = 0;
    for answer in tries.collect::<Vec<_>>() {
        let answer = answer.await.unwrap();
        if answer.header("x-naru-cause") == "registry-unavailable" {
            assert_eq!(answer.status.as_u16(), 503, "never a wrong password");
            assert!(!answer.header("retry-after").is_empty());
            busy += 1;
        }
    }
    assert!(busy > 0, "the queue is bounded");
}
