//! A proxy on loopback that leads every CONNECT to one address, whatever name was asked for.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::failure::Failure;

/// A running proxy.
pub(super) struct Proxy {
    address: String,
    over: Arc<AtomicBool>,
}

impl Proxy {
    /// Starts one that leads to `target`.
    pub(super) fn to(target: &str) -> Result<Self, Failure> {
        let doing = || "listen as a proxy".to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").map_err(Failure::machine(doing()))?;
        let address = listener.local_addr().map_err(Failure::machine(doing()))?.to_string();
        let over = Arc::new(AtomicBool::new(false));
        let (ended, target) = (Arc::clone(&over), target.to_owned());
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let target = target.clone();
                // What a client does not send to its end is that client's to notice.
                thread::spawn(move || lead(&client, &target));
            }
        });
        Ok(Self { address, over })
    }

    /// How a client is told of it.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Wakes the one that waits for a client.
        let _ = TcpStream::connect(&self.address);
    }
}

/// Reads the head of a CONNECT, and passes on all that comes after it, both ways.
fn lead(client: &TcpStream, target: &str) -> io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    if !line.starts_with("CONNECT ") {
        return (&mut &*client).write_all(b"HTTP/1.1 405 Method Not Allowed\r\n\r\n");
    }
    while line.trim_end() != "" {
        line.clear();
        reader.read_line(&mut line)?;
    }
    let server = TcpStream::connect(target)?;
    (&mut &*client).write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let (mut back, mut to) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut back, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    io::copy(&mut reader, &mut &server)?;
    server.shutdown(Shutdown::Write)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn every_name_leads_to_the_one_address() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = listener.local_addr().unwrap().to_string();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut seen = [0; 4];
            stream.read_exact(&mut seen).unwrap();
            stream.write_all(b"pong").unwrap();
            seen
        });
        let proxy = Proxy::to(&target).unwrap();
        let mut stream = TcpStream::connect(&proxy.address).unwrap();
        stream.write_all(b"CONNECT nobody.test:443 HTTP/1.1\r\nHost: x\r\n\r\nping").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        assert!(text.starts_with("HTTP/1.1 200 ") && text.ends_with("\r\n\r\npong"), "{text}");
        assert_eq!(&server.join().unwrap(), b"ping");
    }
}
