//! Asking without doing: what would be decided about an action of somebody, and why.
//!
//! Each step is judged by what judges it for real: the network rules, the account's standing
//! (`gate::admit`), the decision (`naru_access::explain`), the repository's locks. The first that
//! denies is the cause, as at the gate; the trace shows them all. Nothing comes of the answer:
//! no capability, no event. [`who`] finds whom it is about, [`steps`] puts the trace into words.

mod steps;
mod who;

use std::net::IpAddr;

use jiff::Timestamp;
use naru_access::{Action, Denial, InRepository, explain, operation as op};
use naru_codes::{Cause, Language, texts};
use naru_store::{Attributes, Registry, Standing};
use serde::{Deserialize, Serialize};

use super::content::Named;
use super::{Caller, Failure, Fault, allow, metadata, now};
use crate::gate::admit;
use crate::state::App;
use steps::Teller;
pub use steps::{Effect, Step};
use who::Asked;

/// What can be asked about.
pub(super) const WORDS: [&str; 6] =
    ["pull", "push", "delete", "metadata-read", "metadata-write", "catalog"];

/// A question.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AskRequest {
    /// The action: one of an access token's, or of a scope map's.
    pub action: String,
    /// The repository; none for the catalog.
    pub repository: Option<String>,
    /// Who: `user:NAME`, `sp:APP-ID`, `token:NAME`, `admin`, `anonymous`, or a login name alone.
    #[serde(rename = "as")]
    pub holder: String,
    /// From which address.
    pub client_ip: Option<IpAddr>,
    /// The language of the reasons: `en` or `ko`.
    pub language: Option<String>,
}

/// What would be decided.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionView {
    /// Whether it would be allowed.
    pub allowed: bool,
    /// The cause of the denial.
    pub cause: Option<&'static str>,
    /// The rule that it rests on.
    pub rule: Option<String>,
    /// The action, in a scope's word.
    pub action: &'static str,
    /// The repository.
    pub repository: Option<String>,
    /// Whom it is about.
    pub principal: PrincipalView,
    /// The cause in a few words.
    pub reason: Option<String>,
    /// What to do about it.
    pub advice: Option<String>,
    /// Each rule that was looked at.
    pub trace: Vec<Step>,
}

/// Whom it is about.
#[derive(Clone, Debug, Serialize)]
pub struct PrincipalView {
    /// The kind of principal.
    pub kind: &'static str,
    /// Its login name.
    pub name: String,
}

/// Tells whether somebody may do something, and why.
pub async fn ask(
    app: &App,
    caller: &Caller,
    registry: &Registry,
    request: AskRequest,
) -> Result<DecisionView, Failure> {
    allow::<op::ReadRegistry>(caller, registry)?;
    let language = match request.language.as_deref() {
        None => Language::default(),
        Some(tag) => Language::from_tag(tag)
            .ok_or_else(|| Fault::Request(format!("`{tag}` is not a language: en or ko")))?,
    };
    let action = action(&request.action)?;
    let place = place(registry, action, request.repository.as_deref())?;
    let asked = who::find(app, caller, registry, &request.holder).await?;
    let attributes = match &place {
        Some(place) => metadata(app).attributes(place).await?,
        None => Attributes::default(),
    };
    let question = Question { registry, action, place, client: request.client_ip, attributes };
    Ok(question.judge(asked, now(app), Teller(language)))
}

/// A question that was understood.
struct Question<'a> {
    registry: &'a Registry,
    action: Action,
    place: Option<InRepository>,
    client: Option<IpAddr>,
    attributes: Attributes,
}

impl Question<'_> {
    /// Judges step by step, in the order of the gate; none of them stops the trace.
    fn judge(&self, asked: Asked, now: Timestamp, teller: Teller) -> DecisionView {
        let mut steps = teller.network(&self.registry.network(), self.client);
        let network = match self.client {
            Some(address) => self.registry.network().judge(address),
            None if self.registry.settings.public_network => Ok(()),
            None => Err(Denial::new(Cause::NetworkPublicAccessDisabled)),
        };
        let account = could_log_in(&asked, now, teller, &mut steps);
        let holder = &asked.holder;
        let repository = self.place.as_ref().map(|place| &place.repository);
        let explained = explain(holder, &self.registry.policy(), self.action, repository);
        let rules = explained.trace.iter().map(|one| teller.rule(one, self.action, repository));
        steps.extend(rules);
        let lock = self.lock().map(|(attribute, locked)| {
            steps.push(teller.lock(repository, attribute, locked));
            locked
        });
        let locked = || {
            let locked = lock.unwrap_or(false);
            if locked { Err(Denial::new(Cause::RegistryLocked)) } else { Ok(()) }
        };
        let verdict = network.and(account).and(explained.verdict);
        let verdict = verdict.and_then(|rule| locked().map(|()| rule));
        let cause = verdict.as_ref().err().map(|denial| denial.cause);
        DecisionView {
            allowed: verdict.is_ok(),
            cause: cause.map(Cause::code),
            rule: verdict.ok().map(|rule| rule.to_string()),
            action: self.action.word(),
            repository: repository.map(ToString::to_string),
            reason: cause.map(|cause| texts().title(teller.0, cause)),
            advice: cause.map(|cause| texts().fix(teller.0, cause)),
            principal: PrincipalView {
                kind: asked.holder.principal.kind.word(),
                name: asked.holder.principal.name,
            },
            trace: steps,
        }
    }

    /// The attribute of the repository that the action needs, and whether it is off.
    fn lock(&self) -> Option<(&'static str, bool)> {
        self.place.as_ref()?;
        let Attributes { delete_enabled, write_enabled, read_enabled, .. } = self.attributes;
        match self.action {
            Action::Pull => Some(("readEnabled", !read_enabled)),
            Action::Push => Some(("writeEnabled", !write_enabled)),
            Action::Delete if !write_enabled => Some(("writeEnabled", true)),
            Action::Delete => Some(("deleteEnabled", !delete_enabled)),
            Action::Catalog | Action::MetadataRead | Action::MetadataWrite => None,
        }
    }
}

/// Whether the account could log in at all, with whichever of its secrets.
fn could_log_in(
    asked: &Asked,
    now: Timestamp,
    teller: Teller,
    steps: &mut Vec<Step>,
) -> Result<(), Denial> {
    let principal = &asked.holder.principal;
    let Some(account) = &asked.account else { return Ok(()) };
    let stands = |enabled, expires| {
        let standing = Standing { enabled, principal_stamp: 0, credential_stamp: 0, expires };
        admit(principal, standing, account.credential, now)
    };
    let enabled = stands(account.enabled, None);
    steps.push(teller.account(principal, account.enabled));
    let mut dead = None;
    let mut alive = false;
    for secret in &account.secrets {
        let verdict = stands(true, secret.expires);
        steps.push(teller.secret(secret, verdict.is_ok()));
        alive |= verdict.is_ok();
        dead = verdict.err().or(dead);
    }
    if account.secrets.is_empty() {
        steps.push(teller.no_secret(principal));
    }
    enabled?;
    match dead {
        _ if alive => Ok(()),
        Some(denial) => Err(denial),
        // What whoever tries a password of it is told.
        None => Err(Denial::new(Cause::CredentialInvalid)),
    }
}

fn action(given: &str) -> Result<Action, Fault> {
    let word = given.to_ascii_lowercase();
    let action = match word.as_str() {
        "catalog" => Some(Action::Catalog),
        word => Action::from_word(&word.replace('-', "_")).or(Action::from_scope_map_word(word)),
    };
    action.ok_or_else(|| Fault::Deed { given: given.to_owned() })
}

fn place(
    registry: &Registry,
    action: Action,
    given: Option<&str>,
) -> Result<Option<InRepository>, Fault> {
    match (action, given) {
        (Action::Catalog, None | Some("*")) => Ok(None),
        (Action::Catalog, Some(_)) => Err(Fault::Combination("failure-catalog-repository")),
        (_, None) => Err(Fault::Combination("failure-deed-repository")),
        (_, Some(name)) => Named::repository(registry, name).map(|named| Some(named.place)),
    }
}
