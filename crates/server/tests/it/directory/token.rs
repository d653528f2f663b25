//! Identity tokens, and what a client of an OpenID Connect provider reads before it asks.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use naru_testkit::{Kit, Login, Reply, text};
use serde_json::{Value, json};

const SCOPE: (&str, &str) = ("scope", "https://containerregistry.azure.net/.default");

async fn ask(kit: &Kit, tenant: &str, fields: &[(&str, &str)]) -> Reply {
    let path = format!("/{tenant}/oauth2/v2.0/token");
    kit.post(&path).at("registry").form(fields).send().await
}

fn part(token: &str, part: usize) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(token.split('.').nth(part).unwrap()).unwrap()
}

fn claims(token: &str) -> Value {
    serde_json::from_slice(&part(token, 1)).unwrap()
}

/// Error and number of an answer in Entra's form.
#[track_caller]
fn entra(reply: &Reply, status: u16) -> String {
    assert_eq!(reply.status.as_u16(), status, "{}", reply.text());
    let body = reply.json();
    let id = reply.correlation_id();
    assert_eq!((&body["correlation_id"], &body["trace_id"]), (&json!(id), &json!(id)));
    let (error, number) = (text(&body["error"]), body["error_codes"][0].to_string());
    let description = text(&body["error_description"]);
    assert!(description.starts_with(&format!("AADSTS{number}: ")), "{description}");
    assert!(description.ends_with(&format!(" CorrelationId: {id}.")), "{description}");
    format!("{error} {number}")
}

#[tokio::test]
async fn a_service_principal_and_a_user_get_identity_tokens_of_entras_shape() {
    let kit = Kit::start_with_domain().await;
    let tenant = kit.tenant().await;
    let (principal, user) =
        (kit.create_service_principal("deploy").await, kit.create_user("alice").await);
    let reply = kit.ask_identity(&principal).await.expect(200);
    let answer = reply.json();
    assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("Bearer"), &json!(3600)));
    assert_eq!(reply.header("cache-control"), "no-store");
    let token = text(&answer["access_token"]);
    let found = claims(&token);
    assert_eq!(found["aud"], "https://containerregistry.azure.net");
    assert_eq!(found["iss"], format!("http://registry.naru.test/{tenant}/v2.0"));
    assert_eq!((&found["appid"], &found["tid"]), (&json!(principal.name), &json!(tenant)));
    assert_eq!((&found["idtyp"], &found["oid"]), (&json!("app"), &found["sub"]));
    let found = claims(&kit.identity_token(&user).await);
    assert_eq!((&found["upn"], &found["idtyp"]), (&json!("alice"), &json!("user")));
}

#[tokio::test]
async fn a_client_authenticates_in_the_form_or_in_the_header_and_not_in_both() {
    let kit = Kit::start_with_domain().await;
    let tenant = kit.tenant().await;
    let principal = kit.create_service_principal("deploy").await;
    let path = format!("/{tenant}/oauth2/v2.0/token");
    let grant = [("grant_type", "client_credentials"), SCOPE];
    let in_header = kit.post(&path).at("registry").login(&principal);
    in_header.clone().form(&grant).send().await.expect(200);
    let (id, secret) = (("client_id", &*principal.name), ("client_secret", &*principal.secret));
    ask(&kit, &tenant, &[grant[0], id, secret, SCOPE]).await.expect(200);
    let both = in_header.form(&[grant[0], id, secret, SCOPE]).send().await;
    assert_eq!(entra(&both, 400), "invalid_request 900144");
}

#[tokio::test]
async fn a_client_finds_the_endpoints_and_keys_that_verify_a_token() {
    let kit = Kit::start_with_domain().await;
    let tenant = kit.tenant().await;
    for named in [tenant.as_str(), "organizations", "common"] {
        let path = format!("/{named}/v2.0/.well-known/openid-configuration");
        let document = kit.get(&path).at("registry").send().await.expect(200).json();
        let base = format!("http://registry.naru.test/{tenant}");
        assert_eq!(document["issuer"], format!("{base}/v2.0"));
        assert_eq!(document["token_endpoint"], format!("{base}/oauth2/v2.0/token"));
        assert_eq!(document["jwks_uri"], format!("{base}/discovery/v2.0/keys"));
        assert!(document["authorization_endpoint"].is_string(), "az fails on its absence");
    }
    let principal = kit.create_service_principal("deploy").await;
    let token = kit.identity_token(&principal).await;
    let header: Value = serde_json::from_slice(&part(&token, 0)).unwrap();
    assert_eq!(header["alg"], "RS256");
    let keys =
        kit.get(&format!("/{tenant}/discovery/v2.0/keys")).at("registry").send().await.expect(200);
    let keys = keys.json();
    let key =
        keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == header["kid"]).unwrap();
    assert!(key.get("d").is_none() && key["kty"] == "RSA", "the public part alone: {key}");
    let decoded = |field: &str| URL_SAFE_NO_PAD.decode(text(&key[field])).unwrap();
    let public = RsaPublicKeyComponents { n: decoded("n"), e: decoded("e") };
    let (input, _) = token.rsplit_once('.').unwrap();
    let verify = |input: &str| {
        public.verify(&RSA_PKCS1_2048_8192_SHA256, input.as_bytes(), &part(&token, 2))
    };
    assert!(verify(input).is_ok());
    assert!(verify(&format!("{input}x")).is_err());
}

#[tokio::test]
async fn an_unproven_failure_is_a_401_of_one_kind_for_each_grant() {
    let kit = Kit::start_with_domain().await;
    let tenant = kit.tenant().await;
    let principal = kit.create_service_principal("deploy").await;
    kit.admin("user", "create", json!({ "name": "alice", "password": "thought up by alice" }))
        .await;
    let jwt = "eyJhbGciOiJFUzI1NiIsImtpZCI6IngifQ.eyJzdWIiOiJhbGljZSJ9.c2lnbmVk";
    let names =
        [principal.name.as_str(), "alice", "nobody", "", "00000000-0000-0000-0000-000000000000"];
    for name in names {
        // The id of a secret is pasted in its place more often than anything else.
        for secret in ["5f3c1f9a-5d44-4a4e-9d4b-1d6f4f1c2b11", "", " ", "a\nb", jwt] {
            let app = [
                ("grant_type", "client_credentials"),
                ("client_id", name),
                ("client_secret", secret),
                SCOPE,
            ];
            assert_eq!(
                entra(&ask(&kit, &tenant, &app).await, 401),
                "invalid_client 7000215",
                "{name} {secret:?}"
            );
            let user =
                [("grant_type", "password"), ("username", name), ("password", secret), SCOPE];
            assert_eq!(
                entra(&ask(&kit, &tenant, &user).await, 401),
                "invalid_grant 50126",
                "{name} {secret:?}"
            );
        }
    }
    let path = format!("/{tenant}/oauth2/v2.0/token");
    for header in ["Basic ???", "Bearer garbage", "Digest x"] {
        let request = kit.post(&path).at("registry").header("authorization", header);
        let reply = request.form(&[("grant_type", "client_credentials"), SCOPE]).send().await;
        assert_eq!(entra(&reply, 401), "invalid_client 7000215", "{header}");
    }
}

#[tokio::test]
async fn a_proven_failure_has_the_number_that_people_search_for() {
    let kit = Kit::start_with_domain().await;
    let made = kit.admin("sp", "create", json!({ "name": "short", "expiresIn": "1h" })).await;
    let short = Login { name: text(&made["appId"]), secret: text(&made["password"]) };
    let deploy = kit.create_service_principal("deploy").await;
    let alice = kit.create_user("alice").await;
    kit.admin("sp", "update", json!({ "name": deploy.name, "enabled": false })).await;
    kit.admin("user", "update", json!({ "name": "alice", "enabled": false })).await;
    kit.clock().advance(SignedDuration::from_hours(2));
    for (login, expected) in [
        (&short, "invalid_client 7000222"),
        (&deploy, "invalid_client 7000112"),
        (&alice, "invalid_grant 50057"),
    ] {
        assert_eq!(entra(&kit.ask_identity(login).await, 401), expected);
    }
}

#[tokio::test]
async fn an_account_of_another_kind_is_none_here() {
    let kit = Kit::start_with_domain().await;
    let tenant = kit.tenant().await;
    let (principal, user) =
        (kit.create_service_principal("deploy").await, kit.create_user("alice").await);
    let token = kit.create_token("registry", "ci-build", &[("*", &["content/read"])]).await;
    kit.admin("registry", "update", json!({ "adminEnabled": true })).await;
    let admin = kit.admin_login("registry").await;
    for login in [&user, &token, &admin] {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", &*login.name),
            ("client_secret", &*login.secret),
            SCOPE,
        ];
        assert_eq!(
            entra(&ask(&kit, &tenant, &fields).await, 401),
            "invalid_client 7000215",
            "{}",
            login.name
        );
    }
    for login in [&principal, &token, &admin] {
        let fields = [
            ("grant_type", "password"),
            ("username", &*login.name),
            ("password", &*login.secret),
            SCOPE,
        ];
        assert_eq!(
            entra(&ask(&kit, &tenant, &fields).await, 401),
            "invalid_grant 50126",
            "{}",
            login.name
        );
    }
}

#[tokio::test]
async fn what_no_credential_could_make_right_is_a_400() {
    let kit = Kit::start_with_domain().await;
    let tenant = kit.tenant().await;
    let principal = kit.create_service_principal("deploy").await;
    let (id, secret) = (("client_id", &*principal.name), ("client_secret", &*principal.secret));
    let code = [("grant_type", "authorization_code"), id, secret, SCOPE];
    assert_eq!(entra(&ask(&kit, &tenant, &code).await, 400), "unsupported_grant_type 70003");
    for scope in [
        "https://management.azure.com/.default",
        "https://containerregistry.azure.net//.default",
        "openid",
        "",
    ] {
        let fields = [("grant_type", "client_credentials"), id, secret, ("scope", scope)];
        assert_eq!(
            entra(&ask(&kit, &tenant, &fields).await, 400),
            "invalid_resource 500011",
            "{scope}"
        );
    }
    let extra =
        ("scope", "https://containerregistry.azure.net/.default offline_access openid profile");
    ask(&kit, &tenant, &[("grant_type", "client_credentials"), id, secret, extra])
        .await
        .expect(200);
    let other = "11111111-1111-4111-8111-111111111111";
    let fields = [("grant_type", "client_credentials"), id, secret, SCOPE];
    assert_eq!(entra(&ask(&kit, other, &fields).await, 400), "invalid_request 90002");
    kit.get(&format!("/{other}/discovery/v2.0/keys")).at("registry").send().await.expect(400);
    ask(&kit, "organizations", &fields).await.expect(200);
}

#[tokio::test]
async fn another_tenants_name_is_a_400_in_the_answer_and_in_the_event() {
    let kit = Kit::start().await;
    let form = [("grant_type", "client_credentials"), ("client_id", "x"), ("client_secret", "y")];
    let other = "/11111111-1111-1111-1111-111111111111/oauth2/v2.0/token";
    let answer = kit.post(other).form(&form).send().await.expect(400);
    assert_eq!(answer.json()["error_codes"][0], 90_002);
    let events = kit.admin("events", "login", serde_json::json!({ "failed": true })).await;
    assert_eq!(events[0]["Reason"], "credential-wrong-tenant");
    assert_eq!(events[0]["ResultDescription"], "400");
}
