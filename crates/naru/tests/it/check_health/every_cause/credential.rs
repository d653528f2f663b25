//! Names and passwords that do not hold.

use super::met::Meanwhile;
use super::wire::{basic, form, send, send_to};
use super::world::{self, Login};
use super::{Met, Shown};
use crate::check_health::bench::Bench;
use crate::support::World;

/// A login at `/v2/`.
pub(super) fn login(world: &World, login: &Login) -> Shown {
    send(world, "GET /v2/", &[&basic(&login.0, &login.1)], "")
}

/// A home in which that login is stored.
pub(super) fn stored(world: &World, login: &Login) -> Bench {
    let mut bench = Bench::new();
    bench.log_in_at(super::FILE, &world.server().address(), &login.0, &login.1);
    bench
}

/// The login is refused, and so is the diagnosis with it.
fn refused(world: World, with: &Login) -> Met {
    let shown = login(&world, with);
    assert_eq!(shown.status, 401, "{}", shown.body);
    let (bench, address) = (stored(&world, with), world.server().address());
    Met::new(world, shown).seen_from(bench, &[&address]).knows(with)
}

pub(super) fn admin_disabled() -> Met {
    let world = World::new();
    let made = world.json("credential show");
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let with = (text(&made["username"]), text(&made["passwords"][0]["value"]));
    refused(world, &with).knows(&world::owner())
}

pub(super) fn disabled() -> Met {
    let world = World::new();
    let with = world::token(&world, "team/* content/read");
    world.json("token update -n ci-build --status disabled");
    refused(world, &with)
}

pub(super) fn expired_password() -> Met {
    let world = World::new();
    let with = world::token(&world, "team/* content/read");
    world::expire(&world);
    refused(world, &with)
}

pub(super) fn expired_secret() -> Met {
    let world = World::new();
    let with = world::service_principal(&world);
    world::expire(&world);
    refused(world, &with)
}

pub(super) fn invalid() -> Met {
    let wrong = ("owner".to_owned(), "not the owner's password".to_owned());
    refused(World::new(), &wrong).knows(&world::owner())
}

pub(super) fn malformed() -> Met {
    let world = World::new();
    let shown = send(&world, "GET /v2/", &["Authorization: Basic %%hunter2%%"], "");
    let address = world.server().address();
    let mut bench = Bench::new();
    bench.secret("%%hunter2%%");
    let file = format!(r#"{{"auths":{{"{address}":{{"auth":"%%hunter2%%"}}}}}}"#);
    bench.write(super::FILE, &file);
    Met::new(world, shown).seen_from(bench, &[&address]).knows(&world::owner())
}

/// Of requests without a credential, the bare challenge is no event, and this is one.
pub(super) fn missing() -> Met {
    let world = World::new();
    let shown = form(&world, "/oauth2/token", &[("scope", "repository:team/app:pull")]);
    let address = world.server().address();
    Met::new(world, shown).seen_from(Bench::new(), &[&address]).knows(&world::owner())
}

/// The wait is over, and the guesses too.
pub(super) fn calm(met: &mut Met) {
    met.alone();
    super::existence::restart(met);
    met.log_in();
}

/// Whoever guessed too often is not even looked at.
pub(super) fn throttled() -> Met {
    let world = World::new();
    let own = world::token(&world, "team/* content/read");
    // Of the generated form, so that the guesses cost little.
    let known = own.1.clone();
    let strange = move |number: usize| {
        let mut secret = known.clone().into_bytes();
        let at = 10 + number % 20;
        secret[at] = if secret[at] == b'x' { b'y' } else { b'x' };
        (format!("name-{number}"), String::from_utf8(secret).unwrap())
    };
    let first = strange(0);
    let mut guesses = (0..).map(strange);
    let shown =
        guesses.by_ref().map(|guess| login(&world, &guess)).find(|tried| tried.status == 429);
    // Time gives guesses back, and a diagnosis may take longer than that: so they go on until it is over.
    let host = world.server().address();
    let meanwhile = Meanwhile::begin(guesses.map(move |(name, secret)| {
        send_to(&host, "GET /v2/", &[&basic(&name, &secret)], "");
    }));
    let (bench, address) = (stored(&world, &first), world.server().address());
    let met = Met::new(world, shown.unwrap()).seen_from(bench, &[&address]).knows(&own);
    met.while_others(meanwhile)
}
