//! Keys by hand: a successor logs nobody out, a revoked key ends what it signed.

use jiff::SignedDuration;
use naru_testkit::{Kit, Login, text};
use serde_json::{Value, json};

const SCOPE: &str = "repository:team/app:pull";

/// Alice, with every kind of token that she can have.
struct Session {
    alice: Login,
    identity: String,
    refresh: Login,
    access: String,
}

impl Session {
    async fn new(kit: &Kit) -> Self {
        let alice = kit.create_user("alice").await;
        kit.assign("registry", &alice, "AcrPull").await;
        let identity = kit.identity_token(&alice).await;
        let secret = kit.refresh_token("registry", &alice).await;
        let refresh = Login { name: "00000000-0000-0000-0000-000000000000".to_owned(), secret };
        let access = kit.access_token("registry", &refresh, &[SCOPE]).await;
        Self { alice, identity, refresh, access }
    }

    /// The statuses of what is done with the identity, the refresh and the access token, and with
    /// the password.
    async fn statuses(&self, kit: &Kit) -> [u16; 4] {
        let pull = kit.get("/v2/team/app/manifests/v1").at("registry").bearer(&self.access);
        [
            kit.ask_exchange("registry", &self.identity).await.status.as_u16(),
            kit.ask_access("registry", Some(&self.refresh), &[SCOPE]).await.status.as_u16(),
            pull.send().await.status.as_u16(),
            kit.ask_access("registry", Some(&self.alice), &[SCOPE]).await.status.as_u16(),
        ]
    }
}

/// The ids of the keys of a use in a state.
fn ids(keys: &Value, usage: &str, state: &str) -> Vec<String> {
    let keys = keys.as_array().unwrap().iter();
    let meant = keys.filter(|key| key["use"] == usage && key["state"] == state);
    meant.map(|key| text(&key["keyId"])).collect()
}

async fn published(kit: &Kit) -> Vec<String> {
    let path = format!("/{}/discovery/v2.0/keys", kit.tenant().await);
    let set = kit.get(&path).at("registry").send().await.expect(200).json();
    set["keys"].as_array().unwrap().iter().map(|key| text(&key["kid"])).collect()
}

#[tokio::test]
async fn new_keys_log_nobody_out_and_outlive_a_restart() {
    let mut kit = Kit::start_with_domain().await;
    let session = Session::new(&kit).await;
    let before = kit.admin("key", "list", json!({})).await;
    assert_eq!(before.as_array().unwrap().len(), 2);
    assert!(before[0]["honouredUntil"].is_null() && before[1]["honouredUntil"].is_null());
    let after = kit.admin("key", "rotate", json!({})).await;
    assert_eq!(ids(&after, "registry", "honoured"), ids(&before, "registry", "signing"));
    assert_eq!(ids(&after, "issuer", "signing"), ids(&before, "issuer", "signing"));
    assert_eq!(ids(&after, "issuer", "next").len(), 1, "it is published before it signs");
    let known = published(&kit).await;
    assert!(ids(&after, "issuer", "next").iter().all(|id| known.contains(id)), "{known:?}");
    assert_eq!(session.statuses(&kit).await, [200, 200, 404, 200]);
    kit.restart().await;
    assert_eq!(kit.admin("key", "list", json!({})).await, after);
    assert_eq!(session.statuses(&kit).await, [200, 200, 404, 200]);
    kit.clock().advance(SignedDuration::from_mins(61));
    let later = kit.admin("key", "list", json!({})).await;
    assert_eq!(ids(&later, "issuer", "signing"), ids(&after, "issuer", "next"));
    assert_eq!(published(&kit).await.len(), 2);
    let one = kit.admin("key", "rotate", json!({ "use": "registry" })).await;
    assert_eq!(
        (ids(&one, "registry", "honoured").len(), ids(&one, "issuer", "next").len()),
        (2, 0)
    );
}

#[tokio::test]
async fn a_revoked_key_of_the_registry_ends_its_tokens_and_no_password() {
    let mut kit = Kit::start_with_domain().await;
    let session = Session::new(&kit).await;
    // They were looked at before, so that their signature is remembered.
    assert_eq!(session.statuses(&kit).await, [200, 200, 404, 200]);
    let keys = kit.admin("key", "list", json!({})).await;
    let id = &ids(&keys, "registry", "signing")[0];
    let left = kit.admin("key", "revoke", json!({ "keyId": id })).await;
    assert_eq!(ids(&left, "registry", "signing").len(), 1);
    assert!(!left.to_string().contains(id.as_str()));
    assert_eq!(session.statuses(&kit).await, [200, 401, 401, 200]);
    let pull = kit.get("/v2/team/app/manifests/v1").at("registry").bearer(&session.access);
    let refused = pull.send().await.expect(401);
    assert_eq!(refused.header("x-naru-cause"), "credential-untrusted-issuer");
    kit.restart().await;
    assert_eq!(session.statuses(&kit).await, [200, 401, 401, 200]);
    let again = kit.try_admin("key", "revoke", json!({ "keyId": id })).await;
    assert_eq!((again.status.as_u16(), &again.body["error"]["code"]), (404, &json!("not-found")));
}

#[tokio::test]
async fn a_revoked_key_of_the_directory_ends_identity_tokens_alone() {
    let kit = Kit::start_with_domain().await;
    let session = Session::new(&kit).await;
    let keys = kit.admin("key", "list", json!({})).await;
    let id = &ids(&keys, "issuer", "signing")[0];
    let left = kit.admin("key", "revoke", json!({ "keyId": id })).await;
    assert_eq!(published(&kit).await, ids(&left, "issuer", "signing"), "it signs at once");
    assert_eq!(session.statuses(&kit).await, [401, 200, 404, 200]);
    let identity = kit.identity_token(&session.alice).await;
    kit.ask_exchange("registry", &identity).await.expect(200);
}
