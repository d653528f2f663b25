//! A registry for the clients, and the people who have different rights on it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::clients::client::split;
use crate::clients::image::Image;
use crate::failure::Failure;
use crate::http;
use crate::process::Invocation;
use crate::server::{Launch, OWNER, OWNER_PASSWORD, Server};
use crate::tools;

/// The one repository that [`Registry::outsider`] may use.
pub(super) const INSIDE: &str = "team/app";
/// An image in a repository outside of its scope map.
pub(super) const OUTSIDE: &str = "other/app:0.1.0";
/// A further name of the registry, which no resolver knows.
pub(super) const ALIAS: &str = "registry.naru.test";
/// The domain of a registry that hosts others beside [`NOBODY`].
pub(super) const DOMAIN: &str = "symptoms.naru.test";
/// A name below it that no registry has, though it leads there.
pub(super) const NOBODY: &str = "elsewhere.symptoms.naru.test";

/// Somebody who logs in.
#[derive(Clone)]
pub(super) struct Account {
    /// The user name.
    pub(super) name: String,
    /// The password.
    pub(super) password: String,
}

/// A running registry.
pub(super) struct Registry {
    server: Server,
    authority: Option<PathBuf>,
    tenant: String,
    /// Holds `AcrPush` and `AcrDelete`.
    pub(super) writer: Account,
    /// Holds `AcrPull`.
    pub(super) reader: Account,
    /// Holds `AcrPush`, and may delete nothing.
    pub(super) pusher: Account,
    /// Holds `AcrDelete`, and may read nothing.
    pub(super) deleter: Account,
    /// A token that reads and writes [`INSIDE`], and sees no metadata.
    pub(super) outsider: Account,
    /// A disabled token, with the right password.
    pub(super) disabled: Account,
    /// A service principal whose secret has expired.
    pub(super) expired: Account,
    /// The reader with a wrong password; always the same, so that no throttle counts it twice.
    pub(super) guesser: Account,
}

impl Registry {
    /// Starts one, and makes the accounts over its socket.
    pub(super) fn start(launch: &Launch<'_>) -> Result<Self, Failure> {
        let server = launch.start()?;
        let tls = launch.options.contains(&"--tls");
        let authority = tls.then(|| server.data().join("tls/ca.pem"));
        // Its secret is over before the last of the others is made.
        let (expired, tenant) = principal(&server, "over", &["--expires-in", "1s"], "AcrPull")?;
        let writer = user(&server, "writer", &["AcrPush", "AcrDelete"])?;
        let reader = user(&server, "reader", &["AcrPull"])?;
        let pusher = user(&server, "pusher", &["AcrPush"])?;
        let deleter = user(&server, "deleter", &["AcrDelete"])?;
        let outsider = token(&server, "outsider")?;
        let disabled = token(&server, "retired")?;
        server
            .admin(&["token", "update", "-n", &disabled.name, "--status", "disabled"])
            .succeed()?;
        let guesser =
            Account { name: reader.name.clone(), password: "not-the-readers-password".to_owned() };
        Ok(Self {
            server,
            authority,
            tenant,
            writer,
            reader,
            pusher,
            deleter,
            outsider,
            disabled,
            expired,
            guesser,
        })
    }

    /// The same, at this machine's own time, after a start in the past.
    pub(super) fn into_the_present(self) -> Result<Self, Failure> {
        Ok(Self { server: self.server.into_the_present()?, ..self })
    }

    /// Host and port.
    pub(super) fn host(&self) -> &str {
        self.server.address()
    }

    /// The certificate authority of a registry that speaks TLS.
    pub(super) fn authority(&self) -> Option<&Path> {
        self.authority.as_deref()
    }

    /// `HTTP` or `TLS`.
    pub(super) fn transport(&self) -> &'static str {
        if self.authority.is_some() { "TLS" } else { "HTTP" }
    }

    /// The server's own side: administration.
    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    /// Makes a service principal with a role.
    pub(super) fn principal(&self, name: &str, role: &str) -> Result<Account, Failure> {
        principal(&self.server, name, &[], role).map(|(account, _)| account)
    }

    /// The tenant of its directory.
    pub(super) fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Asks as the owner, over whatever the registry speaks.
    pub(super) fn ask(&self, method: &str, target: &str, body: &str) -> Result<String, Failure> {
        let file = self.server.data().with_file_name("body");
        fs::write(&file, body).map_err(Failure::machine("write a body"))?;
        self.send(method, target, "application/json", &file)
    }

    /// Sends a file as the owner; a refusal is a failure.
    fn send(
        &self,
        method: &str,
        target: &str,
        media_type: &str,
        file: &Path,
    ) -> Result<String, Failure> {
        let Some(authority) = &self.authority else {
            let login = (OWNER, OWNER_PASSWORD);
            let body = &*fs::read(file).map_err(Failure::machine("read a body"))?;
            let request = http::Request { method, target, login, media_type, body };
            return request.send(self.host())?.succeeded().map(http::Answer::into_body);
        };
        // Our own client speaks no TLS.
        let curl = tools::need("curl", "install your system's curl package")?;
        Invocation::new(curl)
            .args(["--silent", "--show-error", "--fail-with-body", "--cacert"])
            .args([authority])
            .args(["--user", &format!("{OWNER}:{OWNER_PASSWORD}"), "--request", method])
            .args(["--header", &format!("Content-Type: {media_type}")])
            .args(["--data-binary", &format!("@{}", file.display())])
            .args([format!("https://{}{target}", self.host())])
            .succeed()
            .map(|ending| ending.stdout())
    }

    /// Puts `image` into a repository, without any client.
    pub(super) fn seed(&self, image: &Image, name: &str) -> Result<(), Failure> {
        let (repository, tag) = split(name);
        let hex = |digest: &str| digest.trim_start_matches("sha256:").to_owned();
        let blob = |digest: &str| image.layout.join("blobs/sha256").join(hex(digest));
        let manifest = blob(&image.digest);
        let doing = || format!("read {}", manifest.display());
        let text = fs::read_to_string(&manifest).map_err(Failure::machine(doing()))?;
        let parsed: Value = serde_json::from_str(&text).unwrap_or_default();
        for pointer in ["/config/digest", "/layers/0/digest"] {
            let digest = word(&parsed, pointer)?;
            let target = format!("/v2/{repository}/blobs/uploads/?digest={digest}");
            self.send("POST", &target, "application/octet-stream", &blob(&digest))?;
        }
        let media_type = word(&parsed, "/mediaType")?;
        self.send("PUT", &format!("/v2/{repository}/manifests/{tag}"), &media_type, &manifest)?;
        Ok(())
    }

    /// The manifest behind a name such as `team/app:0.1.0`, as the registry has it.
    pub(super) fn manifest(&self, rest: &str) -> Result<Value, Failure> {
        let (repository, tag) = split(rest);
        let text = self.ask("GET", &format!("/v2/{repository}/manifests/{tag}"), "")?;
        serde_json::from_str(&text)
            .map_err(|error| Failure::unexpected(format!("a manifest ({error})"), text))
    }
}

fn user(server: &Server, name: &str, roles: &[&str]) -> Result<Account, Failure> {
    let account =
        Account { name: name.to_owned(), password: format!("The-password-of-{name}-2026") };
    server
        .admin(&["user", "create", "-n", name, "--password-stdin"])
        .input(&account.password)
        .succeed()?;
    for role in roles {
        server
            .admin(&["role", "assignment", "create", "--assignee", name, "--role", role])
            .succeed()?;
    }
    Ok(account)
}

/// Makes a service principal with a role; answers its tenant too.
pub(super) fn principal(
    server: &Server,
    name: &str,
    options: &[&str],
    role: &str,
) -> Result<(Account, String), Failure> {
    let words = [&["sp", "create", "-n", name], options].concat();
    let made = server.ask(&words)?;
    let account = Account { name: word(&made, "/appId")?, password: word(&made, "/password")? };
    server
        .admin(&["role", "assignment", "create", "--assignee", &account.name, "--role", role])
        .succeed()?;
    Ok((account, word(&made, "/tenant")?))
}

fn token(server: &Server, name: &str) -> Result<Account, Failure> {
    let made = server.ask(&[
        "token",
        "create",
        "-n",
        name,
        "--repository",
        INSIDE,
        "content/read",
        "content/write",
    ])?;
    Ok(Account {
        name: word(&made, "/credentials/username")?,
        password: word(&made, "/credentials/passwords/0/value")?,
    })
}

/// The text at `pointer` in what administration answered.
pub(super) fn word(document: &Value, pointer: &str) -> Result<String, Failure> {
    document
        .pointer(pointer)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| Failure::unexpected(format!("`{pointer}`"), document.to_string()))
}
