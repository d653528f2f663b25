//! Certificates, each wrong in one way.

use std::sync::{Arc, Mutex};

use super::bench::{Bench, Ran, filters};
use super::faults::{Served, Server, open_registry, reply};

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

/// A registry that knows what time it is, and keeps what it was asked; and a diagnosis at it, by
/// somebody who is logged in.
fn check_at_a_time(served: &Served, trusted: bool, date: &'static str) -> (Ran, Vec<String>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&asked);
    let server = Server::https(served, move |request| {
        keep.lock().unwrap().push(request.to_owned());
        let headers = format!("Docker-Distribution-Api-Version: registry/2.0\r\nDate: {date}\r\n");
        reply("200 OK", &headers, "{}")
    });
    let mut bench = Bench::new();
    let host = format!("localhost:{}", server.port());
    bench.log_in(&host, "me", "hunter2hunter2");
    let authority = bench.write("ca.pem", &served.authority).display().to_string();
    let trust: &[&str] = if trusted { &["--ca-cert", &authority] } else { &[] };
    let ran = bench.check(&[&[host.as_str()], trust].concat());
    drop(server);
    let asked = asked.lock().unwrap().clone();
    (ran, asked)
}

#[test]
fn a_certificate_that_holds_at_the_servers_time_is_in_time_and_this_clock_is_wrong() {
    for (years, date) in [
        ((2020, 2021), "Wed, 25 Nov 2020 12:00:00 GMT"),
        ((2080, 2090), "Mon, 25 Nov 2080 12:00:00 GMT"),
    ] {
        let (ran, asked) = check_at_a_time(&Served::new(&["localhost"], years), true, date);
        assert_eq!(ran.root("network-clock-skew")["certainty"], "likely");
        assert_eq!(ran.finding("network-tls-expired")["explainedBy"], "network-clock-skew");
        assert_eq!(ran.json["causes"].as_array().unwrap().len(), 1, "{}", ran.text);
        assert!(!asked.is_empty());
        for request in asked {
            assert!(request.starts_with("HEAD /v2/ HTTP/1.1\r\n"), "{request}");
            let head = request.to_lowercase();
            assert!(!head.contains("authorization") && !head.contains("cookie"), "{request}");
        }
        filters()
            .bind(|| insta::assert_snapshot!(format!("network-clock-skew-{}", years.0), ran.text));
    }
}

#[test]
fn a_certificate_that_does_not_hold_at_the_servers_time_either_is_out_of_date() {
    let served = Served::new(&["localhost"], (2020, 2021));
    let (ran, _) = check_at_a_time(&served, true, "Fri, 25 Nov 2050 12:00:00 GMT");
    ran.root("network-tls-expired");
    assert!(!ran.text.contains("network-clock-skew"), "{}", ran.text);
}

#[test]
fn whoever_shows_no_trusted_certificate_is_not_even_asked_for_the_time() {
    let date = "Wed, 25 Nov 2020 12:00:00 GMT";
    for (names, trusted) in [(["localhost"], false), (["other.example"], true)] {
        let (ran, asked) = check_at_a_time(&Served::new(&names, (2020, 2021)), trusted, date);
        ran.finding("network-tls-expired");
        assert_eq!(asked, Vec::<String>::new(), "{}", ran.text);
    }
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
