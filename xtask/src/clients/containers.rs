//! podman and buildah: two programs on one library, each user with a store of images of his own.

use std::path::{Path, PathBuf};

use crate::clients::client::{Act, Client, Skill, User};
use crate::clients::image::TAG;
use crate::failure::Failure;
use crate::process::{Ending, Invocation};
use crate::tools;

/// podman or buildah.
pub(super) struct Containers {
    name: &'static str,
    skills: &'static [Skill],
    program: PathBuf,
}

impl Containers {
    /// Finds podman.
    pub(super) fn podman() -> Result<Box<dyn Client>, Failure> {
        let program = tools::need("podman", "install your system's podman package")?;
        let skills = &[Skill::Login, Skill::Push, Skill::Pull, Skill::Tags, Skill::Index];
        Ok(Box::new(Self { name: "podman", skills, program }))
    }

    /// Finds buildah.
    pub(super) fn buildah() -> Result<Box<dyn Client>, Failure> {
        let program = tools::need("buildah", "install your system's buildah package")?;
        let skills = &[Skill::Login, Skill::Push, Skill::Pull, Skill::Index];
        Ok(Box::new(Self { name: "buildah", skills, program }))
    }

    /// With the simplest of storage drivers, which works in a sandbox too.
    fn run(&self, user: &User<'_>, words: &[&str]) -> Invocation {
        user.invoke(&self.program)
            .args(["--storage-driver=vfs", "--root"])
            .args([user.folder.join("root")])
            .args(["--runroot"])
            .args([user.folder.join("runroot")])
            .args(words)
    }

    /// Takes a layout into the store, and pushes it from there.
    fn push(&self, user: &User<'_>, layout: &Path, rest: &str) -> Result<Ending, Failure> {
        let source = format!("oci:{}:{TAG}", layout.display());
        let taken = self.run(user, &["pull", "--quiet", &source]).succeed()?;
        let id = taken.stdout();
        self.run(user, &["push"])
            .args(user.if_plain("--tls-verify=false"))
            .args([id.trim(), &format!("docker://{}", user.reference(rest))])
            .run()
    }
}

impl Client for Containers {
    fn name(&self) -> &'static str {
        self.name
    }

    fn version(&self) -> Result<String, Failure> {
        let version = Invocation::new(&self.program).args(["--version"]).succeed()?.stdout();
        Ok(version.split_whitespace().nth(2).unwrap_or_default().to_owned())
    }

    fn skills(&self) -> &'static [Skill] {
        self.skills
    }

    fn store(&self) -> &'static str {
        "auth.json"
    }

    fn act(&self, user: &User<'_>, act: Act<'_>) -> Result<Ending, Failure> {
        match act {
            Act::Login => self
                .run(user, &["login"])
                .args(user.if_plain("--tls-verify=false"))
                .args(["--username", &user.account.name, "--password-stdin", &user.host])
                .input(&user.account.password)
                .run(),
            Act::Logout => self.run(user, &["logout", &user.host]).run(),
            Act::Push(rest) => self.push(user, &user.stage.image.layout, rest),
            Act::PushLarge(rest) => self.push(user, &user.stage.large.layout, rest),
            Act::Pull(rest) => {
                let pull = self
                    .run(user, &["pull", "--quiet"])
                    .args(user.if_plain("--tls-verify=false"))
                    .args([format!("docker://{}", user.reference(rest))])
                    .run()?;
                let id = user.stage.image.config.trim_start_matches("sha256:");
                if pull.succeeded() && pull.stdout().trim() != id {
                    return Err(pull.unexpected(format!("the image {id}")));
                }
                Ok(pull)
            }
            Act::Tags(repository) => self
                .run(user, &["search", "--list-tags"])
                .args(user.if_plain("--tls-verify=false"))
                .args([user.reference(repository)])
                .run(),
            Act::Index(rest) => {
                let layout = user.stage.index.layout.display();
                let target = format!("docker://{}", user.reference(rest));
                self.run(user, &["manifest", "create", "several"]).succeed()?;
                let source = format!("oci:{layout}:{TAG}");
                self.run(user, &["manifest", "add", "--all", "several", &source]).succeed()?;
                self.run(user, &["manifest", "push", "--all"])
                    .args(user.if_plain("--tls-verify=false"))
                    .args(["several", &target])
                    .run()
            }
            Act::Copy(..)
            | Act::Catalog
            | Act::Delete(_)
            | Act::Attach(_)
            | Act::Referrers(_)
            | Act::Sign(_)
            | Act::Verify(_) => Err(self.cannot(act)),
        }
    }
}
