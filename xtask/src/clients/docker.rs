//! docker, with an engine that is started for it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::clients::client::{Act, Client, Skill, User};
use crate::clients::engine::Engine;
use crate::clients::registry::{ALIAS, Registry};
use crate::clients::stage::Stage;
use crate::failure::Failure;
use crate::process::{Ending, Invocation};
use crate::tools;

/// docker and its engine.
pub(super) struct Docker {
    program: PathBuf,
    nsenter: PathBuf,
    engine: Engine,
    /// The ids of what was pushed, by reference: the engine makes its own images.
    pushed: RefCell<BTreeMap<String, String>>,
}

impl Docker {
    /// Finds the client, and starts the engine.
    pub(super) fn prepare(stage: &Stage) -> Result<Box<dyn Client>, Failure> {
        let program = tools::need("docker", "install your system's docker (docker.io)")?;
        tools::need_root("dockerd")?;
        let engine = Engine::start(&program, &stage.folder()?, stage.tls.host())?;
        let nsenter = tools::need("nsenter", "install your system's util-linux")?;
        Ok(Box::new(Self { program, nsenter, engine, pushed: RefCell::default() }))
    }

    fn run(&self, user: &User<'_>, words: &[&str]) -> Result<Invocation, Failure> {
        if !user.in_plain() {
            self.engine.trust(&user.host, user.authority())?;
        }
        let invocation = if user.in_plain() {
            user.invoke(&self.program).env("DOCKER_HOST", self.engine.address())
        } else {
            // `docker manifest` asks the registry itself, past the engine: where the engine is.
            self.beside(user, &self.program).env("HTTPS_PROXY", self.engine.proxy())
        };
        Ok(invocation.args(words))
    }

    /// Makes an image without any network, and pushes it.
    fn push(&self, user: &User<'_>, layer: &Path, rest: &str) -> Result<Ending, Failure> {
        let reference = user.reference(rest);
        self.run(user, &["import"])?.args([layer]).args([&reference]).succeed()?;
        let id = self.id(user, &reference)?;
        let push = self.run(user, &["push", &reference])?.run()?;
        self.run(user, &["image", "rm", &reference])?.succeed()?;
        self.pushed.borrow_mut().insert(reference, id);
        Ok(push)
    }

    fn id(&self, user: &User<'_>, reference: &str) -> Result<String, Failure> {
        let words = ["image", "inspect", "--format", "{{.Id}}", reference];
        Ok(self.run(user, &words)?.succeed()?.stdout().trim().to_owned())
    }
}

impl Client for Docker {
    fn name(&self) -> &'static str {
        "docker"
    }

    fn version(&self) -> Result<String, Failure> {
        let version = Invocation::new(&self.program)
            .env("DOCKER_HOST", self.engine.address())
            .args(["version", "--format", "{{.Client.Version}}, engine {{.Server.Version}}"])
            .succeed()?;
        Ok(version.stdout().trim().to_owned())
    }

    fn skills(&self) -> &'static [Skill] {
        &[Skill::Login, Skill::Push, Skill::Pull, Skill::Index]
    }

    fn host(&self, registry: &Registry) -> String {
        match (registry.authority(), registry.host().rsplit_once(':')) {
            (Some(_), Some((_, port))) => format!("{ALIAS}:{port}"),
            _ => registry.host().to_owned(),
        }
    }

    fn beside(&self, user: &User<'_>, program: &Path) -> Invocation {
        let process = self.engine.process().to_string();
        user.invoke(&self.nsenter)
            .args(["--mount", "--target", &process])
            .args([program])
            .env("DOCKER_HOST", self.engine.address())
    }

    fn act(&self, user: &User<'_>, act: Act<'_>) -> Result<Ending, Failure> {
        match act {
            Act::Login => self
                .run(user, &["login", "--username", &user.account.name, "--password-stdin"])?
                .args([&user.host])
                .input(&user.account.password)
                .run(),
            Act::Logout => self.run(user, &["logout", &user.host])?.run(),
            Act::Push(rest) => self.push(user, &user.stage.image.layer, rest),
            Act::PushLarge(rest) => self.push(user, &user.stage.large.layer, rest),
            Act::Pull(rest) => {
                let reference = user.reference(rest);
                let pull = self.run(user, &["pull", &reference])?.run()?;
                if pull.succeeded() {
                    let id = self.id(user, &reference)?;
                    self.run(user, &["image", "rm", &reference])?.succeed()?;
                    let pushed = self.pushed.borrow().get(&reference).cloned();
                    if pushed.is_some_and(|pushed| pushed != id) {
                        return Err(pull.unexpected("the image that was pushed"));
                    }
                }
                Ok(pull)
            }
            Act::Index(rest) => {
                let parts = ["amd64", "arm64"].map(|architecture| format!("{rest}-{architecture}"));
                for part in &parts {
                    let push = self.push(user, &user.stage.image.layer, part)?;
                    if !push.succeeded() {
                        return Ok(push);
                    }
                }
                let name = user.reference(rest);
                let [one, two] = parts.map(|part| user.reference(&part));
                let insecure = user.if_plain("--insecure");
                self.run(user, &["manifest", "create"])?
                    .args(insecure)
                    .args([&name, &one, &two])
                    .succeed()?;
                self.run(user, &["manifest", "annotate", "--arch=arm64", &name, &two])?
                    .succeed()?;
                self.run(user, &["manifest", "push"])?.args(insecure).args([&name]).run()
            }
            _ => Err(self.cannot(act)),
        }
    }
}
