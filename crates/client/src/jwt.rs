//! What a JSON Web Token says of itself, unverified: for a diagnosis, and never for a decision.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;

/// The claims that matter to a login.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: Option<String>,
    /// For whom; the first where there are several.
    #[serde(default, deserialize_with = "audience")]
    pub aud: Option<String>,
    /// Whom it is about.
    pub sub: Option<String>,
    /// Not before (seconds since 1970).
    pub nbf: Option<i64>,
    /// Until.
    pub exp: Option<i64>,
    /// What Azure's registry tokens are for: `refresh_token` or `access_token`.
    pub grant_type: Option<String>,
    /// What an access token may do.
    #[serde(default)]
    pub access: Option<Vec<Access>>,
}

/// One thing that an access token may do.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Access {
    /// Its type: `repository`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What may be done with it.
    #[serde(default)]
    pub actions: Vec<String>,
}

impl Claims {
    /// Reads the middle part of a token. `None`: the text is no such token.
    pub fn of(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (header, claims) = (parts.next()?, parts.next()?);
        if !header.starts_with("eyJ") || parts.next().is_none() || parts.next().is_some() {
            return None;
        }
        let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
        serde_json::from_slice(&claims).ok()
    }

    /// When it ends.
    pub fn expires(&self) -> Option<Timestamp> {
        Timestamp::from_second(self.exp?).ok()
    }

    /// When it begins.
    pub fn begins(&self) -> Option<Timestamp> {
        Timestamp::from_second(self.nbf?).ok()
    }

    /// Whether it lists an action on a repository.
    pub fn allows(&self, repository: &str, action: &str) -> bool {
        self.access.iter().flatten().any(|access| {
            access.kind == "repository"
                && access.name == repository
                && access.actions.iter().any(|given| given == action || given == "*")
        })
    }
}

/// `aud` is a text or a list of texts (RFC 7519 §4.1.3).
fn audience<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Audience {
        One(String),
        Several(Vec<String>),
    }
    Ok(match Option::<Audience>::deserialize(deserializer)? {
        None => None,
        Some(Audience::One(one)) => Some(one),
        Some(Audience::Several(several)) => several.into_iter().next(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        format!("eyJhbGciOiJub25lIn0.{}.x", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn the_claims_are_read_and_nothing_is_verified() {
        let claims = Claims::of(&token(
            r#"{"aud":["a","b"],"exp":60,"grant_type":"access_token","access":[{"type":"repository","name":"x","actions":["pull"]}]}"#,
        ));
        let claims = claims.unwrap();
        assert_eq!(claims.aud.as_deref(), Some("a"));
        assert_eq!(claims.expires().unwrap().to_string(), "1970-01-01T00:01:00Z");
        assert!(claims.allows("x", "pull") && !claims.allows("x", "push"));
        assert_eq!(Claims::of(&token(r#"{"aud":"a"}"#)).unwrap().aud.as_deref(), Some("a"));
    }

    #[test]
    fn what_is_no_token_has_no_claims() {
        for text in ["", "a.b.c", "eyJ.e30", "eyJ.%%.x", "hunter2", "eyJ.e30.x.y"] {
            assert_eq!(Claims::of(text), None, "{text}");
        }
    }
}
