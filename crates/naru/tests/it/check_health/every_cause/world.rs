//! Accounts and their tokens, by the commands and endpoints that people use.

use super::wire::{basic, form, send};
use crate::support::{PASSWORD, World};

/// A name and a secret.
pub(super) type Login = (String, String);

/// The user name that goes with a token as password.
pub(super) const NULL_GUID: &str = "00000000-0000-0000-0000-000000000000";

pub(super) fn owner() -> Login {
    ("owner".to_owned(), PASSWORD.to_owned())
}

/// A repository token with one rule, as in `team/* content/read`.
pub(super) fn token(world: &World, rule: &str) -> Login {
    let made = world.json(&format!("token create -n ci-build --repository {rule}"));
    let password = &made["credentials"]["passwords"][0]["value"];
    ("ci-build".to_owned(), password.as_str().unwrap().to_owned())
}

/// A user, with a role or without.
pub(super) fn user(world: &World, role: Option<&str>) -> Login {
    let password = "newcomer's own password";
    world.fed("user create -n newcomer --password-stdin", password);
    if let Some(role) = role {
        world.json(&format!("role assignment create --assignee newcomer --role {role}"));
    }
    ("newcomer".to_owned(), password.to_owned())
}

/// A service principal that may pull.
pub(super) fn service_principal(world: &World) -> Login {
    let made = world.json("sp create -n deploy");
    world.json("role assignment create --assignee deploy --role AcrPull");
    let text = |key: &str| made[key].as_str().unwrap().to_owned();
    (text("appId"), text("password"))
}

/// The identity token that the directory gives to a service principal.
pub(super) fn identity(world: &World, login: &Login) -> String {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", &*login.0),
        ("client_secret", &*login.1),
        ("scope", "https://containerregistry.azure.net/.default"),
    ];
    let shown = form(world, "/organizations/oauth2/v2.0/token", &fields);
    assert_eq!(shown.status, 200, "{}", shown.body);
    shown.json()["access_token"].as_str().unwrap().to_owned()
}

/// The refresh token that the registry gives for it.
pub(super) fn refresh(world: &World, login: &Login) -> String {
    let identity = identity(world, login);
    let service = world.server().address();
    let fields =
        [("grant_type", "access_token"), ("service", &*service), ("access_token", &*identity)];
    let shown = form(world, "/oauth2/exchange", &fields);
    assert_eq!(shown.status, 200, "{}", shown.body);
    shown.json()["refresh_token"].as_str().unwrap().to_owned()
}

/// An access token.
pub(super) fn access(world: &World, login: &Login, scope: &str) -> String {
    let request = format!("GET /oauth2/token?scope={scope}");
    let shown = send(world, &request, &[&basic(&login.0, &login.1)], "");
    assert_eq!(shown.status, 200, "{}", shown.body);
    shown.json()["access_token"].as_str().unwrap().to_owned()
}

/// Every secret of an account is past its time, as if days had gone by.
pub(super) fn expire(world: &World) {
    let database = rusqlite::Connection::open(world.data().join("naru.db")).unwrap();
    assert!(database.execute("UPDATE secret SET expires = 1600000000000", []).unwrap() > 0);
}
