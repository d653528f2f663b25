//! Azure's SDKs for registries, which insist on TLS: every operation of their clients, by an
//! identity of Naru's directory and by nobody.
//!
//! The scripts beside this file do the operations, check what comes back, and fail where one was
//! left out; this module installs the SDKs under `target/tools` and plays the scripts.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::clients::Scenario;
use crate::clients::client::split;
use crate::clients::record::Record;
use crate::clients::refusals::{Refusal, Seen};
use crate::clients::registry::{Account, Registry};
use crate::clients::stage::{LOCKED, Stage, THERE};
use crate::failure::Failure;
use crate::process::Invocation;
use crate::tools;

/// How an SDK is found, or installed.
type Prepare = fn() -> Result<Sdk, Failure>;

/// The refusals that are tried with each: those of a registry over TLS.
pub(super) const REFUSED: [Refusal; 8] = [
    Refusal::WrongPassword,
    Refusal::ExpiredSecret,
    Refusal::NoPush,
    Refusal::NoPull,
    Refusal::NoDelete,
    Refusal::NoListing,
    Refusal::DeniedAddress,
    Refusal::LockedTag,
];

/// Something that is done with an SDK.
type Play = fn(&Sdk, &Stage) -> Result<(), Failure>;

/// The SDKs.
pub(super) const SDKS: [(&str, Prepare); 2] =
    [("azure-python", Sdk::python), ("azure-javascript", Sdk::javascript)];

const PYTHON: &str = include_str!("sdk.py");
const JAVASCRIPT: &str = include_str!("sdk.cjs");
const PYTHON_PACKAGES: [&str; 2] = ["azure-containerregistry==1.2.0", "azure-identity==1.27.0"];
const JAVASCRIPT_PACKAGES: [&str; 2] =
    ["@azure/container-registry@1.1.2", "@azure/identity@4.14.1"];

/// An SDK that is installed.
pub(super) struct Sdk {
    name: &'static str,
    packages_named: [&'static str; 2],
    program: PathBuf,
    script: (&'static str, &'static str),
    /// How its language is told of a certificate authority.
    authority: &'static str,
    /// Where its packages are, for a language that has to be told.
    packages: Option<PathBuf>,
}

impl Sdk {
    fn python() -> Result<Self, Failure> {
        let folder = tools::folder_of("azure-python");
        let program = folder.join("bin/python");
        install(&folder, &PYTHON_PACKAGES, || {
            let remedy = "install your system's python3 and python3-venv";
            let python = tools::need("python3", remedy)?;
            Invocation::new(python).args(["-m", "venv"]).args([&folder]).succeed()?;
            Ok(Invocation::new(&program).args(["-m", "pip", "install", "--quiet"]))
        })?;
        let script = ("sdk.py", PYTHON);
        let authority = "REQUESTS_CA_BUNDLE";
        let packages_named = PYTHON_PACKAGES;
        let name = "azure-python";
        Ok(Self { name, packages_named, program, script, authority, packages: None })
    }

    fn javascript() -> Result<Self, Failure> {
        let folder = tools::folder_of("azure-javascript");
        let program = tools::need("node", "install your system's nodejs, 20 or later")?;
        install(&folder, &JAVASCRIPT_PACKAGES, || {
            let npm = tools::need("npm", "install your system's npm")?;
            fs::create_dir_all(&folder).map_err(Failure::machine("make a folder for an SDK"))?;
            Ok(Invocation::new(npm).args(["install", "--silent", "--prefix"]).args([&folder]))
        })?;
        let script = ("sdk.cjs", JAVASCRIPT);
        let packages = Some(folder.join("node_modules"));
        let authority = "NODE_EXTRA_CA_CERTS";
        let packages_named = JAVASCRIPT_PACKAGES;
        let name = "azure-javascript";
        Ok(Self { name, packages_named, program, script, authority, packages })
    }

    /// What is played with it.
    pub(super) fn scenarios<'a>(&'a self, stage: &'a Stage) -> Vec<Scenario<'a>> {
        let plays: [(&str, Play); 3] = [
            ("an identity does every operation", Self::by_an_identity),
            ("where anybody may pull, nobody reads all and changes nothing", Self::by_nobody),
            ("without its authority, nothing is said to it", Self::distrusts),
        ];
        plays
            .into_iter()
            .map(|(what, play)| Scenario {
                name: format!("{}: over TLS: {what}", self.name),
                play: Box::new(move || play(self, stage)),
            })
            .collect()
    }

    fn by_an_identity(&self, stage: &Stage) -> Result<(), Failure> {
        self.run(stage, "identity", true)?.succeed().map(|_| ())
    }

    fn by_nobody(&self, stage: &Stage) -> Result<(), Failure> {
        let pull = |enabled: &str| {
            let words = ["registry", "update", "--anonymous-pull-enabled", enabled];
            stage.tls.server().admin(&words).succeed()
        };
        pull("true")?;
        let outcome = self.run(stage, "nobody", true)?.succeed();
        pull("false")?;
        outcome.map(|_| ())
    }

    fn distrusts(&self, stage: &Stage) -> Result<(), Failure> {
        let ending = self.run(stage, "nobody", false)?.run()?;
        if !ending.succeeded() && ending.text().to_lowercase().contains("certificate") {
            return Ok(());
        }
        Err(ending.unexpected("a complaint about the certificate"))
    }

    /// What was tried, for the record.
    pub(super) fn introduction(&self) -> String {
        format!("Tried with {}: every operation.", self.packages_named.join(" and "))
    }

    /// Lets a refusal happen, checks that the reason shows, and notes what the exception says.
    pub(super) fn shown(
        &self,
        refusal: Refusal,
        stage: &Stage,
        record: &mut Record,
        compare: bool,
    ) -> Result<(), Failure> {
        let registry = &stage.tls;
        let (role, step, repository) = match refusal {
            Refusal::NoPush => ("AcrPull", "push", THERE),
            Refusal::NoPull => ("AcrDelete", "pull", THERE),
            Refusal::NoDelete => ("AcrPush", "delete", THERE),
            Refusal::NoListing => ("AcrDelete", "list tags", THERE),
            Refusal::LockedTag => ("Contributor", "push by tag", LOCKED),
            _ => ("AcrPull", "list tags", THERE),
        };
        let mut who = match refusal {
            Refusal::ExpiredSecret => registry.expired.clone(),
            _ => registry.principal(&format!("{}-{refusal:?}", self.name), role)?,
        };
        if refusal == Refusal::WrongPassword {
            who.password.clone_from(&registry.guesser.password);
        }
        let action = |action| {
            let words = ["registry", "update", "--default-action", action];
            registry.server().admin(&words).succeed()
        };
        let walled = refusal == Refusal::DeniedAddress;
        if walled {
            action("deny")?;
        }
        let ending = self
            .run(stage, "refused", true)
            .map(|invocation| identify(registry, &who, invocation))
            .and_then(|one| one.env("NARU_THERE", split(repository).0).args([step]).run());
        if walled {
            action("allow")?;
        }
        let ending = ending?;
        if ending.succeeded() {
            return Err(ending.unexpected("a refusal"));
        }
        let text = ending.text();
        let place = refusal.place(&text, registry)?;
        let seen = Seen { text, step: step.to_owned(), place };
        refusal.note(&seen, self.name, (stage, registry), record, compare)
    }

    fn run(&self, stage: &Stage, who: &str, trusting: bool) -> Result<Invocation, Failure> {
        let folder = stage.folder()?;
        let (name, text) = self.script;
        let script = folder.join(name);
        fs::write(&script, text).map_err(Failure::machine("write the script of an SDK"))?;
        let mut invocation = Invocation::isolated(&self.program, &folder)
            .env("NARU_ENDPOINT", format!("https://{}", stage.tls.host()))
            .env("NARU_THERE", split(THERE).0)
            // Nothing is told to anybody else.
            .env("AZURE_TELEMETRY_DISABLED", "true")
            .patience(Duration::from_mins(5));
        if let Some(authority) = stage.tls.authority().filter(|_| trusting) {
            invocation = invocation.env(self.authority, authority);
        }
        if let Some(packages) = &self.packages {
            invocation = invocation.env("NODE_PATH", packages);
        }
        if who == "identity" {
            let made = stage.tls.principal(self.name, "Contributor")?;
            invocation = identify(&stage.tls, &made, invocation);
        }
        Ok(invocation.args([&script]).args([who]))
    }
}

/// Tells an SDK who it speaks for.
fn identify(registry: &Registry, who: &Account, to: Invocation) -> Invocation {
    to.env("NARU_TENANT", registry.tenant())
        .env("NARU_CLIENT_ID", &who.name)
        .env("NARU_CLIENT_SECRET", &who.password)
}

/// Installs `packages` into `folder`, unless exactly these are there.
fn install(
    folder: &Path,
    packages: &[&str],
    installer: impl FnOnce() -> Result<Invocation, Failure>,
) -> Result<(), Failure> {
    let (stamp, wanted) = (folder.join("naru-packages"), packages.join("\n"));
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    installer()?.args(packages).patience(Duration::from_mins(10)).succeed()?;
    fs::write(&stamp, wanted).map_err(Failure::machine("note what is installed"))
}
