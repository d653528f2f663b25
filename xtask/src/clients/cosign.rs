//! cosign: a signature by a key of one's own, written into no public log.

use std::path::PathBuf;

use crate::clients::client::{Act, Client, Skill, User};
use crate::failure::Failure;
use crate::process::{Ending, Invocation};
use crate::tools::GoTool;

/// How it is built.
pub(super) const COSIGN: GoTool = GoTool {
    name: "cosign",
    package: "github.com/sigstore/cosign/v2/cmd/cosign",
    version: "v2.6.5",
    remedy: "go install github.com/sigstore/cosign/v2/cmd/cosign@v2.6.5",
};

/// cosign.
pub(super) struct Cosign {
    program: PathBuf,
}

impl Cosign {
    /// Finds the client, or builds it.
    pub(super) fn prepare() -> Result<Box<dyn Client>, Failure> {
        Ok(Box::new(Self { program: COSIGN.any()? }))
    }

    fn run(&self, user: &User<'_>, words: &[&str]) -> Invocation {
        user.invoke(&self.program).env("COSIGN_PASSWORD", "").args(words)
    }

    /// One pair of keys for the whole stage: whoever verifies is not who signed.
    fn keys(&self, user: &User<'_>) -> Result<PathBuf, Failure> {
        let prefix = user.stage.scratch().join("cosign");
        if !prefix.with_extension("pub").is_file() {
            self.run(user, &["generate-key-pair", "--output-key-prefix"])
                .args([&prefix])
                .succeed()?;
        }
        Ok(prefix)
    }
}

impl Client for Cosign {
    fn name(&self) -> &'static str {
        "cosign"
    }

    fn version(&self) -> Result<String, Failure> {
        COSIGN.built_as(&self.program)
    }

    fn skills(&self) -> &'static [Skill] {
        &[Skill::Login, Skill::Sign]
    }

    fn logs_out(&self) -> bool {
        false
    }

    fn act(&self, user: &User<'_>, act: Act<'_>) -> Result<Ending, Failure> {
        match act {
            Act::Login => self
                .run(user, &["login", &user.host, "--username", &user.account.name])
                .args(["--password-stdin"])
                .input(&user.account.password)
                .run(),
            Act::Sign(rest) => {
                let keys = self.keys(user)?;
                self.run(user, &["sign", "--yes", "--tlog-upload=false", "--key"])
                    .args([keys.with_extension("key")])
                    .args(user.if_plain("--allow-http-registry"))
                    .args([user.reference(rest)])
                    .run()
            }
            Act::Verify(rest) => {
                let keys = self.keys(user)?;
                self.run(user, &["verify", "--private-infrastructure", "--key"])
                    .args([keys.with_extension("pub")])
                    .args(user.if_plain("--allow-http-registry"))
                    .args([user.reference(rest)])
                    .run()
            }
            _ => Err(self.cannot(act)),
        }
    }
}
