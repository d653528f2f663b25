//! What every client finds: a registry, people with different rights, an image to push.
//!
//! Also decides what a good refusal is: the registry's own words and the correlation id in the
//! client's output, and an event of that id with the cause.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::clients::image::Image;
use crate::failure::Failure;
use crate::process::Ending;
use crate::server::{Launch, Server};

/// The one repository that [`Stage::outsider`] may use.
pub(super) const INSIDE: &str = "team/app";
/// A repository outside of its scope map.
pub(super) const OUTSIDE: &str = "other/app";

/// Somebody who logs in.
#[derive(Clone)]
pub(super) struct Account {
    /// The user name.
    pub(super) name: String,
    /// The password.
    pub(super) password: String,
}

/// What a refusal has to say, and where.
pub(super) struct Refusal {
    /// Words of the registry that the client shows.
    pub(super) words: &'static [&'static str],
    /// The cause that the event names.
    pub(super) cause: &'static str,
}

/// A reader pushes.
pub(super) const MAY_NOT_PUSH: Refusal =
    Refusal { words: &["may not push"], cause: "permission-push" };
/// A token is used outside of its scope map.
pub(super) const OUTSIDE_ITS_MAP: Refusal =
    Refusal { words: &["may not pull", OUTSIDE], cause: "permission-scope-map" };
/// A wrong password.
pub(super) const MATCHES_NO_ACCOUNT: Refusal =
    Refusal { words: &["user name and password match no account"], cause: "credential-invalid" };
/// A token that was disabled, with its right password.
pub(super) const IS_DISABLED: Refusal =
    Refusal { words: &["is disabled"], cause: "credential-disabled" };

/// The registry and all that is prepared in it.
pub(super) struct Stage {
    // Dropped in this order: the server ends before its folder goes.
    server: Server,
    /// Holds `AcrPush` and `AcrDelete`.
    pub(super) writer: Account,
    /// Holds `AcrPull`.
    pub(super) reader: Account,
    /// A token whose scope map knows [`INSIDE`] alone.
    pub(super) outsider: Account,
    /// A disabled token, with the right password.
    pub(super) disabled: Account,
    /// The reader with a wrong password; always the same, so that no throttle counts it twice.
    pub(super) guesser: Account,
    /// An image to push.
    pub(super) image: Image,
    folders: Cell<u32>,
    scratch: TempDir,
}

impl Stage {
    /// Starts the registry, and makes the accounts over its socket.
    pub(super) fn set(binary: &Path) -> Result<Self, Failure> {
        let scratch = tempfile::Builder::new()
            .prefix("naru-clients-")
            .tempdir()
            .map_err(Failure::machine("make a folder for the clients"))?;
        let server = Launch { binary, folder: scratch.path(), trace: None }.start()?;
        let writer = user(&server, "writer", &["AcrPush", "AcrDelete"])?;
        let reader = user(&server, "reader", &["AcrPull"])?;
        let outsider = token(&server, "outsider")?;
        let disabled = token(&server, "retired")?;
        server
            .admin(&["token", "update", "-n", &disabled.name, "--status", "disabled"])
            .succeed()?;
        let guesser =
            Account { name: reader.name.clone(), password: "not-the-readers-password".to_owned() };
        let image = Image::make(&scratch.path().join("image"))?;
        Ok(Self {
            server,
            writer,
            reader,
            outsider,
            disabled,
            guesser,
            image,
            folders: Cell::new(0),
            scratch,
        })
    }

    /// Host and port of the registry, as a client names it.
    pub(super) fn host(&self) -> &str {
        self.server.address()
    }

    /// A reference below the registry.
    pub(super) fn reference(&self, rest: &str) -> String {
        format!("{}/{rest}", self.host())
    }

    /// A new, empty folder.
    pub(super) fn folder(&self) -> Result<PathBuf, Failure> {
        let number = self.folders.get();
        self.folders.set(number + 1);
        let folder = self.scratch.path().join(format!("run-{number}"));
        fs::create_dir(&folder).map_err(Failure::machine("make a folder for a client"))?;
        Ok(folder)
    }

    /// Checks that a client's credential store knows the registry, or does not.
    pub(super) fn expect_stored(&self, store: &Path, stored: bool) -> Result<(), Failure> {
        let text = fs::read_to_string(store).unwrap_or_default();
        if text.contains(self.host()) == stored {
            return Ok(());
        }
        let verb = if stored { "know" } else { "have forgotten" };
        Err(Failure::unexpected(format!("the credential store to {verb} {}", self.host()), text))
    }

    /// Checks that the client was refused, shows why, and that the event is found by the id.
    pub(super) fn refused(&self, ending: &Ending, refusal: &Refusal) -> Result<(), Failure> {
        let text = ending.text();
        if ending.succeeded() {
            return Err(ending.unexpected("a refusal"));
        }
        if let Some(missing) = refusal.words.iter().find(|words| !text.contains(**words)) {
            return Err(ending.unexpected(format!("the words `{missing}` in the client's output")));
        }
        let id = correlation_id(&text)
            .ok_or_else(|| ending.unexpected("`CorrelationId: <id>` in the client's output"))?;
        let events = self.server.ask(&["events", "login", "--failed"])?;
        let event = event_of(&events, id).ok_or_else(|| {
            Failure::unexpected(format!("an event of the id {id}"), events.to_string())
        })?;
        match event.get("Reason").and_then(Value::as_str) {
            Some(reason) if reason == refusal.cause => Ok(()),
            _ => Err(Failure::unexpected(
                format!("the reason `{}` in the event", refusal.cause),
                event.to_string(),
            )),
        }
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
    let of = |pointer: &str| {
        made.pointer(pointer).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| {
            Failure::unexpected(format!("`{pointer}` of the new token"), made.to_string())
        })
    };
    Ok(Account {
        name: of("/credentials/username")?,
        password: of("/credentials/passwords/0/value")?,
    })
}

/// The id behind the last `CorrelationId: `.
fn correlation_id(text: &str) -> Option<&str> {
    let (_, rest) = text.rsplit_once("CorrelationId: ")?;
    let id = rest.get(..36)?;
    let is_guid = id.chars().enumerate().all(|(at, letter)| match at {
        8 | 13 | 18 | 23 => letter == '-',
        _ => letter.is_ascii_hexdigit(),
    });
    is_guid.then_some(id)
}

fn event_of<'a>(events: &'a Value, id: &str) -> Option<&'a Value> {
    events.as_array()?.iter().find(|event| {
        event
            .get("CorrelationId")
            .and_then(Value::as_str)
            .is_some_and(|found| found.eq_ignore_ascii_case(id))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0b4b2b8e-7d1f-4a55-9c58-1f6a3f1f2d11";

    #[test]
    fn the_id_is_read_out_of_a_clients_sentence() {
        let text = format!("denied: user reader may not push. CorrelationId: {ID}.\nexit status 1");
        assert_eq!(correlation_id(&text), Some(ID));
        assert_eq!(correlation_id("CorrelationId: unknown"), None);
        assert_eq!(correlation_id(&format!("CorrelationId: x{ID}")), None);
    }

    #[test]
    fn the_event_is_the_one_of_that_id() {
        let events = serde_json::json!([
            { "CorrelationId": "other", "Reason": "a" },
            { "CorrelationId": ID.to_uppercase(), "Reason": "b" },
        ]);
        let found = event_of(&events, ID).unwrap();
        assert_eq!(found.get("Reason").and_then(Value::as_str), Some("b"));
        assert!(event_of(&events, "none").is_none());
    }
}
