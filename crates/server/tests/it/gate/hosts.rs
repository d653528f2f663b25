//! Host, realm and service (`gate.md` §5).

use std::collections::HashMap;

use naru_testkit::{Kit, Sending};

/// How az reads a challenge: `split(' ', 2)`, then `split(',')`, then `split('=', 2)`, by position.
/// Where it would crash, there is nothing.
fn as_az_reads_it(challenge: &str) -> Option<HashMap<String, String>> {
    let tokens: Vec<&str> = challenge.splitn(3, ' ').collect();
    if !tokens.first()?.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let pair = |text: &str| {
        let parts: Vec<&str> = text.trim().splitn(3, '=').collect();
        Some(((*parts.first()?).to_owned(), parts.get(1)?.trim_matches('"').to_owned()))
    };
    tokens.get(1)?.split(',').map(pair).collect()
}

async fn challenge(request: Sending) -> String {
    request.send().await.expect(401).header("www-authenticate").to_owned()
}

#[test]
fn the_parser_of_az_is_as_naive_as_measured() {
    let good = r#"Bearer realm="https://r.test/oauth2/token",service="r.test""#;
    assert_eq!(as_az_reads_it(good).unwrap()["service"], "r.test");
    let crashes = [
        r#"Bearer realm="https://r.test/oauth2/token", service="r.test""#,
        r#"Bearer realm="x",service="r.test",scope="repository:a:pull,push""#,
    ];
    for challenge in crashes {
        let read = as_az_reads_it(challenge);
        assert!(read.is_none_or(|read| !read.contains_key("service")), "{challenge}");
    }
}

#[tokio::test]
async fn every_refusal_at_the_base_has_realm_and_service_and_nothing_else() {
    let kit = Kit::start_with_domain().await;
    let token = kit.create_token("registry", "ci-build", &[("*", &["content/read"])]).await;
    let bearer = kit.access_token("registry", &token, &[]).await;
    let refresh = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJvd25lciJ9.";
    kit.admin("token", "update", serde_json::json!({ "name": "ci-build", "status": "disabled" }))
        .await;
    let expected =
        r#"Bearer realm="http://registry.naru.test/oauth2/token",service="registry.naru.test""#;
    for path in ["/v2/", "/v2"] {
        let request = || kit.get(path).at("registry");
        for request in [
            request(),
            request().basic("", ""),
            request().basic("ci-build", "wrong"),
            request().login(&token),
            request().bearer(&bearer),
            request().bearer("garbage"),
            request().basic("00000000-0000-0000-0000-000000000000", refresh),
            request().header("authorization", "Digest x"),
            request().bearer("one").header("authorization", "Bearer two"),
        ] {
            let challenge = challenge(request).await;
            assert_eq!(challenge, expected);
            let read = as_az_reads_it(&challenge).unwrap();
            assert_eq!(read["realm"], "http://registry.naru.test/oauth2/token");
            assert_eq!((read["service"].as_str(), read.len()), ("registry.naru.test", 2));
        }
    }
}

#[tokio::test]
async fn a_client_is_sent_to_no_host_that_a_stranger_chose() {
    let kit = Kit::start_with_domain().await;
    let canonical =
        r#"Bearer realm="http://registry.naru.test/oauth2/token",service="registry.naru.test""#;
    for host in [
        "evil.example",
        "registry.naru.test.evil.example",
        "192.0.2.1",
        "naru.test",
        "[2001:db8::1]:80",
    ] {
        assert_eq!(challenge(kit.get("/v2/").host(host)).await, canonical, "{host}");
    }
    // What names no host is no request.
    kit.get("/v2/").host("a b").send().await.expect(400);
    for (header, value) in
        [("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example;proto=https")]
    {
        let request = kit.get("/v2/").at("registry").header(header, value);
        assert_eq!(challenge(request).await, canonical, "{header}");
    }
    // Loopback, and the address that the connection came to, are this very server.
    let port = kit.address().port();
    for host in [format!("127.0.0.1:{port}"), format!("localhost:{port}"), "localhost".to_owned()] {
        let expected =
            format!(r#"Bearer realm="http://{host}/oauth2/token",service="registry.naru.test""#);
        assert_eq!(challenge(kit.get("/v2/").host(&host)).await, expected);
    }
    let shouted = challenge(kit.get("/v2/").host("REGISTRY.naru.TEST")).await;
    assert_eq!(shouted, canonical);
}

#[tokio::test]
async fn a_host_under_the_domain_that_is_no_registry_is_not_found() {
    let kit = Kit::start_with_domain().await;
    for path in ["/v2/", "/oauth2/token", "/v2/team/app/manifests/v1"] {
        let reply = kit.get(path).host("third.naru.test").send().await.expect(404);
        assert_eq!(
            (reply.code(), reply.header("x-naru-cause")),
            ("NAME_UNKNOWN".to_owned(), "name-not-found")
        );
        assert_eq!(reply.header("www-authenticate"), "");
    }
    kit.get("/v2/").at("second").send().await.expect(401);
}

#[tokio::test]
async fn a_token_fetched_by_one_name_works_by_another() {
    let kit = Kit::start_with_domain().await;
    let token = kit.create_token("registry", "ci-build", &[("*", &["content/read"])]).await;
    let host = format!("localhost:{}", kit.address().port());
    let fetched = kit.get(&format!("/oauth2/token?service={host}")).host(&host).login(&token);
    let access = naru_testkit::text(&fetched.send().await.expect(200).json()["token"]);
    for host in ["registry.naru.test", "127.0.0.1", host.as_str()] {
        kit.get("/v2/").host(host).bearer(&access).send().await.expect(200);
    }
    let elsewhere = kit.get("/v2/").at("second").bearer(&access).send().await.expect(401);
    assert_eq!(elsewhere.header("x-naru-cause"), "credential-wrong-registry");
}

#[tokio::test]
async fn a_trusted_proxy_says_how_clients_reach_it() {
    let domain = "naru.test".parse().unwrap();
    let kit = Kit::start_with(|config| {
        config.domain = Some(domain);
        config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    kit.create_registry("second").await;
    let request = kit.get("/v2/").host("internal:8080").header("x-forwarded-proto", "https");
    let said = challenge(request.header("x-forwarded-host", "second.naru.test")).await;
    assert_eq!(
        said,
        r#"Bearer realm="https://second.naru.test/oauth2/token",service="second.naru.test""#
    );
}

#[tokio::test]
async fn without_a_domain_the_host_is_echoed_and_the_service_is_the_registrys_name() {
    let kit = Kit::start().await;
    let said = challenge(kit.get("/v2/").host("build-box:5000")).await;
    assert_eq!(said, r#"Bearer realm="http://build-box:5000/oauth2/token",service="registry""#);
    kit.get("/v2/").host("not a host\"").send().await.expect(400);
}
