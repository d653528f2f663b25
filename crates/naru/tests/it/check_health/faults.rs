//! Servers with something wrong with them, on loopback, that end with their value.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A server that answers each request in a way of its own.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What becomes of a connection.
type Serve = dyn Fn(TcpStream) + Send + Sync;

impl Server {
    fn start(serve: Box<Serve>) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), serve)
    }

    fn start_at(address: SocketAddr, serve: Box<Serve>) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let ended = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&ended);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                serve(stream);
            }
        });
        Self { address, ended, thread: Some(thread) }
    }

    /// Plain HTTP: each request is answered with this.
    pub(crate) fn http(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self::start(Box::new(move |stream| answer_once(stream, &answer)))
    }

    /// The same where something else was, or nothing.
    pub(crate) fn http_at(
        address: SocketAddr,
        answer: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Self {
        Self::start_at(address, Box::new(move |stream| answer_once(stream, &answer)))
    }

    /// TLS with this certificate; requests inside are answered with this.
    pub(crate) fn https(
        certificate: &Served,
        answer: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Self {
        Self::https_at("127.0.0.1:0".parse().unwrap(), certificate, answer)
    }

    /// The same where something else was.
    pub(crate) fn https_at(
        address: SocketAddr,
        certificate: &Served,
        answer: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Self {
        let config = Arc::clone(&certificate.config);
        let serve = move |stream| {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            answer_once(StreamOwned::new(connection, stream), &answer);
        };
        Self::start_at(address, Box::new(serve))
    }

    /// A proxy that leads to one server, whatever it is asked for.
    pub(crate) fn proxy(to: SocketAddr) -> Self {
        Self::start(Box::new(move |mut client| {
            let mut request = Vec::new();
            let mut byte = [0; 1];
            while !request.ends_with(b"\r\n\r\n") {
                match client.read(&mut byte) {
                    Ok(1) => request.push(byte[0]),
                    _ => return,
                }
            }
            let _written = client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n");
            let mut server = TcpStream::connect(to).unwrap();
            let (mut from, mut back) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            let other = std::thread::spawn(move || {
                let _copied = std::io::copy(&mut from, &mut back);
                let _ended = back.shutdown(Shutdown::Both);
            });
            let _copied = std::io::copy(&mut client, &mut server);
            let _ended = server.shutdown(Shutdown::Both);
            other.join().unwrap();
        }))
    }

    /// Takes connections, and says nothing until the other side gives up.
    pub(crate) fn silent() -> Self {
        Self::start(Box::new(|mut stream| {
            let mut nothing = [0; 1024];
            while matches!(stream.read(&mut nothing), Ok(read) if read > 0) {}
        }))
    }

    /// A TLS alert to whatever comes: no agreement.
    pub(crate) fn disagreeing() -> Self {
        Self::start(Box::new(|mut stream| {
            let mut hello = [0; 4096];
            let _read = stream.read(&mut hello);
            // Fatal handshake failure (RFC 8446 §6).
            let _written = stream.write_all(&[21, 3, 3, 0, 2, 2, 40]);
        }))
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for a connection.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

fn answer_once(mut stream: impl Read + Write, answer: &dyn Fn(&str) -> String) {
    let mut request = Vec::new();
    let mut byte = [0; 1];
    while !request.ends_with(b"\r\n\r\n") && request.len() < 16 * 1024 {
        match stream.read(&mut byte) {
            Ok(1) => request.push(byte[0]),
            _ => break,
        }
        // No method begins like this: it is TLS, which a server of HTTP does not understand.
        if !request[0].is_ascii_uppercase() {
            break;
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let text = if request.starts_with(|letter: char| letter.is_ascii_uppercase()) {
        answer(&request)
    } else {
        "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".to_owned()
    };
    let _written = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
}

/// An answer in HTTP.
pub(crate) fn reply(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

/// What a registry that lets everybody in answers to `/v2/`.
pub(crate) fn open_registry(_request: &str) -> String {
    reply("200 OK", "Docker-Distribution-Api-Version: registry/2.0\r\n", "{}")
}

/// A certificate that a server can show, and the authority that issued it.
pub(crate) struct Served {
    config: Arc<ServerConfig>,
    /// The authority, in PEM.
    pub(crate) authority: String,
}

impl Served {
    /// For these names, between these years.
    pub(crate) fn new(names: &[&str], years: (i32, i32)) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "an authority of the tests");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2090, 1, 1);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, "a registry of the tests");
        params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
        params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        let chain = vec![certificate.der().clone(), issuer.der().clone()];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        Self { config: Arc::new(config), authority: issuer.pem() }
    }
}

/// A stand-in for docker's engine: it answers `/info` with this, until the test's home is gone.
pub(crate) fn engine(socket: &Path, info: &str) {
    let info = info.to_owned();
    let listener = UnixListener::bind(socket).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            answer_once(stream, &|_| reply("200 OK", "Content-Type: application/json\r\n", &info));
        }
    });
}
