//! Names, tags, digests, and what people name.

use naru_client::challenge::Realm;
use naru_client::name::{LoginServer, Named};
use naru_oci::{Algorithm, Digest, Reference, RepositoryName, Tag};

use super::text;

pub(super) fn reference(data: &[u8]) {
    let content = Digest::sha256(data);
    assert_eq!(content.to_string().parse(), Ok(content));
    assert_eq!(Digest::from_bytes(Algorithm::Sha256, content.bytes()), Ok(content));
    let Some(text) = text(data) else { return };
    let digest = text.parse::<Digest>();
    assert_eq!(digest.is_ok(), is_digest(text), "{text:?}");
    let tag = text.parse::<Tag>();
    assert_eq!(tag.is_ok(), is_tag(text), "{text:?}");
    let name = text.parse::<RepositoryName>();
    assert_eq!(name.is_ok(), is_name(text), "{text:?}");
    let reference = text.parse::<Reference>();
    assert_eq!(reference.is_ok(), is_digest(text) || is_tag(text), "{text:?}");
    let printed = [
        digest.ok().map(|one| one.to_string()),
        tag.ok().map(|one| one.to_string()),
        name.ok().map(|one| one.to_string()),
        reference.ok().map(|one| one.to_string()),
    ];
    assert!(printed.into_iter().flatten().all(|printed| printed == text), "{text:?}");
    if let Ok(server) = LoginServer::parse(text) {
        let printed = server.to_string();
        assert_eq!(LoginServer::parse(&printed), Ok(server.clone()), "{text:?}");
        assert!(!printed.contains(['@', '/', '?', '#', '\\', ' ']), "{text:?}: {printed:?}");
        let _ = (server.host(), server.key(), server.is_loopback(), server.is_bare_word());
    }
    if let Ok(named) = Named::parse(text)
        && let (Some(server), Some(repository), None) =
            (&named.server, &named.repository, &named.scheme)
    {
        assert!(text.contains(repository.as_str()) && !repository.is_empty(), "{text:?}");
        assert!(LoginServer::parse(&server.to_string()).is_ok(), "{text:?}");
    }
    if let Some(realm) = Realm::parse(text) {
        assert!(realm.path.starts_with('/'), "{text:?}: a secret goes to its host alone");
        let scheme = if realm.tls { "https" } else { "http" };
        let printed = format!("{scheme}://{}{}", realm.server, realm.path);
        assert_eq!(Realm::parse(&printed), Some(realm), "{text:?}");
    }
}

/// `algorithm:hex`, of the two algorithms that are served.
pub(super) fn is_digest(text: &str) -> bool {
    let Some((algorithm, hex)) = text.split_once(':') else { return false };
    let length = match algorithm {
        "sha256" => 64,
        "sha512" => 128,
        _ => return false,
    };
    hex.len() == length && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`
fn is_tag(text: &str) -> bool {
    let bytes = text.as_bytes();
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let legal = |byte: &u8| word(byte) || matches!(byte, b'.' | b'-');
    (1..=128).contains(&bytes.len()) && bytes.first().is_some_and(word) && bytes.iter().all(legal)
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*`, as a machine that
/// reads one letter after another.
pub(super) fn is_name(text: &str) -> bool {
    #[derive(Clone, Copy, PartialEq)]
    enum At {
        Start,
        Word,
        Dot,
        Line,
        Lines,
        Dashes,
    }
    let mut at = At::Start;
    for letter in text.chars() {
        at = match (at, letter) {
            (_, 'a'..='z' | '0'..='9') => At::Word,
            (At::Word, '/') => At::Start,
            (At::Word, '.') => At::Dot,
            (At::Word, '_') => At::Line,
            (At::Line, '_') => At::Lines,
            (At::Word | At::Dashes, '-') => At::Dashes,
            _ => return false,
        };
    }
    at == At::Word && text.len() <= 255
}
