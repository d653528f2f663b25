//! What is not there, not from here, not now, or locked.

use std::sync::Mutex;

use super::Met;
use super::wire::{basic, percent, send, send_to};
use super::world::owner;
use crate::check_health::bench::Bench;
use crate::support::{PASSWORD, Server, World};

/// A server with more options than the address.
pub(super) fn world_with(options: &[&str]) -> World {
    let mut world = World::empty();
    let line = [&["serve", "--listen", "127.0.0.1:0"], options].concat();
    let mut command = world.naru(&line);
    command.env("NARU_OWNER_PASSWORD", PASSWORD);
    world.set_server(Server::start(command));
    world
}

/// A home in which the owner has logged in.
pub(super) fn owners_bench(world: &World) -> Bench {
    let mut bench = Bench::new();
    let address = world.server().address();
    bench.log_in_at(super::FILE, &address, "owner", PASSWORD);
    bench
}

/// Somebody pushes what was asked for.
pub(super) fn push(met: &mut Met) {
    met.world.push("team/app", "v1", &naru_testkit::image("pushed"));
}

/// The server forgets whom it held back, and has its usual limits: what time does, at once.
pub(super) fn restart(met: &mut Met) {
    let address = met.world.server().address();
    let (code, logs) = met.world.take_server().terminate();
    assert_eq!(code, Some(0), "{logs}");
    let command = met.world.naru(&["serve", "--listen", &address]);
    met.world.set_server(Server::start(command));
}

fn by_owner(world: &World, request: &str) -> super::Shown {
    let (name, password) = owner();
    send(world, request, &[&basic(&name, &password)], "")
}

pub(super) fn name_not_found() -> Met {
    let world = world_with(&["--domain", "naru.test"]);
    let authorization = basic("owner", PASSWORD);
    let ask = move |world: &World, name: &str| {
        send(world, "GET /v2/", &[&format!("Host: {name}.naru.test"), &authorization], "")
    };
    let shown = ask(&world, "elsewhere");
    Met::new(world, shown).again(move |world| ask(world, "registry"))
}

pub(super) fn name_repository_invalid() -> Met {
    let world = World::new();
    let shown = by_owner(&world, "GET /v2/Team/App/manifests/v1");
    let (bench, address) = (owners_bench(&world), world.server().address());
    Met::new(world, shown).seen_from(bench, &[&address, "--repository", "Team/App"])
}

pub(super) fn name_repository_unknown() -> Met {
    let world = World::new();
    let shown = by_owner(&world, "GET /v2/team/app/manifests/v1");
    let image = format!("{}/team/app:v1", world.server().address());
    let bench = owners_bench(&world);
    Met::new(world, shown).seen_from(bench, &[&image])
}

fn shut_out(change: &str) -> Met {
    let world = World::new();
    world.json(change);
    let shown = by_owner(&world, "GET /v2/");
    let (bench, address) = (owners_bench(&world), world.server().address());
    Met::new(world, shown).seen_from(bench, &[&address])
}

pub(super) fn network_ip_denied() -> Met {
    shut_out("registry update --default-action deny")
}

pub(super) fn network_public_access_disabled() -> Met {
    shut_out("registry update --public-network-enabled false")
}

pub(super) fn registry_locked() -> Met {
    let world = World::new();
    let image = naru_testkit::image("locked");
    world.push("team/app", "v1", &image);
    let lock = world.shown("repository update --repository team/app --read-enabled false");
    assert!(lock.starts_with("exit 0"), "{lock}");
    let shown = by_owner(&world, "GET /v2/team/app/manifests/v1");
    assert_eq!(shown.status, 405, "{}", shown.body);
    let image = format!("{}/team/app:v1", world.server().address());
    let bench = owners_bench(&world);
    Met::new(world, shown).seen_from(bench, &[&image])
}

pub(super) fn registry_rate_limited() -> Met {
    let world = world_with(&["--rate-limit-registry", "tokens=1"]);
    let ask = || by_owner(&world, "GET /oauth2/token?scope=repository:a:pull");
    let shown = (0..10).map(|_| ask()).find(|shown| shown.status == 429).unwrap();
    let (bench, address) = (owners_bench(&world), world.server().address());
    Met::new(world, shown).seen_from(bench, &[&address])
}

/// More logins at once than there is room for: each costs a computation that is meant to be slow.
pub(super) fn registry_unavailable() -> Met {
    let world = world_with(&["--trusted-proxy", "127.0.0.1/32"]);
    let (address, busy) = (world.server().address(), Mutex::new(None));
    std::thread::scope(|threads| {
        for number in 0..200 {
            let (address, busy) = (&address, &busy);
            threads.spawn(move || {
                let from = format!("X-Forwarded-For: 192.0.2.{number}");
                let authorization = basic("owner", &format!("guess {}", percent(&from)));
                let shown = send_to(address, "GET /v2/", &[&from, &authorization], "");
                if shown.status == 503 {
                    *busy.lock().unwrap() = Some(shown);
                }
            });
        }
    });
    let shown = busy.into_inner().unwrap().expect("one of them finds no room");
    Met::new(world, shown).again(|world| by_owner(world, "GET /v2/"))
}
