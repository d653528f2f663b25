//! What a request presents as its credential: read, and not yet believed.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use naru_identity::names::NULL_GUID;
use naru_identity::secret::{Secret, SecretForm, SecretKind};

use crate::edge::inbound::recorded;

/// What a request presents.
#[derive(Clone, Debug)]
pub enum Presented {
    /// A token in the header.
    Bearer(Secret),
    /// An identity token, in the form of the exchange.
    Identity(Secret),
    /// No credential; an empty one is none.
    Nothing,
    /// A name and a secret.
    Password {
        /// The name.
        name: String,
        /// The secret.
        secret: Secret,
    },
    /// Something that cannot be read, and what is wrong with it.
    Unreadable(&'static str),
}

impl Presented {
    /// Reads the `Authorization` header (RFC 7617, RFC 6750).
    pub fn in_headers(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let value = match (values.next(), values.next()) {
            (None, _) => return Self::Nothing,
            (Some(_), Some(_)) => return Self::Unreadable("several Authorization headers"),
            (Some(value), None) => value,
        };
        let Some((scheme, rest)) = value.to_str().ok().and_then(|text| text.trim().split_once(' '))
        else {
            return Self::Unreadable("the Authorization header has no scheme and value");
        };
        if scheme.eq_ignore_ascii_case("bearer") {
            Self::Bearer(Secret::new(rest.trim().to_owned()))
        } else if scheme.eq_ignore_ascii_case("basic") {
            Self::basic(rest.trim())
        } else {
            Self::Unreadable("the scheme is neither Basic nor Bearer")
        }
    }

    fn basic(encoded: &str) -> Self {
        let decoded = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        match decoded.map(Secret::new) {
            None => Self::Unreadable("the Basic credential is not base64 of UTF-8"),
            Some(text) => match text.expose().split_once(':') {
                None => Self::Unreadable("the Basic credential has no colon"),
                Some((name, secret)) => Self::password(name, secret),
            },
        }
    }

    /// A name and a secret, by whatever way they came.
    pub(crate) fn password(name: &str, secret: &str) -> Self {
        if name.is_empty() && secret.is_empty() {
            return Self::Nothing;
        }
        if secret.is_empty() {
            return Self::Unreadable("the password is empty");
        }
        let trimmed = secret.trim();
        if trimmed.len() != secret.len() && SecretForm::of(trimmed) != SecretForm::Human {
            return Self::Unreadable("blanks or a line end surround the password");
        }
        if name.trim() != name || name.contains(char::is_control) {
            return Self::Unreadable("blanks or a line end surround the user name");
        }
        Self::Password { name: name.to_owned(), secret: Secret::new(secret.to_owned()) }
    }

    /// Who it says it is: a claim, for the operator. What looks like a secret is not kept.
    pub(crate) fn claims_to_be(&self) -> String {
        match self {
            Self::Password { name, .. } if SecretForm::of(name) != SecretForm::Human => {
                "(a secret in place of a name)".to_owned()
            }
            Self::Password { name, .. } => recorded(name),
            Self::Bearer(_) | Self::Identity(_) | Self::Nothing | Self::Unreadable(_) => {
                String::new()
            }
        }
    }

    /// The kind of credential that it looks like.
    pub(crate) fn kind(&self) -> Credential {
        match self {
            Self::Bearer(_) => Credential::AccessToken,
            Self::Identity(_) => Credential::IdentityToken,
            Self::Nothing => Credential::None,
            Self::Unreadable(_) => Credential::Unreadable,
            Self::Password { secret, .. } => match SecretForm::of(secret.expose()) {
                SecretForm::Generated(SecretKind::Admin) => Credential::AdminPassword,
                SecretForm::Generated(SecretKind::Client) => Credential::ClientSecret,
                SecretForm::Generated(SecretKind::Token) => Credential::TokenPassword,
                SecretForm::Generated(SecretKind::User) | SecretForm::Human => {
                    Credential::UserPassword
                }
                SecretForm::Token => Credential::Token,
            },
        }
    }
}

/// Whether a user name goes with a token as password.
pub(crate) fn is_token_user(name: &str) -> bool {
    name.is_empty() || name == NULL_GUID
}

/// The kind of a credential, as events name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    AccessToken,
    AdminPassword,
    ClientSecret,
    IdentityToken,
    None,
    RefreshToken,
    Token,
    TokenPassword,
    Unreadable,
    UserPassword,
}

impl Credential {
    /// Its word in events and metrics.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::AccessToken => "access-token",
            Self::AdminPassword => "admin-password",
            Self::ClientSecret => "client-secret",
            Self::IdentityToken => "identity-token",
            Self::None => "none",
            Self::RefreshToken => "refresh-token",
            Self::Token => "token-as-password",
            Self::TokenPassword => "token-password",
            Self::Unreadable => "unreadable",
            Self::UserPassword => "user-password",
        }
    }
}

impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn read(values: &[&str]) -> Presented {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        Presented::in_headers(&headers)
    }

    fn basic(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn names_and_passwords_are_read() {
        let read = read(&[&basic("alice:a:b")]);
        let Presented::Password { name, secret } = read else { panic!("{read:?}") };
        assert_eq!((name.as_str(), secret.expose()), ("alice", "a:b"));
        assert!(matches!(self::read(&["bearer  x.y.z "]), Presented::Bearer(_)));
    }

    #[test]
    fn an_empty_credential_is_none() {
        assert!(matches!(read(&["Basic Og=="]), Presented::Nothing));
        assert!(matches!(read(&[]), Presented::Nothing));
    }

    #[test]
    fn what_cannot_be_read_is_told_from_what_is_wrong() {
        let spaced = basic(&format!("ci-build:{}\n", "eyJhbGciOiJub25lIn0.e30.x"));
        for value in [
            "Basic",
            "Basic ???",
            "Digest x=y",
            &basic("alice"),
            &basic("alice:"),
            &basic(" a:b"),
            &spaced,
        ] {
            assert!(matches!(read(&[value]), Presented::Unreadable(_)), "{value}");
        }
        assert!(matches!(read(&["Bearer a", "Bearer b"]), Presented::Unreadable(_)));
    }

    #[test]
    fn a_secret_is_neither_printed_nor_taken_for_a_name() {
        let presented = Presented::password("eyJhbGciOiJub25lIn0.e30.x", "hunter2!");
        assert!(!format!("{presented:?}").contains("hunter2"));
        assert!(!presented.claims_to_be().contains("eyJ"));
    }
}
