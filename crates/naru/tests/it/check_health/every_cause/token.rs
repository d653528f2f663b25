//! Tokens that do not hold: past their time, from elsewhere, of another kind.

use serde_json::{Value, json};

use super::credential::{login, stored};
use super::wire::{altered, basic, bearer, form, send};
use super::world::{self, Login, NULL_GUID};
use super::{Met, Shown};
use crate::check_health::bench::Bench;
use crate::support::World;

const PULL: &str = "repository:team/app:pull";

/// A home in which a refresh token is stored, as `docker login` and `az acr login` do.
fn keeping(world: &World, token: &str) -> Bench {
    let mut bench = Bench::new();
    bench.secret(token);
    let file = json!({ "auths": { world.server().address(): { "identitytoken": token } } });
    bench.write(super::FILE, &file.to_string());
    bench
}

/// A refresh token of this kind is refused at the token endpoint.
fn refresh_refused(world: World, token: &str, knows: &Login) -> Met {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", PULL)];
    let shown = form(&world, "/oauth2/token", &fields);
    assert_eq!(shown.status, 401, "{}", shown.body);
    let (bench, address) = (keeping(&world, token), world.server().address());
    Met::new(world, shown).seen_from(bench, &[&address]).knows(knows)
}

fn refresh_altered(changes: &Value) -> Met {
    let world = World::new();
    let with = world::service_principal(&world);
    let token = altered(&world, &world::refresh(&world, &with), changes);
    refresh_refused(world, &token, &with)
}

/// What the registry answers to an identity token.
fn exchange(world: &World, identity: &str, more: &[(&str, &str)]) -> Shown {
    let fields = [("grant_type", "access_token"), ("access_token", identity)];
    form(world, "/oauth2/exchange", &[&fields, more].concat())
}

pub(super) fn expired_access_token() -> Met {
    let world = World::new();
    let with = world::service_principal(&world);
    let token = world::access(&world, &with, PULL);
    let token = altered(&world, &token, &json!({ "exp": 1_600_000_000 }));
    let shown = send(&world, "GET /v2/team/app/manifests/v1", &[&bearer(&token)], "");
    let bench = stored(&world, &(NULL_GUID.to_owned(), token));
    let address = world.server().address();
    Met::new(world, shown).seen_from(bench, &[&address]).knows(&with)
}

pub(super) fn expired_entra() -> Met {
    refresh_altered(&json!({ "exp": 1_600_000_000 }))
}

pub(super) fn not_yet_valid() -> Met {
    refresh_altered(&json!({ "nbf": 4_000_000_000_u64, "exp": 4_000_010_000_u64 }))
}

pub(super) fn revoked() -> Met {
    let world = World::new();
    let with = world::service_principal(&world);
    let token = world::refresh(&world, &with);
    let made = world.json("sp credential reset -n deploy");
    let fresh = (with.0, made["password"].as_str().unwrap().to_owned());
    refresh_refused(world, &token, &fresh)
}

/// Another server's token, such as that of the registry before it was set up anew.
pub(super) fn untrusted_issuer() -> Met {
    let elsewhere = World::new();
    let with = world::service_principal(&elsewhere);
    let token = world::refresh(&elsewhere, &with);
    refresh_refused(World::new(), &token, &world::owner())
}

pub(super) fn wrong_audience() -> Met {
    let world = World::new();
    let with = world::service_principal(&world);
    let identity = world::identity(&world, &with);
    let other = json!({ "aud": "https://management.azure.com/" });
    let shown = exchange(&world, &altered(&world, &identity, &other), &[]);
    Met::new(world, shown).again(move |world| exchange(world, &identity, &[]))
}

pub(super) fn wrong_registry() -> Met {
    refresh_altered(&json!({ "aud": "second.naru.test" }))
}

pub(super) fn wrong_tenant() -> Met {
    let world = World::new();
    let with = world::service_principal(&world);
    let identity = world::identity(&world, &with);
    let tenant = "11111111-1111-4111-8111-111111111111";
    let shown = exchange(&world, &identity, &[("tenant", tenant)]);
    Met::new(world, shown).again(move |world| exchange(world, &identity, &[]))
}

/// The right token under a name of its own, where the name that means "a token" is due.
pub(super) fn wrong_username() -> Met {
    let world = World::new();
    let with = world::service_principal(&world);
    let wrong = (with.0.clone(), world::refresh(&world, &with));
    let shown = login(&world, &wrong);
    assert_eq!(shown.status, 401, "{} {}", basic(&wrong.0, ""), shown.body);
    let (bench, address) = (stored(&world, &wrong), world.server().address());
    Met::new(world, shown).seen_from(bench, &[&address]).knows(&with)
}
