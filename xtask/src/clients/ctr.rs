//! containerd and its `ctr`, which has no login: name and password stand in every command.

use std::fs;
use std::path::{Path, PathBuf};

use crate::clients::client::{Act, Client, Skill, User, split};
use crate::clients::daemon::Daemon;
use crate::clients::stage::Stage;
use crate::failure::Failure;
use crate::process::{Ending, Invocation};
use crate::tools;

/// ctr, with a containerd that is started for it.
pub(super) struct Ctr {
    program: PathBuf,
    address: PathBuf,
    _daemon: Daemon,
}

impl Ctr {
    /// Finds the client, and starts its containerd.
    pub(super) fn prepare(stage: &Stage) -> Result<Box<dyn Client>, Failure> {
        let remedy = "install your system's containerd package";
        let program = tools::need("ctr", remedy)?;
        let containerd = tools::need("containerd", remedy)?;
        tools::need_root("containerd")?;
        let folder = stage.folder()?;
        let address = folder.join("containerd.sock");
        let settings = folder.join("containerd.toml");
        // No Kubernetes, and nothing that wants a mount of its own.
        fs::write(&settings, "version = 2\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n")
            .map_err(Failure::machine("write containerd's settings"))?;
        let place = |name: &str| folder.join(name).display().to_string();
        let options = [
            format!("--config={}", settings.display()),
            format!("--root={}", place("root")),
            format!("--state={}", place("state")),
            format!("--address={}", address.display()),
        ];
        let daemon = Daemon::start(&containerd, &options, &[], &folder)?;
        daemon.answers(&program, &["--address", &address.display().to_string(), "version"])?;
        Ok(Box::new(Self { program, address, _daemon: daemon }))
    }

    fn run(&self, user: &User<'_>, words: &[&str]) -> Invocation {
        user.invoke(&self.program).args(["--address"]).args([&self.address]).args(words)
    }

    /// What each command that speaks to the registry is told.
    fn remote(&self, user: &User<'_>, words: &[&str]) -> Result<Invocation, Failure> {
        let login = format!("{}:{}", user.account.name, user.account.password);
        let mut invocation = self.run(user, words).args(["--user", &login]);
        if !user.in_plain() {
            // Without this it would speak plain HTTP to an address on loopback.
            let hosts = user.folder.join("certs.d");
            describe(&hosts.join(&user.host), &user.host, user.authority())?;
            invocation = invocation.args(["--hosts-dir"]).args([hosts]);
        }
        Ok(invocation.args(user.if_plain("--plain-http")))
    }

    fn push(&self, user: &User<'_>, archive: &Path, rest: &str) -> Result<Ending, Failure> {
        let (repository, _) = split(rest);
        self.run(user, &["images", "import", "--no-unpack", "--all-platforms"])
            .args(["--base-name", &user.reference(repository)])
            .args([archive])
            .succeed()?;
        self.remote(user, &["images", "push"])?.args([user.reference(rest)]).run()
    }
}

impl Client for Ctr {
    fn name(&self) -> &'static str {
        "ctr"
    }

    fn version(&self) -> Result<String, Failure> {
        let version = Invocation::new(&self.program).args(["--version"]).succeed()?.stdout();
        Ok(version.split_whitespace().last().unwrap_or_default().to_owned())
    }

    fn skills(&self) -> &'static [Skill] {
        &[Skill::Push, Skill::Pull, Skill::Index]
    }

    fn act(&self, user: &User<'_>, act: Act<'_>) -> Result<Ending, Failure> {
        match act {
            Act::Push(rest) => self.push(user, &user.stage.image.archive, rest),
            Act::PushLarge(rest) => self.push(user, &user.stage.large.archive, rest),
            Act::Index(rest) => self.push(user, &user.stage.index.archive, rest),
            Act::Pull(rest) => {
                let name = user.reference(rest);
                // What a push left behind would be there without any pull.
                self.run(user, &["images", "rm", "--sync", &name]).run()?;
                let pull = self
                    .remote(user, &["images", "pull", "--snapshotter=native"])?
                    .args(["--platform=linux/amd64", &name])
                    .run()?;
                if pull.succeeded() {
                    let listed = self.run(user, &["images", "list"]).succeed()?;
                    let digest = &user.stage.image.digest;
                    let is_it = |line: &str| line.contains(&name) && line.contains(digest);
                    if !listed.stdout().lines().any(is_it) {
                        return Err(listed.unexpected(format!("{name} to be {digest}")));
                    }
                }
                Ok(pull)
            }
            _ => Err(self.cannot(act)),
        }
    }
}

/// Writes what containerd reads of a registry below `certs.d`.
fn describe(folder: &Path, host: &str, authority: Option<&Path>) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(Failure::machine("make a folder for containerd"))?;
    let ca = authority.map(|authority| format!("  ca = \"{}\"\n", authority.display()));
    let ca = ca.unwrap_or_default();
    let text = format!("server = \"https://{host}\"\n\n[host.\"https://{host}\"]\n{ca}");
    fs::write(folder.join("hosts.toml"), text).map_err(Failure::machine("write hosts.toml"))
}
