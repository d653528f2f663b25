//! Started by systemd: sockets that it opened, and what it is told.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::process::{Command, Stdio};

use crate::config::pair;
use crate::support::{Server, World, get};

/// A shell that hands its standard input over as systemd hands over a socket, and becomes naru.
const HAND_OVER: &str =
    r#"exec 3<&0 0</dev/null; LISTEN_PID=$$ LISTEN_FDS=1; export LISTEN_PID LISTEN_FDS; exec "$@""#;

fn handed(world: &World, socket: OwnedFd) -> Command {
    let naru = world.naru(&["serve", "--listen", "127.0.0.1:1"]);
    let mut command = Command::new("/bin/sh");
    command.args(["-c", HAND_OVER, "sh"]).arg(naru.get_program()).args(naru.get_args());
    command.env_clear().env("HOME", world.home.path()).stdin(Stdio::from(socket));
    command
}

#[test]
fn a_socket_of_the_network_is_taken_over() {
    let world = World::empty();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    // Whoever comes before the server is answered by it.
    let early = std::thread::spawn({
        let address = address.clone();
        move || get(&address, "/healthz", "")
    });
    let server = Server::start(handed(&world, listener.into()));
    assert_eq!(server.ready[0], format!("listening on http://{address}"));
    assert_eq!(early.join().unwrap(), 200);
    assert_eq!(server.terminate().0, Some(0));
}

#[test]
fn a_unix_socket_is_taken_over_and_left_where_it_is() {
    let world = World::empty();
    let path = world.home.path().join("registry.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let server = Server::start(handed(&world, listener.into()));
    assert_eq!(server.ready[0], format!("listening on unix:{}", path.display()));
    let mut stream = UnixStream::connect(&path).unwrap();
    write!(stream, "GET /v2/ HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    assert!(line.starts_with("HTTP/1.1 401"), "{line}");
    assert_eq!(server.terminate().0, Some(0));
    assert!(path.exists());
}

#[test]
fn systemd_is_told_of_ready_reloading_stopping_and_living() {
    let world = World::empty();
    let path = world.home.path().join("notify.sock");
    let socket = UnixDatagram::bind(&path).unwrap();
    let (certificate, key) = pair(world.home.path(), 2020);
    let mut command = world.naru(&["serve", "--listen", "127.0.0.1:0"]);
    command.args(["--tls-cert", &certificate, "--tls-key", &key]);
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "200000");
    let server = Server::start(command);
    let heard = || {
        let mut buffer = [0; 200];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    };
    // What is heard next but that it lives.
    let news = || loop {
        let heard = heard();
        if heard != "WATCHDOG=1" {
            return heard;
        }
    };
    assert_eq!(news(), "READY=1");
    while heard() != "WATCHDOG=1" {}
    server.signal("HUP");
    let reloading = news();
    let since = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap();
    assert!(since.parse::<u64>().unwrap() > 0, "{reloading}");
    assert_eq!(news(), "READY=1");
    std::fs::write(&key, "no key").unwrap();
    server.signal("HUP");
    assert!(news().starts_with("RELOADING=1"));
    assert_eq!(news(), "READY=1");
    let (code, logs) = {
        server.signal("TERM");
        assert_eq!(news(), "STOPPING=1");
        server.terminate()
    };
    assert_eq!(code, Some(0), "{logs}");
    for words in [
        "the certificate has expired, and clients refuse it: renew it",
        "new connections get the certificate as it is now",
        "the certificate in use stays, as the new one cannot be used:",
        "has no private key",
    ] {
        assert!(logs.contains(words), "{words}: {logs}");
    }
}
