//! Credentials: in a request, in a challenge, and in the files of tools.

use std::fmt::Write as _;

use ::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use ::http::{HeaderMap, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use naru_client::challenge::{Bearer, Challenge};
use naru_client::credential::file::{Config, FileError};
use naru_client::credential::places::Tool;
use naru_client::credential::registries;
use naru_client::name::LoginServer;
use naru_server::Presented;

use super::text;

fn presented(value: &str) -> Presented {
    let value = HeaderValue::from_str(value).expect("legal in a header");
    Presented::in_headers(&[(AUTHORIZATION, value)].into_iter().collect())
}

pub(super) fn authorization(data: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n') {
        let Ok(value) = HeaderValue::from_bytes(line) else { return };
        headers.append(AUTHORIZATION, value);
    }
    let read = Presented::in_headers(&headers);
    let several = headers.get_all(AUTHORIZATION).iter().count() > 1;
    assert!(!several || matches!(read, Presented::Unreadable(_)), "of several none holds");
    let shown = format!("{read:?}");
    match read {
        Presented::Nothing | Presented::Unreadable(_) => {}
        Presented::Identity(_) => panic!("a header holds no identity token"),
        Presented::Bearer(token) => {
            let text = token.expose();
            assert!(!text.is_empty() && text.trim() == text, "{text:?}");
            let again = presented(&format!("Bearer {text}"));
            let Presented::Bearer(again) = again else { panic!("{again:?}") };
            assert_eq!(again.expose(), text);
            let another = presented("Bearer another");
            assert_eq!(shown, format!("{another:?}"), "a secret is not printed");
        }
        Presented::Password { name, secret } => {
            let text = secret.expose();
            assert!(!text.is_empty() && !name.contains(':') && name.trim() == name, "{name:?}");
            assert!(!name.contains(char::is_control), "{name:?}");
            let again = presented(&format!("Basic {}", STANDARD.encode(format!("{name}:{text}"))));
            let Presented::Password { name: other, secret: again } = again else {
                panic!("{again:?}")
            };
            assert_eq!((other, again.expose()), (name.clone(), text));
            let another =
                presented(&format!("Basic {}", STANDARD.encode(format!("{name}:another"))));
            assert_eq!(shown, format!("{another:?}"), "a secret is not printed");
        }
    }
}

pub(super) fn challenge(data: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n') {
        let Ok(value) = HeaderValue::from_bytes(line) else { return };
        headers.append(WWW_AUTHENTICATE, value);
    }
    for challenge in Challenge::of(&headers) {
        let printed = match &challenge {
            Challenge::Basic => "Basic realm=\"x\"".to_owned(),
            Challenge::Other(scheme) => {
                assert!(
                    !scheme.is_empty() && !scheme.contains([' ', ',', '=', '\t']),
                    "{scheme:?}"
                );
                scheme.clone()
            }
            Challenge::Bearer(bearer) => printed(bearer),
        };
        let Ok(value) = HeaderValue::from_str(&printed) else { continue };
        let again = Challenge::of(&[(WWW_AUTHENTICATE, value)].into_iter().collect());
        assert_eq!(again, [challenge], "{printed:?}");
    }
}

/// A challenge as RFC 9110 §11.6.1 writes it.
fn printed(bearer: &Bearer) -> String {
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let mut printed = format!("Bearer realm=\"{}\"", quoted(&bearer.realm));
    let more = [("service", &bearer.service), ("scope", &bearer.scope), ("error", &bearer.error)];
    for (name, value) in more {
        if let Some(value) = value {
            write!(printed, ",{name}=\"{}\"", quoted(value)).expect("room");
        }
    }
    printed
}

pub(super) fn credential_file(data: &[u8]) {
    let config = match Config::parse(data) {
        Ok(config) => config,
        Err(error) => return told_where(&error, data),
    };
    let shown = format!("{config:?}");
    let host = config.auths.keys().next().cloned().unwrap_or_default();
    for text in [host.as_str(), "registry.example.com", "localhost:5000", "docker.io"] {
        let Ok(server) = LoginServer::parse(text) else { continue };
        let _near = config.near(&server);
        for tool in [Tool::Docker, Tool::Podman] {
            let found = config.entry(tool, &server, Some("team/app"));
            let Some((key, entry)) = found else { continue };
            assert!(config.auths.contains_key(key), "{key:?}");
            let Ok(Some(stored)) = entry.stored() else { continue };
            let secret = stored.secret.expose();
            assert!(!secret.is_empty(), "nothing is stored as a secret");
            // A long text that stands nowhere else.
            let told =
                secret.len() >= 16 && !stored.username.contains(secret) && !key.contains(secret);
            let elsewhere = String::from_utf8_lossy(data).matches(secret).count() > 1;
            assert!(!told || elsewhere || !shown.contains(secret), "a secret is never printed");
        }
    }
}

pub(super) fn registries_conf(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let config = match registries::Config::parse(text) {
        Ok(config) => config,
        Err(error) => return told_where(&error, data),
    };
    let Some(helpers) = &config.credential_helpers else { return };
    // A list of texts in JSON is one in TOML, but for this one letter.
    if !helpers.iter().any(|helper| helper.contains('\x7f')) {
        let list = serde_json::to_string(helpers).expect("texts");
        let printed = format!("credential-helpers = {list}");
        assert_eq!(registries::Config::parse(&printed), Ok(config), "{printed:?}");
    }
}

/// An error names a place that is there.
fn told_where(error: &FileError, data: &[u8]) {
    let FileError::Invalid { line, column, .. } = error else { panic!("{error:?}") };
    let lines: Vec<&[u8]> = data.split(|byte| *byte == b'\n').collect();
    assert!((1..=lines.len()).contains(line), "{error:?} of {} lines", lines.len());
    assert!((1..=lines[line - 1].len() + 1).contains(column), "{error:?}");
}
