//! Challenges: what `WWW-Authenticate` asks for (RFC 9110 §11.6.1; distribution specification,
//! "Token authentication").

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

use crate::name::LoginServer;

/// A way of logging in that a registry offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// Name and password with every request.
    Basic,
    /// A token from somewhere.
    Bearer(Bearer),
    /// A scheme that no container tool speaks.
    Other(String),
}

/// Where a token is to be fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bearer {
    /// The URL.
    pub realm: String,
    /// The name that the registry has there.
    pub service: Option<String>,
    /// The scope that is needed.
    pub scope: Option<String>,
    /// Why a token that came did not do.
    pub error: Option<String>,
}

/// Where a realm is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm {
    /// Whether it is reached by TLS.
    pub tls: bool,
    /// Its host and port.
    pub server: LoginServer,
    /// Path, and query where it has one.
    pub path: String,
}

impl Challenge {
    /// All challenges of an answer, in their order.
    pub fn of(headers: &HeaderMap) -> Vec<Self> {
        let values = headers.get_all(WWW_AUTHENTICATE);
        values.iter().filter_map(|value| value.to_str().ok()).flat_map(parse).collect()
    }
}

impl Realm {
    /// Reads the URL of a realm. `None`: it is not one.
    pub fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let at = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(at)?;
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Some(Self { tls, server: LoginServer::parse(authority).ok()?, path })
    }

    /// The port that it is reached at.
    pub fn port(&self) -> u16 {
        self.server.port().unwrap_or(if self.tls { 443 } else { 80 })
    }
}

/// The challenges of one header line. Parameters belong to the scheme before them.
fn parse(line: &str) -> Vec<Challenge> {
    let mut found = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        let (word, after) = word(rest);
        if word.is_empty() {
            break;
        }
        let (parameters, after) = parameters(after);
        found.push(challenge(word, parameters));
        rest = after;
    }
    found
}

fn challenge(scheme: &str, parameters: Vec<(String, String)>) -> Challenge {
    match scheme.to_ascii_lowercase().as_str() {
        "basic" => Challenge::Basic,
        "bearer" => {
            let mut bearer = Bearer::default();
            for (name, value) in parameters {
                match name.to_ascii_lowercase().as_str() {
                    "realm" => bearer.realm = value,
                    "service" => bearer.service = Some(value).filter(|value| !value.is_empty()),
                    "scope" => bearer.scope = Some(value),
                    "error" => bearer.error = Some(value),
                    _ => {}
                }
            }
            Challenge::Bearer(bearer)
        }
        _ => Challenge::Other(scheme.to_owned()),
    }
}

/// The word at the beginning, and what follows it.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches([' ', ',', '\t']);
    let end = text.find([' ', ',', '=', '\t']).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// The `name=value` pairs at the beginning, and what follows them: the next scheme.
fn parameters(text: &str) -> (Vec<(String, String)>, &str) {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        let (name, after) = word(rest);
        let Some(value) = after.trim_start().strip_prefix('=').filter(|_| !name.is_empty()) else {
            return (found, rest.trim_start_matches([' ', ',', '\t']));
        };
        let (value, after) = value_of(value.trim_start());
        found.push((name.to_owned(), value));
        rest = after;
    }
}

/// A token or quoted string, and what follows it.
fn value_of(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        let (value, rest) = text.split_at_checked(end).unwrap_or((text, ""));
        return (value.to_owned(), rest);
    };
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, quoted.get(at + 1..).unwrap_or_default()),
            '\\' => value.extend(letters.next().map(|(_, letter)| letter)),
            _ => value.push(letter),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_bearer_challenge_is_taken_apart() {
        let line = r#"Bearer realm="https://a.example/oauth2/token",service="a.example",scope="repository:x:pull,push",error="invalid_token""#;
        let [Challenge::Bearer(bearer)] = &*parse(line) else { panic!("{:?}", parse(line)) };
        assert_eq!(bearer.realm, "https://a.example/oauth2/token");
        assert_eq!(bearer.service.as_deref(), Some("a.example"));
        assert_eq!(bearer.scope.as_deref(), Some("repository:x:pull,push"));
        assert_eq!(bearer.error.as_deref(), Some("invalid_token"));
    }

    #[test]
    fn several_challenges_may_stand_in_one_line() {
        let both = parse(r#"Bearer realm="https://a/t", service=b, Basic realm="x""#);
        assert!(matches!(&*both, [Challenge::Bearer(_), Challenge::Basic]), "{both:?}");
        let both = parse(r#"Basic realm="a \"b\"", Negotiate"#);
        assert_eq!(both, [Challenge::Basic, Challenge::Other("Negotiate".to_owned())]);
    }

    #[test]
    fn a_realm_is_a_url() {
        let realm = Realm::parse("https://a.example:8443/oauth2/token?x=1").unwrap();
        assert_eq!((realm.tls, realm.port(), &*realm.path), (true, 8443, "/oauth2/token?x=1"));
        assert_eq!(Realm::parse("http://a").unwrap().path, "/");
        assert_eq!(Realm::parse("ftp://a/b"), None);
        assert_eq!(Realm::parse("/token"), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parsers_panic_or_hang(text: String) {
            let _ = (parse(&text), Realm::parse(&text));
        }
    }
}
