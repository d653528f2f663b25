//! skopeo: from an OCI layout and back.

use std::path::PathBuf;
use std::rc::Rc;

use crate::clients::Scenario;
use crate::clients::image::TAG;
use crate::clients::stage::{
    Account, IS_DISABLED, MATCHES_NO_ACCOUNT, MAY_NOT_PUSH, OUTSIDE, OUTSIDE_ITS_MAP, Stage,
};
use crate::failure::Failure;
use crate::process::{Ending, Invocation};
use crate::tools;

/// What a user does with skopeo.
pub(super) const SCENARIOS: &[Scenario<Skopeo>] = &[
    Scenario { name: "skopeo: a user logs in, and logs out again", play: Skopeo::logs_in_and_out },
    Scenario {
        name: "skopeo: a writer copies an image in, and a reader copies the same one out",
        play: Skopeo::copies,
    },
    Scenario { name: "skopeo: a reader lists the tags of a repository", play: Skopeo::lists },
    Scenario { name: "skopeo: a writer deletes an image, and it is gone", play: Skopeo::deletes },
    Scenario { name: "skopeo: a reader pushes, and reads why not", play: Skopeo::reader_pushes },
    Scenario {
        name: "skopeo: a token pulls outside its scope map, and reads why not",
        play: Skopeo::token_strays,
    },
    Scenario {
        name: "skopeo: somebody logs in with a wrong password, and is refused",
        play: Skopeo::guesses_at_login,
    },
    Scenario {
        name: "skopeo: somebody pulls with a wrong password, and reads why not",
        play: Skopeo::guesses,
    },
    Scenario {
        name: "skopeo: a disabled token pulls, and reads why not",
        play: Skopeo::is_disabled,
    },
];

/// skopeo.
pub(super) struct Skopeo {
    stage: Rc<Stage>,
    program: PathBuf,
}

/// skopeo with a configuration of its own.
struct Session<'a> {
    skopeo: &'a Skopeo,
    folder: PathBuf,
}

impl Skopeo {
    /// Finds the client.
    pub(super) fn prepare(stage: &Rc<Stage>) -> Result<Self, Failure> {
        Ok(Self {
            stage: Rc::clone(stage),
            program: tools::need("skopeo", "install your system's skopeo package")?,
        })
    }

    fn logs_in_and_out(&self) -> Result<(), Failure> {
        let session = self.logged_in(&self.stage.writer)?;
        session.expect_stored(true)?;
        session.run(["logout", self.stage.host()]).succeed()?;
        session.expect_stored(false)
    }

    fn copies(&self) -> Result<(), Failure> {
        self.logged_in(&self.stage.writer)?.push("skopeo/app:v1")?;
        let session = self.logged_in(&self.stage.reader)?;
        let copy = session.folder.join("copy");
        let target = format!("oci:{}:{TAG}", copy.display());
        session
            .run(["copy", "--src-tls-verify=false"])
            .args([self.remote("skopeo/app:v1"), target])
            .succeed()?;
        self.stage.image.same_as(&copy)
    }

    fn lists(&self) -> Result<(), Failure> {
        let writer = self.logged_in(&self.stage.writer)?;
        writer.push("skopeo/listed:v1")?;
        writer.push("skopeo/listed:v2")?;
        let list = self
            .logged_in(&self.stage.reader)?
            .run(["list-tags", "--tls-verify=false"])
            .args([self.remote("skopeo/listed")])
            .succeed()?;
        let found: serde_json::Value =
            serde_json::from_slice(list.bytes()).unwrap_or(serde_json::Value::Null);
        if found.get("Tags") == Some(&serde_json::json!(["v1", "v2"])) {
            return Ok(());
        }
        Err(list.unexpected("the tags v1 and v2"))
    }

    fn deletes(&self) -> Result<(), Failure> {
        let session = self.logged_in(&self.stage.writer)?;
        session.push("skopeo/deleted:v1")?;
        session.inspect("skopeo/deleted:v1").succeed()?;
        session
            .run(["delete", "--tls-verify=false"])
            .args([self.remote("skopeo/deleted:v1")])
            .succeed()?;
        let gone = session.inspect("skopeo/deleted:v1").run()?;
        if !gone.succeeded() && gone.text().contains("manifest unknown") {
            return Ok(());
        }
        Err(gone.unexpected("`manifest unknown`"))
    }

    fn reader_pushes(&self) -> Result<(), Failure> {
        let session = self.logged_in(&self.stage.reader)?;
        let push = session.push_command("skopeo/refused:v1").run()?;
        self.stage.refused(&push, &MAY_NOT_PUSH)
    }

    fn token_strays(&self) -> Result<(), Failure> {
        let session = self.logged_in(&self.stage.outsider)?;
        let pull = session.inspect(&format!("{OUTSIDE}:v1")).run()?;
        self.stage.refused(&pull, &OUTSIDE_ITS_MAP)
    }

    /// Its login has words of its own for every 401, and drops those of the registry.
    fn guesses_at_login(&self) -> Result<(), Failure> {
        let login = self.session()?.login(&self.stage.guesser)?;
        if !login.succeeded() && login.text().contains("invalid username/password") {
            return Ok(());
        }
        Err(login.unexpected("`invalid username/password`"))
    }

    fn guesses(&self) -> Result<(), Failure> {
        let pull = self.pull_as(&self.stage.guesser)?;
        self.stage.refused(&pull, &MATCHES_NO_ACCOUNT)
    }

    fn is_disabled(&self) -> Result<(), Failure> {
        let pull = self.pull_as(&self.stage.disabled)?;
        self.stage.refused(&pull, &IS_DISABLED)
    }

    fn pull_as(&self, account: &Account) -> Result<Ending, Failure> {
        let credentials = format!("{}:{}", account.name, account.password);
        self.session()?.inspect("skopeo/app:v1").args(["--creds", &credentials]).run()
    }

    fn remote(&self, rest: &str) -> String {
        format!("docker://{}", self.stage.reference(rest))
    }

    fn session(&self) -> Result<Session<'_>, Failure> {
        Ok(Session { skopeo: self, folder: self.stage.folder()? })
    }

    fn logged_in(&self, account: &Account) -> Result<Session<'_>, Failure> {
        let session = self.session()?;
        let login = session.login(account)?;
        if login.succeeded() { Ok(session) } else { Err(login.failure()) }
    }
}

impl Session<'_> {
    fn run<const N: usize>(&self, arguments: [&str; N]) -> Invocation {
        Invocation::isolated(&self.skopeo.program, &self.folder)
            .env("REGISTRY_AUTH_FILE", self.store())
            .env("XDG_RUNTIME_DIR", &self.folder)
            // Signatures are not what is tried here, and a policy file may not be installed.
            .args(["--insecure-policy"])
            .args(arguments)
    }

    fn login(&self, account: &Account) -> Result<Ending, Failure> {
        self.run(["login", "--tls-verify=false"])
            .args(["--username", &account.name, "--password-stdin"])
            .args([self.skopeo.stage.host()])
            .input(&account.password)
            .run()
    }

    fn push(&self, rest: &str) -> Result<(), Failure> {
        self.push_command(rest).succeed().map(|_| ())
    }

    fn push_command(&self, rest: &str) -> Invocation {
        let layout = self.skopeo.stage.image.layout.display();
        self.run(["copy", "--dest-tls-verify=false"])
            .args([format!("oci:{layout}:{TAG}"), self.skopeo.remote(rest)])
    }

    fn inspect(&self, rest: &str) -> Invocation {
        self.run(["inspect", "--tls-verify=false"]).args([self.skopeo.remote(rest)])
    }

    fn store(&self) -> PathBuf {
        self.folder.join("auth.json")
    }

    fn expect_stored(&self, stored: bool) -> Result<(), Failure> {
        self.skopeo.stage.expect_stored(&self.store(), stored)
    }
}
