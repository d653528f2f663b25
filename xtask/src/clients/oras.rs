//! oras: files, images, and what refers to them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::clients::client::{Act, Client, Skill, User};
use crate::clients::image::TAG;
use crate::failure::Failure;
use crate::process::Ending;
use crate::tools::GoTool;

/// How it is built.
pub(super) const ORAS: GoTool = GoTool {
    name: "oras",
    package: "oras.land/oras/cmd/oras",
    version: "v1.3.6",
    remedy: "go install oras.land/oras/cmd/oras@v1.3.6",
};

const NOTE: &str = "note.txt";
const WORDS: &[u8] = b"where you show who you are before you board\n";
/// The type of what is attached.
pub(super) const ATTACHED: &str = "application/vnd.example.note";

/// oras.
pub(super) struct Oras {
    program: PathBuf,
}

impl Oras {
    /// Finds the client, or builds it.
    pub(super) fn prepare() -> Result<Box<dyn Client>, Failure> {
        Ok(Box::new(Self { program: ORAS.any()? }))
    }

    /// The same options wherever it speaks to the registry.
    fn run(&self, user: &User<'_>, words: &[&str], rest: &[&str]) -> Result<Ending, Failure> {
        let mut invocation = user.invoke(&self.program).args(words);
        if let Some(authority) = user.authority() {
            invocation = invocation.args(["--ca-file"]).args([authority]);
        }
        invocation.args(user.if_plain("--plain-http")).args(rest).run()
    }

    fn copy_in(&self, user: &User<'_>, layout: &Path, rest: &str) -> Result<Ending, Failure> {
        let source = format!("{}:{TAG}", layout.display());
        let mut invocation = user.invoke(&self.program).args(["cp", "--no-tty"]);
        if let Some(authority) = user.authority() {
            invocation = invocation.args(["--to-ca-file"]).args([authority]);
        }
        invocation
            .args(user.if_plain("--to-plain-http"))
            .args(["--from-oci-layout", &source, &user.reference(rest)])
            .run()
    }
}

impl Client for Oras {
    fn name(&self) -> &'static str {
        "oras"
    }

    fn version(&self) -> Result<String, Failure> {
        ORAS.built_as(&self.program)
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

    fn act(&self, user: &User<'_>, act: Act<'_>) -> Result<Ending, Failure> {
        match act {
            Act::Login => {
                let mut login = user.invoke(&self.program).args(["login"]);
                if let Some(authority) = user.authority() {
                    login = login.args(["--ca-file"]).args([authority]);
                }
                login
                    .args(user.if_plain("--plain-http"))
                    .args(["--username", &user.account.name, "--password-stdin", &user.host])
                    .input(&user.account.password)
                    .run()
            }
            Act::Logout => user.invoke(&self.program).args(["logout", &user.host]).run(),
            Act::Push(rest) => {
                fs::write(user.folder.join(NOTE), WORDS)
                    .map_err(Failure::machine("write a note"))?;
                let file = format!("{NOTE}:text/plain");
                self.run(user, &["push", "--no-tty"], &[&user.reference(rest), &file])
            }
            Act::PushLarge(rest) => self.copy_in(user, &user.stage.large.layout, rest),
            Act::Index(rest) => self.copy_in(user, &user.stage.index.layout, rest),
            Act::Pull(rest) => {
                let copy = user.folder.join("copy");
                let output = copy.display().to_string();
                let words = ["pull", "--no-tty"];
                let pull = self.run(user, &words, &[&user.reference(rest), "--output", &output])?;
                if pull.succeeded() && fs::read(copy.join(NOTE)).ok().as_deref() != Some(WORDS) {
                    return Err(pull.unexpected("the same bytes"));
                }
                Ok(pull)
            }
            Act::Copy(from, to) => {
                let mut copy = user.invoke(&self.program).args(["cp", "--no-tty"]);
                if let Some(authority) = user.authority() {
                    copy = copy.args(["--from-ca-file"]).args([authority]);
                    copy = copy.args(["--to-ca-file"]).args([authority]);
                }
                copy.args(user.if_plain("--from-plain-http"))
                    .args(user.if_plain("--to-plain-http"))
                    .args([user.reference(from), user.reference(to)])
                    .run()
            }
            Act::Tags(repository) => {
                self.run(user, &["repo", "tags"], &[&user.reference(repository)])
            }
            Act::Catalog => self.run(user, &["repo", "ls"], &[&user.host]),
            Act::Delete(rest) => {
                self.run(user, &["manifest", "delete"], &["--force", &user.reference(rest)])
            }
            Act::Attach(rest) => {
                fs::write(user.folder.join(NOTE), WORDS)
                    .map_err(Failure::machine("write a note"))?;
                let words = ["attach", "--no-tty", "--artifact-type", ATTACHED];
                self.run(user, &words, &[&user.reference(rest), NOTE])
            }
            Act::Referrers(rest) => {
                let words = ["discover", "--format", "json", "--artifact-type", ATTACHED];
                self.run(user, &words, &[&user.reference(rest)])
            }
            Act::Sign(_) | Act::Verify(_) => Err(self.cannot(act)),
        }
    }
}
