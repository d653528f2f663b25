//! regctl, which keeps what it knows of a registry, its transport too, in a file of its own.

use std::fs;
use std::path::{Path, PathBuf};

use crate::clients::client::{Act, Client, Skill, User};
use crate::clients::image::TAG;
use crate::clients::oras::ATTACHED;
use crate::failure::Failure;
use crate::process::{Ending, Invocation};
use crate::tools::GoTool;

/// How it is built.
pub(super) const REGCTL: GoTool = GoTool {
    name: "regctl",
    package: "github.com/regclient/regclient/cmd/regctl",
    version: "v0.11.7",
    remedy: "go install github.com/regclient/regclient/cmd/regctl@v0.11.7",
};

/// regctl.
pub(super) struct Regctl {
    program: PathBuf,
}

impl Regctl {
    /// Finds the client, or builds it.
    pub(super) fn prepare() -> Result<Box<dyn Client>, Failure> {
        Ok(Box::new(Self { program: REGCTL.any()? }))
    }

    fn run(&self, user: &User<'_>, words: &[&str]) -> Invocation {
        user.invoke(&self.program).env("REGCTL_CONFIG", user.folder.join(self.store())).args(words)
    }

    fn copy_in(&self, user: &User<'_>, layout: &Path, rest: &str) -> Result<Ending, Failure> {
        let source = format!("ocidir://{}:{TAG}", layout.display());
        self.run(user, &["image", "copy", &source, &user.reference(rest)]).run()
    }
}

impl Client for Regctl {
    fn name(&self) -> &'static str {
        "regctl"
    }

    fn version(&self) -> Result<String, Failure> {
        REGCTL.built_as(&self.program)
    }

    fn skills(&self) -> &'static [Skill] {
        &[
            Skill::Login,
            Skill::Push,
            Skill::Pull,
            Skill::Copy,
            Skill::Tags,
            Skill::Catalog,
            Skill::Delete,
            Skill::Index,
            Skill::Attach,
        ]
    }

    fn store(&self) -> &'static str {
        "regctl.json"
    }

    /// What it was told of the registry stays in the file.
    fn keeps(&self, text: &str, user: &User<'_>) -> bool {
        text.contains(&user.account.password)
    }

    fn act(&self, user: &User<'_>, act: Act<'_>) -> Result<Ending, Failure> {
        match act {
            Act::Login => {
                let mut told = self.run(user, &["registry", "set", "--skip-check"]);
                told = told.args(user.in_plain().then_some("--tls=disabled"));
                if let Some(authority) = user.authority() {
                    let text = fs::read_to_string(authority)
                        .map_err(Failure::machine("read the certificate authority"))?;
                    told = told.args(["--cacert", &text]);
                }
                told.args([&user.host]).succeed()?;
                self.run(user, &["registry", "login", &user.host])
                    .args(["--user", &user.account.name, "--pass-stdin"])
                    .input(&user.account.password)
                    .run()
            }
            Act::Logout => self.run(user, &["registry", "logout", &user.host]).run(),
            Act::Push(rest) => self.copy_in(user, &user.stage.image.layout, rest),
            Act::PushLarge(rest) => self.copy_in(user, &user.stage.large.layout, rest),
            Act::Index(rest) => self.copy_in(user, &user.stage.index.layout, rest),
            Act::Pull(rest) => {
                let copy = user.folder.join("copy");
                let target = format!("ocidir://{}:{TAG}", copy.display());
                let pull =
                    self.run(user, &["image", "copy", &user.reference(rest), &target]).run()?;
                if pull.succeeded() {
                    user.stage.image.same_as(&copy)?;
                }
                Ok(pull)
            }
            Act::Copy(from, to) => {
                let (from, to) = (user.reference(from), user.reference(to));
                self.run(user, &["image", "copy", &from, &to]).run()
            }
            Act::Tags(repository) => {
                self.run(user, &["tag", "ls", &user.reference(repository)]).run()
            }
            Act::Catalog => self.run(user, &["repo", "ls", &user.host]).run(),
            Act::Delete(rest) => {
                self.run(user, &["manifest", "delete", &user.by_digest(rest)]).run()
            }
            Act::Attach(rest) => self
                .run(user, &["artifact", "put", "--artifact-type", ATTACHED])
                .args(["--subject", &user.reference(rest)])
                .input("a note")
                .run(),
            Act::Referrers(rest) => {
                let words = ["artifact", "list", "--format", "{{jsonPretty .}}"];
                self.run(user, &words).args([user.reference(rest)]).run()
            }
            Act::Sign(_) | Act::Verify(_) => Err(self.cannot(act)),
        }
    }
}
