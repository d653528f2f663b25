//! What each of them is to be answered: `gate.md`, read once more, without the code that it is
//! held against.

use std::fmt;

use http::Method;
use naru_server::Kind;

use super::cast::{Asked, Credential, Form, State, Who};
use super::probes::{Judged, Probe};

/// What a registry is set to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    pub(super) anonymous_pull: bool,
    pub(super) azure: bool,
}

/// An answer, as far as the model says something about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Outcome {
    pub(super) status: u16,
    pub(super) code: String,
    /// The challenge beyond realm and service.
    pub(super) challenge: Option<String>,
    /// The reason in its event.
    pub(super) reason: Option<String>,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, if self.code.is_empty() { "-" } else { &self.code })?;
        if let Some(challenge) = &self.challenge {
            write!(f, " challenge({challenge})")?;
        }
        write!(f, " {}", self.reason.as_deref().unwrap_or("no event"))
    }
}

impl Outcome {
    fn plain(status: u16, code: &str) -> Self {
        Self { status, code: code.to_owned(), challenge: None, reason: None }
    }

    fn because(mut self, reason: &str) -> Self {
        self.reason = Some(reason.to_owned());
        self
    }
}

/// What anonymous pull gives to everybody.
const ANONYMOUS: [&str; 3] = ["pull", "metadata_read", "catalog"];

/// The outcome of a request.
pub(super) fn expected(probe: &Probe, credential: &Credential, setting: Setting) -> Outcome {
    let mut outcome = Model { probe, credential, setting }.outcome();
    if probe.method == Method::HEAD {
        outcome.code.clear();
    }
    outcome
}

struct Model<'a> {
    probe: &'a Probe,
    credential: &'a Credential,
    setting: Setting,
}

impl Model<'_> {
    fn outcome(&self) -> Outcome {
        match self.probe.judged {
            Judged::Public => self.allowed(),
            Judged::Resource => self.resource(),
            Judged::Token { scope } => self.token(scope),
            Judged::Exchange => self.exchange(),
            Judged::Identity => self.identity(),
        }
    }

    fn allowed(&self) -> Outcome {
        Outcome::plain(self.probe.allowed.0, self.probe.allowed.1)
    }

    /// A 401 with the route's challenge. `GET /v2/` never has more in it than realm and service.
    fn unauthorized(&self, error: &str) -> Outcome {
        let mut parts = Vec::new();
        if !self.probe.scope.is_empty() {
            parts.push(format!("scope={}", self.probe.scope));
        }
        if !error.is_empty() && self.probe.kind != Kind::Base {
            parts.push(format!("error={error}"));
        }
        Outcome { challenge: Some(parts.join(" ")), ..Outcome::plain(401, "UNAUTHORIZED") }
    }

    fn sent_nothing(&self) -> bool {
        matches!(self.credential.form, Form::Nothing | Form::EmptyBasic)
    }

    fn in_bearer(&self) -> bool {
        use Form::{Bearer, ForgedBearer, GarbageBearer, Identity};
        matches!(self.credential.form, Bearer(_) | ForgedBearer | GarbageBearer | Identity)
    }

    /// Step 4: why a credential does not hold.
    fn fault(&self) -> Option<&'static str> {
        let credential = self.credential;
        match (credential.form, credential.state, credential.who) {
            (Form::GarbageBasic | Form::GarbageBearer | Form::Identity, _, _) => {
                Some("credential-malformed")
            }
            (Form::ForgedBearer, _, _) => Some("credential-untrusted-issuer"),
            (_, State::Foreign, _) => Some("credential-wrong-registry"),
            (Form::Bearer(_), _, Who::Anonymous) if !self.setting.anonymous_pull => {
                Some("credential-revoked")
            }
            (_, State::Disabled, Who::Admin) => Some("credential-admin-disabled"),
            (_, State::Disabled, _) => Some("credential-disabled"),
            (Form::Password, State::Expired, Who::ServicePrincipal) => {
                Some("credential-expired-secret")
            }
            (Form::Password, State::Expired, _) => Some("credential-expired-password"),
            (Form::Refresh, State::Expired, _) => Some("credential-expired-entra"),
            (_, State::Expired, _) => Some("credential-expired-access-token"),
            (Form::Password, State::Rotated, _) => Some("credential-invalid"),
            (_, State::Rotated, _) => Some("credential-revoked"),
            (_, State::Good | State::Lost, _) => None,
        }
    }

    /// Whether the caller has an action now.
    fn may(&self, action: &str) -> bool {
        self.credential.rights.actions.contains(&action) || self.everybody_may(action)
    }

    fn everybody_may(&self, action: &str) -> bool {
        self.setting.anonymous_pull && ANONYMOUS.contains(&action)
    }

    /// Whether the access token lists an action: what was asked for, and held then.
    fn lists(&self, asked: Asked, action: &str) -> bool {
        let scope = asked.scope(self.probe.action);
        let in_scope = match scope.rsplit_once(':') {
            Some(("registry:catalog", _)) => action == "catalog",
            Some(("repository:team/app", words)) => words.split(',').any(|word| word == action),
            _ => false,
        };
        let held = self.credential.minted.actions.contains(&action) || self.everybody_may(action);
        in_scope && held
    }

    fn asked_push(&self) -> bool {
        match self.credential.form {
            Form::Bearer(asked) | Form::AccessAsPassword(asked) => {
                asked.scope(self.probe.action).ends_with("team/app:pull,push")
            }
            _ => false,
        }
    }

    fn resource(&self) -> Outcome {
        if self.sent_nothing() {
            return self.unauthorized("");
        }
        if let Some(cause) = self.fault() {
            let error = if self.in_bearer() { "invalid_token" } else { "" };
            return self.unauthorized(error).because(cause);
        }
        let Some(action) = self.probe.action else { return self.allowed() };
        // A token with pull serves for listing tags, while its holder may list them.
        let tags = self.probe.kind == Kind::Tags;
        let listed = |asked| self.lists(asked, action) || (tags && self.lists(asked, "pull"));
        match self.credential.form {
            Form::Bearer(asked) if self.lists(asked, action) => self.allowed(),
            Form::Bearer(asked) if self.may(action) && listed(asked) => self.allowed(),
            Form::Bearer(_) if self.may(action) => self.unauthorized("insufficient_scope"),
            Form::AccessAsPassword(asked) if self.may(action) && !listed(asked) => {
                self.denied(&permission(action))
            }
            _ if self.may(action) => self.allowed(),
            _ => self.denied(&self.missing(action)),
        }
    }

    /// Step 5b.
    fn denied(&self, cause: &str) -> Outcome {
        let anonymous = self.credential.who == Who::Anonymous;
        let head = self.probe.method == Method::HEAD;
        if self.setting.azure || anonymous || self.probe.is_metadata() {
            self.unauthorized("insufficient_scope").because(cause)
        } else if head && self.probe.kind == Kind::Blob {
            Outcome::plain(404, "BLOB_UNKNOWN").because(cause)
        } else if head && self.probe.kind == Kind::Manifest && self.asked_push() {
            Outcome::plain(404, "MANIFEST_UNKNOWN").because(cause)
        } else {
            Outcome::plain(403, "DENIED").because(cause)
        }
    }

    /// What is missing, in the words of `causes.md`.
    fn missing(&self, action: &str) -> String {
        let rights = self.credential.rights;
        match self.credential.who {
            Who::Anonymous if ["push", "delete", "metadata_write"].contains(&action) => {
                "permission-anonymous-write".to_owned()
            }
            Who::User | Who::ServicePrincipal if !rights.something => {
                "permission-no-role".to_owned()
            }
            Who::Token if action == "catalog" => permission(action),
            Who::Token
                if rights.covers
                    && action == "metadata_read"
                    && rights.actions.contains(&"pull") =>
            {
                permission(action)
            }
            Who::Token => "permission-scope-map".to_owned(),
            _ => permission(action),
        }
    }

    fn holds_nothing(&self) -> bool {
        !self.credential.rights.something && !self.setting.anonymous_pull
    }

    fn token(&self, scope: bool) -> Outcome {
        if self.sent_nothing() {
            return if self.setting.anonymous_pull {
                self.allowed()
            } else {
                self.unauthorized("").because("credential-missing")
            };
        }
        if self.in_bearer() {
            return self.unauthorized("invalid_token").because("credential-malformed");
        }
        match self.fault() {
            Some(cause) => self.unauthorized("").because(cause),
            None if !scope && self.holds_nothing() => self.denied("permission-no-role"),
            None => self.allowed(),
        }
    }

    fn exchange(&self) -> Outcome {
        let refused = |cause: &str| self.unauthorized("").because(cause);
        match (self.credential.form, self.credential.state) {
            (Form::Nothing | Form::EmptyBasic | Form::GarbageBasic, _) => {
                Outcome::plain(400, "REQUEST_INVALID")
            }
            (Form::ForgedBearer, _) => refused("credential-untrusted-issuer"),
            (Form::Identity, State::Disabled) => refused("credential-disabled"),
            (Form::Identity, State::Expired) => refused("credential-expired-entra"),
            (Form::Identity, _) if self.holds_nothing() => self.denied("permission-no-role"),
            (Form::Identity, _) => self.allowed(),
            _ => refused("credential-malformed"),
        }
    }

    fn identity(&self) -> Outcome {
        let user = self.credential.who == Who::User;
        let refused = |cause: &str| {
            let code = match (cause, user) {
                ("credential-disabled", true) => "invalid_grant 50057",
                ("credential-disabled", false) => "invalid_client 7000112",
                ("credential-expired-secret", _) => "invalid_client 7000222",
                (_, true) => "invalid_grant 50126",
                (_, false) => "invalid_client 7000215",
            };
            let challenge = Some("directory".to_owned());
            Outcome { challenge, ..Outcome::plain(401, code) }.because(cause)
        };
        let identities = [Who::User, Who::ServicePrincipal];
        match (self.credential.form, self.fault()) {
            (Form::Nothing | Form::EmptyBasic, _) => refused("credential-missing"),
            // There it is a secret like any other.
            (Form::GarbageBearer, _) => refused("credential-invalid"),
            (_, Some(cause)) => refused(cause),
            (Form::Password, None) if identities.contains(&self.credential.who) => self.allowed(),
            // An account of another kind, or a token of the registry.
            (_, None) => refused("credential-invalid"),
        }
    }
}

fn permission(action: &str) -> String {
    format!("permission-{}", action.replace('_', "-"))
}
