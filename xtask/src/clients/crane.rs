//! crane, whose login asks the registry nothing: a wrong password shows at the first use.

use std::path::PathBuf;
use std::rc::Rc;

use crate::clients::Scenario;
use crate::clients::stage::{
    Account, IS_DISABLED, MATCHES_NO_ACCOUNT, MAY_NOT_PUSH, OUTSIDE, OUTSIDE_ITS_MAP, Stage,
};
use crate::failure::Failure;
use crate::process::{Ending, Invocation};
use crate::tools::GoTool;

const CRANE: GoTool = GoTool {
    name: "crane",
    package: "github.com/google/go-containerregistry/cmd/crane",
    version: "v0.22.1",
    remedy: "go install github.com/google/go-containerregistry/cmd/crane@v0.22.1",
};

/// What a user does with crane.
pub(super) const SCENARIOS: &[Scenario<Crane>] = &[
    Scenario { name: "crane: a user logs in, and logs out again", play: Crane::logs_in_and_out },
    Scenario {
        name: "crane: a writer pushes an image, and a reader pulls the same one",
        play: Crane::pushes_and_pulls,
    },
    Scenario { name: "crane: a writer copies an image to another repository", play: Crane::copies },
    Scenario { name: "crane: a reader lists repositories and tags", play: Crane::lists },
    Scenario { name: "crane: a writer deletes an image, and it is gone", play: Crane::deletes },
    Scenario { name: "crane: a reader pushes, and reads why not", play: Crane::reader_pushes },
    Scenario {
        name: "crane: a token pulls outside its scope map, and reads why not",
        play: Crane::token_strays,
    },
    Scenario {
        name: "crane: somebody pulls with a wrong password, and reads why not",
        play: Crane::guesses,
    },
    Scenario { name: "crane: a disabled token pulls, and reads why not", play: Crane::is_disabled },
];

/// crane.
pub(super) struct Crane {
    stage: Rc<Stage>,
    program: PathBuf,
}

/// crane with a configuration of its own.
struct Session<'a> {
    crane: &'a Crane,
    folder: PathBuf,
}

impl Crane {
    /// Finds the client, or builds it.
    pub(super) fn prepare(stage: &Rc<Stage>) -> Result<Self, Failure> {
        Ok(Self { stage: Rc::clone(stage), program: CRANE.any()? })
    }

    fn logs_in_and_out(&self) -> Result<(), Failure> {
        let session = self.logged_in(&self.stage.writer)?;
        session.expect_stored(true)?;
        session.run(["auth", "logout", self.stage.host()]).succeed()?;
        session.expect_stored(false)
    }

    fn pushes_and_pulls(&self) -> Result<(), Failure> {
        let reference = self.stage.reference("crane/app:v1");
        self.logged_in(&self.stage.writer)?.push(&reference).succeed()?;
        let session = self.logged_in(&self.stage.reader)?;
        let copy = session.folder.join("copy");
        session.run(["pull", "--format=oci", &reference]).args([&copy]).succeed()?;
        self.stage.image.same_as(&copy)
    }

    fn copies(&self) -> Result<(), Failure> {
        let source = self.stage.reference("crane/source:v1");
        let target = self.stage.reference("crane/target:v1");
        let session = self.logged_in(&self.stage.writer)?;
        session.push(&source).succeed()?;
        session.run(["copy", &source, &target]).succeed()?;
        session.expect_digest(&target)
    }

    fn lists(&self) -> Result<(), Failure> {
        let writer = self.logged_in(&self.stage.writer)?;
        for tag in ["v1", "v2"] {
            let reference = self.stage.reference(&format!("crane/listed:{tag}"));
            writer.push(&reference).succeed()?;
        }
        let reader = self.logged_in(&self.stage.reader)?;
        let tags = reader.run(["ls", &self.stage.reference("crane/listed")]).succeed()?;
        if tags.stdout() != "v1\nv2\n" {
            return Err(tags.unexpected("the tags v1 and v2"));
        }
        let repositories = reader.run(["catalog", self.stage.host()]).succeed()?;
        if repositories.stdout().lines().any(|name| name == "crane/listed") {
            return Ok(());
        }
        Err(repositories.unexpected("the repository crane/listed"))
    }

    fn deletes(&self) -> Result<(), Failure> {
        let reference = self.stage.reference("crane/deleted:v1");
        let session = self.logged_in(&self.stage.writer)?;
        session.push(&reference).succeed()?;
        session.expect_digest(&reference)?;
        let repository = self.stage.reference("crane/deleted");
        let by_digest = format!("{repository}@{}", self.stage.image.digest);
        session.run(["delete", &by_digest]).succeed()?;
        let gone = session.run(["manifest", &reference]).run()?;
        if !gone.succeeded() && gone.text().contains("MANIFEST_UNKNOWN") {
            return Ok(());
        }
        Err(gone.unexpected("`MANIFEST_UNKNOWN`"))
    }

    fn reader_pushes(&self) -> Result<(), Failure> {
        let session = self.logged_in(&self.stage.reader)?;
        let push = session.push(&self.stage.reference("crane/refused:v1")).run()?;
        self.stage.refused(&push, &MAY_NOT_PUSH)
    }

    fn token_strays(&self) -> Result<(), Failure> {
        let pull = self.pull_as(&self.stage.outsider, OUTSIDE)?;
        self.stage.refused(&pull, &OUTSIDE_ITS_MAP)
    }

    fn guesses(&self) -> Result<(), Failure> {
        let pull = self.pull_as(&self.stage.guesser, "crane/app")?;
        self.stage.refused(&pull, &MATCHES_NO_ACCOUNT)
    }

    fn is_disabled(&self) -> Result<(), Failure> {
        let pull = self.pull_as(&self.stage.disabled, "crane/app")?;
        self.stage.refused(&pull, &IS_DISABLED)
    }

    fn pull_as(&self, account: &Account, repository: &str) -> Result<Ending, Failure> {
        let session = self.logged_in(account)?;
        let reference = self.stage.reference(&format!("{repository}:v1"));
        session.run(["pull", "--format=oci", &reference]).args([session.folder.join("copy")]).run()
    }

    fn logged_in(&self, account: &Account) -> Result<Session<'_>, Failure> {
        let session = Session { crane: self, folder: self.stage.folder()? };
        session
            .run(["auth", "login", self.stage.host()])
            .args(["--username", &account.name, "--password-stdin"])
            .input(&account.password)
            .succeed()?;
        Ok(session)
    }
}

impl Session<'_> {
    fn run<const N: usize>(&self, arguments: [&str; N]) -> Invocation {
        Invocation::isolated(&self.crane.program, &self.folder)
            .env("DOCKER_CONFIG", &self.folder)
            .args(arguments)
    }

    fn push(&self, reference: &str) -> Invocation {
        self.run(["push"]).args([&self.crane.stage.image.layout]).args([reference])
    }

    fn expect_digest(&self, reference: &str) -> Result<(), Failure> {
        let found = self.run(["digest", reference]).succeed()?;
        let digest = &self.crane.stage.image.digest;
        if found.stdout().trim() == digest {
            return Ok(());
        }
        Err(found.unexpected(format!("the digest {digest}")))
    }

    fn expect_stored(&self, stored: bool) -> Result<(), Failure> {
        self.crane.stage.expect_stored(&self.folder.join("config.json"), stored)
    }
}
