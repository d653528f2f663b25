//! A password from standard input, or asked for on the terminal.

use std::io::Read as _;

use naru_identity::secret::Secret;
use naru_server::control::Disclosed;

use crate::environment::Environment;
use crate::failure::Failure;
use crate::words::Words;

/// The longest that is read: more than any password has.
const LIMIT: u64 = 64 * 1024;

/// Reads a password: all of standard input but the end of its line, or what is typed unseen.
pub(crate) fn password(environment: &Environment, words: Words) -> Result<Disclosed, Failure> {
    let text = if environment.terminal_in {
        rpassword::prompt_password(words.get("prompt-password", &[]))?
    } else {
        let mut text = String::new();
        std::io::stdin().lock().take(LIMIT).read_to_string(&mut text)?;
        text
    };
    let line = text
        .strip_suffix('\n')
        .map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if line.is_empty() {
        return Err(Failure::NoPassword);
    }
    Ok(Disclosed(Secret::new(line.to_owned())))
}
