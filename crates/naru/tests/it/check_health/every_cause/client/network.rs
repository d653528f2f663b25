//! The way there, and what answers.

use std::net::TcpListener;
use std::process::Command;

use super::Faulty;
use crate::check_health::bench::Bench;
use crate::check_health::faults::{Served, Server, open_registry, reply};

/// An address at which nothing listens.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// A server at its own address.
fn at(server: Server) -> Faulty {
    Faulty::new(Bench::new(), &[&server.address.to_string()]).server(server)
}

pub(in super::super) fn dns() -> Faulty {
    Faulty::new(Bench::new(), &["nothing.invalid"])
}

/// What the name was to lead to, by another one.
pub(in super::super) fn right_name(faulty: &mut Faulty) {
    let server = Server::http(open_registry);
    faulty.line = vec![server.address.to_string()];
    faulty.server = Some(server);
}

pub(in super::super) fn refused() -> Faulty {
    Faulty::new(Bench::new(), &[&nobody()])
}

/// A registry where something else was, or nothing.
pub(in super::super) fn registry(faulty: &mut Faulty) {
    faulty.server = None;
    let address = faulty.line[0].parse().unwrap();
    faulty.server = Some(Server::http_at(address, open_registry));
}

pub(in super::super) fn timeout() -> Faulty {
    let faulty = at(Server::silent());
    let line = [&faulty.line[0], "--timeout", "1"].map(str::to_owned).to_vec();
    Faulty { line, ..faulty }
}

/// Behind a proxy that is not there.
pub(in super::super) fn proxy() -> Faulty {
    let certificate = Served::new(&["registry.invalid"], (2020, 2090));
    let server = Server::https(&certificate, open_registry);
    let mut bench = Bench::new();
    bench.secret("hunter2hunter2");
    bench.variable("HTTPS_PROXY", &format!("http://me:hunter2hunter2@{}", nobody()));
    let authority = bench.write("ca.pem", &certificate.authority).display().to_string();
    let line = ["registry.invalid", "--ca-cert", &authority];
    Faulty { behind: Some(server), ..Faulty::new(bench, &line) }
}

pub(in super::super) fn other_proxy(faulty: &mut Faulty) {
    let proxy = Server::proxy(faulty.behind.as_ref().unwrap().address);
    let url = format!("http://me:hunter2hunter2@{}", proxy.address);
    faulty.bench.variable("HTTPS_PROXY", &url);
    faulty.server = Some(proxy);
}

pub(in super::super) fn clock_skew() -> Faulty {
    at(Server::http(|_| dated("Wed, 25 Nov 2020 12:00:00 GMT")))
}

/// The server's clock is that of this machine.
pub(in super::super) fn set_clock(faulty: &mut Faulty) {
    let now = |_: &str| {
        let mut date = Command::new("date");
        let date = date.env("LC_ALL", "C").args(["-u", "+%a, %d %b %Y %H:%M:%S GMT"]);
        dated(String::from_utf8(date.output().unwrap().stdout).unwrap().trim())
    };
    faulty.server = None;
    let address = faulty.line[0].parse().unwrap();
    faulty.server = Some(Server::http_at(address, now));
}

fn dated(date: &str) -> String {
    let version = "Docker-Distribution-Api-Version: registry/2.0";
    reply("200 OK", &format!("{version}\r\nDate: {date}\r\n"), "{}")
}

pub(in super::super) fn no_challenge() -> Faulty {
    let page = "<h1>It works!</h1>";
    at(Server::http(move |_| reply("200 OK", "Content-Type: text/html\r\n", page)))
}

/// A secret is stored, and no address to send it to can be read.
pub(in super::super) fn bad_challenge() -> Faulty {
    let challenge = "WWW-Authenticate: Bearer realm=\"token\",service=\"x\"\r\n";
    let mut faulty = at(Server::http(move |_| reply("401 Unauthorized", challenge, "{}")));
    let host = faulty.line[0].clone();
    faulty.bench.log_in(&host, "me", "hunter2hunter2");
    faulty
}
