//! The way to the host, and what answers there.

use std::net::TcpListener;

use super::bench::{Bench, filters};
use super::faults::{Server, open_registry, reply};

#[test]
fn a_name_without_an_address() {
    let ran = Bench::new().check(&["nothing.invalid"]);
    assert_eq!(ran.root("network-dns")["certainty"], "proven");
    assert_eq!(ran.outcome("tcp.connects"), "skipped");
}

#[test]
fn a_port_at_which_nothing_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let bench = Bench::new();
    let ran = bench.check(&[&address]);
    ran.root("network-refused");
    filters().bind(|| {
        insta::assert_snapshot!("network-refused", ran.text);
        insta::assert_json_snapshot!("network-refused.json", ran.failures());
    });
}

#[test]
fn a_server_that_says_nothing() {
    let server = Server::silent();
    let host = server.address.to_string();
    let ran = Bench::new().check(&[&host, "--timeout", "1", "--skip", "token"]);
    ran.root("network-timeout");
}

#[test]
fn a_proxy_that_is_not_there() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let mut bench = Bench::new();
    bench.secret("hunter2hunter2");
    bench.variable("HTTPS_PROXY", &format!("http://me:hunter2hunter2@{address}"));
    let ran = bench.check(&["registry.invalid"]);
    ran.root("network-proxy");
    assert_eq!(ran.outcome("dns.resolves"), "not-applicable");
}

#[test]
fn a_proxy_that_wants_a_login_of_its_own() {
    let proxy = Server::http(|_| reply("407 Proxy Authentication Required", "", ""));
    let mut bench = Bench::new();
    bench.variable("HTTPS_PROXY", &format!("http://{}", proxy.address));
    let ran = bench.check(&["registry.invalid"]);
    ran.root("network-proxy");
    assert!(ran.text.contains("407"), "{}", ran.text);
}

#[test]
fn a_proxy_setting_that_names_none() {
    let mut bench = Bench::new();
    bench.variable("HTTPS_PROXY", "socks5://127.0.0.1:1");
    let ran = bench.check(&["registry.invalid", "--offline"]);
    ran.root("network-proxy");
}

#[test]
fn a_web_server_is_no_registry() {
    let server =
        Server::http(|_| reply("200 OK", "Content-Type: text/html\r\n", "<h1>It works!</h1>"));
    let ran = Bench::new().check(&[&server.address.to_string()]);
    ran.root("registry-no-challenge");
    assert_eq!(ran.outcome("token.accepted"), "skipped");
    filters().bind(|| insta::assert_snapshot!("registry-no-challenge", ran.text));
}

#[test]
fn a_server_in_trouble_is_never_a_wrong_password() {
    let server = Server::http(|_| reply("503 Service Unavailable", "", ""));
    let (bench, address) = (Bench::new(), server.address);
    let ran = bench.check(&[&address.to_string()]);
    ran.root("registry-unavailable");
    drop(server);
    let _recovered = Server::http_at(address, open_registry);
    bench.check_again(&[&address.to_string()]).healthy();
}

#[test]
fn a_realm_that_cannot_be_used_gets_no_secret() {
    let challenge = "WWW-Authenticate: Bearer realm=\"token\",service=\"x\"\r\n";
    let server = Server::http(move |_| reply("401 Unauthorized", challenge, "{}"));
    let mut bench = Bench::new();
    let host = server.address.to_string();
    bench.log_in(&host, "me", "hunter2hunter2");
    bench.check(&[&host]).root("registry-bad-challenge");
}

#[test]
fn a_realm_on_another_host_gets_no_secret() {
    let realm = Server::http(|request| {
        assert!(!request.to_lowercase().contains("authorization"), "{request}");
        reply("200 OK", "", r#"{"token":"x"}"#)
    });
    let challenge = format!(
        "WWW-Authenticate: Bearer realm=\"http://{}/token\",service=\"x\"\r\n",
        realm.address
    );
    let server = Server::http(move |_| reply("401 Unauthorized", &challenge, "{}"));
    let mut bench = Bench::new();
    let host = server.address.to_string();
    bench.log_in(&host, "me", "hunter2hunter2");
    let ran = bench.check(&[&host]);
    assert_eq!((ran.code, ran.outcome("token.accepted")), (3, "inconclusive"), "{}", ran.text);
    assert_eq!(ran.finding("registry-bad-challenge")["severity"], "warning");
}

#[test]
fn a_clock_that_is_off_is_told_with_both_times() {
    let headers =
        "Docker-Distribution-Api-Version: registry/2.0\r\nDate: Wed, 25 Nov 2020 12:00:00 GMT\r\n";
    let server = Server::http(move |_| reply("200 OK", headers, "{}"));
    let ran = Bench::new().check(&[&server.address.to_string()]);
    assert_eq!(ran.root("network-clock-skew")["certainty"], "proven");
    filters().bind(|| insta::assert_snapshot!("network-clock-skew", ran.text));
}

#[test]
fn nothing_is_sent_without_consent() {
    let server = Server::http(|_| panic!("nothing was to be sent"));
    let ran = Bench::new().check(&[&server.address.to_string(), "--offline"]);
    assert_eq!((ran.code, &ran.json["verdict"]), (3, &"inconclusive".into()), "{}", ran.text);
    assert_eq!(ran.outcome("tcp.connects"), "skipped");
}
