//! oras: files, and what refers to them.

use std::fs;
use std::path::PathBuf;
use std::rc::Rc;

use crate::clients::Scenario;
use crate::clients::stage::{
    Account, IS_DISABLED, MATCHES_NO_ACCOUNT, MAY_NOT_PUSH, OUTSIDE, OUTSIDE_ITS_MAP, Stage,
};
use crate::failure::Failure;
use crate::process::{Ending, Invocation};
use crate::tools::GoTool;

const ORAS: GoTool = GoTool {
    name: "oras",
    package: "oras.land/oras/cmd/oras",
    version: "v1.3.6",
    remedy: "go install oras.land/oras/cmd/oras@v1.3.6",
};

const NOTE: &str = "note.txt";
const WORDS: &[u8] = b"where you show who you are before you board\n";
const SIGNATURE: &str = "application/vnd.example.signature";

/// What a user does with oras.
pub(super) const SCENARIOS: &[Scenario<Oras>] = &[
    Scenario { name: "oras: a user logs in, and logs out again", play: Oras::logs_in_and_out },
    Scenario {
        name: "oras: a writer pushes a file, and a reader pulls the same one",
        play: Oras::pushes_and_pulls,
    },
    Scenario {
        name: "oras: a writer attaches a signature, and a reader finds it",
        play: Oras::attaches,
    },
    Scenario { name: "oras: a reader lists repositories and tags", play: Oras::lists },
    Scenario { name: "oras: a writer deletes a manifest, and it is gone", play: Oras::deletes },
    Scenario { name: "oras: a reader pushes, and reads why not", play: Oras::reader_pushes },
    Scenario {
        name: "oras: a token pulls outside its scope map, and reads why not",
        play: Oras::token_strays,
    },
    Scenario {
        name: "oras: somebody logs in with a wrong password, and reads why not",
        play: Oras::guesses,
    },
    Scenario { name: "oras: a disabled token logs in, and reads why not", play: Oras::is_disabled },
];

/// oras.
pub(super) struct Oras {
    stage: Rc<Stage>,
    program: PathBuf,
}

/// oras with a configuration of its own.
struct Session<'a> {
    oras: &'a Oras,
    folder: PathBuf,
}

impl Oras {
    /// Finds the client, or builds it.
    pub(super) fn prepare(stage: &Rc<Stage>) -> Result<Self, Failure> {
        Ok(Self { stage: Rc::clone(stage), program: ORAS.any()? })
    }

    fn logs_in_and_out(&self) -> Result<(), Failure> {
        let session = self.logged_in(&self.stage.writer)?;
        session.expect_stored(true)?;
        session.run(["logout", self.stage.host()]).succeed()?;
        session.expect_stored(false)
    }

    fn pushes_and_pulls(&self) -> Result<(), Failure> {
        let reference = self.stage.reference("oras/notes:v1");
        self.logged_in(&self.stage.writer)?.push(&reference).succeed()?;
        let session = self.logged_in(&self.stage.reader)?;
        let copy = self.stage.folder()?;
        let pull = session
            .run(["pull", "--plain-http", &reference, "--output"])
            .args([&copy])
            .succeed()?;
        let pulled = fs::read(copy.join(NOTE)).map_err(Failure::machine("read what was pulled"))?;
        if pulled == WORDS {
            return Ok(());
        }
        Err(pull.unexpected("the same bytes"))
    }

    fn attaches(&self) -> Result<(), Failure> {
        let reference = self.stage.reference("oras/signed:v1");
        let writer = self.logged_in(&self.stage.writer)?;
        writer.push(&reference).succeed()?;
        writer
            .run(["attach", "--plain-http", "--artifact-type", SIGNATURE])
            .args([&*reference, NOTE])
            .succeed()?;
        let found = self
            .logged_in(&self.stage.reader)?
            .run(["discover", "--plain-http", "--format", "json"])
            .args(["--artifact-type", SIGNATURE, &*reference])
            .succeed()?;
        if found.stdout().contains(SIGNATURE) {
            return Ok(());
        }
        Err(found.unexpected(format!("a referrer of the type {SIGNATURE}")))
    }

    fn lists(&self) -> Result<(), Failure> {
        let writer = self.logged_in(&self.stage.writer)?;
        for tag in ["v1", "v2"] {
            let reference = self.stage.reference(&format!("oras/listed:{tag}"));
            writer.push(&reference).succeed()?;
        }
        let reader = self.logged_in(&self.stage.reader)?;
        let tags = reader
            .run(["repo", "tags", "--plain-http"])
            .args([self.stage.reference("oras/listed")])
            .succeed()?;
        if tags.stdout() != "v1\nv2\n" {
            return Err(tags.unexpected("the tags v1 and v2"));
        }
        let repositories =
            reader.run(["repo", "ls", "--plain-http", self.stage.host()]).succeed()?;
        if repositories.stdout().lines().any(|name| name == "oras/listed") {
            return Ok(());
        }
        Err(repositories.unexpected("the repository oras/listed"))
    }

    fn deletes(&self) -> Result<(), Failure> {
        let reference = self.stage.reference("oras/deleted:v1");
        let session = self.logged_in(&self.stage.writer)?;
        session.push(&reference).succeed()?;
        session.run(["manifest", "delete", "--plain-http", "--force", &reference]).succeed()?;
        let gone = session.run(["manifest", "fetch", "--plain-http", &reference]).run()?;
        if !gone.succeeded() && gone.text().contains("not found") {
            return Ok(());
        }
        Err(gone.unexpected("`not found`"))
    }

    fn reader_pushes(&self) -> Result<(), Failure> {
        let session = self.logged_in(&self.stage.reader)?;
        let push = session.push(&self.stage.reference("oras/refused:v1")).run()?;
        self.stage.refused(&push, &MAY_NOT_PUSH)
    }

    fn token_strays(&self) -> Result<(), Failure> {
        let session = self.logged_in(&self.stage.outsider)?;
        let reference = self.stage.reference(&format!("{OUTSIDE}:v1"));
        let pull = session.run(["pull", "--plain-http", &reference]).run()?;
        self.stage.refused(&pull, &OUTSIDE_ITS_MAP)
    }

    fn guesses(&self) -> Result<(), Failure> {
        let login = self.session()?.login(&self.stage.guesser)?;
        self.stage.refused(&login, &MATCHES_NO_ACCOUNT)
    }

    fn is_disabled(&self) -> Result<(), Failure> {
        let login = self.session()?.login(&self.stage.disabled)?;
        self.stage.refused(&login, &IS_DISABLED)
    }

    fn session(&self) -> Result<Session<'_>, Failure> {
        let folder = self.stage.folder()?;
        fs::write(folder.join(NOTE), WORDS).map_err(Failure::machine("write a note"))?;
        Ok(Session { oras: self, folder })
    }

    fn logged_in(&self, account: &Account) -> Result<Session<'_>, Failure> {
        let session = self.session()?;
        let login = session.login(account)?;
        if login.succeeded() { Ok(session) } else { Err(login.failure()) }
    }
}

impl Session<'_> {
    fn run<const N: usize>(&self, arguments: [&str; N]) -> Invocation {
        Invocation::isolated(&self.oras.program, &self.folder)
            .env("DOCKER_CONFIG", &self.folder)
            .within(&self.folder)
            .args(arguments)
    }

    fn login(&self, account: &Account) -> Result<Ending, Failure> {
        self.run(["login", "--plain-http", self.oras.stage.host()])
            .args(["--username", &account.name, "--password-stdin"])
            .input(&account.password)
            .run()
    }

    fn push(&self, reference: &str) -> Invocation {
        self.run(["push", "--plain-http", reference]).args([format!("{NOTE}:text/plain")])
    }

    fn expect_stored(&self, stored: bool) -> Result<(), Failure> {
        self.oras.stage.expect_stored(&self.folder.join("config.json"), stored)
    }
}
