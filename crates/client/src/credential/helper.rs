//! Credential helpers: `docker-credential-NAME get`, with the key on standard input
//! (docker/docker-credential-helpers).

use std::time::Duration;

use serde::Deserialize;

use super::words::Words;
use super::{Kind, Stored};
use crate::ambient::Surroundings;
use crate::process::{RunError, find, run};
use crate::secret::Secret;

/// How long a helper may take: it may have to ask a key ring that asks a person.
const PATIENCE: Duration = Duration::from_secs(10);

/// What helpers say when they have nothing.
const NOTHING: [&str; 2] =
    ["credentials not found in native keychain", "no credentials server URL"];

/// The name under which a helper keeps an identity token.
const TOKEN_NAME: &str = "<token>";

/// Why a helper did not help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HelperError {
    /// It is not on the search path.
    #[error("`{0}` is not on the search path")]
    Missing(String),
    /// It failed.
    #[error("`{program}` failed: {how}{words}")]
    Failed {
        /// The program.
        program: String,
        /// How it ended.
        how: String,
        /// What it said, where that may be shown.
        words: Words,
    },
    /// What it printed is no credential.
    #[error("what `{0}` printed is no credential")]
    Unreadable(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// Asks a helper for the credential of a key. Nothing: it has none. `known` are secrets of this
/// user that no words of the helper may hold.
pub async fn get(
    surroundings: &Surroundings,
    program: &str,
    key: &str,
    known: &[Secret],
) -> Result<Option<Stored>, HelperError> {
    let path =
        find(surroundings, program).ok_or_else(|| HelperError::Missing(program.to_owned()))?;
    let failed =
        |how: String, words| HelperError::Failed { program: program.to_owned(), how, words };
    let ended = run(&path, &["get"], key, PATIENCE).await.map_err(|error| match error {
        RunError::Missing => HelperError::Missing(program.to_owned()),
        RunError::Start(_) | RunError::Hangs(_) => failed(error.to_string(), Words::Nothing),
    })?;
    if ended.code != Some(0) {
        // Helpers give their reason on standard output, and some add to it on standard error. One
        // may have printed a credential before it failed: no document is a reason.
        let printed = ended.stdout.expose();
        let answer: Option<Answer> = serde_json::from_str(printed).ok();
        let reason = if printed.contains('{') { "" } else { printed };
        let said = format!("{reason} {}", ended.stderr);
        if NOTHING.iter().any(|nothing| said.contains(nothing)) {
            return Ok(None);
        }
        let mut known = known.to_vec();
        known.extend(answer.map(|answer| Secret::new(answer.secret)));
        let code =
            ended.code.map_or_else(|| "a signal".to_owned(), |code| format!("exit code {code}"));
        return Err(failed(code, Words::of(&said, &known)));
    }
    let answer: Answer = serde_json::from_str(ended.stdout.expose())
        .map_err(|_| HelperError::Unreadable(program.to_owned()))?;
    let kind = if answer.username == TOKEN_NAME { Kind::IdentityToken } else { Kind::Password };
    if answer.secret.is_empty() {
        return Ok(None);
    }
    Ok(Some(Stored { username: answer.username, secret: Secret::new(answer.secret), kind }))
}
