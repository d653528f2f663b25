//! The table of use cases: every noun and verb, and what does it.

use std::future::Future;
use std::pin::Pin;

use naru_store::Registry;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    Caller, Failure, Fault, can_i, credential, events, gc, key, manifest, network_rule,
    network_trial, registry, repository, role_assignment, scope_map, service_principal, token,
    token_credential, user, verify,
};
use crate::state::App;

/// A view in JSON, or why there is none.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, Failure>> + Send + 'a>>;

/// A use case as a way over which it can be called with JSON.
#[derive(Clone, Copy)]
pub struct Row {
    /// What it is about, as in `token`.
    pub noun: &'static str,
    /// What is done, as in `create`.
    pub verb: &'static str,
    run: for<'a> fn(&'a App, &'a Caller, &'a Registry, Value) -> Answer<'a>,
}

impl Row {
    /// Does it.
    pub fn run<'a>(
        &self,
        app: &'a App,
        caller: &'a Caller,
        registry: &'a Registry,
        request: Value,
    ) -> Answer<'a> {
        (self.run)(app, caller, registry, request)
    }
}

macro_rules! rows {
    ($($noun:literal $verb:literal => $module:ident::$function:ident;)+) => {
        /// Every use case.
        pub static TABLE: &[Row] = &[$(
            Row {
                noun: $noun,
                verb: $verb,
                run: |app, caller, registry, request| Box::pin(async move {
                    let request = read(request)?;
                    write(&$module::$function(app, caller, registry, request).await?)
                }),
            },
        )+];
    };
}

rows! {
    "can-i" "ask" => can_i::ask;
    "credential" "renew" => credential::renew;
    "credential" "show" => credential::show;
    "events" "export" => events::export;
    "events" "login" => events::login;
    "events" "repository" => events::repository;
    "events" "show" => events::show;
    "gc" "run" => gc::run;
    "key" "list" => key::list;
    "key" "revoke" => key::revoke;
    "key" "rotate" => key::rotate;
    "manifest" "delete" => manifest::delete;
    "manifest" "list-metadata" => manifest::list_metadata;
    "manifest" "list-referrers" => manifest::list_referrers;
    "manifest" "show" => manifest::show;
    "manifest" "show-metadata" => manifest::show_metadata;
    "manifest" "update-metadata" => manifest::update_metadata;
    "network-rule" "add" => network_rule::add;
    "network-rule" "list" => network_rule::list;
    "network-rule" "remove" => network_rule::remove;
    "network-rule" "try" => network_trial::attempt;
    "registry" "list" => registry::list;
    "registry" "show" => registry::show;
    "registry" "update" => registry::update;
    "repository" "delete" => repository::delete;
    "repository" "list" => repository::list;
    "repository" "show" => repository::show;
    "repository" "show-tags" => repository::show_tags;
    "repository" "untag" => repository::untag;
    "repository" "update" => repository::update;
    "role-assignment" "create" => role_assignment::create;
    "role-assignment" "delete" => role_assignment::delete;
    "role-assignment" "list" => role_assignment::list;
    "scope-map" "create" => scope_map::create;
    "scope-map" "delete" => scope_map::delete;
    "scope-map" "list" => scope_map::list;
    "scope-map" "show" => scope_map::show;
    "scope-map" "update" => scope_map::update;
    "sp" "create" => service_principal::create;
    "sp" "delete" => service_principal::delete;
    "sp" "list" => service_principal::list;
    "sp" "show" => service_principal::show;
    "sp" "update" => service_principal::update;
    "sp-credential" "delete" => service_principal::delete_secret;
    "sp-credential" "list" => service_principal::list_secrets;
    "sp-credential" "reset" => service_principal::reset_secret;
    "token" "create" => token::create;
    "token" "delete" => token::delete;
    "token" "list" => token::list;
    "token" "show" => token::show;
    "token" "update" => token::update;
    "token-credential" "delete" => token_credential::delete;
    "token-credential" "generate" => token_credential::generate;
    "user" "create" => user::create;
    "user" "delete" => user::delete;
    "user" "list" => user::list;
    "user" "show" => user::show;
    "user" "update" => user::update;
    "verify" "run" => verify::run;
}

fn read<T: DeserializeOwned>(request: Value) -> Result<T, Failure> {
    serde_json::from_value(request).map_err(|error| Fault::Request(error.to_string()).into())
}

fn write(view: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec_pretty(view).map_err(|_| Failure::Broken)
}
