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
    bench.log_in(&world.server().address(), "owner", PASSWORD);
    bench
}

fn by_owner(world: &World, request: &str) -> super::Shown {
    let (name, password) = owner();
    send(world, request, &[&basic(&name, &password)], "")
}

pub(super) fn name_not_found() -> Met {
    let world = world_with(&["--domain", "naru.test"]);
    let authorization = basic("owner", PASSWORD);
    let shown = send(&world, "GET /v2/", &["Host: elsewhere.naru.test", &authorization], "");
    Met { world, shown, seen_from: None }
}

pub(super) fn name_repository_invalid() -> Met {
    let world = World::new();
    let shown = by_owner(&world, "GET /v2/Team/App/manifests/v1");
    Met { world, shown, seen_from: None }
}

pub(super) fn name_repository_unknown() -> Met {
    let world = World::new();
    let shown = by_owner(&world, "GET /v2/team/app/manifests/v1");
    let image = format!("{}/team/app:v1", world.server().address());
    let seen_from = Some((owners_bench(&world), vec![image]));
    Met { world, shown, seen_from }
}

fn shut_out(change: &str) -> Met {
    let world = World::new();
    world.json(change);
    let shown = by_owner(&world, "GET /v2/");
    let seen_from = Some((owners_bench(&world), vec![world.server().address()]));
    Met { world, shown, seen_from }
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
    let seen_from = Some((owners_bench(&world), vec![image]));
    Met { world, shown, seen_from }
}

pub(super) fn registry_rate_limited() -> Met {
    let world = world_with(&["--rate-limit-registry", "tokens=1"]);
    let ask = || by_owner(&world, "GET /oauth2/token?scope=repository:a:pull");
    let shown = (0..10).map(|_| ask()).find(|shown| shown.status == 429).unwrap();
    let seen_from = Some((owners_bench(&world), vec![world.server().address()]));
    Met { world, shown, seen_from }
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
    Met { world, shown, seen_from: None }
}
