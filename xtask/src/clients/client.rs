//! What every client is asked for, in one vocabulary: the scenarios and the refusals are written
//! once, and each client says in a module of its own how it does a thing.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::clients::registry::{Account, Registry};
use crate::clients::stage::Stage;
use crate::failure::Failure;
use crate::process::{Ending, Invocation};

/// What a client may be able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Skill {
    Login,
    Push,
    Pull,
    Copy,
    Tags,
    Catalog,
    Delete,
    Index,
    Attach,
    Sign,
}

/// All of them, in the order in which people read of them.
pub(super) const SKILLS: [Skill; 10] = [
    Skill::Login,
    Skill::Push,
    Skill::Pull,
    Skill::Copy,
    Skill::Tags,
    Skill::Catalog,
    Skill::Delete,
    Skill::Index,
    Skill::Attach,
    Skill::Sign,
];

impl Skill {
    /// Its heading in a table.
    pub(super) const fn heading(self) -> &'static str {
        match self {
            Self::Login => "login, logout",
            Self::Push => "push",
            Self::Pull => "pull",
            Self::Copy => "copy",
            Self::Tags => "list tags",
            Self::Catalog => "list repositories",
            Self::Delete => "delete",
            Self::Index => "several platforms",
            Self::Attach => "referrers",
            Self::Sign => "signatures",
        }
    }
}

/// One thing that a user does; names are those below the registry, as in `team/app:0.1.0`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Act<'a> {
    Login,
    Logout,
    /// Pushes the image of the stage, or the client's own kind of thing.
    Push(&'a str),
    /// Pushes a larger one than the smallest of disks has room for.
    PushLarge(&'a str),
    /// Pulls what [`Act::Push`] pushed, and checks that it is the same.
    Pull(&'a str),
    /// Copies the first to the second.
    Copy(&'a str, &'a str),
    /// Lists the tags of a repository.
    Tags(&'a str),
    /// Lists the repositories.
    Catalog,
    Delete(&'a str),
    /// Pushes an index for two platforms.
    Index(&'a str),
    /// Attaches an artifact to an image that is there.
    Attach(&'a str),
    /// Lists what is attached to it.
    Referrers(&'a str),
    /// Signs an image that is there.
    Sign(&'a str),
    /// Verifies its signature.
    Verify(&'a str),
}

/// A client.
pub(super) trait Client {
    /// What it is called.
    fn name(&self) -> &'static str;

    /// What it says that its version is.
    fn version(&self) -> Result<String, Failure>;

    /// What it can do.
    fn skills(&self) -> &'static [Skill];

    /// The file in which it keeps its login, below the user's folder.
    fn store(&self) -> &'static str {
        "config.json"
    }

    /// Whether the text of that file has this user's login in it.
    fn keeps(&self, text: &str, user: &User<'_>) -> bool {
        text.contains(&user.host)
    }

    /// Whether it has a logout of its own.
    fn logs_out(&self) -> bool {
        true
    }

    /// How it is told the registry's name.
    fn host(&self, registry: &Registry) -> String {
        registry.host().to_owned()
    }

    /// Another program of the same user, where this client runs and with what it sees there.
    fn beside(&self, user: &User<'_>, program: &Path) -> Invocation {
        user.invoke(program)
    }

    /// Does it. A refusal is an ending and no failure.
    fn act(&self, user: &User<'_>, act: Act<'_>) -> Result<Ending, Failure>;

    /// Whether it can.
    fn can(&self, skill: Skill) -> bool {
        self.skills().contains(&skill)
    }

    /// What is told where it is asked for something that it cannot do.
    fn cannot(&self, act: Act<'_>) -> Failure {
        Failure::unexpected(format!("something that {} can do", self.name()), format!("{act:?}"))
    }
}

/// Somebody at a client, with a home of his own.
pub(super) struct User<'a> {
    pub(super) stage: &'a Stage,
    pub(super) registry: &'a Registry,
    pub(super) account: &'a Account,
    pub(super) folder: PathBuf,
    /// How the client is told the registry's name.
    pub(super) host: String,
    /// Whether the client is told of the registry's certificate authority.
    pub(super) trusting: bool,
}

impl User<'_> {
    /// The authority that the client is told to trust.
    pub(super) fn authority(&self) -> Option<&Path> {
        self.registry.authority().filter(|_| self.trusting)
    }

    /// Whether the registry speaks plain HTTP.
    pub(super) fn in_plain(&self) -> bool {
        self.registry.authority().is_none()
    }

    /// The full name of something below the registry.
    pub(super) fn reference(&self, rest: &str) -> String {
        format!("{}/{rest}", self.host)
    }

    /// Writes name and password where docker and podman keep a login that was right once.
    pub(super) fn keep_login(&self, store: &str) -> Result<(), Failure> {
        if !["config.json", "auth.json"].contains(&store) {
            return Ok(());
        }
        let login = format!("{}:{}", self.account.name, self.account.password);
        let kept = json!({ "auths": { &self.host: { "auth": STANDARD.encode(login) } } });
        fs::write(self.folder.join(store), kept.to_string())
            .map_err(Failure::machine("keep a login"))
    }

    /// The image of the stage by its digest, in the repository of `rest`.
    pub(super) fn by_digest(&self, rest: &str) -> String {
        format!("{}@{}", self.reference(split(rest).0), self.stage.image.digest)
    }

    /// A client that sees this user's home, and none of whoever runs the task. What is written in
    /// Go takes the authority from `SSL_CERT_FILE`.
    pub(super) fn invoke(&self, program: &Path) -> Invocation {
        let invocation = Invocation::isolated(program, &self.folder)
            .env("DOCKER_CONFIG", &self.folder)
            .env("REGISTRY_AUTH_FILE", self.folder.join("auth.json"))
            .env("XDG_RUNTIME_DIR", &self.folder)
            .within(&self.folder);
        match self.authority() {
            Some(authority) => invocation.env("SSL_CERT_FILE", authority),
            None => invocation,
        }
    }

    /// `yes` where the registry speaks plain HTTP, else nothing.
    pub(super) fn if_plain<'b>(&self, yes: &'b str) -> Option<&'b str> {
        self.in_plain().then_some(yes)
    }
}

/// The repository and the tag of a name below the registry.
pub(super) fn split(rest: &str) -> (&str, &str) {
    rest.split_once(':').unwrap_or((rest, "latest"))
}
