//! Who somebody is holds; what they want is not theirs.

use super::Met;
use super::credential::stored;
use super::wire::{basic, form, send};
use super::world::{self, Login};
use crate::check_health::bench::Bench;
use crate::support::World;

/// The holder of a login asks for something, and the diagnosis for the same action.
fn refused(world: World, with: &Login, request: &str, action: Option<&str>) -> Met {
    let shown = send(&world, request, &[&basic(&with.0, &with.1)], "{}");
    assert!(matches!(shown.status, 401 | 403), "{}: {}", shown.status, shown.body);
    let address = world.server().address();
    let Some(action) = action else {
        let (request, authorization) = (request.to_owned(), basic(&with.0, &with.1));
        let again = move |world: &World| send(world, &request, &[&authorization], "{}");
        return Met::new(world, shown).again(again);
    };
    let bench = stored(&world, with);
    let line = [&*address, "--repository", "team/app", "--action", action];
    Met::new(world, shown).seen_from(bench, &line).knows(with)
}

/// A user with a role asks for something.
fn user(role: &str, request: &str, action: Option<&str>) -> Met {
    let world = World::new();
    let with = world::user(&world, Some(role));
    refused(world, &with, request, action)
}

/// Where anyone may pull: a push without a login, as far as a client gets with it.
pub(super) fn anonymous_write() -> Met {
    let world = World::new();
    world.json("registry update --anonymous-pull-enabled true");
    let scope = [("scope", "repository:team/app:pull,push")];
    let fetched = form(&world, "/oauth2/token", &scope).json();
    let token = fetched["access_token"].as_str().unwrap();
    let authorization = super::wire::bearer(token);
    let shown = send(&world, "POST /v2/team/app/blobs/uploads/", &[&authorization], "");
    let address = world.server().address();
    let line = [&*address, "--repository", "team/app", "--action", "push"];
    Met::new(world, shown).seen_from(Bench::new(), &line).knows(&world::owner())
}

pub(super) fn catalog() -> Met {
    user("AcrDelete", "GET /v2/_catalog", None)
}

pub(super) fn delete() -> Met {
    user("AcrPull", "DELETE /v2/team/app/manifests/v1", Some("delete"))
}

pub(super) fn metadata_read() -> Met {
    user("AcrDelete", "GET /v2/team/app/tags/list", None)
}

pub(super) fn metadata_write() -> Met {
    user("AcrPull", "PATCH /acr/v1/team/app", None)
}

pub(super) fn no_role() -> Met {
    let world = World::new();
    let with = world::user(&world, None);
    let request = "GET /oauth2/token";
    refused(world, &with, request, Some("pull"))
}

pub(super) fn pull() -> Met {
    user("AcrDelete", "GET /v2/team/app/manifests/v1", Some("pull"))
}

pub(super) fn push() -> Met {
    user("AcrPull", "POST /v2/team/app/blobs/uploads/", Some("push"))
}

pub(super) fn scope_map() -> Met {
    let world = World::new();
    let with = world::token(&world, "team/* content/write");
    refused(world, &with, "GET /v2/team/app/manifests/v1", Some("pull"))
}
