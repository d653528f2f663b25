//! Administration while the server is ended: tokens and users with their passwords, and the keys
//! that sign.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use naru_identity::secret::{SecretKind, generate};
use naru_server::ambient::SystemEntropy;
use serde_json::{Value, json};

use super::Numbers;
use super::wire::{Cut, Reply, Wire};

/// What is known of an account.
#[derive(Clone, Debug, Default)]
struct Account {
    enabled: bool,
    /// Its password; none where the answer that had it never came.
    password: Option<String>,
    /// The last password that was its own, and is not any more.
    dead: Option<String>,
}

/// Accounts by kind (`token` or `user`) and name.
type Accounts = BTreeMap<(&'static str, String), Account>;

#[derive(Clone, Debug)]
enum Deed {
    Create(&'static str, String),
    Delete(&'static str, String),
    Enable(&'static str, String, bool),
    Password(&'static str, String),
    Rotate,
    Revoke(String),
}

/// Who keeps the accounts and the keys.
pub(super) struct Keeper {
    numbers: Numbers,
    accounts: Accounts,
    keys: BTreeSet<String>,
    /// A token that each key signed.
    signed: BTreeMap<String, String>,
    begun: Option<(Deed, Option<String>)>,
    fresh: u64,
    pub(super) acknowledged: u64,
}

impl Keeper {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            numbers: Numbers::of(seed, 7),
            accounts: Accounts::new(),
            keys: BTreeSet::new(),
            signed: BTreeMap::new(),
            begun: None,
            fresh: 0,
            acknowledged: 0,
        }
    }

    /// Goes on until the server ends; where it is `faulty`, until a request fails.
    pub(super) fn work(&mut self, wire: &Wire, faulty: bool) {
        while self.step(wire, faulty).is_ok() {}
    }

    fn step(&mut self, wire: &Wire, faulty: bool) -> Result<(), Cut> {
        self.sign(wire, faulty)?;
        let Some(deed) = self.choose() else { return Ok(()) };
        // That of a user is thought up here, that of a token comes with the answer.
        let user = matches!(deed, Deed::Create("user", _) | Deed::Password("user", _));
        let given = user.then(|| generate(SecretKind::User, &SystemEntropy).expose().to_owned());
        self.begun = Some((deed.clone(), given.clone()));
        let (verb, request) = request(&deed, given.as_deref());
        let reply = wire.admin(verb, &request)?;
        if faulty && reply.failed() {
            return Err(Cut);
        }
        assert_eq!(reply.status, 200, "{deed:?}: {}", reply.text());
        self.begun = None;
        self.acknowledged += 1;
        let answer = reply.json();
        if matches!(deed, Deed::Rotate | Deed::Revoke(_)) {
            self.keys = ids(&answer);
        }
        let passwords =
            answer.pointer("/credentials/passwords").or_else(|| answer.get("passwords"));
        let told = passwords.and_then(|all| all[0]["value"].as_str()).map(str::to_owned);
        apply(&mut self.accounts, &deed, given.or(told));
        Ok(())
    }

    fn choose(&mut self) -> Option<Deed> {
        let count = u64::try_from(self.accounts.len()).unwrap();
        let at = usize::try_from(self.numbers.below(count.max(1))).unwrap();
        let any = self.accounts.iter().nth(at);
        let any = any.map(|((kind, name), account)| (*kind, name.clone(), account.enabled));
        Some(match (self.numbers.below(12), any) {
            (0..=2, _) if count < 8 => {
                self.fresh += 1;
                let kind = if self.numbers.once_in(3) { "user" } else { "token" };
                Deed::Create(kind, format!("{kind}-{}", self.fresh))
            }
            (3 | 4, Some((kind, name, _))) => Deed::Delete(kind, name),
            (5 | 6, Some((kind, name, enabled))) => Deed::Enable(kind, name, !enabled),
            (7..=9, Some((kind, name, _))) => Deed::Password(kind, name),
            (10, _) if self.keys.len() < 8 => Deed::Rotate,
            (11, _) if self.keys.len() > 4 => {
                let at = usize::try_from(self.numbers.below(4)).unwrap();
                // Those of the issuer are left alone: they take long to make.
                let mut known = self.signed.keys().filter(|id| self.keys.contains(*id));
                return known.nth(at).cloned().map(Deed::Revoke);
            }
            _ => return None,
        })
    }

    /// Has a token signed, and keeps it with the key that did.
    fn sign(&mut self, wire: &Wire, faulty: bool) -> Result<(), Cut> {
        let path = format!("/oauth2/token?service={}", wire.address);
        let reply = wire.get(&path)?;
        if faulty && reply.failed() {
            return Err(Cut);
        }
        assert_eq!(reply.status, 200, "{}", reply.text());
        let token = reply.json()["access_token"].as_str().unwrap().to_owned();
        self.signed.insert(key_of(&token), token);
        Ok(())
    }

    /// Holds what there is against what was acknowledged, and what was merely begun.
    pub(super) fn settle(&mut self, wire: &Wire) {
        let begun = self.begun.take();
        self.settle_keys(wire, begun.as_ref().map(|(deed, _)| deed));
        let before = self.accounts.clone();
        let mut after = before.clone();
        if let Some((deed, given)) = &begun {
            apply(&mut after, deed, given.clone());
        }
        let wrong = [before, after].map(|accounts| (differs(wire, &accounts), accounts));
        let [(Some(without), _), (Some(with), _)] = &wrong else {
            let right = wrong.into_iter().find(|(wrong, _)| wrong.is_none());
            self.accounts = right.unwrap().1;
            return;
        };
        panic!("{without}; and after {begun:?}: {with}");
    }

    fn settle_keys(&mut self, wire: &Wire, begun: Option<&Deed>) {
        let keys = ids(&wire.admin("key/list", &json!({})).unwrap().json());
        if !self.keys.is_empty() {
            let lost: Vec<_> = self.keys.difference(&keys).collect();
            let new: Vec<_> = keys.difference(&self.keys).collect();
            let right = match begun {
                Some(Deed::Rotate) => lost.is_empty(),
                Some(Deed::Revoke(id)) => lost.is_empty() || lost == [id],
                _ => lost.is_empty() && new.is_empty(),
            };
            assert!(right, "{begun:?}: lost {lost:?}, new {new:?}");
        }
        self.keys = keys;
        for (id, token) in &self.signed {
            let status = wire.bearing(token).get("/v2/").unwrap().status;
            let expected = if self.keys.contains(id) { 200 } else { 401 };
            assert_eq!(status, expected, "a token that the key {id} signed");
        }
    }
}

/// What a deed makes of the accounts; `password` is the new one, where there is one.
fn apply(accounts: &mut Accounts, deed: &Deed, password: Option<String>) {
    match deed {
        Deed::Create(kind, name) => {
            let account = Account { enabled: true, password, dead: None };
            accounts.insert((kind, name.clone()), account);
        }
        Deed::Delete(kind, name) => {
            accounts.remove(&(*kind, name.clone()));
        }
        Deed::Enable(kind, name, enabled) => {
            accounts.entry((kind, name.clone())).or_default().enabled = *enabled;
        }
        Deed::Password(kind, name) => {
            let account = accounts.entry((kind, name.clone())).or_default();
            let old = std::mem::replace(&mut account.password, password);
            account.dead = old.or(account.dead.take());
        }
        Deed::Rotate | Deed::Revoke(_) => {}
    }
}

fn request(deed: &Deed, given: Option<&str>) -> (&'static str, Value) {
    let user = |kind: &str| kind == "user";
    match deed {
        Deed::Create(kind, name) if user(kind) => {
            ("user/create", json!({ "name": name, "password": given }))
        }
        Deed::Create(_, name) => {
            ("token/create", json!({ "name": name, "scopeMap": "_repositories_pull" }))
        }
        Deed::Delete(kind, name) if user(kind) => ("user/delete", json!({ "name": name })),
        Deed::Delete(_, name) => ("token/delete", json!({ "name": name })),
        Deed::Enable(kind, name, enabled) if user(kind) => {
            ("user/update", json!({ "name": name, "enabled": enabled }))
        }
        Deed::Enable(_, name, enabled) => {
            let status = if *enabled { "enabled" } else { "disabled" };
            ("token/update", json!({ "name": name, "status": status }))
        }
        Deed::Password(kind, name) if user(kind) => {
            ("user/update", json!({ "name": name, "password": given }))
        }
        Deed::Password(_, name) => {
            ("token-credential/generate", json!({ "name": name, "password1": true }))
        }
        Deed::Rotate => ("key/rotate", json!({ "use": "registry" })),
        Deed::Revoke(id) => ("key/revoke", json!({ "keyId": id })),
    }
}

/// In what the accounts of the server are not as expected.
fn differs(wire: &Wire, expected: &Accounts) -> Option<String> {
    let listed = |kind: &'static str, enabled: fn(&Value) -> bool| {
        let all = wire.admin(&format!("{kind}/list"), &json!({})).unwrap().json();
        let all = all.as_array().unwrap().clone();
        all.into_iter()
            .map(move |one| ((kind, one["name"].as_str().unwrap().to_owned()), enabled(&one)))
    };
    let tokens = listed("token", |one| one["status"] == "enabled");
    let users = listed("user", |one| one["enabled"] == true);
    let there: BTreeMap<_, _> =
        tokens.chain(users).filter(|((_, name), _)| name != "owner").collect();
    let due = expected.iter().map(|(key, account)| (key.clone(), account.enabled)).collect();
    if there != due {
        return Some(format!("{due:?} are due, and {there:?} are there"));
    }
    for ((_, name), account) in expected {
        let answered = |password: &Option<String>| {
            password.as_ref().map(|password| wire.by(name, password).get("/v2/").unwrap())
        };
        // Whoever has the right password is told that the account is disabled, and nobody else.
        let disabled = |reply: &Reply| reply.header("x-naru-cause") == "credential-disabled";
        if let Some(reply) = answered(&account.password) {
            let right = if account.enabled { reply.status == 200 } else { disabled(&reply) };
            if !right {
                return Some(format!("{account:?}: {name} is answered {}", reply.text()));
            }
        }
        if let Some(reply) = answered(&account.dead)
            && (reply.status == 200 || disabled(&reply))
        {
            return Some(format!("{account:?}: the old password of {name} still holds"));
        }
    }
    None
}

fn ids(keys: &Value) -> BTreeSet<String> {
    let keys = keys.as_array().unwrap().iter();
    keys.map(|key| key["keyId"].as_str().unwrap().to_owned()).collect()
}

/// The key that a token names.
fn key_of(token: &str) -> String {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}
