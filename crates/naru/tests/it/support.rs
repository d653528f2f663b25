//! A directory, a server in it, and commands run beside it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::JoinHandle;

use naru_testkit::{Image, MANIFEST};
use serde_json::Value;

/// The owner's password.
pub(crate) const PASSWORD: &str = "a password of the owner";

/// A command of the binary in an environment that has nothing of ours in it.
pub(crate) fn naru(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_naru"));
    command.env_clear().env("HOME", home).env("LANG", "C.UTF-8").stdin(Stdio::null());
    command
}

/// A directory, and perhaps a server that runs in it.
pub(crate) struct World {
    pub(crate) home: tempfile::TempDir,
    server: Option<Server>,
}

/// A server process, which ends with this value.
pub(crate) struct Server {
    child: Child,
    /// The lines on standard output until it was ready.
    pub(crate) ready: Vec<String>,
    logs: Option<JoinHandle<String>>,
}

impl Server {
    /// Starts one, and waits until it says that it is ready.
    pub(crate) fn start(mut command: Command) -> Self {
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let logs = std::thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).unwrap();
            text
        });
        let mut ready = Vec::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while !ready.iter().any(|line: &String| line.starts_with("docker login")) {
            match lines.next() {
                Some(line) => ready.push(line.unwrap()),
                None => panic!("it ended before it was ready: {ready:?} {}", logs.join().unwrap()),
            }
        }
        Self { child, ready, logs: Some(logs) }
    }

    /// Where it listens, as in `127.0.0.1:41233`.
    pub(crate) fn address(&self) -> String {
        let line = self.ready.iter().find_map(|line| line.strip_prefix("listening on "));
        line.unwrap().split_once("://").unwrap().1.to_owned()
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// Tells it to end; its exit code, and what it logged.
    pub(crate) fn terminate(mut self) -> (Option<i32>, String) {
        self.signal("TERM");
        let code = self.child.wait().unwrap().code();
        (code, self.logs.take().unwrap().join().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, as some tests want.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl World {
    /// Nothing runs yet.
    pub(crate) fn empty() -> Self {
        Self { home: tempfile::tempdir().unwrap(), server: None }
    }

    /// A server runs, and its owner has a password.
    pub(crate) fn new() -> Self {
        let mut world = Self::empty();
        let mut command = world.naru(&["serve", "--listen", "127.0.0.1:0"]);
        command.env("NARU_OWNER_PASSWORD", PASSWORD);
        world.server = Some(Server::start(command));
        world
    }

    /// The data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// The server.
    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    /// Takes a server in that was started for its directory.
    pub(crate) fn set_server(&mut self, server: Server) {
        self.server = Some(server);
    }

    /// Takes the server out, to end it.
    pub(crate) fn take_server(&mut self) -> Server {
        self.server.take().unwrap()
    }

    /// A command for the data directory.
    pub(crate) fn naru(&self, arguments: &[&str]) -> Command {
        let mut command = naru(self.home.path());
        command.arg("--data-dir").arg(self.data()).args(arguments);
        command
    }

    /// Runs a command, and shows all that it did.
    pub(crate) fn shown(&self, line: &str) -> String {
        self.show(&self.naru(&words(line)).output().unwrap())
    }

    /// Runs a command in a language.
    pub(crate) fn shown_in(&self, lang: &str, line: &str) -> String {
        self.show(&self.naru(&words(line)).env("LANG", lang).output().unwrap())
    }

    /// Runs a command with something on its standard input.
    pub(crate) fn fed(&self, line: &str, input: &str) -> String {
        let mut command = self.naru(&words(line));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        self.show(&child.wait_with_output().unwrap())
    }

    /// Runs a command that works, and reads the one document that it prints.
    pub(crate) fn json(&self, line: &str) -> Value {
        let output = self.naru(&words(line)).args(["-o", "json"]).output().unwrap();
        assert!(output.status.success(), "{line}: {}", self.show(&output));
        assert!(output.stderr.is_empty(), "{line}: {}", self.show(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Runs a command that does not work, and reads the one document that it prints on standard
    /// error; with its exit code.
    pub(crate) fn failed_json(&self, line: &str) -> (i32, Value) {
        let output = self.naru(&words(line)).args(["-o", "json"]).output().unwrap();
        assert!(output.stdout.is_empty(), "{line}: {}", self.show(&output));
        (output.status.code().unwrap(), serde_json::from_slice(&output.stderr).unwrap())
    }

    /// The status of `GET /v2/` with a name and a password.
    pub(crate) fn login(&self, name: &str, password: &str) -> u16 {
        self.ask(name, password, "GET /v2/")
    }

    /// The status of a request with a name and a password.
    pub(crate) fn ask(&self, name: &str, password: &str, request: &str) -> u16 {
        let basic = base64(&format!("{name}:{password}"));
        let authorization = format!("Authorization: Basic {basic}\r\n");
        ask(&self.server().address(), request, &authorization)
    }

    /// Pushes an image as a client does, by the owner.
    pub(crate) fn push(&self, repository: &str, tag: &str, image: &Image) {
        for blob in [&image.config, &image.layer] {
            let digest = naru_oci::Digest::sha256(blob);
            let path = format!("/v2/{repository}/blobs/uploads/?digest={digest}");
            assert_eq!(self.send("POST", &path, "application/octet-stream", blob), 201);
        }
        self.put_manifest(repository, tag, &image.manifest);
    }

    /// Puts a manifest whose blobs are there, by the owner.
    pub(crate) fn put_manifest(&self, repository: &str, tag: &str, manifest: &[u8]) {
        let path = format!("/v2/{repository}/manifests/{tag}");
        assert_eq!(self.send("PUT", &path, MANIFEST, manifest), 201);
    }

    /// The status of a request with a body, by the owner.
    pub(crate) fn send(&self, method: &str, path: &str, media_type: &str, body: &[u8]) -> u16 {
        let address = self.server().address();
        let basic = base64(&format!("owner:{PASSWORD}"));
        let length = body.len();
        let mut stream = TcpStream::connect(&address).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
             Authorization: Basic {basic}\r\nContent-Type: {media_type}\r\n\
             Content-Length: {length}\r\n\r\n"
        )
        .unwrap();
        stream.write_all(body).unwrap();
        status(stream)
    }

    fn show(&self, output: &Output) -> String {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let code = output.status.code().map_or("none".to_owned(), |code| code.to_string());
        let data = self.data().display().to_string();
        let shown = format!("exit {code}\n{}----\n{}", text(&output.stdout), text(&output.stderr));
        shown.replace(&data, "DATA")
    }
}

/// The status of a GET.
pub(crate) fn get(address: &str, path: &str, headers: &str) -> u16 {
    ask(address, &format!("GET {path}"), headers)
}

/// The status of a request without a body.
fn ask(address: &str, request: &str, headers: &str) -> u16 {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\r\n")
        .unwrap();
    status(stream)
}

fn status(stream: TcpStream) -> u16 {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    line.split(' ').nth(1).unwrap().parse().unwrap()
}

/// What differs from run to run.
pub(crate) fn filters() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"naru[astu][0-9A-Za-z]{39}", "[secret]");
    settings.add_filter(r"naru[astu][0-9A-Za-z]{3}\b", "[hint]");
    settings.add_filter(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[id]");
    settings.add_filter(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[time]");
    settings.add_filter(r"\d{4}-\d\d-\d\d", "[day]");
    settings.add_filter(r"127\.0\.0\.1:\d+", "127.0.0.1:[port]");
    settings
}

/// The words of a line; `'…'` keeps blanks together.
fn words(line: &str) -> Vec<&str> {
    line.split('\'')
        .enumerate()
        .flat_map(
            |(number, piece)| {
                if number % 2 == 1 { vec![piece] } else { piece.split_whitespace().collect() }
            },
        )
        .collect()
}

fn base64(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at)) as usize & 63];
            out.push(if at > chunk.len() { '=' } else { char::from(letter) });
        }
    }
    out
}
