//! Who walks: every kind of principal, in every state, with every form of its credential.

use std::collections::HashMap;

use jiff::SignedDuration;
use naru_testkit::{Kit, Login};
use serde_json::json;

use super::probes::Probe;

/// The user name that goes with a token as password.
pub(super) const NULL_GUID: &str = "00000000-0000-0000-0000-000000000000";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Admin,
    Anonymous,
    ServicePrincipal,
    Token,
    User,
}

/// Rights on the registry, as `gate.md` §3 tabulates them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rights {
    pub(super) label: &'static str,
    /// The actions on `team/app`, and `catalog`.
    pub(super) actions: &'static [&'static str],
    /// Whether there is anything at all on this registry.
    pub(super) something: bool,
    /// Whether a rule of the scope map covers `team/app`.
    pub(super) covers: bool,
    role: &'static str,
    rule: (&'static str, &'static [&'static str]),
}

const EVERYTHING: &[&str] =
    &["content/read", "content/write", "content/delete", "metadata/read", "metadata/write"];

const ALL: Rights = Rights {
    label: "all",
    actions: &["pull", "push", "delete", "metadata_read", "metadata_write", "catalog"],
    something: true,
    covers: true,
    role: "Contributor",
    rule: ("*", EVERYTHING),
};
const READER: Rights = Rights {
    label: "reader",
    actions: &["pull", "metadata_read", "catalog"],
    role: "AcrPull",
    ..ALL
};
/// A token that reads only below `team/` lists no catalog.
const TEAM_READER: Rights = Rights {
    actions: &["pull", "metadata_read"],
    rule: ("team/*", &["content/read", "metadata/read"]),
    ..READER
};
/// Without `metadata/read` there are no tags.
const TEAM_PULLER: Rights =
    Rights { label: "puller", actions: &["pull"], rule: ("team/*", &["content/read"]), ..READER };
const TEAM_WRITER: Rights = Rights {
    label: "writer",
    actions: &["push"],
    rule: ("team/app", &["content/write"]),
    ..READER
};
const PUSHER: Rights = Rights {
    label: "pusher",
    actions: &["pull", "push", "metadata_read", "catalog"],
    role: "AcrPush",
    ..ALL
};
const DELETER: Rights = Rights {
    label: "deleter",
    actions: &["delete"],
    role: "AcrDelete",
    rule: ("team/app", &["content/delete"]),
    ..ALL
};
/// A role on another registry, or rules for other repositories.
const ELSEWHERE: Rights = Rights {
    label: "elsewhere",
    actions: &[],
    something: false,
    covers: false,
    role: "Contributor",
    rule: ("other/*", EVERYTHING),
};
/// A token that holds something, but not here.
const OTHER_REPOSITORY: Rights = Rights { something: true, ..ELSEWHERE };
const NONE: Rights = Rights { label: "", ..ELSEWHERE };

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Good,
    Disabled,
    Expired,
    /// Of another registry.
    Foreign,
    /// The right is gone since the tokens were made.
    Lost,
    /// The secret was changed since.
    Rotated,
}

/// How a credential is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// An access token in a password's place.
    AccessAsPassword(Asked),
    /// An access token.
    Bearer(Asked),
    EmptyBasic,
    /// Not base64.
    GarbageBasic,
    GarbageBearer,
    /// A token that nobody here signed.
    ForgedBearer,
    /// An identity token, where an access token is due.
    Identity,
    Nothing,
    Password,
    /// A refresh token in a password's place.
    Refresh,
}

/// What an access token was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Narrow,
    Needed,
    Nothing,
    OtherRepository,
}

#[derive(Clone, Debug)]
pub(super) struct Credential {
    pub(super) who: Who,
    pub(super) rights: Rights,
    /// The rights when its tokens were made.
    pub(super) minted: Rights,
    pub(super) state: State,
    pub(super) form: Form,
    pub(super) name: String,
    /// The secret; for access tokens, one for each scope.
    secrets: HashMap<String, String>,
}

/// A principal with all that it can show.
struct Actor {
    who: Who,
    rights: Rights,
    minted: Rights,
    state: State,
    login: Login,
    access: HashMap<String, String>,
    refresh: Option<String>,
    identity: Option<String>,
}

/// The scopes that access tokens are fetched with.
const SCOPES: [&str; 8] = [
    "repository:team/app:pull",
    "repository:team/app:pull,push",
    "repository:team/app:delete",
    "repository:team/app:metadata_read",
    "registry:catalog:*",
    "registry:None:*",
    "repository:other/app:pull,push,delete,metadata_read",
    "repository:team/app:metadata_write",
];

impl Asked {
    /// The scope that was asked for, to use it for an action.
    pub(super) fn scope(self, action: Option<&str>) -> &'static str {
        let [pull, push, delete, metadata_read, catalog, nothing, other, metadata_write] = SCOPES;
        match (self, action) {
            (Self::Nothing, _) => nothing,
            (Self::OtherRepository, _) => other,
            (Self::Needed, Some("push")) => push,
            (Self::Needed, Some("delete")) | (Self::Narrow, Some("metadata_read") | None) => delete,
            (Self::Needed, Some("metadata_read")) | (Self::Narrow, Some("pull")) => metadata_read,
            (Self::Needed, Some("metadata_write")) => metadata_write,
            (Self::Needed, Some("catalog")) => catalog,
            (Self::Needed | Self::Narrow, _) => pull,
        }
    }
}

impl Credential {
    /// The secret that is shown to a probe.
    pub(super) fn secret(&self, probe: &Probe) -> &str {
        let key = match self.form {
            Form::AccessAsPassword(asked) | Form::Bearer(asked) => asked.scope(probe.action),
            _ => "",
        };
        self.secrets.get(key).map_or("", String::as_str)
    }

    pub(super) fn principal(&self) -> String {
        let who = match self.who {
            Who::Admin => "admin",
            Who::Anonymous => "nobody",
            Who::ServicePrincipal => "sp",
            Who::Token => "token",
            Who::User => "user",
        };
        match self.state {
            State::Good if self.rights.label.is_empty() => who.to_owned(),
            State::Good => format!("{who}/{}", self.rights.label),
            state => format!("{who}/{state:?}").to_lowercase(),
        }
    }

    pub(super) fn shown(&self) -> String {
        let asked = |asked| match asked {
            Asked::Narrow => "too narrow",
            Asked::Needed => "needed",
            Asked::Nothing => "empty",
            Asked::OtherRepository => "other repository's",
        };
        match self.form {
            Form::AccessAsPassword(scope) => format!("{} access token as password", asked(scope)),
            Form::Bearer(scope) => format!("{} access token", asked(scope)),
            Form::EmptyBasic => "empty Basic".to_owned(),
            Form::ForgedBearer => "forged token".to_owned(),
            Form::GarbageBasic => "Basic that is none".to_owned(),
            Form::GarbageBearer => "Bearer that is none".to_owned(),
            Form::Identity => "identity token".to_owned(),
            Form::Nothing => "nothing".to_owned(),
            Form::Password => "password".to_owned(),
            Form::Refresh => "refresh token as password".to_owned(),
        }
    }
}

/// How many of them walk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    Full,
    Small,
}

/// Makes all who walk at a registry. The clock moves on by two days.
pub(super) async fn cast(kit: &Kit, registry: &str, prefix: &str, size: Size) -> Vec<Credential> {
    let full = size == Size::Full;
    let mut actors = Vec::new();
    if full {
        actors.extend(expired(kit, registry, prefix).await);
        kit.clock().advance(SignedDuration::from_hours(48));
    }
    let users =
        if full { &[ALL, READER, DELETER, ELSEWHERE][..] } else { &[ALL, READER, ELSEWHERE] };
    for rights in users {
        let login = kit.create_user(&format!("{prefix}-{}", rights.label)).await;
        actors.push(directory(kit, registry, (Who::User, login), *rights, State::Good).await);
    }
    let tokens = [ALL, TEAM_READER, TEAM_PULLER, TEAM_WRITER, DELETER, OTHER_REPOSITORY];
    for rights in tokens.into_iter().filter(|rights| full || rights.label != "writer") {
        let name = format!("{prefix}-token-{}", rights.label);
        actors.push(token(kit, registry, &name, rights, State::Good).await);
    }
    actors.push(admin(kit, registry, State::Good).await);
    if full {
        for rights in [ALL, PUSHER, READER, DELETER, ELSEWHERE] {
            let login =
                kit.create_service_principal(&format!("{prefix}-sp-{}", rights.label)).await;
            let who = (Who::ServicePrincipal, login);
            actors.push(directory(kit, registry, who, rights, State::Good).await);
        }
        for state in [State::Disabled, State::Lost] {
            let login = kit.create_service_principal(&format!("{prefix}-sp-{state:?}")).await;
            let who = (Who::ServicePrincipal, login);
            actors.push(directory(kit, registry, who, ALL, state).await);
        }
        let login = kit.create_user(&format!("{prefix}-disabled")).await;
        actors.push(directory(kit, registry, (Who::User, login), ALL, State::Disabled).await);
        for state in [State::Disabled, State::Foreign, State::Rotated] {
            let name = format!("{prefix}-token-{state:?}");
            actors.push(token(kit, registry, &name, ALL, state).await);
        }
        actors.push(admin(kit, registry, State::Foreign).await);
    } else {
        let mut off = admin(kit, registry, State::Disabled).await;
        actors.retain(|actor| actor.who != Who::Admin);
        kit.admin_at(registry, "registry", "update", json!({ "adminEnabled": false })).await;
        off.state = State::Disabled;
        actors.push(off);
    }
    let mut credentials: Vec<_> = actors.iter().flat_map(|actor| actor.credentials(full)).collect();
    credentials.extend(nobody(kit, registry).await);
    credentials
}

/// Those who have nothing, or nothing that anybody could make sense of.
async fn nobody(kit: &Kit, registry: &str) -> Vec<Credential> {
    let credential = |form, state, secret: &str| Credential {
        who: Who::Anonymous,
        rights: NONE,
        minted: NONE,
        state,
        form,
        name: String::new(),
        secrets: SCOPES
            .iter()
            .chain(&[""])
            .map(|key| ((*key).to_owned(), secret.to_owned()))
            .collect(),
    };
    let forged = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJvd25lciJ9.";
    let mut all = vec![
        credential(Form::Nothing, State::Good, ""),
        credential(Form::EmptyBasic, State::Good, ""),
        credential(Form::GarbageBasic, State::Good, ""),
        credential(Form::GarbageBearer, State::Good, "garbage"),
        credential(Form::ForgedBearer, State::Good, forged),
    ];
    // A registry that is open to everybody gives tokens for it; where it is not, it was once.
    for (of, state) in [(registry, State::Good), ("second", State::Foreign)] {
        let shown = kit.admin_at(of, "registry", "show", json!({})).await;
        let open = shown["anonymousPullEnabled"] == json!(true);
        kit.admin_at(of, "registry", "update", json!({ "anonymousPullEnabled": true })).await;
        let mut token = credential(Form::Bearer(Asked::Needed), state, "");
        // The first stands in for whatever is not asked for by itself.
        let own = ["repository:team/app:metadata_read", "registry:catalog:*"];
        for scope in ["repository:team/app:pull"].into_iter().chain(own) {
            let answer = kit.ask_access(of, None, &[scope]).await.expect(200).json();
            let secret = naru_testkit::text(&answer["access_token"]);
            for key in SCOPES.iter().filter(|key| **key == scope || scope.ends_with("pull")) {
                token.secrets.insert((*key).to_owned(), secret.clone());
            }
        }
        if !open {
            kit.admin_at(of, "registry", "update", json!({ "anonymousPullEnabled": false })).await;
        }
        all.push(token);
    }
    all
}

/// Those whose secrets and tokens will be past their time.
async fn expired(kit: &Kit, registry: &str, prefix: &str) -> Vec<Actor> {
    let name = format!("{prefix}-sp-expired");
    let made = kit.admin("sp", "create", json!({ "name": name, "expiresIn": "24h" })).await;
    let (app, secret) = (naru_testkit::text(&made["appId"]), naru_testkit::text(&made["password"]));
    let login = Login { name: app, secret };
    let who = (Who::ServicePrincipal, login);
    let principal = directory(kit, registry, who, ALL, State::Expired).await;
    let token = token(kit, registry, &format!("{prefix}-token-expired"), ALL, State::Expired).await;
    vec![principal, token]
}

/// A user or service principal.
async fn directory(
    kit: &Kit,
    registry: &str,
    (who, login): (Who, Login),
    rights: Rights,
    state: State,
) -> Actor {
    // The exchange is for those who hold something; what they hold later is another matter.
    kit.assign(registry, &login, "Contributor").await;
    let identity = kit.identity_token(&login).await;
    let refresh = kit.refresh_token(registry, &login).await;
    if state != State::Lost {
        kit.unassign(registry, &login, "Contributor").await;
        let at = if rights == ELSEWHERE { "second" } else { registry };
        kit.assign(at, &login, rights.role).await;
    }
    let access = access_tokens(kit, registry, &login).await;
    let (mut present, minted) = (rights, rights);
    match (state, who) {
        (State::Lost, _) => {
            kit.unassign(registry, &login, "Contributor").await;
            present = NONE;
        }
        (State::Disabled, Who::User) => {
            kit.admin("user", "update", json!({ "name": login.name, "enabled": false })).await;
        }
        (State::Disabled, _) => {
            kit.admin("sp", "update", json!({ "name": login.name, "enabled": false })).await;
        }
        _ => {}
    }
    let (refresh, identity) = (Some(refresh), Some(identity));
    Actor { who, rights: present, minted, state, login, access, refresh, identity }
}

/// A repository token.
async fn token(kit: &Kit, registry: &str, name: &str, rights: Rights, state: State) -> Actor {
    let at = if state == State::Foreign { "second" } else { registry };
    let login = kit.create_token(at, name, &[rights.rule]).await;
    let login = if state == State::Expired {
        let request = json!({ "name": name, "password1": true, "expirationInDays": 1 });
        let made = kit.admin_at(at, "token-credential", "generate", request).await;
        let secret = naru_testkit::text(&made["passwords"][0]["value"]);
        Login { secret, ..login }
    } else {
        login
    };
    let access = access_tokens(kit, at, &login).await;
    if state == State::Disabled {
        kit.admin_at(at, "token", "update", json!({ "name": name, "status": "disabled" })).await;
    }
    if state == State::Rotated {
        let request = json!({ "name": name, "password1": true });
        kit.admin_at(at, "token-credential", "generate", request).await;
    }
    let who = Who::Token;
    Actor { who, rights, minted: rights, state, login, access, refresh: None, identity: None }
}

/// The admin user, who is on.
async fn admin(kit: &Kit, registry: &str, state: State) -> Actor {
    let at = if state == State::Foreign { "second" } else { registry };
    kit.admin_at(at, "registry", "update", json!({ "adminEnabled": true })).await;
    let login = kit.admin_login(at).await;
    let access = access_tokens(kit, at, &login).await;
    let who = Who::Admin;
    Actor { who, rights: ALL, minted: ALL, state, login, access, refresh: None, identity: None }
}

async fn access_tokens(kit: &Kit, registry: &str, login: &Login) -> HashMap<String, String> {
    let mut tokens = HashMap::new();
    for scope in SCOPES {
        tokens.insert(scope.to_owned(), kit.access_token(registry, login, &[scope]).await);
    }
    tokens
}

impl Actor {
    fn credentials(&self, full: bool) -> Vec<Credential> {
        let one = |form, name: &str, secrets: &HashMap<String, String>| Credential {
            who: self.who,
            rights: self.rights,
            minted: self.minted,
            state: self.state,
            form,
            name: name.to_owned(),
            secrets: secrets.clone(),
        };
        let only = |secret: &str| HashMap::from([(String::new(), secret.to_owned())]);
        let asked: &[Asked] = match (full, self.state) {
            (true, State::Good) => {
                &[Asked::Needed, Asked::Narrow, Asked::Nothing, Asked::OtherRepository]
            }
            (false, State::Good) => &[Asked::Needed, Asked::Narrow],
            _ => &[Asked::Needed],
        };
        let mut all = vec![one(Form::Password, &self.login.name, &only(&self.login.secret))];
        for asked in asked {
            all.push(one(Form::Bearer(*asked), NULL_GUID, &self.access));
            if matches!(asked, Asked::Needed | Asked::Narrow) {
                all.push(one(Form::AccessAsPassword(*asked), NULL_GUID, &self.access));
            }
        }
        let refresh = self.refresh.iter().map(|token| one(Form::Refresh, NULL_GUID, &only(token)));
        all.extend(refresh);
        let identity =
            self.identity.iter().map(|token| one(Form::Identity, NULL_GUID, &only(token)));
        all.extend(identity);
        all
    }
}
