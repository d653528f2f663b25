//! Azure's SDKs: they ask without a credential, take the scope out of the refusal word for word, get
//! a token for exactly that, and ask again (`azure-cli.md` §7, R2.7). The real ones are played by
//! `cargo xtask clients`.

use naru_testkit::{Kit, Login, MANIFEST, OWNER, OWNER_PASSWORD, Reply, Sending, image};

const WHO: (&str, &str) = (OWNER, OWNER_PASSWORD);

struct Sdk {
    kit: Kit,
    login: Login,
}

impl Sdk {
    async fn start() -> Self {
        let kit = Kit::start().await;
        let login = kit.create_service_principal("sdk").await;
        kit.admin(
            "role-assignment",
            "create",
            serde_json::json!({ "assignee": login.name, "role": "Contributor" }),
        )
        .await;
        kit.push_image(WHO, "team/app", "v1", &image("one")).await;
        Self { kit, login }
    }

    /// Plays one call: the refusal, the exchange, the token for what the refusal names, the call.
    async fn call(&self, scope: &str, request: impl Fn(&Kit) -> Sending) -> Reply {
        let refused = request(&self.kit).send().await.expect(401);
        let challenge = refused.header("www-authenticate").to_owned();
        let (_, named) = challenge.split_once(r#"scope=""#).expect(&challenge);
        let named = named.trim_end_matches('"');
        assert_eq!(named, scope);
        assert!(challenge.contains(r#"service="registry""#), "{challenge}");
        // No tenant in the exchange, and no grant type in the request for an access token.
        let exchange = self.kit.post("/oauth2/exchange?api-version=2021-07-01").form(&[
            ("grant_type", "access_token"),
            ("service", "registry"),
            ("access_token", &self.kit.identity_token(&self.login).await),
        ]);
        let refresh = exchange.send().await.expect(200).json();
        let token = self.kit.post("/oauth2/token?api-version=2021-07-01").form(&[
            ("service", "registry"),
            ("scope", named),
            ("refresh_token", refresh["refresh_token"].as_str().unwrap()),
        ]);
        let token = token.send().await.expect(200).json();
        request(&self.kit).bearer(token["access_token"].as_str().unwrap()).send().await
    }
}

#[tokio::test]
async fn the_scope_that_a_refusal_names_is_enough_for_every_call_that_reads() {
    let sdk = Sdk::start().await;
    let image = image("one");
    let digest = image.digest().to_string().replace(':', "%3A");
    let catalog = sdk.call("registry:catalog:*", |kit| kit.get("/acr/v1/_catalog?n=1")).await;
    catalog.expect(200);
    for path in [
        "/acr/v1/team%2Fapp?api-version=2021-07-01".to_owned(),
        "/acr/v1/team%2Fapp/_tags?n=1&orderby=timedesc".to_owned(),
        "/acr/v1/team%2Fapp/_tags/v1?api-version=2021-07-01".to_owned(),
        "/acr/v1/team%2Fapp/_manifests".to_owned(),
        format!("/acr/v1/team%2Fapp/_manifests/{digest}?api-version=2021-07-01"),
    ] {
        sdk.call("repository:team/app:metadata_read", |kit| kit.get(&path)).await.expect(200);
    }
    let manifest = sdk.call("repository:team/app:pull", |kit| {
        kit.get("/v2/team%2Fapp/manifests/v1").header("accept", MANIFEST)
    });
    let manifest = manifest.await.expect(200);
    assert_eq!(manifest.header("docker-content-digest"), image.digest().to_string());
    assert_eq!(manifest.header("content-length"), image.manifest.len().to_string());
}

#[tokio::test]
async fn a_download_asks_for_its_first_four_mebibytes_and_gets_a_part_that_is_the_whole() {
    let sdk = Sdk::start().await;
    let image = image("one");
    let digest = naru_oci::Digest::sha256(&image.layer);
    let path = format!("/v2/team%2Fapp/blobs/{}", digest.to_string().replace(':', "%3A"));
    let part = sdk
        .call("repository:team/app:pull", |kit| kit.get(&path).header("range", "bytes=0-4194303"));
    let part = part.await.expect(206);
    let size = image.layer.len();
    assert_eq!(part.header("content-range"), format!("bytes 0-{}/{size}", size - 1));
    assert_eq!(part.header("docker-content-digest"), digest.to_string());
}

#[tokio::test]
async fn the_scope_that_a_refusal_names_is_enough_for_a_push() {
    let sdk = Sdk::start().await;
    let image = image("two");
    for blob in [&image.config, &image.layer] {
        let digest = naru_oci::Digest::sha256(blob);
        let scope = "repository:up/new:pull,push";
        let begun = sdk.call(scope, |kit| kit.post("/v2/up%2Fnew/blobs/uploads/")).await;
        // It follows the location as it is, with a plain slash in it.
        let location = begun.expect(202).header("location").to_owned();
        assert!(location.contains("/up/new/"), "{location}");
        let sent = sdk.call(scope, |kit| kit.patch(&location).body(blob.clone())).await.expect(202);
        let location = sent.header("location").to_owned();
        let mark = if location.contains('?') { '&' } else { '?' };
        let put = format!("{location}{mark}digest={}", digest.to_string().replace(':', "%3A"));
        let done = sdk.call(scope, |kit| kit.put(&put)).await.expect(201);
        assert_eq!(done.header("docker-content-digest"), digest.to_string());
    }
    let put = sdk.call("repository:up/new:pull,push", |kit| {
        kit.put("/v2/up%2Fnew/manifests/v1")
            .header("content-type", MANIFEST)
            .body(image.manifest.clone())
    });
    let put = put.await.expect(201);
    assert_eq!(put.header("docker-content-digest"), image.digest().to_string());
}

#[tokio::test]
async fn a_change_of_attributes_answers_with_all_of_them_for_the_right_to_write_alone() {
    let sdk = Sdk::start().await;
    let digest = image("one").digest();
    for (path, pointer) in [
        ("/acr/v1/team%2Fapp".to_owned(), "/changeableAttributes"),
        ("/acr/v1/team%2Fapp/_tags/v1".to_owned(), "/tag/changeableAttributes"),
        (format!("/acr/v1/team%2Fapp/_manifests/{digest}"), "/manifest/changeableAttributes"),
    ] {
        let changed = sdk.call("repository:team/app:metadata_write", |kit| {
            kit.patch(&path).body(r#"{"writeEnabled":true}"#)
        });
        let changed = changed.await.expect(200).json();
        let all = serde_json::json!({
            "deleteEnabled": true, "writeEnabled": true, "readEnabled": true, "listEnabled": true
        });
        assert_eq!(changed.pointer(pointer), Some(&all), "{changed}");
    }
}

#[tokio::test]
async fn the_scope_that_a_refusal_names_is_enough_for_every_call_that_deletes() {
    let sdk = Sdk::start().await;
    let image = image("one");
    let layer = naru_oci::Digest::sha256(&image.layer);
    for path in [
        "/acr/v1/team%2Fapp/_tags/v1".to_owned(),
        format!("/v2/team%2Fapp/manifests/{}", image.digest()),
        format!("/v2/team%2Fapp/blobs/{layer}"),
        "/acr/v1/team%2Fapp".to_owned(),
    ] {
        let gone = sdk.call("repository:team/app:delete", |kit| kit.delete(&path)).await;
        gone.expect(202);
    }
}
