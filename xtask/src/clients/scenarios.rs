//! What a user does with every client that can do it, over HTTP and over TLS.

use std::fs;

use crate::clients::Scenario;
use crate::clients::client::{Act, Client, Skill, User, split};
use crate::clients::image::{INDEX, TAG};
use crate::clients::oras::ATTACHED;
use crate::clients::registry::{INSIDE, Registry};
use crate::clients::stage::{Stage, THERE};
use crate::failure::Failure;
use crate::process::Ending;

type Play = fn(&At<'_>) -> Result<(), Failure>;

/// One client at one registry.
struct At<'a> {
    stage: &'a Stage,
    client: &'a dyn Client,
    registry: &'a Registry,
}

/// What is played, with the skill that it needs.
const PLAYS: &[(Skill, &str, Play)] = &[
    (Skill::Login, "a user logs in, and logs out again", |at| at.logs_in_and_out()),
    (Skill::Push, "a writer pushes, and a reader pulls the same", |at| at.pushes_and_pulls()),
    (Skill::Push, "a token pushes and pulls within its scope map", |at| at.stays_within_a_map()),
    (Skill::Copy, "a writer copies to another repository", |at| at.copies()),
    (Skill::Tags, "a reader lists the tags", |at| at.lists()),
    (Skill::Catalog, "a reader lists the repositories", |at| at.lists_repositories()),
    (Skill::Delete, "a writer deletes, and it is gone", |at| at.deletes()),
    (Skill::Index, "a writer pushes for two platforms", |at| at.pushes_an_index()),
    (Skill::Attach, "a writer attaches a note, and a reader finds it", |at| at.attaches()),
    (Skill::Sign, "a writer signs, and a reader verifies", |at| at.signs()),
];

/// All that `client` can play at `registry`.
pub(super) fn all<'a>(
    stage: &'a Stage,
    client: &'a dyn Client,
    registry: &'a Registry,
) -> Vec<Scenario<'a>> {
    let name = |what: &str| format!("{}: over {}: {what}", client.name(), registry.transport());
    let mut scenarios: Vec<Scenario<'a>> = PLAYS
        .iter()
        .filter(|(skill, ..)| client.can(*skill))
        .map(|&(_, what, play)| {
            let act = move || play(&At { stage, client, registry });
            Scenario { name: name(what), play: Box::new(act) }
        })
        .collect();
    if registry.authority().is_some() {
        let act = move || At { stage, client, registry }.distrusts();
        let name = name("without its authority, nothing is said to it");
        scenarios.push(Scenario { name, play: Box::new(act) });
    }
    scenarios
}

impl At<'_> {
    /// A name below the registry that is this client's own.
    fn own(&self, what: &str) -> String {
        format!("{}/{what}/app:{TAG}", self.client.name())
    }

    fn logs_in_and_out(&self) -> Result<(), Failure> {
        let user = self.stage.logged_in(self.client, self.registry, &self.registry.writer)?;
        let knows = |knows: bool| {
            let text = fs::read_to_string(user.folder.join(self.client.store()));
            let text = text.unwrap_or_default();
            if self.client.keeps(&text, &user) == knows {
                return Ok(());
            }
            let verb = if knows { "know" } else { "have forgotten" };
            Err(Failure::unexpected(format!("the file of logins to {verb} {}", user.host), text))
        };
        knows(true)?;
        if self.client.logs_out() {
            succeed(&self.client.act(&user, Act::Logout)?)?;
            knows(false)?;
        }
        Ok(())
    }

    fn pushes_and_pulls(&self) -> Result<(), Failure> {
        self.push(&self.own("pushed"))?;
        self.pull(&self.own("pushed"))
    }

    fn stays_within_a_map(&self) -> Result<(), Failure> {
        let user = self.stage.logged_in(self.client, self.registry, &self.registry.outsider)?;
        let inside = format!("{INSIDE}:{TAG}");
        succeed(&self.client.act(&user, Act::Push(&inside))?)?;
        succeed(&self.client.act(&user, Act::Pull(&inside))?)
    }

    fn copies(&self) -> Result<(), Failure> {
        let (source, target) = (self.own("source"), self.own("target"));
        let user = self.push(&source)?;
        succeed(&self.client.act(&user, Act::Copy(&source, &target))?)?;
        self.pull(&target)
    }

    fn lists(&self) -> Result<(), Failure> {
        let first = self.own("listed");
        let second = first.replace(TAG, "0.2.0");
        self.push(&first)?;
        self.push(&second)?;
        let reader = self.stage.logged_in(self.client, self.registry, &self.registry.reader)?;
        let (repository, _) = split(&first);
        let listed = self.client.act(&reader, Act::Tags(repository))?;
        succeed(&listed)?;
        let text = listed.stdout();
        if [TAG, "0.2.0"].iter().all(|tag| text.contains(tag)) {
            return Ok(());
        }
        Err(listed.unexpected(format!("the tags {TAG} and 0.2.0")))
    }

    fn lists_repositories(&self) -> Result<(), Failure> {
        let reader = self.stage.logged_in(self.client, self.registry, &self.registry.reader)?;
        let listed = self.client.act(&reader, Act::Catalog)?;
        succeed(&listed)?;
        let (repository, _) = split(THERE);
        if listed.stdout().lines().any(|line| line == repository) {
            return Ok(());
        }
        Err(listed.unexpected(format!("the repository {repository}")))
    }

    fn deletes(&self) -> Result<(), Failure> {
        let name = self.own("deleted");
        let user = self.push(&name)?;
        self.registry.manifest(&name)?;
        succeed(&self.client.act(&user, Act::Delete(&name))?)?;
        match self.registry.manifest(&name) {
            Err(_) => Ok(()),
            Ok(still) => Err(Failure::unexpected(format!("{name} to be gone"), still.to_string())),
        }
    }

    fn pushes_an_index(&self) -> Result<(), Failure> {
        let name = self.own("several");
        let user = self.stage.logged_in(self.client, self.registry, &self.registry.writer)?;
        succeed(&self.client.act(&user, Act::Index(&name))?)?;
        let manifest = self.registry.manifest(&name)?;
        let media_type = manifest.get("mediaType").and_then(|value| value.as_str());
        let is_index = media_type.is_some_and(|name| {
            name == INDEX || name == "application/vnd.docker.distribution.manifest.list.v2+json"
        });
        let platforms: Vec<_> = ["/manifests/0", "/manifests/1"]
            .iter()
            .filter_map(|at| manifest.pointer(&format!("{at}/platform/architecture")))
            .filter_map(|architecture| architecture.as_str())
            .collect();
        if is_index && platforms == ["amd64", "arm64"] {
            return Ok(());
        }
        Err(Failure::unexpected("an index for amd64 and arm64", manifest.to_string()))
    }

    fn attaches(&self) -> Result<(), Failure> {
        let name = self.own("noted");
        let writer = self.push(&name)?;
        succeed(&self.client.act(&writer, Act::Attach(&name))?)?;
        let reader = self.stage.logged_in(self.client, self.registry, &self.registry.reader)?;
        let found = self.client.act(&reader, Act::Referrers(&name))?;
        succeed(&found)?;
        if found.stdout().contains(ATTACHED) {
            return Ok(());
        }
        Err(found.unexpected(format!("a referrer of the type {ATTACHED}")))
    }

    fn signs(&self) -> Result<(), Failure> {
        let name = self.own("signed");
        self.registry.seed(&self.stage.image, &name)?;
        let writer = self.stage.logged_in(self.client, self.registry, &self.registry.writer)?;
        let reader = self.stage.logged_in(self.client, self.registry, &self.registry.reader)?;
        let early = self.client.act(&reader, Act::Verify(&name))?;
        if early.succeeded() {
            return Err(early.unexpected("no signature yet"));
        }
        succeed(&self.client.act(&writer, Act::Sign(&name))?)?;
        succeed(&self.client.act(&reader, Act::Verify(&name))?)
    }

    /// A client that was not told of the authority ends before it says a password.
    fn distrusts(&self) -> Result<(), Failure> {
        let mut user = self.stage.user(self.client, self.registry, &self.registry.writer)?;
        user.trusting = false;
        let mut ending = None;
        if self.client.can(Skill::Login) {
            // crane and cosign ask nobody at a login.
            ending = Some(self.client.act(&user, Act::Login)?).filter(|login| !login.succeeded());
        }
        let ending = match ending {
            Some(ending) => ending,
            None if self.client.can(Skill::Pull) => self.client.act(&user, Act::Pull(THERE))?,
            None => self.client.act(&user, Act::Verify(THERE))?,
        };
        let text = ending.text();
        if !ending.succeeded() && (text.contains("x509") || text.contains("certificate")) {
            return Ok(());
        }
        Err(ending.unexpected("a complaint about the certificate"))
    }

    fn push(&self, name: &str) -> Result<User<'_>, Failure> {
        let user = self.stage.logged_in(self.client, self.registry, &self.registry.writer)?;
        succeed(&self.client.act(&user, Act::Push(name))?)?;
        Ok(user)
    }

    fn pull(&self, name: &str) -> Result<(), Failure> {
        let user = self.stage.logged_in(self.client, self.registry, &self.registry.reader)?;
        succeed(&self.client.act(&user, Act::Pull(name))?)
    }
}

fn succeed(ending: &Ending) -> Result<(), Failure> {
    if ending.succeeded() { Ok(()) } else { Err(ending.failure()) }
}
