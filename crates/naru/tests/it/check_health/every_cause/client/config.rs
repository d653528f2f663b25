//! Names, and files with logins.

use serde_json::json;

use super::Faulty;
use crate::check_health::bench::Bench;
use crate::check_health::faults::{Server, open_registry};
use crate::support::{PASSWORD, World};

const PODMANS: &str = ".config/containers/auth.json";

pub(in super::super) fn scheme_or_path() -> Faulty {
    let server = Server::http(open_registry);
    let url = format!("http://{}/v2/", server.address);
    Faulty::new(Bench::new(), &[&url]).server(server)
}

pub(in super::super) fn uppercase() -> Faulty {
    let world = World::new();
    let port = world.server().address().rsplit_once(':').unwrap().1.to_owned();
    let mut bench = Bench::new();
    bench.log_in(&format!("localhost:{port}"), "owner", PASSWORD);
    Faulty::new(bench, &[&format!("LOCALHOST:{port}/team/app")]).world(world)
}

pub(in super::super) fn resource_name() -> Faulty {
    let server = Server::http(open_registry);
    let address = server.address.to_string();
    let faulty = Faulty::new(Bench::new(), &["myregistry"]).server(server);
    Faulty { words: vec![("LOGIN-SERVER", address)], ..faulty }
}

pub(in super::super) fn port_mismatch() -> Faulty {
    let world = World::new();
    let mut bench = Bench::new();
    bench.log_in("127.0.0.1:443", "owner", PASSWORD);
    let host = world.server().address();
    Faulty::new(bench, &[&host]).world(world)
}

/// As in a pipeline that sets the variable for one step alone.
pub(in super::super) fn wrong_file() -> Faulty {
    let world = World::new();
    let host = world.server().address();
    let mut bench = Bench::new();
    bench.log_in_at(".docker/config.json", &host, "owner", PASSWORD);
    let elsewhere = bench.path("ci").display().to_string();
    bench.variable("DOCKER_CONFIG", &elsewhere);
    Faulty::new(bench, &[&host]).world(world)
}

pub(in super::super) fn invalid() -> Faulty {
    let server = Server::http(open_registry);
    let mut bench = Bench::new();
    bench.secret("hunter2hunter2");
    bench.write(PODMANS, "{\n  \"auths\": \"hunter2hunter2\"\n}");
    Faulty::new(bench, &[&server.address.to_string()]).server(server)
}

/// With a helper for everything, which is this script where there is one.
fn helper(script: Option<&str>) -> Faulty {
    let world = World::new();
    let host = world.server().address();
    let mut bench = Bench::new();
    bench.secret(PASSWORD);
    bench.write(".docker/config.json", &json!({ "credsStore": "vault" }).to_string());
    if let Some(script) = script {
        bench.program("docker-credential-vault", script);
    }
    Faulty::new(bench, &[&host, "--tool", "docker"]).world(world)
}

pub(in super::super) fn helper_missing() -> Faulty {
    helper(None)
}

pub(in super::super) fn helper_failed() -> Faulty {
    helper(Some("echo the store is locked >&2; exit 2"))
}

/// A helper that works.
pub(in super::super) fn open_the_store(faulty: &mut Faulty) {
    let login = json!({ "Username": "owner", "Secret": PASSWORD });
    faulty.bench.program("docker-credential-vault", &format!("echo '{login}'"));
}

pub(in super::super) fn stale() -> Faulty {
    let world = World::new();
    world.json("registry update --anonymous-pull-enabled true");
    let host = world.server().address();
    let mut bench = Bench::new();
    bench.log_in(&host, "gone", "the password of an account that is gone");
    let image = format!("{host}/public/app");
    Faulty::new(bench, &[&image, "--tool", "podman"]).world(world)
}
