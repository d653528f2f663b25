//! A database that another process has for itself: a backup tool, or a person with a shell.

use serde_json::json;

use super::wire::{Reply, Wire};
use crate::support::{PASSWORD, World};

const IMAGE: &str = "Content-Type: application/vnd.oci.image.index.v1+json\r\n";
const INDEX: &[u8] = br#"{"schemaVersion":2,"manifests":[]}"#;

fn put(wire: &Wire, tag: &str) -> Reply {
    wire.send("PUT", &format!("/v2/team/app/manifests/{tag}"), IMAGE, INDEX).unwrap()
}

fn tags(wire: &Wire) -> serde_json::Value {
    let listed = wire.get("/v2/team/app/tags/list").unwrap();
    assert_eq!(listed.status, 200, "{}", listed.text());
    listed.json()["tags"].clone()
}

#[track_caller]
fn refused(reply: &Reply) {
    assert_eq!((reply.status, reply.header("retry-after")), (503, "5"), "{}", reply.text());
    assert_eq!(reply.header("x-naru-cause"), "registry-unavailable");
    assert_eq!(reply.json()["errors"][0]["code"], "UNAVAILABLE");
}

#[test]
fn reads_go_on_and_writes_wait_for_so_long_and_are_refused_in_words_until_it_lets_go() {
    let world = World::new();
    let data = world.data();
    let wire = Wire::new(world.server().address(), data.join("naru.sock"), "owner", PASSWORD);
    assert_eq!(put(&wire, "before").status, 201);
    let other = rusqlite::Connection::open(data.join("naru.db")).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    std::thread::scope(|scope| {
        // Far more than are written together: none of them waits for all the others.
        for number in 0..40 {
            let (wire, tag) = (wire.clone(), format!("meanwhile-{number}"));
            scope.spawn(move || refused(&put(&wire, &tag)));
        }
        let wire = &wire;
        scope.spawn(move || {
            // No login failure without its row: it waits for it, and is refused in words.
            let wrong = wire.by("owner", "a wrong password").get("/v2/").unwrap();
            refused(&wrong);
        });
        scope.spawn(move || {
            let token = json!({ "name": "ci-build", "scopeMap": "_repositories_pull" });
            let refused = wire.admin("token/create", &token).unwrap();
            assert_eq!(refused.status, 503, "{}", refused.text());
            assert_eq!(refused.json()["error"]["code"], "registry-unavailable");
        });
        for _ in 0..20 {
            assert_eq!(tags(wire), json!(["before"]));
            assert_eq!(wire.get("/v2/team/app/manifests/before").unwrap().status, 200);
        }
        // Whoever watches is told: what cannot write is not ready.
        assert_eq!(wire.get("/readyz").unwrap().status, 503);
    });
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(wire.get("/readyz").unwrap().status, 200);
    assert_eq!(put(&wire, "after").status, 201);
    assert_eq!(tags(&wire), json!(["after", "before"]));
    assert_eq!(wire.by("owner", "a wrong password").get("/v2/").unwrap().status, 401);
    let tokens = wire.admin("token/list", &json!({})).unwrap().json();
    assert_eq!(tokens, json!([]));
}

#[test]
fn a_start_meanwhile_says_what_is_in_the_way() {
    let mut world = World::new();
    let (code, logs) = world.take_server().terminate();
    assert_eq!(code, Some(0), "{logs}");
    let other = rusqlite::Connection::open(world.data().join("naru.db")).unwrap();
    other.execute_batch("PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE").unwrap();
    let told = world.shown("serve --listen 127.0.0.1:0");
    assert_eq!(told, "exit 1\n----\nerror: the store cannot be opened: database is locked\n");
    drop(other);
    let again = crate::support::Server::start(world.naru(&["serve", "--listen", "127.0.0.1:0"]));
    assert_eq!(again.terminate().0, Some(0));
}
