//! Marked secrets wherever a tool or the server reads one: none of them, in no usual encoding, in
//! anything that is printed, logged, told as an event or kept in a file.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::json;

use super::wire::{basic, bearer, form, percent, send};
use super::world;
use crate::check_health::bench::{Bench, token};
use crate::support::{Server, World};

/// What must not be found, and where it was looked for.
struct Search {
    forms: Vec<(String, String)>,
    looked: usize,
}

/// A secret as it may stand somewhere: as it is, percent-encoded, and in base64 at each of the
/// three places that it can have in a group of three bytes.
fn forms(secret: &str) -> Vec<String> {
    let mut all = vec![secret.to_owned(), percent(secret), percent(secret).to_lowercase()];
    all.push(secret.replace(' ', "+"));
    for before in 0..3 {
        let bytes = [&vec![0; before][..], secret.as_bytes()].concat();
        // What the neighbours' bits are in is left out at both ends.
        let (first, last) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            all.push(engine.encode(&bytes).chars().skip(first).take(last - first).collect());
        }
    }
    all
}

impl Search {
    fn for_all(secrets: &[&str]) -> Self {
        let forms = secrets.iter().flat_map(|secret| {
            assert!(secret.len() >= 12, "{secret} is found by chance");
            forms(secret).into_iter().map(|form| ((*secret).to_owned(), form))
        });
        Self { forms: forms.collect(), looked: 0 }
    }

    fn found<'a>(&'a self, bytes: &[u8]) -> Option<&'a str> {
        let text = String::from_utf8_lossy(bytes);
        let found = self.forms.iter().find(|(_, form)| text.contains(form.as_str()));
        found.map(|(secret, _)| secret.as_str())
    }

    #[track_caller]
    fn look(&mut self, place: &str, bytes: &[u8]) {
        self.looked += 1;
        if let Some(secret) = self.found(bytes) {
            panic!("`{secret}` stands in {place}: {}", String::from_utf8_lossy(bytes));
        }
    }

    #[track_caller]
    fn look_at(&mut self, place: &str, output: &Output) {
        self.look(&format!("what {place} prints"), &output.stdout);
        self.look(&format!("what {place} prints as errors"), &output.stderr);
    }

    /// Every file of the data directory.
    fn look_in(&mut self, directory: &std::path::Path) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.look_in(&path);
            } else if let Ok(bytes) = std::fs::read(&path) {
                // A socket is no file.
                self.look(&path.display().to_string(), &bytes);
            }
        }
    }
}

#[test]
fn the_search_finds_each_form() {
    let search = Search::for_all(&["a marked/secret+1"]);
    for name in ["", "m", "me", "somebody"] {
        let pair = format!("{name}:a marked/secret+1");
        for text in [STANDARD.encode(&pair), URL_SAFE_NO_PAD.encode(&pair), percent(&pair)] {
            assert!(search.found(format!("x {text} x").as_bytes()).is_some(), "{text}");
        }
    }
    assert!(search.found(b"a marked secret").is_none());
}

const OWNER: &str = "the owner's marked password/1+";
const USER: &str = "a user's marked password/2+";
const WRONG: &str = "a wrong marked password/3+";
const WRONG_IN_FORM: &str = "wrong in a form, marked/4+";
const IN_QUERY: &str = "in a query, marked/5+";
const STRANGE: &str = "strange.bearer.marked-6-token";
const PROXY: &str = "proxy-marked-password-7";
const HELPER: &str = "a marked secret of a helper/8+";

#[test]
fn no_secret_stands_anywhere_on_the_servers_side() {
    let mut world = World::empty();
    let socket = world.home.path().join("metrics.sock");
    let metrics = format!("unix:{}", socket.display());
    let listen = ["serve", "--listen", "127.0.0.1:0", "--metrics-listen", &metrics];
    let line = [&listen[..], &["--log-level", "trace"]].concat();
    let mut command = world.naru(&line);
    command.env("NARU_OWNER_PASSWORD", OWNER);
    world.set_server(Server::start(command));
    let owner = ("owner".to_owned(), OWNER.to_owned());

    world.fed("user create -n alice --password-stdin", USER);
    let (_, token_password) = world::token(&world, "team/* content/read");
    let deploy = world::service_principal(&world);
    let admin = world.json("credential show")["passwords"][0]["value"].clone();
    let admin = admin.as_str().unwrap().to_owned();
    let identity = world::identity(&world, &deploy);
    let refresh = world::refresh(&world, &deploy);
    let access = world::access(&world, &owner, "repository:team/app:pull,push");
    // Header and claims of a token are no secret; its signature is.
    let signature = |token: &str| token.rsplit('.').next().unwrap().to_owned();
    let signatures = [&identity, &refresh, &access].map(|token| signature(token));
    let secrets = [OWNER, USER, WRONG, WRONG_IN_FORM, IN_QUERY, STRANGE];
    let made = [&token_password, &deploy.1, &admin].map(String::as_str);
    let all = [&secrets[..], &made, &signatures.each_ref().map(String::as_str)].concat();
    let mut search = Search::for_all(&all);

    // Each secret where it belongs, and where it does not.
    let pairs = [
        ("owner", OWNER),
        ("alice", USER),
        ("alice", WRONG),
        ("nobody", &token_password),
        ("ci-build", &token_password),
        ("registry", &admin),
        (&deploy.0, &deploy.1),
        (world::NULL_GUID, &refresh),
        ("alice", &refresh),
        ("alice", &access),
    ];
    let mut shown = Vec::new();
    for (name, secret) in pairs {
        let by = basic(name, secret);
        for request in ["GET /v2/", "GET /v2/team/app/manifests/v1", "DELETE /v2/team/app/tags/x"] {
            shown.push(send(&world, request, &[&by], ""));
        }
        // What the token endpoint gives is a token; its refusals are looked at.
        let fields = [("grant_type", "password"), ("username", name), ("password", secret)];
        shown.extend(Some(form(&world, "/oauth2/token", &fields)).filter(|it| it.status != 200));
    }
    for token in [STRANGE, &identity, &refresh, &access, &deploy.1] {
        shown.push(send(&world, "GET /v2/team/app/manifests/v1", &[&bearer(token)], ""));
        let fields = [("grant_type", "access_token"), ("access_token", token)];
        shown.extend(Some(form(&world, "/oauth2/exchange", &fields)).filter(|it| it.status != 200));
    }
    for (name, secret) in [("client_secret", WRONG_IN_FORM), ("password", WRONG_IN_FORM)] {
        let (grant, who) = match name {
            "password" => ("password", "username"),
            _ => ("client_credentials", "client_id"),
        };
        let scope = "https://containerregistry.azure.net/.default";
        let fields = [("grant_type", grant), (who, &deploy.0), (name, secret), ("scope", scope)];
        shown.push(form(&world, "/organizations/oauth2/v2.0/token", &fields));
    }
    let query = percent(IN_QUERY);
    for path in ["/v2/", "/oauth2/token", "/v2/team/app/tags/list", "/nowhere"] {
        let request = format!("GET {path}?password={query}&access_token={query}");
        shown.push(send(&world, &request, &[], ""));
    }
    assert!(shown.len() > 40);
    for answer in &shown {
        search.look("an answer", answer.body.as_bytes());
    }

    // Whatever the tool shows, in each form.
    let run = |line: &[&str]| world.naru(line).output().unwrap();
    let failed = world.json("events login --failed --top 5");
    let id = failed[0]["CorrelationId"].as_str().unwrap();
    for line in [
        vec!["events", "login"],
        vec!["events", "repository"],
        vec!["events", "show", id],
        vec!["token", "show", "-n", "ci-build"],
        vec!["sp", "show", "-n", "deploy"],
        vec!["sp", "credential", "list", "-n", "deploy"],
        vec!["user", "list"],
        vec!["registry", "show"],
        vec!["config", "show"],
        vec!["can-i", "pull", "team/app", "--as", "ci-build"],
    ] {
        for output in ["table", "json", "yaml"] {
            let line = [&line[..], &["-o", output, "--log-level", "trace"]].concat();
            search.look_at(&line.join(" "), &run(&line));
        }
    }
    let exported = run(&["events", "export"]);
    assert!(exported.stdout.len() > 1000, "there is something to look at");
    search.look_at("events export", &exported);

    let mut stream = UnixStream::connect(&socket).unwrap();
    let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut figures = Vec::new();
    stream.read_to_end(&mut figures).unwrap();
    let told = String::from_utf8_lossy(&figures);
    assert!(told.contains("naru_denials"), "there is something to look at: {told}");
    search.look("the metrics", &figures);

    // The database with its log, while it runs and after.
    search.look_in(&world.data());
    let (code, logs) = world.take_server().terminate();
    assert_eq!(code, Some(0));
    assert!(logs.len() > 1000, "there is something to look at: {logs}");
    search.look("the log", logs.as_bytes());
    search.look_in(&world.data());
    assert!(search.looked > 80);
}

#[test]
fn no_secret_stands_anywhere_on_the_clients_side() {
    let world = World::new();
    let host = world.server().address();
    let login = token(&json!({ "iss": "Azure Container Registry", "exp": 1_600_000_000,
        "jti": "marked-identity-token", "grant_type": "refresh_token" }));
    let secrets = [OWNER, USER, WRONG, PROXY, HELPER, &login];
    let mut search = Search::for_all(&secrets);
    let auth = STANDARD.encode(format!("owner:{WRONG}"));
    let helper = format!("echo '{{\"Username\":\"owner\",\"Secret\":\"{HELPER}\"}}'");
    let failing = format!("{helper}; echo out of order >&2; exit 1");
    let by_helper = json!({ "credHelpers": { &host: "vault" } });
    let cases = [
        ("auth", json!({ "auths": { &host: { "auth": auth } } }), ""),
        ("identitytoken", json!({ "auths": { &host: { "identitytoken": login } } }), ""),
        ("registrytoken", json!({ "auths": { &host: { "registrytoken": USER } } }), ""),
        ("a broken auth", json!({ "auths": { &host: { "auth": format!("%{USER}") } } }), ""),
        ("a helper", by_helper.clone(), &*helper),
        ("a helper that fails", by_helper, &*failing),
    ];
    for (name, file, script) in cases {
        for proxy in [false, true] {
            let mut bench = Bench::new();
            bench.write(".docker/config.json", &file.to_string());
            bench.program("docker-credential-vault", script);
            if proxy {
                let proxy = format!("http://me:{PROXY}@127.0.0.1:1");
                bench.variable("HTTP_PROXY", &proxy);
                bench.variable("HTTPS_PROXY", &proxy);
            }
            let host = if proxy { "registry.invalid" } else { &*host };
            for output in ["table", "json", "yaml", "markdown"] {
                let line = ["check-health", host, "-o", output, "--log-level", "trace"];
                let mut command: Command = bench.command(&line);
                search.look_at(name, &command.arg("--verbose").output().unwrap());
            }
        }
    }
    // On standard input, with a wrong login at the server.
    let bench = Bench::new();
    let ran = bench.check_fed(&[&host, "-u", "owner", "--password-stdin"], &format!("{OWNER}\n"));
    ran.root("credential-invalid");
    search.look("text", ran.text.as_bytes());
    search.look("json", ran.json.to_string().as_bytes());
    assert!(search.looked > 90);
}
