//! skopeo, whose login has words of its own for every 401, and drops those of the registry.

use std::path::{Path, PathBuf};

use crate::clients::client::{Act, Client, Skill, User, split};
use crate::clients::image::TAG;
use crate::failure::Failure;
use crate::process::{Ending, Invocation};
use crate::tools;

/// Its memory of blobs is the whole machine's: it would put another one in a layer's place, whose
/// content is the same and whose compression is podman's.
const PRESERVE: &str = "--preserve-digests";

/// skopeo.
pub(super) struct Skopeo {
    program: PathBuf,
}

impl Skopeo {
    /// Finds the client.
    pub(super) fn prepare() -> Result<Box<dyn Client>, Failure> {
        let program = tools::need("skopeo", "install your system's skopeo package")?;
        Ok(Box::new(Self { program }))
    }

    fn run(&self, user: &User<'_>, words: &[&str]) -> Invocation {
        // Signatures are not what is tried here, and a policy file may not be installed.
        user.invoke(&self.program).args(["--insecure-policy"]).args(words)
    }

    fn push(&self, user: &User<'_>, layout: &Path, rest: &str) -> Invocation {
        let source = format!("oci:{}:{TAG}", layout.display());
        self.run(user, &["copy", "--all", PRESERVE])
            .args(user.if_plain("--dest-tls-verify=false"))
            .args([source, remote(user, rest)])
    }
}

impl Client for Skopeo {
    fn name(&self) -> &'static str {
        "skopeo"
    }

    fn version(&self) -> Result<String, Failure> {
        let version = Invocation::new(&self.program).args(["--version"]).succeed()?.stdout();
        Ok(version.split_whitespace().nth(2).unwrap_or_default().to_owned())
    }

    fn skills(&self) -> &'static [Skill] {
        &[
            Skill::Login,
            Skill::Push,
            Skill::Pull,
            Skill::Copy,
            Skill::Tags,
            Skill::Delete,
            Skill::Index,
        ]
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
            Act::Push(rest) => self.push(user, &user.stage.image.layout, rest).run(),
            Act::PushLarge(rest) => self.push(user, &user.stage.large.layout, rest).run(),
            Act::Index(rest) => self.push(user, &user.stage.index.layout, rest).run(),
            Act::Pull(rest) => {
                let copy = user.folder.join("copy");
                let target = format!("oci:{}:{TAG}", copy.display());
                let pull = self
                    .run(user, &["copy"])
                    .args(user.if_plain("--src-tls-verify=false"))
                    .args([remote(user, rest), target])
                    .run()?;
                if pull.succeeded() {
                    user.stage.image.same_as(&copy)?;
                }
                Ok(pull)
            }
            Act::Copy(from, to) => self
                .run(user, &["copy", PRESERVE])
                .args(user.if_plain("--src-tls-verify=false"))
                .args(user.if_plain("--dest-tls-verify=false"))
                .args([remote(user, from), remote(user, to)])
                .run(),
            Act::Tags(repository) => self
                .run(user, &["list-tags"])
                .args(user.if_plain("--tls-verify=false"))
                .args([remote(user, split(repository).0)])
                .run(),
            Act::Delete(rest) => self
                .run(user, &["delete"])
                .args(user.if_plain("--tls-verify=false"))
                .args([remote(user, rest)])
                .run(),
            Act::Catalog | Act::Attach(_) | Act::Referrers(_) | Act::Sign(_) | Act::Verify(_) => {
                Err(self.cannot(act))
            }
        }
    }
}

fn remote(user: &User<'_>, rest: &str) -> String {
    format!("docker://{}", user.reference(rest))
}
