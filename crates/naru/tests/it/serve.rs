//! Starting, being ready, ending.

use std::fs;
use std::process::Command;

use crate::support::{PASSWORD, Server, World, filters, get};

#[test]
fn a_first_start_says_all_that_a_person_needs() {
    let world = World::empty();
    let server =
        Server::start(world.naru(&["serve", "--listen", "127.0.0.1:0", "--listen", "[::1]:0"]));
    assert_eq!(get(&server.address(), "/healthz", ""), 200);
    assert_eq!(get(&server.address(), "/readyz", ""), 200);
    let shown = server.ready.join("\n").replace(&world.data().display().to_string(), "DATA");
    let mut settings = filters();
    settings.add_filter(r"\[::1\]:\d+", "[::1]:[port]");
    settings.bind(|| {
        insta::assert_snapshot!(shown, @r"
        listening on http://127.0.0.1:[port]
        listening on http://[::1]:[port]
        no domain is configured, so clients are sent back to the host that they ask; `--domain NAME` gives each registry a name of its own
        the user owner has no password yet; set one with: naru --data-dir DATA user update -n owner --password-stdin
        docker login 127.0.0.1:[port] -u owner
        ");
    });
}

#[test]
fn the_owner_logs_in_with_the_given_password_and_no_log_has_a_secret() {
    let mut world = World::new();
    assert!(!world.server().ready.join("\n").contains(PASSWORD));
    assert_eq!(world.login("owner", PASSWORD), 200);
    assert_eq!(world.login("owner", "a wrong password"), 401);
    let token = world.json("token create -n ci-build --scope-map _repositories_pull");
    let secret = token["credentials"]["passwords"][0]["value"].as_str().unwrap().to_owned();
    assert_eq!(world.login("ci-build", &secret), 200);
    world.fed("user create -n alice --password-stdin", "the password of alice\n");
    assert_eq!(world.login("alice", "the password of alice"), 200);
    let (code, logs) = world.take_server().terminate();
    assert_eq!(code, Some(0), "{logs}");
    assert!(logs.contains("token"), "{logs}");
    for word in [PASSWORD, "a wrong password", &secret, "the password of alice"] {
        assert!(!logs.contains(word), "{logs}");
    }
}

#[test]
fn a_second_start_on_the_same_directory_is_refused_whatever_its_port() {
    let world = World::new();
    let shown = world.shown("serve --listen 127.0.0.1:0");
    let mut settings = filters();
    settings.add_filter(r"process \d+", "process [number]");
    settings.bind(|| {
        insta::assert_snapshot!(shown, @r"
        exit 1
        ----
        error: another naru serves from DATA already (process [number])
        hint: stop it first, or choose another directory with `--data-dir`
        ");
    });
}

#[test]
fn a_taken_address_is_named_with_what_to_do() {
    let world = World::new();
    let other = World::empty();
    let shown = other.shown(&format!("serve --listen {}", world.server().address()));
    filters().bind(|| {
        insta::assert_snapshot!(shown, @r"
        exit 1
        ----
        error: cannot listen on 127.0.0.1:[port]: the address is in use
        hint: something else listens there: choose another address with `--listen`
        ");
    });
}

#[test]
fn a_directory_is_used_again_after_a_start_that_was_killed() {
    let mut world = World::new();
    world.json("token create -n ci-build --scope-map _repositories_pull");
    drop(world.take_server());
    let again = Server::start(world.naru(&["serve", "--listen", "127.0.0.1:0"]));
    assert!(
        again
            .ready
            .iter()
            .all(|line| !line.contains("password of") && !line.contains("no password")),
        "{:?}",
        again.ready
    );
    assert_eq!(world.json("token show -n ci-build")["name"], "ci-build");
}

#[test]
fn settings_come_from_a_file_and_the_environment_too() {
    let world = World::empty();
    let file = world.home.path().join("naru.toml");
    let data = world.data().display().to_string();
    fs::write(
        &file,
        format!("data-dir = '{data}'\n[server]\nlisten = '127.0.0.1:0'\nregistry = 'fromfile'\n"),
    )
    .unwrap();
    let mut command = crate::support::naru(world.home.path());
    command.args(["serve", "--config"]).arg(&file).env("NARU_SERVER_DOMAIN", "example.com");
    let server = Server::start(command);
    let port = server.address().rsplit(':').next().unwrap().to_owned();
    assert_eq!(
        server.ready.last().unwrap(),
        &format!("docker login fromfile.example.com:{port} -u owner")
    );
    assert_eq!(world.json("registry show")["loginServer"], "fromfile.example.com");
}

#[test]
fn what_a_file_has_wrong_is_named_with_its_line() {
    let world = World::empty();
    let file = world.home.path().join("naru.toml");
    fs::write(&file, "[server]\nlisten = '127.0.0.1:0'\ndomian = 'example.com'\n").unwrap();
    let shown = world.shown(&format!("serve --config {}", file.display()));
    let shown = shown.replace(&world.home.path().display().to_string(), "HOME");
    insta::assert_snapshot!(shown, @r"
    exit 2
    ----
    error: HOME/naru.toml:3:1: there is no key `server.domian`
      |
    3 | domian = 'example.com'
      | ^^^^^^
    hint: did you mean `server.domain`?
    ");
    let shown = world.shown("serve --listen 5000");
    insta::assert_snapshot!(shown, @r"
    exit 2
    ----
    error: --listen: `5000` is not an address with a port, such as 127.0.0.1:5000, or unix: and an absolute path
    ");
}

#[test]
fn tls_for_development_says_how_clients_trust_it() {
    let world = World::empty();
    let server = Server::start(world.naru(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--tls",
        "dev",
        "--domain",
        "example.com",
    ]));
    let shown = server.ready.join("\n").replace(&world.data().display().to_string(), "DATA");
    let mut settings = filters();
    settings.add_filter(r"example\.com:\d+", "example.com:[port]");
    settings.bind(|| {
        insta::assert_snapshot!(shown, @r"
        listening on https://127.0.0.1:[port]
        clients trust this server with the certificate authority DATA/tls/ca.pem
        docker: sudo install -D -m 644 DATA/tls/ca.pem /etc/docker/certs.d/registry.example.com:[port]/ca.crt
        az: export REQUESTS_CA_BUNDLE=DATA/tls/ca.pem
        curl: curl --cacert DATA/tls/ca.pem https://registry.example.com:[port]/v2/
        the user owner has no password yet; set one with: naru --data-dir DATA user update -n owner --password-stdin
        docker login registry.example.com:[port] -u owner
        ");
    });
    assert!(world.data().join("tls/ca.pem").exists());
}

#[test]
fn a_data_directory_with_a_long_path_works_too() {
    let world = World::empty();
    let data = world.home.path().join("d".repeat(120));
    let runtime = world.home.path().join("run");
    fs::create_dir(&runtime).unwrap();
    let run = |arguments: &[&str]| -> Command {
        let mut command = crate::support::naru(world.home.path());
        command.arg("--data-dir").arg(&data).args(arguments).env("XDG_RUNTIME_DIR", &runtime);
        command
    };
    let _server = Server::start(run(&["serve", "--listen", "127.0.0.1:0"]));
    assert!(run(&["token", "list"]).status().unwrap().success());
}

#[test]
fn logs_can_be_json_lines() {
    let world = World::empty();
    let server =
        Server::start(world.naru(&["serve", "--listen", "127.0.0.1:0", "--log-format", "json"]));
    world.json("registry show");
    let (code, logs) = server.terminate();
    assert_eq!(code, Some(0));
    assert!(logs.lines().count() > 0);
    for line in logs.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}

#[test]
fn a_flood_of_equal_denials_is_a_few_lines_that_add_up_and_every_event() {
    let mut world = World::empty();
    let mut command = world.naru(&["serve", "--listen", "127.0.0.1:0", "--log-format", "json"]);
    command.env("NARU_OWNER_PASSWORD", PASSWORD);
    world.set_server(Server::start(command));
    let address = world.server().address();
    for _ in 0..60 {
        assert_eq!(get(&address, "/v2/", "Authorization: Basic %%%\r\n"), 401);
    }
    let events = world.json("events login --failed --reason credential-malformed");
    let counts = events.as_array().unwrap().iter().map(|event| event["Count"].as_u64().unwrap());
    assert_eq!(counts.sum::<u64>(), 60, "{events}");
    let (_, logs) = world.take_server().terminate();
    let lines: Vec<serde_json::Value> =
        logs.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |message: &str| -> Vec<&serde_json::Value> {
        let is_meant = |line: &&serde_json::Value| {
            line["fields"]["message"].as_str().unwrap_or_default().starts_with(message)
                && line["fields"]["cause"] == "credential-malformed"
        };
        lines.iter().filter(is_meant).collect()
    };
    let (single, counted) = (of("denied"), of("denied as well"));
    let single = single.len() - counted.len();
    let more: u64 = counted.iter().map(|line| line["fields"]["count"].as_u64().unwrap()).sum();
    // The requests may fall into two minutes.
    assert!((10..=20).contains(&single), "{logs}");
    assert_eq!(u64::try_from(single).unwrap() + more, 60, "{logs}");
}

/// A server under limits of open files of its own, soft and hard.
fn with_open_files(world: &World, soft: u32, hard: u32) -> Server {
    let naru = world.naru(&["serve", "--listen", "127.0.0.1:0"]);
    let mut command = Command::new("sh");
    command.env_clear().envs(naru.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let script = format!("ulimit -Sn {soft} && ulimit -Hn {hard} && exec \"$0\" \"$@\"");
    command.env("NARU_LIMITS_CONNECTIONS", "100").env("NARU_LIMITS_UPLOADS", "100");
    command.args(["-c", &script]).arg(naru.get_program()).args(naru.get_args());
    Server::start(command)
}

#[test]
fn a_start_raises_the_open_files_to_what_is_allowed_and_fits_its_limits_into_that() {
    let world = World::empty();
    let server = with_open_files(&world, 256, 800);
    let limits = fs::read_to_string(format!("/proc/{}/limits", server.id())).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    assert_eq!(line.split_whitespace().collect::<Vec<_>>()[3..5], ["800", "800"]);
    let (_, logs) = server.terminate();
    assert!(!logs.contains("open files"), "{logs}");
    let (_, logs) = with_open_files(&world, 256, 612).terminate();
    let told = logs.lines().find(|line| line.contains("open files")).expect(&logs);
    for part in ["allows 612", "50 connections", "50 uploads", "allow 712", "ulimit -Hn"] {
        assert!(told.contains(part), "{part}: {told}");
    }
}
