//! Hostile clients, against a server of its own: what they can make it hold stays within the bounds
//! that `docs/operation.md` states, and somebody with a right to it logs in, pushes and pulls
//! meanwhile.
//!
//! `NARU_HOSTILE=10000` makes it as many connections as would be a bad day; `bench/README.md` has the
//! figures.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use base64::Engine as _;
use http::Method;
use naru_testkit::{Image, KeptConnection, MANIFEST, Sending, blob, image};
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};

use crate::support::{PASSWORD, Server, World};

/// How many connections there are where nothing else is said, and how many of them the server takes.
const SHORT: usize = 300;
const SHORT_PLACES: usize = 200;

/// So many of them come from one address: fewer than it may have.
const FROM_EACH: usize = 500;

/// What a server may hold that has nothing to do: its own code, caches and database.
const BASE: u64 = 96 << 20;

/// What a connection may hold that has asked for nothing.
const IDLE: u64 = 48 << 10;

/// What one may hold that has said half of the largest head or of a body.
const HALFWAY: u64 = 256 << 10;

/// What one may hold whose answer is not read: what waits to be written, and a frame.
const UNREAD: u64 = 128 << 10;

/// What all answers may hold in frames while they are few.
const FRAMES: u64 = 64 << 20;

/// What a manifest may hold while it comes in: itself, grown by doubling, and the frame it came in.
const LARGE_MANIFEST: u64 = (8 << 20) + (1 << 20);

/// What all small uploads together may hold, grown by doubling; and each of them, wherever its bytes are.
const UPLOADS: u64 = 64 << 20;
const UPLOAD: u64 = 4 << 10;

/// How many there are of each.
struct Scale {
    connections: usize,
    /// How many of them the server takes.
    places: usize,
    /// Who leaves uploads open, and how many.
    uploaders: usize,
    uploads: usize,
}

impl Scale {
    #[expect(clippy::disallowed_methods, reason = "how many there are, is for its caller to say")]
    fn asked() -> Self {
        match std::env::var("NARU_HOSTILE") {
            Ok(count) => {
                let connections = count.parse().expect("a number");
                Self { connections, places: 4096, uploaders: 10, uploads: 1000 }
            }
            Err(_) => Self { connections: SHORT, places: SHORT_PLACES, uploaders: 4, uploads: 30 },
        }
    }
}

/// A server, and those who mean it ill.
struct Besieged {
    world: World,
    address: SocketAddr,
    scale: Scale,
    /// The names and passwords of those who leave uploads open.
    uploaders: Vec<(String, String)>,
    phase: usize,
    bound: u64,
}

impl Besieged {
    fn new(scale: Scale) -> Self {
        let mut world = World::empty();
        let mut command = world.naru(&["serve", "--listen", "127.0.0.1:0"]);
        command
            .env("NARU_OWNER_PASSWORD", PASSWORD)
            .env("NARU_LIMITS_CONNECTIONS", scale.places.to_string())
            .env("NARU_LIMITS_UPLOADS", (scale.uploaders * scale.uploads).to_string());
        world.set_server(Server::start(command));
        let address = world.server().address().parse().unwrap();
        let uploaders = (0..scale.uploaders).map(|number| {
            let name = format!("hostile-{number}");
            let right = "--repository hostile content/read content/write";
            let made = world.json(&format!("token create -n {name} {right}"));
            let password = made.pointer("/credentials/passwords/0/value").unwrap();
            (name, password.as_str().unwrap().to_owned())
        });
        let uploaders = uploaders.collect();
        Self { world, address, scale, uploaders, phase: 0, bound: BASE }
    }

    /// Connections of hostile clients, each of which has said this.
    async fn connections(&self, said: &str) -> Vec<TcpStream> {
        let mut open = Vec::new();
        for number in 0..self.scale.connections {
            let socket = TcpSocket::new_v4().unwrap();
            let from = u8::try_from(2 + number / FROM_EACH).unwrap();
            socket.bind(SocketAddr::from((Ipv4Addr::new(127, 0, 1, from), 0))).unwrap();
            socket.set_recv_buffer_size(16 << 10).unwrap();
            let mut stream = socket.connect(self.address).await.unwrap();
            // Whoever is sent away has nothing to say any more.
            let _sent = stream.write_all(said.as_bytes()).await;
            open.push(stream);
        }
        open
    }

    /// A request of the owner's, who comes from another address.
    fn owner(&self, method: Method, target: &str) -> Sending {
        Sending::new(self.address, method, target).basic("owner", PASSWORD)
    }

    /// Somebody logs in, pushes an image, and pulls it, while others say a byte more now and then; and
    /// the server has held no more than it may.
    async fn answers_the_rightful(&mut self, during: &str, others: &[TcpStream]) {
        self.phase += 1;
        let rightful = async {
            let image = image(during);
            let name = format!("rightful/{}", self.phase);
            let scope = format!("/oauth2/token?service=registry&scope=repository:{name}:pull,push");
            let token = self.owner(Method::GET, &scope).send().await.expect(200).json();
            let token = token["access_token"].as_str().unwrap().to_owned();
            self.push(&name, &token, &image).await;
            let target = format!("/v2/{name}/manifests/v1");
            let get = Sending::new(self.address, Method::GET, &target).bearer(&token);
            assert_eq!(get.send().await.expect(200).body, image.manifest, "{during}");
        };
        tokio::select! {
            () = rightful => {}
            () = trickle(others) => {}
        }
        self.has_held(during);
    }

    async fn push(&self, name: &str, token: &str, image: &Image) {
        for content in [&image.config, &image.layer] {
            let begin = format!("/v2/{name}/blobs/uploads/");
            let begun = Sending::new(self.address, Method::POST, &begin).bearer(token);
            let location = begun.send().await.expect(202).header("location").to_owned();
            let digest = naru_oci::Digest::sha256(content);
            let target = format!("{location}?digest={digest}");
            let sending = Sending::new(self.address, Method::PUT, &target).bearer(token);
            sending.body(content.clone()).send().await.expect(201);
        }
        let target = format!("/v2/{name}/manifests/v1");
        let sending = Sending::new(self.address, Method::PUT, &target).bearer(token);
        let sending = sending.header("content-type", MANIFEST);
        sending.body(image.manifest.clone()).send().await.expect(201);
    }

    /// Connections that have said this, while somebody with a right is answered. Each may hold so much,
    /// and all of them so much together; from here on, since the most is never less again.
    async fn bears(&mut self, during: &str, said: &str, each: u64, together: u64) {
        let open = self.connections(said).await;
        let places = u64::try_from(self.scale.places).unwrap();
        self.bound = self.bound.max(BASE + together + places * each);
        self.answers_the_rightful(during, &open).await;
    }

    fn has_held(&self, during: &str) {
        let (now, peak) = (self.resident("VmRSS:"), self.resident("VmHWM:"));
        println!(
            "| {during} | {} MiB | {} MiB | {} MiB |",
            now >> 20,
            peak >> 20,
            self.bound >> 20
        );
        assert!(peak <= self.bound, "{during}: {peak} bytes of {}", self.bound);
    }

    fn resident(&self, what: &str) -> u64 {
        let path = format!("/proc/{}/status", self.world.server().id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(what)).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() << 10
    }

    /// Each of those who may leave uploads open, does.
    async fn leave_uploads_open(&self) {
        let small = blob("left open", 60 << 10);
        for (name, password) in &self.uploaders {
            let of = |method, target: &str| {
                Sending::new(self.address, method, target).basic(name, password)
            };
            let mut connection = KeptConnection::to(self.address).await;
            for _ in 0..self.scale.uploads {
                let begin = of(Method::POST, "/v2/hostile/blobs/uploads/");
                let begun = connection.send(begin).await.expect(202);
                let sent = of(Method::PATCH, begun.header("location")).body(small.clone());
                connection.send(sent).await.expect(202);
            }
        }
    }

    /// Eight at once put what is no manifest, and too large.
    async fn put_large_manifests(&self) {
        let large = vec![b' '; 4 << 20];
        for body in [large.clone(), [&large[..], b" "].concat(), large.repeat(2)] {
            let puts = (0..8).map(|_| {
                let put = self.owner(Method::PUT, "/v2/a/manifests/v1").body(body.clone());
                tokio::spawn(put.header("content-type", MANIFEST).send())
            });
            for put in puts.collect::<Vec<_>>() {
                let status = put.await.unwrap().status.as_u16();
                assert_eq!(status, if body.len() > 4 << 20 { 413 } else { 400 });
            }
        }
    }

    /// Pages of any size are asked for.
    async fn ask_for_large_pages(&self) {
        for number in ["99999999999999999999999", "18446744073709551615", "4294967296"] {
            for list in ["/v2/_catalog", "/v2/rightful/1/tags/list", "/acr/v1/_catalog"] {
                let target = format!("{list}?n={number}");
                self.owner(Method::GET, &target).send().await.expect(200);
            }
        }
    }
}

/// Says a byte on each connection now and then, for ever.
async fn trickle(open: &[TcpStream]) {
    let mut every = tokio::time::interval(Duration::from_millis(200));
    loop {
        every.tick().await;
        for stream in open {
            // Whoever is sent away has nothing to say any more.
            let _sent = stream.try_write(b"y");
        }
    }
}

#[tokio::test]
async fn hostile_clients_hold_what_they_may_and_others_are_answered() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    let mut server = Besieged::new(Scale::asked());
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("owner:{PASSWORD}"));
    let host = format!("host: localhost\r\nauthorization: Basic {encoded}\r\n");
    println!("| during | resident | at the most, so far | bound |");
    server.answers_the_rightful("nothing", &[]).await;
    let content = blob("unread", 3 << 20);
    let digest = naru_oci::Digest::sha256(&content);
    let whole = format!("/v2/a/blobs/uploads/?digest={digest}");
    server.owner(Method::POST, &whole).body(content).send().await.expect(201);

    server.bears("idle connections", "", IDLE, 0).await;
    let filler = "y".repeat(60 << 10);
    let head = format!("GET /v2/ HTTP/1.1\r\n{host}x: {filler}");
    server.bears("heads that trickle", &head, HALFWAY, 0).await;
    let put = "PUT /v2/a/manifests/v1 HTTP/1.1";
    let body = format!("{put}\r\n{host}content-length: 4000000\r\n\r\n{filler}");
    server.bears("bodies that trickle", &body, HALFWAY, 0).await;
    let unread = format!("GET /v2/a/blobs/{digest} HTTP/1.1\r\n{host}\r\n");
    server.bears("answers that nobody reads", &unread, UNREAD, FRAMES).await;

    server.ask_for_large_pages().await;
    server.answers_the_rightful("pages without end", &[]).await;
    server.bound += 8 * LARGE_MANIFEST;
    server.put_large_manifests().await;
    server.answers_the_rightful("manifests that are too large", &[]).await;
    let uploads = u64::try_from(server.scale.uploaders * server.scale.uploads).unwrap();
    server.bound += UPLOADS + uploads * UPLOAD;
    server.leave_uploads_open().await;
    server.answers_the_rightful("uploads left open", &[]).await;
}
