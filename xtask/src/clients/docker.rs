//! docker, with an engine that is started for it.

use std::path::PathBuf;
use std::rc::Rc;

use crate::clients::Scenario;
use crate::clients::engine::Engine;
use crate::clients::stage::{
    Account, INSIDE, IS_DISABLED, MATCHES_NO_ACCOUNT, MAY_NOT_PUSH, OUTSIDE, OUTSIDE_ITS_MAP, Stage,
};
use crate::failure::Failure;
use crate::process::{Ending, Invocation};
use crate::tools;

/// What a user does with docker.
pub(super) const SCENARIOS: &[Scenario<Docker>] = &[
    Scenario { name: "docker: a user logs in, and logs out again", play: Docker::logs_in_and_out },
    Scenario {
        name: "docker: a writer pushes an image, and a reader pulls the same one",
        play: Docker::pushes_and_pulls,
    },
    Scenario {
        name: "docker: a token pushes and pulls within its scope map",
        play: Docker::stays_within_a_map,
    },
    Scenario { name: "docker: a reader pushes, and reads why not", play: Docker::reader_pushes },
    Scenario {
        name: "docker: a token pulls outside its scope map, and reads why not",
        play: Docker::token_strays,
    },
    Scenario {
        name: "docker: somebody logs in with a wrong password, and reads why not",
        play: Docker::guesses,
    },
    Scenario {
        name: "docker: a disabled token logs in, and reads why not",
        play: Docker::is_disabled,
    },
];

/// docker and its engine.
pub(super) struct Docker {
    stage: Rc<Stage>,
    program: PathBuf,
    engine: Engine,
}

/// docker with a configuration of its own.
struct Session<'a> {
    docker: &'a Docker,
    folder: PathBuf,
}

impl Docker {
    /// Finds the client, and starts the engine.
    pub(super) fn prepare(stage: &Rc<Stage>) -> Result<Self, Failure> {
        let program = tools::need("docker", "install your system's docker (docker.io)")?;
        let engine = Engine::start(&program, &stage.folder()?)?;
        Ok(Self { stage: Rc::clone(stage), program, engine })
    }

    fn logs_in_and_out(&self) -> Result<(), Failure> {
        let session = self.session()?;
        let login = session.login(&self.stage.writer)?;
        if !login.text().contains("Login Succeeded") {
            return Err(login.unexpected("`Login Succeeded`"));
        }
        session.expect_stored(true)?;
        session.run(["logout", self.stage.host()]).succeed()?;
        session.expect_stored(false)
    }

    fn pushes_and_pulls(&self) -> Result<(), Failure> {
        let reference = self.stage.reference("docker/app:v1");
        let writer = self.logged_in(&self.stage.writer)?;
        let id = writer.import(&reference)?;
        writer.run(["push", &reference]).succeed()?;
        writer.run(["image", "rm", &reference]).succeed()?;
        let reader = self.logged_in(&self.stage.reader)?;
        reader.run(["pull", &reference]).succeed()?;
        reader.expect_id(&reference, &id)
    }

    fn stays_within_a_map(&self) -> Result<(), Failure> {
        let reference = self.stage.reference(&format!("{INSIDE}:docker"));
        let session = self.logged_in(&self.stage.outsider)?;
        let id = session.import(&reference)?;
        session.run(["push", &reference]).succeed()?;
        session.run(["image", "rm", &reference]).succeed()?;
        session.run(["pull", &reference]).succeed()?;
        session.expect_id(&reference, &id)
    }

    fn reader_pushes(&self) -> Result<(), Failure> {
        let reference = self.stage.reference("docker/refused:v1");
        let session = self.logged_in(&self.stage.reader)?;
        session.import(&reference)?;
        let push = session.run(["push", &reference]).run()?;
        self.stage.refused(&push, &MAY_NOT_PUSH)
    }

    fn token_strays(&self) -> Result<(), Failure> {
        let session = self.logged_in(&self.stage.outsider)?;
        let reference = self.stage.reference(&format!("{OUTSIDE}:v1"));
        let pull = session.run(["pull", &reference]).run()?;
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
        Ok(Session { docker: self, folder: self.stage.folder()? })
    }

    fn logged_in(&self, account: &Account) -> Result<Session<'_>, Failure> {
        let session = self.session()?;
        let login = session.login(account)?;
        if login.succeeded() { Ok(session) } else { Err(login.failure()) }
    }
}

impl Session<'_> {
    fn run<const N: usize>(&self, arguments: [&str; N]) -> Invocation {
        Invocation::isolated(&self.docker.program, &self.folder)
            .env("DOCKER_HOST", self.docker.engine.address())
            .env("DOCKER_CONFIG", &self.folder)
            .args(arguments)
    }

    fn login(&self, account: &Account) -> Result<Ending, Failure> {
        let host = self.docker.stage.host();
        self.run(["login", "--username", &account.name, "--password-stdin", host])
            .input(&account.password)
            .run()
    }

    /// Makes an image without any network, and says what its id is.
    fn import(&self, reference: &str) -> Result<String, Failure> {
        let layer = self.docker.stage.image.layer.display().to_string();
        self.run(["import", &layer, reference]).succeed()?;
        self.id(reference)
    }

    fn id(&self, reference: &str) -> Result<String, Failure> {
        let found = self.run(["image", "inspect", "--format", "{{.Id}}", reference]).succeed()?;
        Ok(found.stdout().trim().to_owned())
    }

    fn expect_id(&self, reference: &str, id: &str) -> Result<(), Failure> {
        let found = self.id(reference)?;
        if found == id {
            return Ok(());
        }
        Err(Failure::unexpected(format!("the image {id}"), found))
    }

    fn expect_stored(&self, stored: bool) -> Result<(), Failure> {
        self.docker.stage.expect_stored(&self.folder.join("config.json"), stored)
    }
}
