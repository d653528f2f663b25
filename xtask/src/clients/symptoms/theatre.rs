//! Where the symptoms are met: a registry that was set up two days ago, and the people at it.

use std::path::PathBuf;

use serde_json::Value;

use crate::clients::client::{Act, Client, User, split};
use crate::clients::registry::{self, Account, DOMAIN, NOBODY, Registry, word};
use crate::clients::stage::{Stage, THERE};
use crate::failure::Failure;
use crate::http;
use crate::process::{Ending, Invocation};
use crate::server::{Launch, Server};
use crate::tools;

/// The user name that goes with a token as password.
const NULL_GUID: &str = "00000000-0000-0000-0000-000000000000";

/// Whom a symptom befalls.
#[derive(Clone, Copy)]
pub(super) enum Who {
    /// Has the admin user's password, and logged in while that was enabled.
    Admin,
    /// Takes a name for a registry's that none has.
    Astray,
    /// A service principal whose secret has ended since its login.
    Ended,
    /// Does not know the password.
    Guesser,
    /// A service principal that gives its name where the application id is due.
    Misnamed,
    /// Has not logged in yet.
    Newcomer,
    /// A token with one repository.
    Outsider,
    /// A token whose password has ended since its login.
    Pipeline,
    /// May pull.
    Reader,
    /// Logged in with an access token.
    Session,
}

/// Somebody's login, and the folder of the client that keeps it.
struct Kept {
    account: Account,
    folder: PathBuf,
}

impl Kept {
    fn taken(&self) -> (&Account, Option<PathBuf>) {
        (&self.account, Some(self.folder.clone()))
    }
}

/// The registries and the people.
pub(crate) struct Theatre<'a> {
    stage: &'a Stage,
    client: &'a dyn Client,
    curl: PathBuf,
    registry: Registry,
    /// One with a domain, over TLS, which hosts nothing by the name [`NOBODY`].
    domain: Registry,
    admin: Kept,
    ended: Kept,
    misnamed: Account,
    pipeline: Kept,
    session: Kept,
}

impl<'a> Theatre<'a> {
    /// Sets all up: two days ago, and now.
    pub(crate) fn prepare(stage: &'a Stage, client: &'a dyn Client) -> Result<Self, Failure> {
        let faketime = tools::need("faketime", "install your system's faketime package")?;
        let curl = tools::need("curl", "install your system's curl package")?;
        let folder = stage.folder()?;
        let launch = Launch { past: Some(&faketime), ..Launch::of(&stage.binary, &folder) };
        let past = Registry::start(&launch)?;
        let server = past.server();
        let (ended, _) = registry::principal(server, "deploy", &["--expires-in", "1d"], "AcrPull")?;
        let misnamed = past.principal("nightly", "AcrPull")?;
        let misnamed = Account { name: "nightly".to_owned(), ..misnamed };
        let keep = |account: Account| -> Result<Kept, Failure> {
            let (host, folder) = (past.host().to_owned(), stage.folder()?);
            let user = User {
                stage,
                registry: &past,
                account: &account,
                folder: folder.clone(),
                host,
                trusting: true,
            };
            let login = client.act(&user, Act::Login)?;
            if login.succeeded() { Ok(Kept { account, folder }) } else { Err(login.failure()) }
        };
        let admin = keep(admin(server)?)?;
        let ended = keep(ended)?;
        let pipeline = keep(pipeline(server)?)?;
        let session = keep(session(&past)?)?;
        let registry = past.into_the_present()?;
        registry.server().admin(&["registry", "update", "--admin-enabled", "false"]).succeed()?;
        let folder = stage.folder()?;
        let options = &["--tls", "dev", "--domain", DOMAIN];
        let domain = Registry::start(&Launch { options, ..Launch::of(&stage.binary, &folder) })?;
        Ok(Self {
            stage,
            client,
            curl,
            registry,
            domain,
            admin,
            ended,
            misnamed,
            pipeline,
            session,
        })
    }

    /// Changes the registry, where there is something to change.
    pub(super) fn set(&self, options: &[&str]) -> Result<(), Failure> {
        if options.is_empty() {
            return Ok(());
        }
        let words = [&["registry", "update"], options].concat();
        self.registry.server().admin(&words).succeed().map(|_| ())
    }

    /// What no table shows: where these people's folders lie.
    pub(super) fn folders(&self) -> [String; 1] {
        [self.stage.scratch().display().to_string()]
    }

    /// Somebody, as far as their story has come.
    pub(super) fn person(&self, who: Who) -> Result<Person<'_>, Failure> {
        let registry = &self.registry;
        let (account, folder) = match who {
            Who::Admin => Kept::taken(&self.admin),
            Who::Ended => Kept::taken(&self.ended),
            Who::Pipeline => Kept::taken(&self.pipeline),
            Who::Session => Kept::taken(&self.session),
            Who::Astray => (&self.domain.writer, None),
            Who::Guesser => (&registry.guesser, None),
            Who::Misnamed => (&self.misnamed, None),
            Who::Outsider => (&registry.outsider, None),
            Who::Newcomer | Who::Reader => (&registry.reader, None),
        };
        let folder = folder.map_or_else(|| self.stage.folder(), Ok)?;
        let (registry, host) = match who {
            Who::Astray => {
                let port = self.domain.host().rsplit(':').next().unwrap_or_default();
                (&self.domain, format!("{NOBODY}:{port}"))
            }
            _ => (registry, registry.host().to_owned()),
        };
        let user = User { stage: self.stage, registry, account, folder, host, trusting: true };
        let person = Person { theatre: self, user };
        if matches!(who, Who::Reader | Who::Outsider) {
            let login = person.login()?;
            if !login.succeeded() {
                return Err(login.failure());
            }
        }
        Ok(person)
    }
}

/// Somebody at the client.
pub(super) struct Person<'a> {
    theatre: &'a Theatre<'a>,
    user: User<'a>,
}

impl Person<'_> {
    pub(super) fn login(&self) -> Result<Ending, Failure> {
        self.theatre.client.act(&self.user, Act::Login)
    }

    pub(super) fn pull(&self, rest: &str) -> Result<Ending, Failure> {
        self.theatre.client.act(&self.user, Act::Pull(rest))
    }

    pub(super) fn push(&self, rest: &str) -> Result<Ending, Failure> {
        self.theatre.client.act(&self.user, Act::Push(rest))
    }

    /// Locks a repository, as `az acr repository update` does; docker has no word for it.
    pub(super) fn lock(&self, repository: &str) -> Result<Ending, Failure> {
        let Account { name, password } = self.user.account;
        Invocation::isolated(&self.theatre.curl, &self.user.folder)
            .args(["--silent", "--fail-with-body", "--request", "PATCH"])
            .args(["--user", &format!("{name}:{password}"), "--data", r#"{"writeEnabled":false}"#])
            .args(["--header", "Content-Type: application/json"])
            .args([format!("http://{}/acr/v1/{repository}", self.user.host)])
            .run()
    }

    /// What `naru check-health` concludes, asked in the words of a person, from where the client
    /// was refused.
    pub(super) fn diagnose(&self, asked: &str) -> Result<Value, Failure> {
        let Account { name, password } = self.user.account;
        let words = asked.split_whitespace().skip(1).map(|word| match word {
            "NAME" => name.clone(),
            _ => word.replace("HOST", &self.user.host),
        });
        let naru = self.theatre.client.beside(&self.user, &self.theatre.stage.binary);
        let naru = naru.args(words).args(["-o", "json"]);
        let typed = asked.ends_with("--password-stdin");
        let ending = if typed { naru.input(password) } else { naru }.run()?;
        if ending.succeeded() || ending.text().contains(password) {
            return Err(ending.unexpected("a cause, and no secret"));
        }
        serde_json::from_slice(ending.bytes())
            .map_err(|error| ending.unexpected(format!("one JSON document ({error})")))
    }

    /// The operator's side of the registry that refused it.
    pub(super) fn server(&self) -> &Server {
        self.user.registry.server()
    }

    /// How the registry is called here.
    pub(super) fn hosts(&self) -> [&str; 2] {
        [&self.user.host, self.user.registry.host()]
    }
}

fn admin(server: &Server) -> Result<Account, Failure> {
    server.admin(&["registry", "update", "--admin-enabled", "true"]).succeed()?;
    let shown = server.ask(&["credential", "show"])?;
    Ok(Account { name: word(&shown, "/username")?, password: word(&shown, "/passwords/0/value")? })
}

/// A token whose password ends after a day.
fn pipeline(server: &Server) -> Result<Account, Failure> {
    let (repository, _) = split(THERE);
    let rule = ["token", "create", "-n", "pipeline", "--repository", repository, "content/read"];
    server.admin(&rule).succeed()?;
    let words = ["token", "credential", "generate", "-n", "pipeline", "--password1"];
    let made = server.ask(&[&words[..], &["--expiration-in-days", "1"]].concat())?;
    Ok(Account { name: word(&made, "/username")?, password: word(&made, "/passwords/0/value")? })
}

/// An access token, which somebody stores as if it were a login.
fn session(registry: &Registry) -> Result<Account, Failure> {
    let (repository, _) = split(THERE);
    let target = format!("/oauth2/token?scope=repository:{repository}:pull");
    let login = (&*registry.reader.name, &*registry.reader.password);
    let request = http::Request {
        method: "GET",
        target: &target,
        login,
        media_type: "application/json",
        body: b"",
    };
    let body = request.send(registry.host())?.succeeded()?.into_body();
    let answer: Value = serde_json::from_str(&body).unwrap_or_default();
    Ok(Account { name: NULL_GUID.to_owned(), password: word(&answer, "/access_token")? })
}
