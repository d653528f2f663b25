//! Certificates, each wrong in one way.

use super::Faulty;
use crate::check_health::bench::Bench;
use crate::check_health::faults::{Served, Server, open_registry};

const TIME: (i32, i32) = (2020, 2090);

/// A registry with this certificate, whose authority is trusted.
fn with(certificate: &Served) -> Faulty {
    let server = Server::https(certificate, open_registry);
    let bench = Bench::new();
    let authority = bench.write("ca.pem", &certificate.authority).display().to_string();
    let host = format!("localhost:{}", server.port());
    Faulty::new(bench, &[&host, "--ca-cert", &authority]).server(server)
}

pub(in super::super) fn expired() -> Faulty {
    with(&Served::new(&["localhost"], (2020, 2021)))
}

pub(in super::super) fn hostname() -> Faulty {
    with(&Served::new(&["other.example"], TIME))
}

/// A server that agrees on nothing.
pub(in super::super) fn protocol() -> Faulty {
    let faulty = with(&Served::new(&["localhost"], TIME));
    let server = Server::disagreeing();
    // Where no tool goes on without TLS.
    let mut line = faulty.line.clone();
    line[0] = format!("0.0.0.0:{}", server.port());
    Faulty { line, ..faulty }.server(server)
}

pub(in super::super) fn untrusted() -> Faulty {
    let mut faulty = with(&Served::new(&["localhost"], TIME));
    faulty.line.truncate(1);
    faulty
}

/// The authority is made known.
pub(in super::super) fn trust(faulty: &mut Faulty) {
    let authority = faulty.bench.path("ca.pem").display().to_string();
    faulty.line.extend(["--ca-cert".to_owned(), authority]);
}

/// The same server with a certificate that is right in every way.
pub(in super::super) fn renew(faulty: &mut Faulty) {
    let certificate = Served::new(&["localhost", "0.0.0.0"], TIME);
    faulty.bench.write("ca.pem", &certificate.authority);
    let address = faulty.server.take().unwrap().address;
    faulty.server = Some(Server::https_at(address, &certificate, open_registry));
}
