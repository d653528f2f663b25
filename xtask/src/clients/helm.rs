//! Helm: a chart is what it pushes and pulls.

use std::fs;
use std::path::{Path, PathBuf};

use crate::clients::client::{Act, Client, Skill, User, split};
use crate::clients::image::TAG;
use crate::failure::Failure;
use crate::process::{Ending, Invocation};
use crate::tools::GoTool;

/// How it is built.
pub(super) const HELM: GoTool = GoTool {
    name: "helm",
    package: "helm.sh/helm/v3/cmd/helm",
    version: "v3.22.0",
    remedy: "go install helm.sh/helm/v3/cmd/helm@v3.22.0",
};

const TEMPLATE: &str = "kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: greeting\n";

/// Helm.
pub(super) struct Helm {
    program: PathBuf,
}

impl Helm {
    /// Finds the client, or builds it.
    pub(super) fn prepare() -> Result<Box<dyn Client>, Failure> {
        Ok(Box::new(Self { program: HELM.any()? }))
    }

    fn run(&self, user: &User<'_>, words: &[&str]) -> Invocation {
        let invocation = user
            .invoke(&self.program)
            .env("HELM_REGISTRY_CONFIG", user.folder.join(self.store()))
            .args(words);
        match user.authority() {
            Some(authority) => invocation.args(["--ca-file"]).args([authority]),
            None => invocation.args(user.if_plain("--plain-http")),
        }
    }

    /// Packs a chart, and pushes it; its name is the last part of the repository.
    fn push(&self, user: &User<'_>, rest: &str, ballast: Option<&Path>) -> Result<Ending, Failure> {
        let (parent, name) = parts(rest);
        let folder = user.folder.join(name);
        let write = |file: &str, text: &str| {
            fs::write(folder.join(file), text).map_err(Failure::machine(format!("write {file}")))
        };
        fs::create_dir_all(folder.join("templates")).map_err(Failure::machine("make a chart"))?;
        write("Chart.yaml", &format!("apiVersion: v2\nname: {name}\nversion: {TAG}\n"))?;
        write("templates/greeting.yaml", TEMPLATE)?;
        if let Some(file) = ballast {
            // Helm takes single files of 5 MiB at most.
            let bytes = fs::read(file).map_err(Failure::machine("read a layer"))?;
            for (number, part) in bytes.chunks(3 << 20).enumerate() {
                fs::write(folder.join(format!("part-{number}")), part)
                    .map_err(Failure::machine("write a part of a chart"))?;
            }
        }
        user.invoke(&self.program).args(["package", name]).succeed()?;
        let chart = format!("{name}-{TAG}.tgz");
        let target = format!("oci://{}", user.reference(parent));
        self.run(user, &["push", &chart, &target]).run()
    }
}

impl Client for Helm {
    fn name(&self) -> &'static str {
        "helm"
    }

    fn version(&self) -> Result<String, Failure> {
        HELM.built_as(&self.program)
    }

    fn skills(&self) -> &'static [Skill] {
        &[Skill::Login, Skill::Push, Skill::Pull]
    }

    fn act(&self, user: &User<'_>, act: Act<'_>) -> Result<Ending, Failure> {
        match act {
            Act::Login => self
                .run(user, &["registry", "login", &user.host])
                .args(["--username", &user.account.name, "--password-stdin"])
                .input(&user.account.password)
                .run(),
            // It asks nobody, and so takes no options about how.
            Act::Logout => user
                .invoke(&self.program)
                .env("HELM_REGISTRY_CONFIG", user.folder.join(self.store()))
                .args(["registry", "logout", &user.host])
                .run(),
            Act::Push(rest) => self.push(user, rest, None),
            Act::PushLarge(rest) => self.push(user, rest, Some(&user.stage.large.layer)),
            Act::Pull(rest) => {
                let (repository, tag) = split(rest);
                let chart = format!("oci://{}", user.reference(repository));
                let words = ["pull", &chart, "--version", tag, "--untar", "--untardir", "copy"];
                let pull = self.run(user, &words).run()?;
                let greeting = user.folder.join("copy").join(parts(rest).1);
                let greeting = fs::read_to_string(greeting.join("templates/greeting.yaml"));
                if pull.succeeded() && greeting.ok().as_deref() != Some(TEMPLATE) {
                    return Err(pull.unexpected("the chart that was pushed"));
                }
                Ok(pull)
            }
            Act::Copy(..)
            | Act::Catalog
            | Act::Tags(_)
            | Act::Delete(_)
            | Act::Index(_)
            | Act::Attach(_)
            | Act::Referrers(_)
            | Act::Sign(_)
            | Act::Verify(_) => Err(self.cannot(act)),
        }
    }
}

/// What Helm calls the registry's part of a chart's name, and the chart's own name.
fn parts(rest: &str) -> (&str, &str) {
    let (repository, _) = split(rest);
    repository.rsplit_once('/').unwrap_or(("", repository))
}
