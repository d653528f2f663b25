//! Rate limits: of a registry before a credential is looked at, of an identity after.

use jiff::SignedDuration;
use naru_access::RateBucket;
use naru_identity::rate::{Allowances, RateLimits};
use naru_server::Kind;
use naru_testkit::{Kit, Login, OWNER, OWNER_PASSWORD, Reply, Sending, host};
use serde_json::json;

const HERE: &str = "192.0.2.7";
const ELSEWHERE: &str = "198.51.100.1";

const DIGEST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

async fn kit(registry: &[(RateBucket, u32)], identity: &[(RateBucket, u32)]) -> Kit {
    let allowances = |limits: &[(RateBucket, u32)]| {
        let mut allowances = Allowances::default();
        for (bucket, count) in limits {
            allowances.set(*bucket, *count);
        }
        allowances
    };
    let domain = "naru.test".parse().unwrap();
    let limits = RateLimits { registry: allowances(registry), identity: allowances(identity) };
    Kit::start_with(|config| {
        config.domain = Some(domain);
        config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        config.rate_limits = limits;
    })
    .await
}

fn owner(sending: Sending) -> Sending {
    sending.at("registry").basic(OWNER, OWNER_PASSWORD)
}

#[track_caller]
fn limited(reply: &Reply, seconds: u64, words: &str) {
    assert_eq!(reply.status, 429, "{}", reply.text());
    assert_eq!(reply.header("x-naru-cause"), "registry-rate-limited");
    assert_eq!(reply.header("retry-after"), seconds.to_string());
    assert_eq!(reply.header("www-authenticate"), "");
    let id = reply.correlation_id();
    let text =
        format!("too many requests ({words}: try again in {seconds} s. CorrelationId: {id}.");
    assert_eq!((reply.code(), reply.message()), ("TOOMANYREQUESTS".to_owned(), text));
}

/// A request of each kind, by name.
fn requests(kit: &Kit) -> [(RateBucket, &'static str, Sending); 5] {
    let form = [("grant_type", "access_token"), ("access_token", "none")];
    [
        (RateBucket::Read, "read", kit.get("/v2/team/app/tags/list")),
        (RateBucket::Write, "write", kit.post("/v2/team/app/blobs/uploads/")),
        (RateBucket::Delete, "delete", kit.delete(&format!("/v2/team/app/manifests/{DIGEST}"))),
        (RateBucket::Referrers, "referrers", kit.get(&format!("/v2/team/app/referrers/{DIGEST}"))),
        (RateBucket::Tokens, "tokens", kit.post("/oauth2/exchange").form(&form)),
    ]
}

#[tokio::test]
async fn each_bucket_of_a_registry_is_its_own_and_is_judged_before_any_credential() {
    for at in 0..5 {
        let bucket = RateBucket::ALL[at];
        let kit = kit(&[(bucket, 2)], &[]).await;
        let (_, word, request) = requests(&kit).into_iter().find(|(of, ..)| *of == bucket).unwrap();
        let ask = || request.clone().at("registry");
        for _ in 0..2 {
            assert_ne!(ask().send().await.status, 429);
        }
        let hashes = kit.server().app().counters().hashes();
        let nobody = ask().send().await;
        limited(&nobody, 30, &format!("{word}) came to this registry"));
        // Right, wrong, unknown or none: the answer is the same, and nothing was looked at.
        for (name, secret) in [(OWNER, OWNER_PASSWORD), (OWNER, "wrong"), ("nobody", "wrong")] {
            let reply = ask().basic(name, secret).send().await;
            limited(&reply, 30, &format!("{word}) came to this registry"));
        }
        assert_eq!(kit.server().app().counters().hashes(), hashes);
        let reasons = kit.reasons("registry").await;
        assert_eq!(reasons[&nobody.correlation_id()], "registry-rate-limited");
        // The other kinds, another registry, and what says that the server lives, go on.
        for (of, _, request) in requests(&kit) {
            let counts_too = bucket == RateBucket::Read && of == RateBucket::Referrers;
            let status = request.at("registry").send().await.status;
            assert_eq!(status == 429, of == bucket || counts_too, "{of:?} beside {bucket:?}");
        }
        kit.create_registry("second").await;
        assert_ne!(request.clone().at("second").send().await.status, 429);
        for path in ["/healthz", "/readyz"] {
            kit.get(path).send().await.expect(200);
        }
        // Time brings requests back.
        kit.clock().advance(SignedDuration::from_secs(30));
        assert_ne!(ask().send().await.status, 429);
        limited(&ask().send().await, 29, &format!("{word}) came to this registry"));
    }
}

#[tokio::test]
async fn an_identity_has_buckets_of_its_own_whatever_it_comes_with() {
    let all = RateBucket::ALL.map(|bucket| (bucket, 2));
    let kit = kit(&[], &all).await;
    let alice = kit.create_user("alice").await;
    let bob = kit.create_user("bob").await;
    for login in [&alice, &bob] {
        kit.assign("registry", login, "Owner").await;
    }
    let token = kit.access_token("registry", &alice, &["repository:team/app:*"]).await;
    for (bucket, word, request) in requests(&kit) {
        if bucket == RateBucket::Tokens {
            continue;
        }
        let by_password = || request.clone().at("registry").login(&alice);
        let by_token = || request.clone().at("registry").bearer(&token);
        if bucket == RateBucket::Referrers {
            // They take from `read` too, which is empty by now.
            limited(&by_token().send().await, 30, "read) came from user alice");
            kit.clock().advance(SignedDuration::from_mins(1));
        }
        assert_ne!(by_password().send().await.status, 429);
        assert_ne!(by_token().send().await.status, 429);
        for sending in [by_token(), by_password()] {
            limited(&sending.send().await, 30, &format!("{word}) came from user alice"));
        }
        assert_ne!(request.at("registry").login(&bob).send().await.status, 429);
    }
    // Tokens: by Basic, by form, at the exchange and at the directory.
    kit.clock().advance(SignedDuration::from_mins(1));
    let identity = kit.identity_token(&alice).await;
    kit.ask_exchange("registry", &identity).await.expect(200);
    let words = "tokens) came from user alice";
    limited(&kit.ask_access("registry", Some(&alice), &[]).await, 30, words);
    limited(&kit.ask_exchange("registry", &identity).await, 30, words);
    limited(&kit.ask_identity(&alice).await, 30, words);
    kit.ask_access("registry", Some(&bob), &[]).await.expect(200);
}

#[tokio::test]
async fn a_wrong_password_is_a_wrong_password_and_takes_from_no_identity() {
    let kit = kit(&[], &[(RateBucket::Tokens, 1)]).await;
    let alice = kit.create_user("alice").await;
    kit.assign("registry", &alice, "AcrPull").await;
    let wrong = Login { name: alice.name.clone(), secret: "wrong".to_owned() };
    for _ in 0..3 {
        kit.ask_access("registry", Some(&wrong), &[]).await.expect(401);
    }
    kit.ask_access("registry", Some(&alice), &[]).await.expect(200);
    assert_eq!(kit.ask_access("registry", Some(&alice), &[]).await.status, 429);
    kit.ask_access("registry", Some(&wrong), &[]).await.expect(401);
}

#[tokio::test]
async fn who_shows_no_credential_is_counted_by_address() {
    let kit = kit(&[], &[(RateBucket::Tokens, 1), (RateBucket::Read, 2)]).await;
    kit.admin("registry", "update", json!({ "anonymousPullEnabled": true })).await;
    let service = host("registry");
    let path = format!("/oauth2/token?service={service}&scope=repository:team/app:pull");
    let ask = |address: &str| kit.get(&path).at("registry").header("x-forwarded-for", address);
    let token = ask(HERE).send().await.expect(200).json()["access_token"].clone();
    let token = token.as_str().unwrap().to_owned();
    limited(&ask(HERE).send().await, 60, "tokens) came from your address without a login");
    ask(ELSEWHERE).send().await.expect(200);
    let pull = |address: &str| {
        let request = kit.get("/v2/team/app/manifests/v1").at("registry").bearer(&token);
        request.header("x-forwarded-for", address)
    };
    for _ in 0..2 {
        pull(HERE).send().await.expect(404);
    }
    limited(&pull(HERE).send().await, 30, "read) came from your address without a login");
    pull(ELSEWHERE).send().await.expect(404);
}

#[tokio::test]
async fn the_challenge_is_never_limited_and_every_other_route_is() {
    let kit = kit(&RateBucket::ALL.map(|bucket| (bucket, 1)), &[(RateBucket::Read, 1)]).await;
    for _ in 0..5 {
        kit.get("/v2/").at("registry").send().await.expect(401);
        owner(kit.get("/v2/")).send().await.expect(200);
    }
    let tenant = kit.tenant().await;
    for row in naru_server::routes().iter().filter(|row| row.kind != Kind::Base) {
        let path = match row.kind {
            Kind::AcrCatalog => "/acr/v1/_catalog".to_owned(),
            Kind::AcrManifest => format!("/acr/v1/a/_manifests/{DIGEST}"),
            Kind::AcrManifests => "/acr/v1/a/_manifests".to_owned(),
            Kind::AcrRepository => "/acr/v1/a".to_owned(),
            Kind::AcrTag => "/acr/v1/a/_tags/v1".to_owned(),
            Kind::AcrTags => "/acr/v1/a/_tags".to_owned(),
            Kind::Blob => format!("/v2/a/blobs/{DIGEST}"),
            Kind::Catalog => "/v2/_catalog".to_owned(),
            Kind::Exchange => "/oauth2/exchange".to_owned(),
            Kind::IdentityConfiguration => {
                format!("/{tenant}/v2.0/.well-known/openid-configuration")
            }
            Kind::IdentityKeys => format!("/{tenant}/discovery/v2.0/keys"),
            Kind::IdentityToken => format!("/{tenant}/oauth2/v2.0/token"),
            Kind::Manifest => "/v2/a/manifests/v1".to_owned(),
            Kind::Referrers => format!("/v2/a/referrers/{DIGEST}"),
            Kind::Tags => "/v2/a/tags/list".to_owned(),
            Kind::Token => "/oauth2/token".to_owned(),
            Kind::Upload => "/v2/a/blobs/uploads/id".to_owned(),
            Kind::Uploads => "/v2/a/blobs/uploads/".to_owned(),
            Kind::Base | Kind::Outside | Kind::Unknown => panic!("{} has no such row", row.name),
        };
        kit.clock().advance(SignedDuration::from_mins(1));
        let ask = || kit.request(row.method.clone(), &path).at("registry").send();
        assert_ne!(ask().await.status, 429, "{}", row.name);
        assert_eq!(ask().await.status, 429, "{}", row.name);
    }
    // A path that is not there costs a look at the credential, and so it counts.
    kit.clock().advance(SignedDuration::from_mins(1));
    owner(kit.get("/v2/_oci/ext")).send().await.expect(404);
    assert_eq!(owner(kit.get("/v2/_oci/ext")).send().await.status, 429);
}
