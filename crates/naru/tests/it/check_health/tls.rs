//! Certificates, each wrong in one way.

use super::bench::{Bench, Ran, filters};
use super::faults::{Served, Server, open_registry};

/// The port of a host is the only thing that differs.
fn check(certificate: &Served, trusted: bool, host: &str) -> Ran {
    let server = Server::https(certificate, open_registry);
    let bench = Bench::new();
    let authority = bench.write("ca.pem", &certificate.authority).display().to_string();
    let host = format!("{host}:{}", server.port());
    let trust: &[&str] = if trusted { &["--ca-cert", &authority] } else { &[] };
    bench.check(&[&[host.as_str()], trust].concat())
}

#[test]
fn a_certificate_that_is_right_in_every_way() {
    let ran = check(&Served::new(&["localhost"], (2020, 2090)), true, "localhost");
    ran.healthy();
    for id in ["tls.chain-trusted", "tls.name-matches", "tls.dates-valid"] {
        assert_eq!(ran.outcome(id), "passed", "{}", ran.text);
    }
}

#[test]
fn a_certificate_for_another_name() {
    let ran = check(&Served::new(&["other.example"], (2020, 2090)), true, "localhost");
    assert!(ran.root("network-tls-hostname")["observed"] == "other.example", "{}", ran.text);
    assert_eq!(ran.outcome("tls.chain-trusted"), "passed", "each question has its own answer");
    assert_eq!(ran.outcome("registry.api"), "skipped");
    filters().bind(|| insta::assert_snapshot!("network-tls-hostname", ran.text));
}

#[test]
fn a_certificate_that_has_expired() {
    let ran = check(&Served::new(&["localhost"], (2020, 2021)), true, "localhost");
    ran.root("network-tls-expired");
    assert_eq!(ran.outcome("tls.chain-trusted"), "passed", "it would be trusted, were it in time");
    assert_eq!(ran.outcome("tls.name-matches"), "passed");
    filters().bind(|| insta::assert_json_snapshot!("network-tls-expired", ran.failures()));
}

#[test]
fn a_certificate_that_does_not_hold_yet() {
    let ran = check(&Served::new(&["localhost"], (2080, 2090)), true, "localhost");
    assert!(
        ran.root("network-tls-expired")["summary"].as_str().unwrap().contains("not valid before")
    );
}

#[test]
fn a_certificate_of_an_authority_that_nobody_knows() {
    let ran = check(&Served::new(&["localhost"], (2020, 2090)), false, "localhost");
    let observed = ran.root("network-tls-untrusted")["observed"].as_str().unwrap();
    assert!(observed.contains("an authority of the tests"), "the issuer is named: {observed}");
    assert_eq!(ran.outcome("tls.name-matches"), "passed");
}

#[test]
fn everything_wrong_at_once_is_told_at_once() {
    let ran = check(&Served::new(&["other.example"], (2020, 2021)), false, "localhost");
    let causes = ran.json["causes"].as_array().unwrap();
    for code in ["network-tls-untrusted", "network-tls-hostname", "network-tls-expired"] {
        assert!(causes.contains(&code.into()), "{code}: {}", ran.text);
    }
}

#[test]
fn plain_http_where_tls_is_due() {
    let server = Server::http(open_registry);
    let ran = Bench::new().check(&[&format!("0.0.0.0:{}", server.port())]);
    ran.root("network-tls-protocol");
}

#[test]
fn no_agreement_on_tls() {
    let server = Server::disagreeing();
    let ran = Bench::new().check(&[&format!("0.0.0.0:{}", server.port())]);
    ran.root("network-tls-protocol");
    assert_eq!(ran.outcome("tls.chain-trusted"), "skipped");
}
