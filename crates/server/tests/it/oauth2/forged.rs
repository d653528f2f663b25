//! Forged tokens, and good ones in the wrong place.

use jiff::SignedDuration;
use naru_testkit::{Kit, Login, Reply};
use serde_json::{Value, json};

use super::forge::{key_of, part_of, strange_key, unsigned, with};

const NULL_GUID: &str = "00000000-0000-0000-0000-000000000000";

/// A service principal that may pull, and its access token with the parts of it.
struct Scene {
    kit: Kit,
    login: Login,
    token: String,
    header: Value,
    claims: Value,
}

async fn scene() -> Scene {
    let kit = Kit::start_with_domain().await;
    let login = kit.create_service_principal("deploy").await;
    kit.assign("registry", &login, "AcrPull").await;
    let token = kit.access_token("registry", &login, &["repository:team/app:pull"]).await;
    let (header, claims) = (part_of(&token, 0), part_of(&token, 1));
    Scene { kit, login, token, header, claims }
}

impl Scene {
    /// What a token gets as Bearer, where an allowed one finds no manifest.
    async fn show(&self, token: &str) -> Reply {
        self.kit.get("/v2/team/app/manifests/v1").at("registry").bearer(token).send().await
    }

    async fn refused(&self, what: &str, token: &str, cause: &str) {
        let reply = self.show(token).await;
        assert_eq!((reply.status.as_u16(), reply.header("x-naru-cause")), (401, cause), "{what}");
        let challenge = reply.header("www-authenticate");
        assert!(challenge.ends_with(r#"error="invalid_token""#), "{what}: {challenge}");
        let named = Login { name: NULL_GUID.to_owned(), secret: token.to_owned() };
        let login = self.kit.ask_access("registry", Some(&named), &[]).await;
        assert_eq!((login.status.as_u16(), login.header("x-naru-cause")), (401, cause), "{what}");
    }
}

#[tokio::test]
async fn a_token_is_believed_for_its_signature_alone() {
    let scene = scene().await;
    let (header, claims) = (&scene.header, &scene.claims);
    let (ours, theirs) = (key_of(&scene.kit, "registry"), strange_key());
    // Made in the same way by the right key, it is good: only then do the refusals say something.
    scene.show(&scene.token).await.expect(404);
    scene.show(&ours.es256(header, claims)).await.expect(404);

    let untrusted = "credential-untrusted-issuer";
    let none = |alg: &str| unsigned(&with(header, json!({ "alg": alg })), claims);
    scene.refused("alg none", &none("none"), untrusted).await;
    scene.refused("alg None", &none("None"), untrusted).await;
    scene.refused("no signature", &unsigned(header, claims), untrusted).await;
    let hs256 = ours.hs256_with_public(&with(header, json!({ "alg": "HS256" })), claims);
    scene.refused("HS256 with the public key", &hs256, untrusted).await;
    scene.refused("another key", &theirs.es256(header, claims), untrusted).await;
    let kid = with(header, json!({ "kid": "no-such-key" }));
    scene.refused("an unknown kid", &ours.es256(&kid, claims), untrusted).await;
    let mut without = header.clone();
    without.as_object_mut().unwrap().remove("kid");
    scene.refused("no kid", &ours.es256(&without, claims), untrusted).await;
    for (what, extra) in [
        ("jwk", json!({ "jwk": theirs.jwk() })),
        ("x5c", json!({ "x5c": ["MIIB"] })),
        ("jku", json!({ "jku": "http://127.0.0.1:9/keys" })),
        ("x5u", json!({ "x5u": "http://127.0.0.1:9/chain" })),
    ] {
        let header = with(header, extra);
        scene.refused(what, &theirs.es256(&header, claims), untrusted).await;
    }
    let (_, signature) = scene.token.rsplit_once('.').unwrap();
    let wider = ours.es256(header, &with(claims, json!({ "sub": "owner" })));
    let (changed, _) = wider.rsplit_once('.').unwrap();
    scene.refused("other claims", &format!("{changed}.{signature}"), untrusted).await;
}

#[tokio::test]
async fn a_key_signs_for_its_own_use_alone() {
    let scene = scene().await;
    let (registry, issuer) = (key_of(&scene.kit, "registry"), key_of(&scene.kit, "issuer"));
    let identity = scene.kit.identity_token(&scene.login).await;
    let (header, claims) = (part_of(&identity, 0), part_of(&identity, 1));
    // The directory's key under the registry's claims, and the other way round.
    let crossed = issuer.rs256(&header, &scene.claims);
    scene.refused("registry claims by the directory's key", &crossed, "credential-malformed").await;
    let reverse = registry.es256(&scene.header, &claims);
    let exchanged = scene.kit.ask_exchange("registry", &reverse).await.expect(401);
    assert_eq!(exchanged.header("x-naru-cause"), "credential-malformed");
    // Its own algorithm belongs to a key: RS256 in the header of the key for ES256.
    let confused = with(&scene.header, json!({ "alg": "RS256" }));
    scene
        .refused(
            "another alg",
            &issuer.rs256(&confused, &scene.claims),
            "credential-untrusted-issuer",
        )
        .await;
    let honest = issuer.rs256(&header, &claims);
    scene.kit.ask_exchange("registry", &honest).await.expect(200);
}

#[tokio::test]
async fn every_token_has_one_place() {
    let scene = scene().await;
    let kit = &scene.kit;
    let identity = kit.identity_token(&scene.login).await;
    let refresh = kit.refresh_token("registry", &scene.login).await;
    for (what, token) in [("an identity token", &identity), ("a refresh token", &refresh)] {
        let reply = scene.show(token).await.expect(401);
        assert_eq!(reply.header("x-naru-cause"), "credential-malformed", "{what} as access token");
    }
    for (what, token) in [("an access token", &scene.token), ("a refresh token", &refresh)] {
        let reply = kit.ask_exchange("registry", token).await.expect(401);
        assert_eq!(
            reply.header("x-naru-cause"),
            "credential-malformed",
            "{what} as identity token"
        );
    }
    let form = |token: &str| {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        kit.post("/oauth2/token").at("registry").form(&form)
    };
    for (what, token) in [("an access token", &scene.token), ("an identity token", &identity)] {
        let reply = form(token).send().await.expect(401);
        assert_eq!(reply.header("x-naru-cause"), "credential-malformed", "{what} as refresh token");
    }
    let reply = form(&scene.login.secret).send().await.expect(401);
    assert_eq!(reply.header("x-naru-cause"), "credential-malformed", "a secret as refresh token");
    form(&refresh).send().await.expect(200);
    // As a password an access token serves, and never brings a refresh token.
    let named = Login { name: NULL_GUID.to_owned(), secret: scene.token.clone() };
    let reply = kit.ask_access("registry", Some(&named), &[]).await.expect(200).json();
    assert!(reply.get("refresh_token").is_none());
}

/// A token of the registry at the directory would become an identity with all that its holder
/// has, for another hour and then for ever.
#[tokio::test]
async fn no_token_of_the_registry_becomes_an_identity() {
    let scene = scene().await;
    let kit = &scene.kit;
    let user = kit.create_user("alice").await;
    kit.assign("registry", &user, "AcrPull").await;
    for login in [&scene.login, &user] {
        let refresh = kit.refresh_token("registry", login).await;
        let access = kit.access_token("registry", login, &["repository:team/app:pull"]).await;
        for token in [refresh, access] {
            for name in [NULL_GUID, "", &login.name] {
                let named = Login { name: name.to_owned(), secret: token.clone() };
                kit.ask_identity(&named).await.expect(401);
                let path = format!("/{}/oauth2/v2.0/token", kit.tenant().await);
                let scope = "https://containerregistry.azure.net/.default";
                let form = [("grant_type", "client_credentials"), ("scope", scope)];
                let request = kit.post(&path).at("registry").form(&form);
                request.login(&named).send().await.expect(401);
            }
        }
        kit.ask_identity(login).await.expect(200);
    }
}

#[tokio::test]
async fn a_token_is_for_one_registry_and_one_time() {
    let scene = scene().await;
    let (header, claims) = (&scene.header, &scene.claims);
    let ours = key_of(&scene.kit, "registry");
    let made = |changes: Value| ours.es256(header, &with(claims, changes));
    let wrong = "credential-wrong-registry";
    scene.refused("another audience", &made(json!({ "aud": "second.naru.test" })), wrong).await;
    let registry = json!({ "rid": "00000000-0000-4000-8000-000000000000" });
    scene.refused("another registry's id", &made(registry), wrong).await;
    let other = scene.kit.access_token("second", &scene.login, &["repository:team/app:pull"]).await;
    scene.refused("another registry's token", &other, wrong).await;
    scene
        .refused("another issuer", &made(json!({ "iss": "x" })), "credential-untrusted-issuer")
        .await;
    let now = claims["iat"].as_i64().unwrap();
    let later = json!({ "nbf": now + 600, "exp": now + 4500 });
    scene.refused("nbf in the future", &made(later), "credential-not-yet-valid").await;
    scene.show(&made(json!({ "nbf": now + 30 }))).await.expect(404);
    let past = "credential-expired-access-token";
    scene.refused("past its time", &made(json!({ "exp": now })), past).await;
    scene.kit.clock().advance(SignedDuration::from_mins(75));
    scene.refused("an hour and a quarter later", &scene.token, past).await;
}

#[tokio::test]
async fn an_identity_token_is_for_one_audience_and_tenant() {
    let scene = scene().await;
    let kit = &scene.kit;
    let identity = kit.identity_token(&scene.login).await;
    let (header, claims) = (part_of(&identity, 0), part_of(&identity, 1));
    let key = key_of(kit, "issuer");
    let now = claims["iat"].as_i64().unwrap();
    for (what, changes, cause) in [
        (
            "ARM's audience",
            json!({ "aud": "https://management.azure.com/" }),
            "credential-wrong-audience",
        ),
        (
            "an audience that only starts alike",
            json!({ "aud": "https://containerregistry.azure.net/" }),
            "credential-wrong-audience",
        ),
        (
            "another issuer",
            json!({ "iss": "https://sts.example/x/v2.0" }),
            "credential-wrong-audience",
        ),
        ("not yet valid", json!({ "nbf": now + 600 }), "credential-not-yet-valid"),
        ("past its time", json!({ "exp": now }), "credential-expired-entra"),
        ("no credential behind it", json!({ "cid": null }), "credential-untrusted-issuer"),
    ] {
        let token = key.rs256(&header, &with(&claims, changes));
        let reply = kit.ask_exchange("registry", &token).await.expect(401);
        assert_eq!(reply.header("x-naru-cause"), cause, "{what}");
    }
    let other = "11111111-1111-4111-8111-111111111111";
    let changes = json!({ "tid": other, "iss": format!("http://registry.naru.test/{other}/v2.0") });
    let token = key.rs256(&header, &with(&claims, changes));
    let reply = kit.ask_exchange("registry", &token).await.expect(401);
    assert_eq!(reply.header("x-naru-cause"), "credential-wrong-tenant");
    kit.ask_exchange("registry", &key.rs256(&header, &claims)).await.expect(200);
}
