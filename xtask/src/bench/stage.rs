//! A server to be measured, with a repository token that reads and writes everything in it.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::client::{Connection, get};
use super::gauge;
use crate::failure::Failure;
use crate::server::{Launch, Server};
use crate::surroundings::Stopwatch;

/// The name of the token.
pub(super) const TOKEN: &str = "bench";

/// A running server and a way in.
pub(super) struct Stage {
    pub(super) server: Server,
    /// The password of the token.
    pub(super) password: String,
    /// The `Authorization` of the token, with its password.
    pub(super) basic: String,
}

/// What requests cost.
#[derive(Clone, Copy)]
pub(super) struct Cost {
    /// The middle of the times that they took.
    pub(super) wall: Duration,
    /// The time that the server ran for one of them.
    pub(super) cpu: Duration,
}

impl Stage {
    /// Starts a server on a folder of its own, and makes the token anew.
    pub(super) fn start(binary: &Path, folder: &Path) -> Result<Self, Failure> {
        let server = Launch::of(binary, folder).start()?;
        // It may be there from the last time, and its password is shown once alone.
        for (noun, name) in
            [("token", TOKEN.to_owned()), ("scope-map", format!("{TOKEN}-scope-map"))]
        {
            let _absent = server.admin(&[noun, "delete", "--name", &name]).run()?;
        }
        let all = ["content/read", "content/write", "content/delete", "metadata/read"];
        let words = ["token", "create", "--name", TOKEN, "--repository", "*"];
        let made = server.ask(&[&words[..], &all].concat())?;
        let password = made
            .pointer("/credentials/passwords/0/value")
            .and_then(Value::as_str)
            .ok_or_else(|| Failure::unexpected("a password of the token", made.to_string()))?;
        let basic = format!("Basic {}", STANDARD.encode(format!("{TOKEN}:{password}")));
        Ok(Self { server, password: password.to_owned(), basic })
    }

    /// A connection that is kept.
    pub(super) fn connect(&self) -> Result<Connection, Failure> {
        Connection::to(self.server.address())
    }

    /// The request for an access token for these scopes.
    pub(super) fn login(&self, scopes: &[&str]) -> Vec<u8> {
        let scopes: Vec<_> = scopes.iter().map(|scope| format!("&scope={scope}")).collect();
        let target = format!("/oauth2/token?service=localhost{}", scopes.concat());
        get(&target, &self.basic)
    }

    /// The `Authorization` of an access token for these scopes.
    pub(super) fn bearer(&self, scopes: &[&str]) -> Result<String, Failure> {
        let answer = document(&self.connect()?.ask(&self.login(scopes))?)?;
        let token = answer.get("access_token").and_then(Value::as_str);
        let token = token.ok_or_else(|| Failure::unexpected("a token", answer.to_string()))?;
        Ok(format!("Bearer {token}"))
    }

    /// What these requests cost, one after the other.
    pub(super) fn cost(&self, requests: &[Vec<u8>]) -> Result<Cost, Failure> {
        let mut connection = self.connect()?;
        let process = self.server.process();
        let mut times = Vec::with_capacity(requests.len());
        let before = gauge::cpu(process)?;
        for request in requests {
            let stopwatch = Stopwatch::start();
            connection.ask(request)?;
            times.push(stopwatch.elapsed());
        }
        let ran = gauge::cpu(process)?.saturating_sub(before);
        let count = u32::try_from(requests.len()).unwrap_or(u32::MAX).max(1);
        let wall = gauge::median(times).unwrap_or_default();
        Ok(Cost { wall, cpu: ran / count })
    }
}

/// An answer's body as JSON.
pub(super) fn document(body: &[u8]) -> Result<Value, Failure> {
    serde_json::from_slice(body).map_err(|error| {
        Failure::unexpected(format!("JSON ({error})"), String::from_utf8_lossy(body))
    })
}
