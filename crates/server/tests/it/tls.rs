//! Certificates from files: read again when they change, and never half.

use std::fs;
use std::path::{Path, PathBuf};

use http::Request;
use http_body_util::Empty;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use naru_server::{Pair, PairError, TlsMode};
use naru_testkit::Kit;
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::pki_types::CertificateDer;

use crate::serve::{encrypted, trusting_only};

/// A certificate and its key.
struct Made(CertifiedKey<KeyPair>);

impl Made {
    fn new() -> Self {
        Self(generate_simple_self_signed(["localhost".to_owned()]).unwrap())
    }

    fn der(&self) -> CertificateDer<'static> {
        self.0.cert.der().clone()
    }

    fn pem(&self) -> String {
        self.0.cert.pem()
    }

    fn key(&self) -> String {
        self.0.signing_key.serialize_pem()
    }

    fn write(&self, directory: &Path) {
        fs::write(certificate(directory), self.pem()).unwrap();
        fs::write(key(directory), self.key()).unwrap();
    }
}

fn certificate(directory: &Path) -> PathBuf {
    directory.join("tls.crt")
}

fn key(directory: &Path) -> PathBuf {
    directory.join("tls.key")
}

async fn kit(directory: &Path) -> Kit {
    let (certificate, key) = (certificate(directory), key(directory));
    Kit::start_with(|config| config.tls = TlsMode::Files { certificate, key }).await
}

/// Opens a connection that trusts these; which of them it met.
async fn open(kit: &Kit, trusted: &[&Made]) -> (usize, SendRequest<Empty<bytes::Bytes>>) {
    let settings = trusting_only(kit, b"http/1.1", trusted.iter().map(|made| made.der()));
    let stream = encrypted(settings, kit.address(), "localhost").await.unwrap();
    let met = stream.get_ref().1.peer_certificates().unwrap()[0].clone();
    let number = trusted.iter().position(|made| made.der() == met).unwrap();
    let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    (number, sender)
}

async fn asks(sender: &mut SendRequest<Empty<bytes::Bytes>>) {
    let request = Request::get("/healthz").header("host", "localhost");
    sender.ready().await.unwrap();
    let reply = sender.send_request(request.body(Empty::new()).unwrap()).await.unwrap();
    assert_eq!(reply.status(), 200);
}

#[tokio::test]
async fn a_new_certificate_is_met_by_new_connections_and_harms_no_open_one() {
    let directory = tempfile::tempdir().unwrap();
    let made = [Made::new(), Made::new(), Made::new()];
    made[0].write(directory.path());
    let kit = kit(directory.path()).await;
    let all: Vec<_> = made.iter().collect();
    let (met, mut first) = open(&kit, &all).await;
    assert_eq!(met, 0);
    asks(&mut first).await;
    made[1].write(directory.path());
    kit.server().reload().await;
    let (met, mut second) = open(&kit, &all).await;
    assert_eq!(met, 1);
    // And where nobody says that they changed, that is seen.
    made[2].write(directory.path());
    while open(&kit, &all).await.0 != 2 {}
    for sender in [&mut first, &mut second] {
        asks(sender).await;
    }
}

#[tokio::test]
async fn what_is_no_pair_changes_nothing_until_it_is_one() {
    let directory = tempfile::tempdir().unwrap();
    let (old, new) = (Made::new(), Made::new());
    old.write(directory.path());
    let kit = kit(directory.path()).await;
    let (certificate, key) = (certificate(directory.path()), key(directory.path()));
    let half: String = new.pem().chars().take(300).collect();
    for (broken, text) in [(&key, new.key()), (&certificate, half), (&key, String::new())] {
        fs::write(broken, text).unwrap();
        kit.server().reload().await;
        assert_eq!(open(&kit, &[&old, &new]).await.0, 0);
    }
    fs::remove_file(&key).unwrap();
    kit.server().reload().await;
    assert_eq!(open(&kit, &[&old, &new]).await.0, 0);
    new.write(directory.path());
    kit.server().reload().await;
    assert_eq!(open(&kit, &[&old, &new]).await.0, 1);
}

#[test]
fn what_is_wrong_with_a_pair_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = (Made::new(), Made::new());
    let (certificate, key) = (certificate(directory.path()), key(directory.path()));
    let read = |certificate_text: &str, key_text: &str| {
        fs::write(&certificate, certificate_text).unwrap();
        fs::write(&key, key_text).unwrap();
        Pair::read(&certificate, &key)
    };
    assert!(read(&one.pem(), &one.key()).is_ok());
    let chain = format!("{}{}", one.pem(), other.pem());
    assert!(read(&chain, &one.key()).is_ok(), "with those of its authorities behind it");
    let turned = read(&chain, &other.key());
    assert!(matches!(turned, Err(PairError::Mismatch { .. })), "{turned:?}");
    assert!(matches!(read(&one.key(), &one.key()), Err(PairError::NoCertificate { .. })));
    assert!(matches!(read(&one.pem(), &one.pem()), Err(PairError::NoKey { .. })));
    assert!(matches!(read("", &one.key()), Err(PairError::NoCertificate { .. })));
    let half: String = one.pem().chars().take(300).collect();
    assert!(matches!(read(&half, &one.key()), Err(PairError::Pem { .. })));
    let nonsense = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(matches!(read(nonsense, &one.key()), Err(PairError::Certificate { .. })));
    let nowhere = Pair::read(Path::new("/nowhere/tls.crt"), &key);
    assert!(matches!(nowhere, Err(PairError::Read { .. })));
}
