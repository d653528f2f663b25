//! The local socket: who may open it, and what it says to requests that mean nothing.

mod can_i;
mod key;
mod last_use;

use std::os::unix::fs::PermissionsExt as _;

use naru_testkit::Kit;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

/// Status and body of an answer.
async fn ask(kit: &Kit, head: &str, body: &[u8]) -> (u16, Value) {
    let mut stream = UnixStream::connect(kit.socket()).await.unwrap();
    let length = body.len();
    let head = format!(
        "{head} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // It need not take all of a body that it refuses.
    let _taken = stream.write_all(body).await;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap())
}

#[tokio::test]
async fn the_socket_is_this_users_alone() {
    let kit = Kit::start().await;
    let mode = std::fs::metadata(kit.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_request_without_a_meaning_is_refused_with_an_id() {
    let kit = Kit::start().await;
    for (head, body) in [
        ("GET /v1/registry/show", "{}"),
        ("POST /v1/registry/destroy", "{}"),
        ("POST /v2/registry/show", "{}"),
        ("POST /v1/registry/show", "nonsense"),
        ("POST /v1/registry/show", "[]"),
        ("POST /v1/registry/show", ""),
        ("POST /v1/registry/show", r#"{"registry":7}"#),
        ("POST /v1/registry/show", r#"{"surprise":1}"#),
        ("POST /v1/token/show", "{}"),
    ] {
        let (status, answer) = ask(&kit, head, body.as_bytes()).await;
        let error = &answer["error"];
        assert_eq!((status, &error["code"]), (400, &json!("request-invalid")), "{head} {body}");
        assert!(error["message"].is_string() && error["correlationId"].is_string(), "{answer}");
    }
    let (status, answer) =
        ask(&kit, "POST /v1/registry/show", br#"{"registry":"elsewhere"}"#).await;
    assert_eq!((status, &answer["error"]["code"]), (404, &json!("not-found")));
    let (status, answer) = ask(&kit, "POST /v1/registry/show", br#"{"registry":null}"#).await;
    assert_eq!((status, answer["adminUserEnabled"].as_bool()), (200, Some(false)));
}

#[tokio::test]
async fn a_request_is_not_read_without_bound() {
    let kit = Kit::start().await;
    let body = format!(r#"{{"name":"{}"}}"#, "a".repeat(2 << 20));
    let (status, answer) = ask(&kit, "POST /v1/token/show", body.as_bytes()).await;
    assert_eq!((status, &answer["error"]["code"]), (400, &json!("request-invalid")));
}

#[tokio::test]
async fn a_token_with_the_longest_name_gets_a_scope_map_too() {
    let kit = Kit::start().await;
    let name = "a".repeat(50);
    let rules = json!([{ "repository": "team/app", "actions": ["content/read"] }]);
    let token = kit.admin("token", "create", json!({ "name": name, "repositories": rules })).await;
    assert!(token["scopeMapId"].as_str().unwrap().ends_with("a-scope-map"), "{token}");
}
