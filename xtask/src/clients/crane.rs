//! crane, whose login asks the registry nothing: a wrong password shows at the first use.

use std::path::PathBuf;

use crate::clients::client::{Act, Client, Skill, User, split};
use crate::failure::Failure;
use crate::process::{Ending, Invocation};
use crate::tools::GoTool;

/// How it is built.
pub(super) const CRANE: GoTool = GoTool {
    name: "crane",
    package: "github.com/google/go-containerregistry/cmd/crane",
    version: "v0.22.1",
    remedy: "go install github.com/google/go-containerregistry/cmd/crane@v0.22.1",
};

/// crane.
pub(super) struct Crane {
    program: PathBuf,
}

impl Crane {
    /// Finds the client, or builds it.
    pub(super) fn prepare() -> Result<Box<dyn Client>, Failure> {
        Ok(Box::new(Self { program: CRANE.any()? }))
    }
}

impl Client for Crane {
    fn name(&self) -> &'static str {
        "crane"
    }

    fn version(&self) -> Result<String, Failure> {
        CRANE.built_as(&self.program)
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
        ]
    }

    fn act(&self, user: &User<'_>, act: Act<'_>) -> Result<Ending, Failure> {
        let crane = |words: &[&str]| user.invoke(&self.program).args(words);
        let push = |layout: &PathBuf, rest: &str| -> Invocation {
            crane(&["push"]).args([layout]).args([user.reference(rest)])
        };
        match act {
            Act::Login => crane(&["auth", "login", &user.host])
                .args(["--username", &user.account.name, "--password-stdin"])
                .input(&user.account.password)
                .run(),
            Act::Logout => crane(&["auth", "logout", &user.host]).run(),
            Act::Push(rest) => push(&user.stage.image.layout, rest).run(),
            Act::PushLarge(rest) => push(&user.stage.large.layout, rest).run(),
            Act::Index(rest) => {
                // It pushes the index of the layout itself, in which ours is the one entry.
                crane(&["push", "--index"])
                    .args([&user.stage.index.layout])
                    .args([user.reference(rest)])
                    .succeed()?;
                let (repository, tag) = split(rest);
                let inner = &user.stage.index.digest;
                crane(&["tag", &format!("{}@{inner}", user.reference(repository)), tag]).run()
            }
            Act::Pull(rest) => {
                let copy = user.folder.join("copy");
                let pull =
                    crane(&["pull", "--format=oci", &user.reference(rest)]).args([&copy]).run()?;
                if pull.succeeded() {
                    user.stage.image.same_as(&copy)?;
                }
                Ok(pull)
            }
            Act::Copy(from, to) => {
                crane(&["copy", &user.reference(from), &user.reference(to)]).run()
            }
            Act::Tags(repository) => crane(&["ls", &user.reference(repository)]).run(),
            Act::Catalog => crane(&["catalog", &user.host]).run(),
            Act::Delete(rest) => crane(&["delete", &user.by_digest(rest)]).run(),
            Act::Attach(_) | Act::Referrers(_) | Act::Sign(_) | Act::Verify(_) => {
                Err(self.cannot(act))
            }
        }
    }
}
