//! What a helper says when it fails, as far as it may be shown.
//!
//! A helper has the secrets of its user at hand, and nobody promised that it keeps them out of its
//! complaints. So its words are shown as its own, in one short line, and not at all where anything
//! in them is a secret that is known here, or looks like one.

use std::fmt;

use crate::refusal::one_line;
use crate::secret::Secret;

/// The longest that is shown.
const LONGEST: usize = 200;

/// From this length on, a word of letters and digits may be a secret.
const SECRET_LENGTH: usize = 16;

/// What stands before a secret.
const LABELS: [&str; 8] =
    ["auth", "authorization", "bearer", "basic", "passwd", "password", "secret", "token"];

/// The schemes of an `Authorization` header, as they stand there.
const SCHEMES: [&str; 2] = ["Basic ", "Bearer "];

/// What a helper said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Words {
    /// Something that may be a secret, and so is not kept.
    HeldBack,
    /// Nothing.
    Nothing,
    /// This.
    Said(String),
}

impl Words {
    /// Takes what was said, and holds back what may be a secret. `known` are secrets of this user.
    pub(super) fn of(said: &str, known: &[Secret]) -> Self {
        let line = one_line(said);
        if line.is_empty() {
            return Self::Nothing;
        }
        let knows = |secret: &Secret| {
            let secret = secret.expose();
            secret.len() >= 4 && (said.contains(secret) || line.contains(secret))
        };
        if known.iter().any(knows) || is_labelled(said) || said.split(ends_word).any(may_be_secret)
        {
            return Self::HeldBack;
        }
        let shown: String = line.chars().take(LONGEST).collect();
        Self::Said(if shown == line { shown } else { format!("{shown}…") })
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HeldBack => {
                f.write_str("; what it said is held back, since it may hold a secret")
            }
            Self::Nothing => Ok(()),
            Self::Said(words) => write!(f, "; in its own words: {words}"),
        }
    }
}

/// Whether something is called a secret by what stands before it, as in `password=x`.
fn is_labelled(said: &str) -> bool {
    if SCHEMES.iter().any(|scheme| said.contains(scheme)) {
        return true;
    }
    let said = said.to_ascii_lowercase();
    LABELS.iter().any(|label| {
        said.match_indices(label).any(|(at, _)| {
            let rest = said.get(at + label.len()..).unwrap_or_default();
            let rest = rest.trim_start_matches(['"', '\'']);
            let after = rest.trim_start();
            let value = after.strip_prefix(['=', ':']).map(str::trim_start);
            value.is_some_and(|value| !value.is_empty())
        })
    })
}

fn ends_word(letter: char) -> bool {
    letter.is_whitespace()
        || letter.is_control()
        || matches!(
            letter,
            '"' | '\'' | '`' | ',' | ';' | ':' | '=' | '(' | ')' | '[' | ']' | '{' | '}'
        )
}

/// Whether a word looks like something that no person would read aloud.
fn may_be_secret(word: &str) -> bool {
    let is_path = word.starts_with(['/', '~']) || word.starts_with("./");
    let is_host = word.contains('.')
        && word.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-')
        });
    let digits = word.bytes().any(|byte| byte.is_ascii_digit());
    let letters = word.bytes().any(|byte| byte.is_ascii_alphabetic());
    word.len() >= SECRET_LENGTH && digits && letters && !is_path && !is_host
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(said: &str) -> Words {
        Words::of(said, &[Secret::new("correct horse".to_owned())])
    }

    #[test]
    fn a_complaint_is_shown_in_one_short_line() {
        assert_eq!(of(" \n"), Words::Nothing);
        let said = "exec: \"gpg2\": executable file not found in $PATH\n\x1b[31m\u{202e}bad";
        let line = "exec: \"gpg2\": executable file not found in $PATH [31mbad";
        assert_eq!(of(said), Words::Said(line.to_owned()));
        let Words::Said(long) = of(&"no ".repeat(500)) else { panic!("it holds nothing") };
        assert_eq!(long.chars().count(), LONGEST + 1);
    }

    #[test]
    fn where_things_are_is_no_secret() {
        for said in [
            "open /home/me/.password-store/registry1.example.com: no such file or directory",
            "dial tcp: lookup vault-1.internal.example.com:8200: no such host",
            "gpg: decryption failed: No secret key",
            "the token has expired",
        ] {
            assert_eq!(of(said), Words::Said(said.to_owned()));
        }
    }

    #[test]
    fn what_is_a_secret_or_looks_like_one_is_not_kept() {
        for said in [
            "stored: correct horse",
            "password=x",
            "sent Basic bWU6cGFzcw==",
            "authorization: x",
            "{\"Secret\":\"x\"}",
            "token : abc",
            "sent eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
            "rejected 3f2a9c4be5d84f6fa2b1",
            "rejected narut0000000000000000000000000000000000000",
        ] {
            assert_eq!(of(said), Words::HeldBack, "{said}");
        }
        assert!(!format!("{:?} {}", of("password=x"), of("password=x")).contains("=x"));
    }
}
